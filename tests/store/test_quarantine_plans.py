# SPDX-License-Identifier: EUPL-1.2
"""What waits in quarantine is found by its index, whoever asks: what was settled is many times as much, and is not read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

if TYPE_CHECKING:
    from tests.store.conftest import Planner

DOCUMENTS = Documents(build_schema()[1], most=10)
WAITING = {"quarantined_record_received_idx", "quarantined_record_waiting_idx"}


@pytest.fixture
async def crowded(planner: Planner) -> AsyncIterator[Planner]:
    """Thirty thousand records, most of them settled, in a transaction that is undone."""
    connection = planner.connection
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        INSERT INTO quarantined_record (agency_id, flow, record_key, payload, payload_digest, reason, received_at, resolved_at, is_told)
            SELECT a.id, 'pacts', n::text, CASE WHEN waits THEN '{}'::jsonb END, CASE WHEN waits THEN NULL ELSE repeat('0', 64) END, 'x',
                timestamptz '2026-01-01 00:00Z' + n * interval '1 minute', CASE WHEN waits THEN NULL ELSE now() END, true
            FROM generate_series(1, 30000) AS n CROSS JOIN LATERAL (SELECT n % 10 = 0) AS one (waits)
                JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM agency LIMIT 5) AS a ON a.place = 1 + n % 5;
        ANALYZE quarantined_record;
        """
    )
    yield planner
    await transaction.rollback()


@pytest.mark.parametrize(
    "scope", [one for one in GrantScope if one not in (GrantScope.AMBITO, GrantScope.SELF)]
)
@pytest.mark.parametrize(
    "asked",
    [
        "(first: 20) { nodes { id reason } pageInfo { hasNextPage } }",
        '(first: 20, filter: { source: "inps", flow: "pacts" }) { nodes { id reason } }',
        "(last: 20) { nodes { id } }",
        "{ totalCount }",
    ],
    ids=["a page", "of one flow", "from the end", "how many"],
)
async def test_what_waits_is_found_by_its_index(crowded: Planner, scope: GrantScope, asked: str) -> None:
    operation = DOCUMENTS.operation(f"{{ quarantine{asked} }}", None)
    assert isinstance(operation, Operation)
    (plan,) = operation.prepare({}, Scope(scope, single=True)).plans.values()
    reads = {
        one.index for one in await crowded.reads(plan.statement.text) if one.table == "quarantined_record"
    }
    assert reads, "the table is read"
    assert reads <= WAITING


async def test_a_citizen_s_question_reads_nothing(crowded: Planner) -> None:
    operation = DOCUMENTS.operation("{ quarantine { nodes { id } totalCount } }", None)
    assert isinstance(operation, Operation)
    (plan,) = operation.prepare({}, Scope(GrantScope.SELF, single=True)).plans.values()
    assert "quarantined_record" not in {one.table for one in await crowded.reads(plan.statement.text)}
