# SPDX-License-Identifier: EUPL-1.2
"""What waits in quarantine is listed page by page, by indexes that have what waits and nothing else."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING

import pytest

from connectors.inbound import kept_records

if TYPE_CHECKING:
    from tests.store.conftest import Planner

GIVEN = [
    frozenset(chain(*some))
    for length in range(4)
    for some in combinations((("agency",), ("flow",), ("at", "key")), length)
]
OPEN = {"quarantined_record_received_idx", "quarantined_record_waiting_idx"}


async def test_what_was_settled_is_not_read(planner: Planner) -> None:
    connection = planner.connection
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        """
        INSERT INTO quarantined_record (agency_id, flow, record_key, payload, payload_digest, reason, resolved_at, received_at)
            SELECT a.id, 'pacts', n::text, CASE WHEN n % 10 = 0 THEN '{}'::jsonb END, CASE WHEN n % 10 <> 0 THEN repeat('0', 64) END,
                'x', CASE WHEN n % 10 <> 0 THEN now() END, now() - n * interval '1 minute'
            FROM agency a, generate_series(1, 20000) AS n WHERE a.code = 'regione-12';
        ANALYZE quarantined_record;
        """
    )
    statements = [kept_records._waiting(given) for given in GIVEN]
    assert len({one.text for one in statements}) == len(GIVEN) == 8
    for statement in [*statements, kept_records._counted()]:
        by = {one.index for one in await planner.reads(statement.text) if one.table == "quarantined_record"}
        assert len(by) == 1
        assert by <= OPEN
    await transaction.rollback()


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: "-".join(sorted(given)) or "all")
async def test_a_page_is_bounded(given: frozenset[str]) -> None:
    assert kept_records._waiting(given).text.endswith(f"LIMIT {kept_records.AT_ONCE}")
