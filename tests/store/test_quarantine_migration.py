# SPDX-License-Identifier: EUPL-1.2
"""Migration 0034 on records that wait and that were settled, what the table then holds and refuses, and what its downgrade leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import asyncpg
import pytest

from connectors.inbound.quarantine import digest_of
from hub.store.engine import connection_arguments
from hub.store.migrations import downgrade, migrate

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PAYLOAD: dict[str, Any] = {
    "z": "Nicolò 🦊",
    "a": [1, 2.5, None, True, {"é": "\\u0000", "b": 10**18}],
    "importo": 0.1,
    "": "x",
}
MANY = 1_000
"""Digests that the migration writes by one statement."""
BEFORE = """
    INSERT INTO agency (code, name, kind) VALUES ('regione-12', 'Regione Lazio', 'REGION');
    INSERT INTO quarantined_record (agency_id, flow, record_key, payload, field, reason, resolved_at)
        SELECT id, flow, CASE WHEN settled THEN 'settled' ELSE 'waits' END, $${}$$, 'codTipoPatto', 'The code is not known.',
            CASE WHEN settled THEN timestamptz '2026-09-01 02:00Z' END
        FROM agency, unnest('{pacts,worker-records,communications,communications-http}'::text[]) AS flow,
            unnest('{true,false}'::boolean[]) AS settled WHERE code = 'regione-12';
    INSERT INTO quarantined_record (agency_id, flow, record_key, payload, reason, resolved_at)
        SELECT id, 'job-offers', n::text, jsonb_build_object('n', n), 'x', now() FROM agency, generate_series(1, 1001) AS n
        WHERE code = 'regione-12';
"""
PUT = """
    INSERT INTO quarantined_record
        (agency_id, flow, record_key, reason, payload, payload_digest, resolved_at, dismissed_by, dismissed_because)
    SELECT id, 'pacts', 'new', 'x', $1, $2, CASE WHEN $3 THEN now() END, $4, $5 FROM agency WHERE code = 'regione-12'
"""
DIGEST = "0123456789abcdef" * 4


@pytest.fixture
async def before(empty_url: str) -> AsyncIterator[Owner]:
    """A database as 0033 left it, with what waits and what was settled."""
    await asyncio.to_thread(migrate, empty_url, "0033")
    connection = await asyncpg.connect(**connection_arguments(empty_url))
    await connection.execute(BEFORE)
    await connection.execute(
        "UPDATE quarantined_record SET payload = $1 WHERE flow <> 'job-offers'", json.dumps(PAYLOAD)
    )
    yield connection
    await connection.close()


@pytest.fixture
async def migrated(before: Owner, empty_url: str) -> Owner:
    await asyncio.to_thread(migrate, empty_url, "0034")
    return before


async def test_of_what_was_settled_the_digest_is_left_and_what_waits_stays_whole(migrated: Owner) -> None:
    rows = await migrated.fetch("SELECT * FROM quarantined_record WHERE flow <> 'job-offers'")
    assert len(rows) == 8
    for row in rows:
        settled = row["record_key"] == "settled"
        assert (row["resolved_at"] is not None) == settled
        assert (row["payload"] is None, row["payload_digest"]) == (
            settled,
            digest_of(PAYLOAD) if settled else None,
        )
        if not settled:
            assert json.loads(row["payload"]) == PAYLOAD
        assert row["is_told"] == (row["flow"] in {"pacts", "worker-records"}), "a hire's sender is not told"
        assert (row["version"], row["dismissed_by"], row["dismissed_because"]) == (None, None, None)
        assert (row["field"], row["reason"]) == ("codTipoPatto", "The code is not known.")


async def test_more_are_settled_than_one_statement_writes(migrated: Owner) -> None:
    rows = await migrated.fetch(
        "SELECT record_key, payload, payload_digest FROM quarantined_record WHERE flow = 'job-offers'"
    )
    assert len(rows) > MANY
    for row in rows:
        assert (row["payload"], row["payload_digest"]) == (None, digest_of({"n": int(row["record_key"])}))


async def test_whose_fields_they_are_is_granted_and_taken_back(
    before: Owner, migrated: Owner, empty_url: str
) -> None:
    granted = (
        "SELECT name FROM field_set WHERE fields @>"
        " '{QuarantinedRecord.recordKey,QuarantinedRecord.dismissedBecause}' ORDER BY name"
    )
    assert [row["name"] for row in await migrated.fetch(granted)] == ["inps", "region"]
    sets = "SELECT name, fields FROM field_set ORDER BY name"
    with_them = {row["name"]: row["fields"] for row in await migrated.fetch(sets)}
    await asyncio.to_thread(downgrade, empty_url, "0033")
    assert {row["name"]: row["fields"] for row in await migrated.fetch(sets)} == {
        name: [one for one in fields if not one.startswith("QuarantinedRecord.")]
        for name, fields in with_them.items()
    }


async def test_the_way_back_leaves_the_records_and_no_content_of_what_was_settled(
    migrated: Owner, empty_url: str
) -> None:
    await migrated.execute(
        "UPDATE quarantined_record SET payload = NULL, payload_digest = $1, resolved_at = now(), dismissed_by = 'op',"
        " dismissed_because = 'x' WHERE flow = 'communications' AND record_key = 'waits'",
        DIGEST,
    )
    await asyncio.to_thread(downgrade, empty_url, "0033")
    rows = await migrated.fetch("SELECT * FROM quarantined_record WHERE flow <> 'job-offers'")
    assert len(rows) == 8
    for row in rows:
        assert json.loads(row["payload"]) == ({} if row["resolved_at"] is not None else PAYLOAD)
        assert not {"is_told", "version", "payload_digest", "dismissed_by"} & set(row.keys())
    # And up again: what has no content any more has a digest of none, and comes again as something new.
    await asyncio.to_thread(migrate, empty_url, "0034")
    digests = "SELECT DISTINCT payload_digest FROM quarantined_record WHERE resolved_at IS NOT NULL"
    assert [row["payload_digest"] for row in await migrated.fetch(digests)] == [digest_of({})]


@pytest.mark.parametrize(
    "row",
    [
        ("{}", None, False, None, None),
        (None, DIGEST, True, None, None),
        (None, DIGEST, True, "op", "Sent in error."),
        (None, DIGEST, True, "o" * 200, "x" * 1_000),
    ],
    ids=["waits", "settled", "dismissed", "as long as may be"],
)
async def test_what_a_record_may_be(migrated: Owner, row: tuple[Any, ...]) -> None:
    assert await migrated.execute(PUT, *row) == "INSERT 0 1"


@pytest.mark.parametrize(
    ("row", "check"),
    [
        (("{}", None, True, None, None), "kept"),
        (("{}", DIGEST, True, None, None), "kept"),
        (("{}", DIGEST, False, None, None), "kept"),
        ((None, None, True, None, None), "kept"),
        ((None, None, False, None, None), "kept"),
        ((None, DIGEST, False, None, None), "kept"),
        ((None, DIGEST[1:], True, None, None), "payload_digest"),
        ((None, DIGEST.upper(), True, None, None), "payload_digest"),
        (("{}", None, False, "op", "x"), "dismissal"),
        ((None, DIGEST, True, "op", None), "dismissal"),
        ((None, DIGEST, True, None, "x"), "dismissal"),
        ((None, DIGEST, True, "", "x"), "dismissal"),
        ((None, DIGEST, True, "op", ""), "dismissal"),
        ((None, DIGEST, True, "o" * 201, "x"), "dismissal"),
        ((None, DIGEST, True, "op", "x" * 1_001), "dismissal"),
    ],
)
async def test_what_no_record_is(migrated: Owner, row: tuple[Any, ...], check: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=f"quarantined_record_{check}_check"):
        await migrated.execute(PUT, *row)
