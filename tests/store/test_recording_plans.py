# SPDX-License-Identifier: EUPL-1.2
"""How PostgreSQL runs what records events, whatever the values, over 20,000 people: row by row, by index, and never row times row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from hub.access.caller import Scope
from hub.access.rows import PeopleInReach
from hub.ledger.append import append_many, append_one, examine
from hub.store.statement import Statement
from hub.store.vocabulary import GrantScope

if TYPE_CHECKING:
    from tests.store.conftest import Planner


@pytest.mark.parametrize("statement", [append_one, append_many, examine])
@pytest.mark.parametrize("kind", [GrantScope.CENTRE, GrantScope.REGION])
async def test_what_is_recorded_is_looked_up_by_index(
    statement: Callable[[PeopleInReach], Statement], kind: GrantScope, planner: Planner
) -> None:
    """One event or a thousand: no large table is read, and a fact is looked for among the person's own events."""
    reads = await planner.reads(statement(PeopleInReach(Scope(kind, single=True))).text)
    assert {read.table for read in reads if read.index is None} & planner.large == set()
    events = {read.index for read in reads if read.table == "conditionality_event"}
    keys = {"conditionality_event_pkey", "conditionality_event_withdraws_event_id_key"}
    assert events - keys == {"conditionality_event_fact_key"}


@pytest.mark.parametrize("statement", [append_many, examine])
async def test_rows_of_values_are_not_looked_through_for_each_other(
    statement: Callable[[PeopleInReach], Statement], planner: Planner
) -> None:
    """The plan is made for ten rows and serves a thousand: what is a loop in a loop for ten would be a million steps."""
    text = statement(PeopleInReach(Scope(GrantScope.CENTRE, single=True))).text
    plan = await planner.connection.fetchval("SELECT pg_temp.explain_for_all_values($1)", text)
    assert [*_looked_through(json.loads(plan))] == []


def _looked_through(plan: Any, *, again: bool = False) -> Iterator[str]:
    """The CTEs that a nested loop scans once for each of its outer rows."""
    match plan:
        case list():
            for one in plan:
                yield from _looked_through(one, again=again)
        case dict():
            if again and plan.get("Node Type") == "CTE Scan":
                yield plan["CTE Name"]
            loops = plan.get("Node Type") == "Nested Loop"
            for one in plan.get("Plans", ()):
                inner = loops and one["Parent Relationship"] == "Inner"
                yield from _looked_through(one, again=again or inner)
            if "Plan" in plan:
                yield from _looked_through(plan["Plan"], again=again)
