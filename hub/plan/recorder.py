# SPDX-License-Identifier: EUPL-1.2
"""Who records, of who asks: whatever door they came by."""

from __future__ import annotations

from functools import cache

from hub.access.caller import Caller, Scope
from hub.access.operator import Operator
from hub.access.rows import PeopleInReach, scope_values
from hub.ledger.record import Recorder


@cache
def reach_of(scope: Scope) -> PeopleInReach:
    """The people a scope reaches; one for each scope, so that statements are found by it."""
    return PeopleInReach(scope)


def recorder_of(caller: Caller, operator: Operator | None) -> Recorder:
    """The agency, its client and purpose, the person at the desk, and whom they may record about."""
    return Recorder(
        agency_id=caller.agency_id,
        agency_kind=caller.agency_kind,
        client_id=caller.client_id,
        purpose_id=caller.purpose_id,
        operator=operator.user_id if operator else None,
        reach=reach_of(caller.scope),
        reach_values=scope_values(caller),
    )
