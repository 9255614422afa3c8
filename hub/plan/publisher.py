# SPDX-License-Identifier: EUPL-1.2
"""Who publishes, of who asks: whatever door they came by."""

from __future__ import annotations

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.opportunities.publish import Publisher


def publisher_of(caller: Caller, operator: Operator | None) -> Publisher:
    """The agency, its client and purpose, and the person at the desk."""
    return Publisher(
        caller.agency_id, caller.client_id, caller.purpose_id, operator.user_id if operator else None
    )
