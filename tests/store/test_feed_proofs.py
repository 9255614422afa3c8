# SPDX-License-Identifier: EUPL-1.2
"""The feed's tree, checkpoints and erasure on real PostgreSQL; and that whatever is changed in the tables is found."""

from __future__ import annotations

import asyncio
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger import checkpointing
from hub.ledger.checkpoint import read_checkpoint
from hub.ledger.checkpointing import Checkpointing, FeedChanged
from hub.ledger.erasure import CannotErase, erase
from hub.ledger.merkle import CompactRange, is_consistent, is_included, leaf_hash
from hub.ledger.proofs import OutsideFeed, consistency_proof, inclusion_proof, last_checkpoint
from hub.ledger.sequencer import sequence
from hub.ledger.signed_note import Signer
from hub.ledger.stored_feed import _lines, verify_stored
from hub.ledger.tree import ProofNotReady, stored_tree
from hub.ledger.verification import Unproven, Verified, verify_lines
from hub.store.engine import Database

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SIGNER = Signer("snodo.test/feed", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SIZE = 12_000


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed has 12,000 entries."""
    return populated_url


def keeper(database: Database, signer: Signer | None = SIGNER) -> Checkpointing:
    return Checkpointing(database.write, lambda: True, signer, 1.0)


async def caught_up(database: Database, signer: Signer | None = SIGNER) -> int:
    async with database.write.acquire() as connection:
        return await keeper(database, signer).catch_up(connection)


async def leaves_of(owner: Owner) -> list[bytes]:
    rows = await owner.fetch("SELECT entry FROM feed_entry ORDER BY position")
    return [leaf_hash(row["entry"].encode()) for row in rows]


def root_over(leaves: list[bytes]) -> bytes:
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


async def lines_of(owner: Owner) -> list[bytes]:
    return [line async for _, lines in _lines(owner) for line in lines]


async def signed_more(database: Database, owner: Owner, count: int) -> None:
    """Record the like of what is there `count` times more, and sequence it."""
    await owner.execute(
        """
        WITH more AS (
            INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code,
                inps_protocol, measure, note)
            SELECT type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol, measure, 'again'
            FROM conditionality_event WHERE withdraws_event_id IS NULL LIMIT $1 RETURNING id
        )
        INSERT INTO outbox_message (topic, subject_id) SELECT 'feed', id FROM more
        """,
        count,
    )
    async with database.write.acquire() as connection:
        assert await sequence(connection) == count


async def test_the_tree_over_the_feed_and_its_checkpoint(database: Database, owner: Owner) -> None:
    assert await caught_up(database) == SIZE
    leaves = await leaves_of(owner)
    note = await last_checkpoint(owner)
    assert note is not None
    checkpoint = read_checkpoint(note, SIGNER.key)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (
        "snodo.test/feed",
        SIZE,
        root_over(leaves),
    )
    tiles = await owner.fetch("SELECT level, count(*) FROM feed_tile GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in tiles] == [(0, SIZE // 256)]
    tree = await stored_tree(owner)
    assert (tree.size, tree.root()) == (SIZE // 256 * 256, root_over(leaves[: SIZE // 256 * 256]))


async def test_a_tree_that_goes_on_is_the_one_made_at_once(database: Database, owner: Owner) -> None:
    one = keeper(database)
    async with database.write.acquire() as connection:
        await one.catch_up(connection)
        for count in (1, 300, 256):
            await signed_more(database, owner, count)
            await one.catch_up(connection)
            await keeper(database).catch_up(connection)  # another, from what is stored
    sizes = [row["size"] for row in await owner.fetch("SELECT size FROM feed_checkpoint ORDER BY size")]
    assert sizes == [SIZE, SIZE + 1, SIZE + 301, SIZE + 557]
    leaves = await leaves_of(owner)
    for row in await owner.fetch("SELECT size, root FROM feed_checkpoint"):
        assert row["root"] == root_over(leaves[: row["size"]])


async def test_nothing_is_signed_twice_and_without_a_key_nothing_at_all(
    database: Database, owner: Owner
) -> None:
    await caught_up(database, None)
    assert await last_checkpoint(owner) is None
    assert await owner.fetchval("SELECT count(*) FROM feed_tile") == SIZE // 256
    one = keeper(database)
    async with database.write.acquire() as connection:
        for _ in range(3):
            await one.catch_up(connection)
    assert await owner.fetchval("SELECT count(*) FROM feed_checkpoint") == 1


async def test_proofs_hold(database: Database, owner: Owner) -> None:
    await caught_up(database)
    leaves = await leaves_of(owner)
    sizes = [1, 2, 255, 256, 257, 511, 4_096, 11_777, SIZE]
    roots = {size: root_over(leaves[:size]) for size in sizes}
    for size in sizes:
        for position in {1, size, (size + 1) // 2, max(1, size - 255), min(256, size), min(257, size)}:
            proof = await inclusion_proof(owner, position, size)
            assert is_included(leaves[position - 1], position - 1, size, proof.hashes, roots[size]), (
                position,
                size,
            )
        for old in sizes[: sizes.index(size) + 1]:
            proof = await consistency_proof(owner, old, size)
            assert is_consistent(old, roots[old], size, roots[size], proof.hashes), (old, size)


async def test_a_proof_outside_the_feed_is_refused(database: Database, owner: Owner) -> None:
    await caught_up(database)
    for position, size in [(0, 5), (6, 5), (1, 0), (1, SIZE + 1)]:
        with pytest.raises(OutsideFeed, match=r"feed has 12000|first 5 entries"):
            await inclusion_proof(owner, position, size)
    for old, new in [(0, 5), (6, 5), (1, SIZE + 1), (1, 0)]:
        with pytest.raises(OutsideFeed):
            await consistency_proof(owner, old, new)


async def test_a_proof_before_its_tiles_are_there_is_for_later(owner: Owner) -> None:
    with pytest.raises(ProofNotReady, match="in a moment"):
        await inclusion_proof(owner, 1, SIZE)
    assert (await inclusion_proof(owner, 1, 100)).hashes, "no tile is needed"


async def changed(owner: Owner, statement: str) -> None:
    """Change the tables as nobody may: as a superuser, with triggers off."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        done = await owner.execute(statement)
        assert not done.endswith(" 0"), statement


async def verified(owner: Owner) -> Verified:
    async with owner.transaction(isolation="repeatable_read"):
        return await verify_stored(owner, SIGNER.key)


async def test_the_stored_feed_is_what_was_signed(database: Database, owner: Owner) -> None:
    await caught_up(database)
    await signed_more(database, owner, 700)
    await caught_up(database)
    await signed_more(database, owner, 5)  # not signed yet
    found = await verified(owner)
    assert (found.lines, found.proven) == (SIZE + 705, SIZE + 700)


async def test_a_hub_does_not_sign_over_what_was_changed(
    database: Database, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await caught_up(database)
    for statement in (
        "UPDATE feed_entry SET entry = replace(entry, 'null', 'nil') WHERE position = 11999",
        "UPDATE feed_tile SET hash = sha256(hash) WHERE index = 3",
        "DELETE FROM feed_entry WHERE position = 12000",
        "DELETE FROM feed_entry WHERE position > 5000",
        "UPDATE feed_checkpoint SET root = sha256(root)",
    ):
        transaction = owner.transaction()
        await transaction.start()
        await changed(owner, statement)
        with pytest.raises(FeedChanged):
            await keeper(database).catch_up(owner)
        await transaction.rollback()
    # And the task that finds it says so, waits, and goes on when it was mended.
    await changed(owner, "UPDATE feed_checkpoint SET root = sha256(root)")
    said: list[str] = []
    monkeypatch.setattr(checkpointing.log, "error", lambda event, **_: said.append(event))
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 4:
            raise _Enough
        await asyncio.sleep(0)

    with pytest.raises(_Enough):
        await Checkpointing(database.write, lambda: True, SIGNER, 1.0, sleep).run()
    assert said == ["feed.changed"] * 3
    assert pauses == [
        checkpointing.AFTER_CHANGE,
        1.0,
        checkpointing.AFTER_CHANGE,
        1.0,
        checkpointing.AFTER_CHANGE,
    ]


class _Enough(BaseException):
    """Ends what repeats for ever: no turn raises it."""


async def erased(database: Database, owner: Owner, position: int) -> UUID:
    event_id = await erase(
        owner, position, agency_code=await an_agency(owner), operator="dpo", reason="Another person was meant"
    )
    async with database.write.acquire() as connection:
        assert await sequence(connection) == 1
    return event_id


async def an_agency(owner: Owner) -> str:
    code: str = await owner.fetchval(
        "SELECT code FROM agency WHERE kind = 'EMPLOYMENT_CENTRE' ORDER BY code LIMIT 1"
    )
    return code


async def test_erased_content_is_gone_and_every_proof_still_holds(database: Database, owner: Owner) -> None:
    await caught_up(database)
    before = await owner.fetchrow(
        "SELECT e.*, f.region_code, f.municipality_code, f.entry FROM conditionality_event e JOIN feed_entry f ON f.event_id = e.id"
        " WHERE f.position = 4711"
    )
    note = await last_checkpoint(owner)
    proof = await inclusion_proof(owner, 4_711, SIZE)
    assert before is not None
    assert note is not None
    event_id = await erased(database, owner, 4_711)
    await caught_up(database)

    after = await owner.fetchrow("SELECT * FROM conditionality_event WHERE id = $1", before["id"])
    assert after is not None
    kept = {
        "id",
        "type",
        "occurred_at",
        "recorded_at",
        "agency_id",
        "measure",
        "withdraws_event_id",
        "erased_at",
    }
    assert {name for name, value in after.items() if value is not None} <= kept
    assert {name: after[name] for name in kept - {"erased_at"}} == {
        name: before[name] for name in kept - {"erased_at"}
    }
    entry = await owner.fetchval("SELECT entry FROM feed_entry WHERE position = 4711")
    checkpoint = read_checkpoint(note, SIGNER.key)
    assert entry == before["entry"]
    assert is_included(leaf_hash(entry.encode()), 4_710, SIZE, proof.hashes, checkpoint.root)

    told = await owner.fetchrow("SELECT * FROM feed_entry WHERE event_id = $1", event_id)
    assert told is not None
    assert told["position"] == SIZE + 1
    assert (told["region_code"], told["municipality_code"]) == (
        before["region_code"],
        before["municipality_code"],
    )
    assert '"erases":4711,' in told["entry"]
    lines = await lines_of(owner)
    found = verify_lines(lines, [checkpoint])
    assert (found.lines, found.erased, found.proven) == (SIZE + 1, 1, SIZE)
    for row in await owner.fetch("SELECT content FROM feed_content WHERE position IN (4711, $1)", SIZE + 1):
        assert row["content"] is None or before["fiscal_code"] not in row["content"]
    assert (await verified(owner)).erased == 1


async def test_a_change_of_what_was_erased_is_found(database: Database, owner: Owner) -> None:
    await erased(database, owner, 4_711)
    await caught_up(database)
    missed = []
    of_erased = "WHERE id = (SELECT event_id FROM feed_entry WHERE position = 4711)"
    of_erasing = f"WHERE id = (SELECT event_id FROM feed_entry WHERE position = {SIZE + 1})"
    for statement in (
        f"UPDATE conditionality_event SET erased_at = erased_at + interval '1 microsecond' {of_erased}",
        f"UPDATE conditionality_event SET recorded_at = recorded_at + interval '1 microsecond' {of_erased}",
        f"UPDATE conditionality_event SET erases_position = 4712 {of_erasing}",
        f"UPDATE conditionality_event SET note = 'Another reason' {of_erasing}",
        f"UPDATE conditionality_event SET operator = 'somebody' {of_erasing}",
        "UPDATE feed_entry SET region_code = '00' WHERE position = 4711",
        "UPDATE feed_entry SET municipality_code = 'A000' WHERE position = 4711",
        "UPDATE feed_entry SET type = 'HIRED' WHERE position = 4711",
        "UPDATE feed_entry SET sequenced_at = now() WHERE position = 4711",
        "UPDATE feed_content SET content = (SELECT content FROM feed_content WHERE position = 4712), record_salt = uuidv7() WHERE position = 4711",
    ):
        transaction = owner.transaction()
        await transaction.start()
        await changed(owner, statement)
        try:
            await verify_stored(owner, SIGNER.key)
            missed.append(statement)
        except Unproven:
            pass
        finally:
            await transaction.rollback()
    assert missed == []


async def test_what_cannot_be_erased_is_refused_and_nothing_changes(database: Database, owner: Owner) -> None:
    await erased(database, owner, 10)
    agency = await an_agency(owner)
    before = await owner.fetchval("SELECT count(*) FROM conditionality_event")
    for position, code, reason, message in (
        (10, agency, "again", "erased before"),
        (SIZE + 1, agency, "a reason", "about nobody"),
        (SIZE + 2, agency, "a reason", "no entry"),
        (11, "nobody", "a reason", "No agency"),
        (11, agency, " ", "1 to 500"),
        (11, agency, "x" * 501, "1 to 500"),
    ):
        with pytest.raises(CannotErase, match=message):
            await erase(owner, position, agency_code=code, operator="dpo", reason=reason)
    assert await owner.fetchval("SELECT count(*) FROM conditionality_event") == before
    assert await owner.fetchval("SELECT count(*) FROM feed_content WHERE content IS NULL") == 1


async def test_only_the_owner_erases_and_only_by_the_function(database: Database, owner: Owner) -> None:
    agency_id = await owner.fetchval("SELECT id FROM agency LIMIT 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await database.write.fetchval("SELECT erase_feed_content(1, $1, 'x', 'y')", agency_id)
    for statement in (
        "UPDATE feed_content SET content = NULL, record_salt = NULL WHERE position = 1",
        "UPDATE feed_content SET content = '{}' WHERE position = 1",
        "UPDATE conditionality_event SET note = NULL",
        """UPDATE conditionality_event SET beneficiary_id = NULL, household_id = NULL, fiscal_code = NULL, inps_protocol = NULL,
           note = NULL, pact_id = NULL, operator = NULL, client_id = NULL, purpose_id = NULL, erased_at = now()""",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)
    await erased(database, owner, 1)
    for statement in (
        "UPDATE feed_content SET content = '{}', record_salt = uuidv7() WHERE position = 1",
        "UPDATE conditionality_event SET erased_at = now() WHERE erased_at IS NOT NULL",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(statement)


async def test_two_that_erase_the_same_erase_it_once(
    database: Database, owner: Owner, database_url: str
) -> None:
    from hub.store.engine import connection_arguments

    agency = await an_agency(owner)
    other = await asyncpg.connect(**connection_arguments(database_url))
    try:
        outcomes = await asyncio.gather(
            *(erase(one, 5, agency_code=agency, operator="dpo", reason="Once") for one in (owner, other)),
            return_exceptions=True,
        )
    finally:
        await other.close()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CannotErase", "UUID"]


async def test_an_events_line_waits_rather_than_be_lost(database: Database, owner: Owner) -> None:
    """A household whose row is not there (as only a superuser could have it): the statement is refused, the message stays."""
    await owner.execute("INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', uuidv7())")
    async with database.write.acquire() as connection:
        with pytest.raises(asyncpg.NotNullViolationError):
            await sequence(connection)
    assert await owner.fetchval("SELECT count(*) FROM outbox_message") == 1
    assert await owner.fetchval("SELECT count(*) FROM feed_entry") == SIZE
