# SPDX-License-Identifier: EUPL-1.2
"""Whatever is changed in the tables under the feed is found: every column, as only a superuser with the triggers off could."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest

from hub.ledger.stored_feed import verify_stored
from hub.ledger.verification import Unproven
from hub.store.engine import Database, connection_arguments
from hub.store.population.seed import seed_population
from tests.store.test_feed_proofs import SIGNER, Owner, caught_up, changed

SIZE = 600


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Owner]:
    """A feed of 600 entries, as the owner of its tables: small, since it is verified a hundred times."""
    connection = await asyncpg.connect(**connection_arguments(database_url))
    await seed_population(
        connection, beneficiaries=100, seed=1, today=date(2026, 6, 15), progress=lambda *_: None
    )
    yield connection
    await connection.close()


CHANGES = {
    "feed_entry.event_id": "UPDATE feed_entry SET event_id = uuidv7() WHERE position = {0}",
    "feed_entry.sequenced_at": "UPDATE feed_entry SET sequenced_at = sequenced_at + interval '1 microsecond' WHERE position = {0}",
    "feed_entry.region_code": "UPDATE feed_entry SET region_code = region_code || '0' WHERE position = {0}",
    "feed_entry.municipality_code": "UPDATE feed_entry SET municipality_code = 'A000' WHERE position = {0}",
    "feed_entry.measure": "UPDATE feed_entry SET measure = 'MIA' WHERE position = {0}",
    "feed_entry.type": "UPDATE feed_entry SET type = 'HIRED' WHERE position = {0}",
    "feed_entry.entry": "UPDATE feed_entry SET entry = replace(entry, ':00:', ':01:') || ' ' WHERE position = {0}",
    "feed_entry.entry, well formed": "UPDATE feed_entry SET entry = overlay(entry placing '0' from 17 for 1) WHERE position = {0} AND substr(entry, 17, 1) <> '0' OR position = {0} + 1",
    "feed_entry.position": "UPDATE feed_entry SET position = 9000000 WHERE position = {0}",
    "feed_content.position": "UPDATE feed_content SET position = 9000000 WHERE position = {0}",
    "feed_content.content": "UPDATE feed_content SET content = replace(content, '\"pact\"', '\"Pact\"') WHERE position = {0}",
    "feed_content.content, gone": "UPDATE feed_content SET content = NULL, record_salt = NULL WHERE position = {0}",
    "feed_content.record_salt": "UPDATE feed_content SET record_salt = gen_random_uuid() WHERE position = {0}",
    "a content removed": "DELETE FROM feed_content WHERE position = {0}",
    "an entry removed": "DELETE FROM feed_entry WHERE position = {0}",
    "a truncation": "DELETE FROM feed_entry WHERE position >= {0}",
    "a truncation of both": "WITH gone AS (DELETE FROM feed_content WHERE position >= {0}) DELETE FROM feed_entry WHERE position >= {0}",
    "two entries in each other's place": "UPDATE feed_entry SET entry = (SELECT entry FROM feed_entry WHERE position = {0} + 1) WHERE position = {0}",
    "feed_tile.hash": "UPDATE feed_tile SET hash = sha256(hash) WHERE index = {0} / 256 % 2",
    "feed_tile.index": "UPDATE feed_tile SET index = 9000 WHERE index = {0} / 256 % 2",
    "feed_tile.level": "UPDATE feed_tile SET level = 3 WHERE index = {0} / 256 % 2",
    "a tile removed": "DELETE FROM feed_tile WHERE index = {0} / 256 % 2",
    "feed_checkpoint.size": "UPDATE feed_checkpoint SET size = size - 1",
    "feed_checkpoint.size, beyond": "UPDATE feed_checkpoint SET size = size + 100",
    "feed_checkpoint.root": "UPDATE feed_checkpoint SET root = sha256(root)",
    "feed_checkpoint.note": "UPDATE feed_checkpoint SET note = replace(note, 'snodo', 'Snodo')",
    **{
        f"conditionality_event.{column}": "UPDATE conditionality_event SET "
        f"{column} = {value} WHERE id = (SELECT event_id FROM feed_entry WHERE position = {{0}})"
        for column, value in {
            "id": "uuidv7()",
            "type": "'HIRED'",
            "occurred_at": "occurred_at + interval '1 microsecond'",
            "recorded_at": "recorded_at + interval '1 microsecond'",
            "agency_id": "(SELECT id FROM agency WHERE kind = 'INPS' LIMIT 1)",
            "client_id": "uuidv7()",
            "purpose_id": "uuidv7()",
            "operator": "coalesce(operator, '') || 'x'",
            "beneficiary_id": "(SELECT id FROM beneficiary ORDER BY id DESC LIMIT 1)",
            "household_id": "(SELECT id FROM household ORDER BY id DESC LIMIT 1)",
            "fiscal_code": "'PRVGNN90R10H501Q'",
            "inps_protocol": "inps_protocol || '0'",
            "measure": "'MIA'",
            "pact_id": "(SELECT id FROM pact ORDER BY id DESC LIMIT 1)",
            "note": "coalesce(note, '') || ' '",
            "withdraws_event_id": "(SELECT event_id FROM feed_entry WHERE position = 17)",
        }.items()
    },
}  # fmt: skip


async def test_whatever_is_changed_in_the_tables_is_found(database: Database, owner: Owner) -> None:
    """One transaction that is rolled back for each change: the first entry, the last, and one between."""
    assert await caught_up(database) == SIZE
    missed = []
    for name, statement in CHANGES.items():
        for position in (1, 503, SIZE) if name != "two entries in each other's place" else (1, 503):
            transaction = owner.transaction()
            await transaction.start()
            await changed(owner, statement.format(position))
            try:
                await verify_stored(owner, SIGNER.key)
                missed.append((name, position))
            except Unproven:
                pass
            finally:
                await transaction.rollback()
            if "{0}" not in statement:
                break
    assert missed == []
    columns = await owner.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name IN ('conditionality_event', 'feed_entry', 'feed_content', 'feed_tile', 'feed_checkpoint')"
    )
    # What erasure writes is changed in the test of erasure, a justified reason in tests/api/test_evidence.py; an edition tells nothing
    # of an event, it keeps facts apart (ADR 0030).
    assert {row["name"] for row in columns} - {name.partition(",")[0] for name in CHANGES} == {
        "conditionality_event.erases_position",
        "conditionality_event.erased_at",
        "conditionality_event.edition",
        "conditionality_event.justified_reason",
    }
