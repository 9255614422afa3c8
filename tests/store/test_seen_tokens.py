# SPDX-License-Identifier: EUPL-1.2
"""Tokens of single use: the first presentation counts, to whichever process it comes, and none while nobody can say."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime

import asyncpg
import pytest

from hub.access.seen_tokens import KEPT_LONGER, PAUSE, ReplayUnknown, SeenTokens, TokenKind
from hub.settings import Settings
from hub.store.engine import Database, open_database

SOON = time.time() + 7_200  # from when this was read: a long run of all tests comes here late
LONG_AGO = time.time() - KEPT_LONGER.total_seconds() - 60


async def test_the_first_presentation_alone_is_the_first(database: Database) -> None:
    seen = SeenTokens(database.write)
    assert await seen.first_time(TokenKind.DPOP_PROOF, "one", SOON)
    assert not await seen.first_time(TokenKind.DPOP_PROOF, "one", SOON)
    assert not await seen.first_time(TokenKind.DPOP_PROOF, "one", SOON + 3_600), "another end is another look"
    assert await seen.first_time(TokenKind.DPOP_PROOF, "two", SOON)


async def test_kinds_and_issuers_have_identifiers_of_their_own(database: Database) -> None:
    seen = SeenTokens(database.write)
    for kind in TokenKind:
        assert await seen.first_time(kind, "one", SOON), kind
    for issuer, jti in (("a", "b c"), ("a b", "c"), ("", "a b c"), ("a b c", "")):
        assert await seen.first_time(TokenKind.SIGNATURE, jti, SOON, issuer=issuer), (issuer, jti)
        assert not await seen.first_time(TokenKind.SIGNATURE, jti, SOON, issuer=issuer)


async def test_a_token_for_one_use_may_come_again_for_it_alone(database: Database) -> None:
    seen = SeenTokens(database.write)
    for use, taken in (("a", True), ("a", True), ("b", False), ("a", True), ("b", False)):
        assert await seen.same_use(TokenKind.EVIDENCE, "one", use, SOON) is taken
    assert await seen.same_use(TokenKind.EVIDENCE, "one", "b", SOON, issuer="another")
    assert not await seen.first_time(TokenKind.EVIDENCE, "one", SOON)
    assert await seen.first_time(TokenKind.EVIDENCE, "two", SOON)
    assert not await seen.same_use(TokenKind.EVIDENCE, "two", "a", SOON), (
        "it was taken for no use that is known"
    )


async def test_at_once_one_use_is_the_first(database: Database) -> None:
    seen = SeenTokens(database.write)
    uses = [seen.same_use(TokenKind.EVIDENCE, "race", use, SOON) for use in "aabb"]
    answers = await asyncio.gather(*uses)
    assert answers in ([True, True, False, False], [False, False, True, True])


async def test_any_text_may_be_an_identifier(database: Database) -> None:
    seen = SeenTokens(database.write)
    for jti in ("", "\0", "'; DROP TABLE seen_token; --", "\ud800", "é" * 10_000):
        assert await seen.first_time(TokenKind.VOUCHER, jti, SOON)
        assert not await seen.first_time(TokenKind.VOUCHER, jti, SOON)


async def test_of_processes_asked_at_once_one_is_the_first(database: Database, database_url: str) -> None:
    async with open_database(database_url, Settings(read_connections=1, write_connections=4)) as other:
        stores = [SeenTokens(database.write), SeenTokens(other.write)]
        for number in range(20):
            answers = await asyncio.gather(
                *(
                    stores[one % 2].first_time(TokenKind.DPOP_PROOF, f"race {number}", SOON)
                    for one in range(8)
                )
            )
            assert sorted(answers) == [False] * 7 + [True]


async def test_nothing_of_the_token_is_kept_but_a_hash(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await SeenTokens(database.write).same_use(
        TokenKind.DPOP_PROOF, "legible", "legible", SOON, issuer="legible"
    )
    (row,) = await owner.fetch("SELECT * FROM seen_token")
    assert set(row.keys()) == {"token_hash", "expires_at", "use_hash"}
    assert len(row["token_hash"]) == 32
    assert b"legible" not in row["token_hash"]
    assert row["expires_at"] == datetime.fromtimestamp(SOON, UTC)


async def test_what_nobody_would_take_is_forgotten_and_no_more(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    seen = SeenTokens(database.write)
    for number in range(5):
        await seen.first_time(TokenKind.DPOP_PROOF, f"old {number}", LONG_AGO)
    for end in (SOON, time.time() - 1, time.time() - KEPT_LONGER.total_seconds() + 30):
        await seen.first_time(TokenKind.DPOP_PROOF, f"kept {end}", end)
    assert await seen.forget() == 5
    assert await seen.forget() == 0
    assert await owner.fetchval("SELECT count(*) FROM seen_token") == 3


async def test_forgetting_passes_over_what_another_process_forgets(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    seen = SeenTokens(database.write)
    for number in range(3):
        await seen.first_time(TokenKind.DPOP_PROOF, f"old {number}", LONG_AGO)
    async with owner.transaction():
        await owner.execute("SELECT FROM seen_token LIMIT 2 FOR UPDATE")
        async with asyncio.timeout(5):
            assert await seen.forget() == 1
    assert await seen.forget() == 2


async def test_forgetting_goes_on_after_trouble(
    database: Database, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    pauses: list[float] = []
    mended = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            await owner.execute("ALTER TABLE elsewhere RENAME TO seen_token")
        else:
            mended.set()
            await asyncio.sleep(3_600)

    seen = SeenTokens(database.write, pause)
    await seen.first_time(TokenKind.DPOP_PROOF, "old", LONG_AGO)
    await owner.execute("ALTER TABLE seen_token RENAME TO elsewhere")
    forgetting = asyncio.create_task(seen.run())
    async with asyncio.timeout(10):
        await mended.wait()
    forgetting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await forgetting
    assert pauses == [PAUSE, PAUSE]
    assert await owner.fetchval("SELECT count(*) FROM seen_token") == 0


@pytest.mark.parametrize(
    "trouble",
    [
        "ALTER TABLE seen_token RENAME TO elsewhere",
        "REVOKE INSERT ON seen_token FROM snodo_hub",
        (
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;"
            "CREATE TRIGGER broken BEFORE INSERT ON seen_token EXECUTE FUNCTION broken()"
        ),
        "ALTER TABLE seen_token ADD CONSTRAINT never CHECK (false)",
    ],
)
async def test_while_the_database_cannot_say_no_token_is_taken(
    database: Database, owner: asyncpg.Connection[asyncpg.Record], trouble: str
) -> None:
    await owner.execute(trouble)
    with pytest.raises(ReplayUnknown) as unknown:
        await SeenTokens(database.write).first_time(TokenKind.DPOP_PROOF, "one", SOON)
    assert (unknown.value.status, unknown.value.code) == (503, "DATABASE_UNAVAILABLE")


async def test_a_pool_that_is_closed_takes_no_token_either(database_url: str) -> None:
    async with open_database(database_url, Settings(read_connections=1, write_connections=2)) as closing:
        seen = SeenTokens(closing.write)
    with pytest.raises(ReplayUnknown):
        await seen.first_time(TokenKind.DPOP_PROOF, "one", SOON)
