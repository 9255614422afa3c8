# SPDX-License-Identifier: EUPL-1.2
"""What the database keeps of deliveries, whoever writes; and how it finds those that are stuck or due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest

from connectors.outbound import drawing, taking
from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.engine import Database
from hub.store.reference.demo import load_demo_reference
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from tests.api.inhabitants import build_world

if TYPE_CHECKING:
    from tests.store.conftest import Planner

DOCUMENTS = Documents(build_schema()[1], most=10)


@pytest.fixture
async def hub(database: Database, owner: asyncpg.Connection[asyncpg.Record]) -> Database:
    """The hub's own role, on a world with deliveries in every state."""
    await load_demo_reference(owner)
    await build_world(owner)
    return database


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delivery SET state = 'WAITING', settled_at = NULL, resent_after = attempt_count WHERE state = 'ACCEPTED'",
        "UPDATE delivery SET state = 'WAITING', settled_at = NULL, resent_after = attempt_count WHERE state = 'CANCELLED'",
        "UPDATE delivery SET state = 'REFUSED' WHERE state = 'ACCEPTED'",
        "UPDATE delivery SET state = 'WAITING', settled_at = NULL, attempt_count = attempt_count + 1 WHERE state = 'REFUSED'",
        "UPDATE delivery SET attempt_count = attempt_count - 1 WHERE attempt_count > 0",
        "UPDATE delivery SET beneficiary_id = NULL",
        "UPDATE delivery SET position = position + 1000",
        "DELETE FROM delivery",
        "TRUNCATE delivery CASCADE",
        "UPDATE delivery_attempt SET code = 'x' WHERE ended_at IS NOT NULL",
        "DELETE FROM delivery_attempt",
        "DELETE FROM destination",
        "UPDATE destination SET agency_id = uuidv7()",
    ],
)
async def test_what_came_of_a_delivery_stays(
    hub: Database, owner: asyncpg.Connection[asyncpg.Record], change: str
) -> None:
    await owner.execute(
        "UPDATE delivery SET state = 'CANCELLED' WHERE id = (SELECT id FROM delivery WHERE state = 'EXHAUSTED' LIMIT 1)"
    )
    async with hub.write.acquire() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("UPDATE delivery SET settled_at = now() WHERE state = 'WAITING'", "delivery_settled_at_check"),
        ("UPDATE delivery SET leased_until = now() WHERE state = 'REFUSED'", "delivery_leased_until_check"),
        ("UPDATE delivery SET resent_after = attempt_count + 1", "delivery_attempts_check"),
        ("UPDATE delivery SET state = 'LOST' WHERE state = 'REFUSED'", "delivery_state_check"),
        (
            "UPDATE delivery_attempt SET outcome = 'ACCEPTED' WHERE ended_at IS NULL",
            "delivery_attempt_ended_at_check",
        ),
        ("UPDATE destination SET types = '{}'", "destination_types_check"),
    ],
)
async def test_a_row_that_contradicts_itself_is_refused(hub: Database, change: str, constraint: str) -> None:
    async with hub.write.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError) as violated:
            await connection.execute(change)
    assert violated.value.constraint_name == constraint


@pytest.fixture
async def crowded(planner: Planner) -> AsyncIterator[Planner]:
    """Twenty thousand deliveries, most of them accepted, in a transaction that is undone."""
    connection = planner.connection
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        INSERT INTO destination (agency_id, channel, types, areas, drawn_up_to)
            SELECT id, 'REGION', '{HIRED}', '{}', 0 FROM agency WHERE code = 'regione-12';
        INSERT INTO delivery (destination_id, position, event_id, agency_id, beneficiary_id, pact_id, type, waiting_since, state, settled_at)
            SELECT d.id, f.position, e.id, d.agency_id, e.beneficiary_id, e.pact_id, e.type, e.recorded_at,
                CASE WHEN f.position % 50 = 0 THEN 'REFUSED' WHEN f.position % 50 = 1 THEN 'WAITING' ELSE 'ACCEPTED' END,
                CASE WHEN f.position % 50 = 1 THEN NULL ELSE now() END
            FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id CROSS JOIN destination d
            WHERE e.beneficiary_id IS NOT NULL;
        ANALYZE destination, delivery;
        """
    )
    assert await connection.fetchval("SELECT count(*) FROM delivery") > 20_000
    yield planner
    await transaction.rollback()


@pytest.mark.parametrize("scope", [one for one in GrantScope if one is not GrantScope.AMBITO])
@pytest.mark.parametrize("hours", ["", "(olderThan: 24)"])
async def test_what_is_stuck_is_found_by_its_index(crowded: Planner, scope: GrantScope, hours: str) -> None:
    operation = DOCUMENTS.operation(f"{{ stuck{hours} {{ nodes {{ id }} }} }}", None)
    assert isinstance(operation, Operation)
    (plan,) = operation.prepare({}, Scope(scope, single=True)).plans.values()
    reads = await crowded.reads(plan.statement.text)
    assert {one.table for one in reads if one.index is None} & {"delivery", "beneficiary"} == set()
    by = {one.index for one in reads if one.table == "delivery"}
    if scope not in (GrantScope.AGGREGATE, GrantScope.OWN):  # who sees nobody reads nothing
        assert by <= {"delivery_open_idx", "delivery_open_person_idx"}
        assert by


async def test_what_is_due_is_found_by_its_index(crowded: Planner) -> None:
    reads = await crowded.reads(taking._take().text)
    by = {one.index for one in reads if one.table == "delivery"}
    assert by <= {"delivery_due_idx", "delivery_order_idx", "delivery_pkey"}
    assert by
    made = await crowded.reads(drawing._made().text)
    assert {one for one in made if one.index is None and one.table in crowded.large} == set()
