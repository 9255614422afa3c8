# SPDX-License-Identifier: EUPL-1.2
"""When INPS had an event is found by the acknowledgements' key: years of them are not read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from tests.store.conftest import Read

if TYPE_CHECKING:
    from tests.store.conftest import Planner

ASKED = "{ conditionalityEvents(first: 50) { nodes { position publishedAt acknowledgedAt } } }"


async def test_an_acknowledgement_is_found_by_its_key(planner: Planner) -> None:
    operation = Documents(build_schema()[1], most=1).operation(ASKED, None)
    assert isinstance(operation, Operation)
    transaction = planner.connection.transaction()
    await transaction.start()
    try:
        await planner.connection.execute(
            """
            SET LOCAL session_replication_role = replica;
            INSERT INTO purpose (purpose_id, agency_id, description)
                SELECT uuidv7(), agency.id, 'x' FROM agency CROSS JOIN generate_series(1, 2) WHERE kind = 'INPS';
            INSERT INTO feed_acknowledgement (agency_id, purpose_id, up_to)
                SELECT agency_id, purpose_id, n * 7 FROM purpose CROSS JOIN generate_series(1, 20000) AS n WHERE description = 'x';
            ANALYZE purpose, feed_acknowledgement;
            """
        )
        (plan,) = operation.prepare({}, Scope(GrantScope.CENTRE, single=True)).plans.values()
        reads = await planner.reads(plan.statement.text)
    finally:
        await transaction.rollback()
    assert {one for one in reads if one.table == "feed_acknowledgement"} == {
        Read("feed_acknowledgement", "feed_acknowledgement_pkey")
    }
    assert Read("feed_entry", None) not in reads
