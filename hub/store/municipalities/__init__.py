# SPDX-License-Identifier: EUPL-1.2
"""ANPR's archive of municipalities, from the file to the answer.

archive_file   bytes to rows: what makes the whole file unusable
archive        rows to periods: what makes one row unusable, and what is inferred
landing        periods to tables, in one transaction
coordinates    where municipalities lie, from a file of the operator's
lookup         what a municipality was called, and under which codes, on a day
"""
