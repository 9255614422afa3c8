# SPDX-License-Identifier: EUPL-1.2
"""The peers on Node: other ways to build the same answers, each as its own documentation says it is done well."""
