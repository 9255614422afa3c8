# SPDX-License-Identifier: EUPL-1.2
"""Whether the hub holds what an agency tells: the two sides of a flow, counted and hashed by day, and where they differ.

written      what is compared of a record, as one line of text: what an agency writes, too, to do its own
stored       the records of a flow as the hub's tables hold them
told         the records of a flow as the agency tells them: all of it is read again, and nothing of it lands
filed        the same of a region that sends files: of those that were received, what is still there
comparison   the two side by side, by day; pure
flows        the flows there are, and one reconciled

The form of the lines and digests is documented in docs/reference/reconciliation.md: an agency needs none of this code.
"""

from connectors.reconciliation.comparison import Difference, Files, FlowComparison, Why
from connectors.reconciliation.flows import (
    reconcile_admitted_households,
    reconcile_files,
    reconcile_region,
)

__all__ = [
    "Difference",
    "Files",
    "FlowComparison",
    "Why",
    "reconcile_admitted_households",
    "reconcile_files",
    "reconcile_region",
]
