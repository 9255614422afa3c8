# SPDX-License-Identifier: EUPL-1.2
"""Answers are kept behind the request they were given to: found at once, written together, the newest of each; and nothing waits for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from connectors import kept_answers
from connectors.kept_answers import KeptAnswer, KeptAnswers, Subject
from hub.store.engine import Database
from hub.store.reference.demo import load_demo_reference
from tests.api.inhabitants import build_world

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
EVER = datetime.min.replace(tzinfo=UTC)


def told(what: str, minutes: int = 0) -> KeptAnswer:
    return KeptAnswer({"what": what}, NOON + timedelta(minutes=minutes))


@pytest.fixture
async def people(owner: Owner) -> list[Subject]:
    await load_demo_reference(owner)
    await build_world(owner)
    await owner.execute("DELETE FROM agency_answer")
    return [Subject(row["id"]) for row in await owner.fetch("SELECT id FROM beneficiary ORDER BY id")]


@pytest.fixture
def kept(database: Database) -> KeptAnswers:
    return KeptAnswers(database.write)


async def rows(owner: Owner) -> dict[tuple[UUID, str], str | None]:
    found = await owner.fetch(
        "SELECT beneficiary_id, operation, answer::jsonb->>'what' AS what FROM agency_answer"
    )
    return {(row["beneficiary_id"], row["operation"]): row["what"] for row in found}


async def test_an_answer_is_found_before_it_is_written_and_after(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    one, other = people[:2]
    kept.keep("ANPR", one, {"C020": told("here"), "C030": told("id")})
    assert await rows(owner) == {}
    assert await kept.latest("ANPR", "C020", [one, other], since=EVER) == {one: told("here")}
    assert await kept.latest("ANPR", "C020", [one], since=NOON + timedelta(minutes=1)) == {}
    await kept.written()
    assert await rows(owner) == {(one.beneficiary_id, "C020"): "here", (one.beneficiary_id, "C030"): "id"}
    assert await kept.latest("ANPR", "C020", [one, other], since=EVER) == {one: told("here")}
    assert await kept.latest("ANPR", "C020", [one], since=NOON + timedelta(minutes=1)) == {}


async def test_the_newest_holds_in_whatever_order_they_come(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    one = people[0]
    for what, minutes in (("second", 2), ("first", 1), ("third", 3)):
        kept.keep("ANPR", one, {"C020": told(what, minutes)})
    await kept.written()
    kept.keep("ANPR", one, {"C020": told("zeroth", 0)})
    await kept.written()
    assert await rows(owner) == {(one.beneficiary_id, "C020"): "third"}


async def test_what_waits_goes_together(kept: KeptAnswers, people: list[Subject], owner: Owner) -> None:
    for subject in people:
        kept.keep("ANPR", subject, {"C020": told("here")})
    await kept.written()
    assert len(await rows(owner)) == len(people) > 5
    written = await owner.fetchval("SELECT count(DISTINCT xmin::text) FROM agency_answer")
    assert written == 1, "one transaction for all of them"


async def test_what_comes_while_it_writes_is_written_next(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    one, other = people[:2]
    async with owner.transaction():
        await owner.execute("LOCK TABLE agency_answer IN EXCLUSIVE MODE")
        kept.keep("ANPR", one, {"C020": told("first")})
        await asyncio.sleep(0.1)
        kept.keep("ANPR", one, {"C020": told("second", 1)})
        kept.keep("ANPR", other, {"C020": told("there")})
        found = await kept.latest("ANPR", "C020", [one, other], since=EVER)
        assert found == {one: told("second", 1), other: told("there")}
    await kept.written()
    assert await rows(owner) == {
        (one.beneficiary_id, "C020"): "second",
        (other.beneficiary_id, "C020"): "there",
    }


async def test_two_processes_that_write_about_the_same_people_do_not_wait_for_each_other(
    database: Database, people: list[Subject], owner: Owner
) -> None:
    both = [KeptAnswers(database.write) for _ in range(2)]
    for turn in range(20):
        for number, one in enumerate(both):
            for subject in people if number else reversed(people):
                one.keep("ANPR", subject, {"C020": told(f"{turn}", turn)})
        await asyncio.gather(*(one.written() for one in both))
    assert set((await rows(owner)).values()) == {"19"}


async def test_what_cannot_be_written_is_told_by_its_number_and_later_ones_are(
    kept: KeptAnswers, people: list[Subject], owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.keep("ANPR", Subject(uuid4()), {"C020": told("secret")})
    await kept.written()
    said = capsys.readouterr().out
    assert "answers.not_kept" in said
    assert "answers=1 error=ForeignKeyViolationError" in said
    assert "secret" not in said
    kept.keep("ANPR", people[0], {"C020": told("here")})
    await kept.written()
    assert await rows(owner) == {(people[0].beneficiary_id, "C020"): "here"}


async def test_one_that_the_database_refuses_takes_no_other_with_it(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    good = [kept.keep("ANPR", subject, {"C020": told("here")}) for subject in people]
    bad = kept.keep("ANPR", Subject(uuid4()), {"C020": told("nobody")})
    assert await asyncio.gather(*good, bad) == [False] * (len(people) + 1), (
        "one batch, which is not kept whole"
    )
    assert len(await rows(owner)) == len(people)


async def test_whoever_waits_waits_for_what_was_told_by_then_however_much_comes_after(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    over = asyncio.Event()

    async def go_on_telling() -> None:
        minutes = 0
        while not over.is_set():
            minutes += 1
            kept.keep("ANPR", people[0], {"C020": told("again", minutes)})
            await asyncio.sleep(0)

    telling = asyncio.create_task(go_on_telling())
    try:
        async with asyncio.timeout(10):
            assert await kept.keep("ANPR", people[1], {"C029": told("evidence")})
            await kept.written()
        assert (people[1].beneficiary_id, "C029") in await rows(owner)
    finally:
        over.set()
        await telling
    await kept.written()


async def test_what_is_not_kept_is_said_to_who_must_know(
    kept: KeptAnswers, people: list[Subject], owner: Owner
) -> None:
    await owner.execute("ALTER TABLE agency_answer RENAME TO gone")
    try:
        assert not await kept.keep("ANPR", people[0], {"C029": told("evidence")})
    finally:
        await owner.execute("ALTER TABLE gone RENAME TO agency_answer")
    assert await kept.keep("ANPR", people[0], {"C029": told("evidence")})


async def test_no_more_wait_than_may(
    kept: KeptAnswers, people: list[Subject], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "MOST_WAITING", 2)
    *_, third = [kept.keep("ANPR", subject, {"C020": told(str(n))}) for n, subject in enumerate(people[:3])]
    assert not await third
    kept.keep("ANPR", people[0], {"C020": told("newer", 1)})
    await kept.written()
    assert sorted(str(what) for what in (await rows(owner)).values()) == ["1", "newer"]
