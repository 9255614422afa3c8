# SPDX-License-Identifier: EUPL-1.2
"""Records that agencies deliver in pages: how one is read, and what is said about one that cannot be.

delivery     a page, and each record in it: read, or refused with its field and reason
fields       single values of a record
reading      raw records become deliveries
codes        an agency's code tables, as configuration
"""
