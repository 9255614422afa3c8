# SPDX-License-Identifier: EUPL-1.2
"""A run over all households: the same table however it is divided, interrupted and continued; and what its tables refuse."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.casework.household_facts import read_next_households
from hub.casework.runs import record
from hub.casework.runs.chunks import COLUMNS, assess_next, rows_of
from hub.casework.runs.everybody import LOCK, Asked, Begun, RunGoingOn, assess_everybody
from hub.casework.runs.facts import facts_digest
from hub.casework.runs.record import Key, Run, UnknownRun
from hub.casework.runs.workers import WorkerEnded, connected
from hub.measures.edition import edition
from hub.measures.measure import Measure
from hub.measures.parameters import BeforeTheLaw
from hub.measures.reasons import Verdict
from hub.store.engine import Database
from tests.conftest import POPULATION_DAY

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
ADI = Asked(Measure.ADI, POPULATION_DAY)
NOBODY = UUID(int=0)


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population with its declarations."""
    return populated_url


def unheard(done: int, total: int) -> None:
    """Nobody watches."""


async def run(url: str, asked: Asked = ADI, *, processes: int = 1) -> tuple[Run, Begun]:
    """A run by processes of their own, in chunks of 60."""
    return await assess_everybody(url, asked, processes=processes, progress=unheard, chunk=60)


async def table(owner: Owner, run_id: UUID) -> list[tuple[Any, ...]]:
    """What a run said, without its own key."""
    rows = await owner.fetch(
        f"SELECT {', '.join(COLUMNS[1:])} FROM assessment WHERE run_id = $1 ORDER BY household_id", run_id
    )
    return [tuple(row) for row in rows]


async def expected(owner: Owner, measure: Measure = Measure.ADI, on: date = POPULATION_DAY) -> list[Any]:
    """What the rules say of each household, one by one."""
    households = await read_next_households(owner, measure, on=on, limit=100_000)
    return [row[1:] for row in rows_of(NOBODY, households)]


async def key_of(owner: Owner, at_most: int | None = None) -> Key:
    return Key(Measure.ADI, POPULATION_DAY, edition(), await facts_digest(owner, Measure.ADI), at_most)


async def begun(owner: Owner, *, chunk: int, at_most: int | None = None) -> Run:
    """A run of which nothing is assessed."""
    key = await key_of(owner, at_most)
    await record.forget_unended(owner, key)
    return await record.begin(owner, key, "the law", chunk=chunk)


@asynccontextmanager
async def another(url: str) -> AsyncIterator[Owner]:
    async with connected(url) as connection:
        yield connection


async def test_each_household_is_assessed_by_the_same_rules(owner: Owner, database_url: str) -> None:
    found, how = await run(database_url, processes=2)
    rows = await table(owner, found.id)
    assert how is Begun.NEW
    assert rows == await expected(owner)
    assert (found.households, found.assessed) == (len(rows), len(rows))
    assert found.ended_at is not None
    everybody: int = await owner.fetchval("SELECT count(*) FROM household WHERE measure = 'ADI'")
    assert len(rows) == everybody > 200
    # A test on one kind of answer alone would prove little.
    assert {row[1] for row in rows} == {verdict.value for verdict in Verdict}
    assert any(row[5] for row in rows)


@pytest.mark.parametrize("measure", [Measure.RDC, Measure.MIA, Measure.SFL])
async def test_a_measure_has_its_own_households_and_law(
    owner: Owner, database_url: str, measure: Measure
) -> None:
    day = date(2023, 6, 1) if measure is Measure.RDC else POPULATION_DAY
    found, _ = await run(database_url, Asked(measure, day))
    assert await table(owner, found.id) == await expected(owner, measure, day)


async def test_however_it_is_divided_the_table_is_the_same(owner: Owner, database_url: str) -> None:
    whole = await expected(owner)
    chance = random.Random(7)
    async with another(database_url) as writing:
        for chunk in (len(whole), len(whole) + 1, *(chance.randint(20, len(whole)) for _ in range(4))):
            one = await begun(owner, chunk=chunk)
            while await assess_next(owner, writing, one.id, Measure.ADI, POPULATION_DAY) is not None:
                pass
            await record.end(owner, one.id)
            assert await table(owner, one.id) == whole


async def test_one_household_a_chunk(owner: Owner, database_url: str) -> None:
    whole = await expected(owner)
    one = await begun(owner, chunk=1, at_most=25)
    async with another(database_url) as writing:
        for done in range(25):
            assert (await record.run_of(owner, one.id)).assessed == done
            assert await assess_next(owner, writing, one.id, Measure.ADI, POPULATION_DAY) == 1
        assert await assess_next(owner, writing, one.id, Measure.ADI, POPULATION_DAY) is None
    assert await table(owner, one.id) == whole[:25]


async def test_what_was_interrupted_is_continued_where_it_stopped(owner: Owner, database_url: str) -> None:
    one = await begun(owner, chunk=60)
    async with another(database_url) as writing:
        await assess_next(owner, writing, one.id, Measure.ADI, POPULATION_DAY)
        first = await table(owner, one.id)
        # Who dies in the middle of a chunk leaves nothing of it.
        dying = writing.transaction()
        await dying.start()
        await assess_next(owner, writing, one.id, Measure.ADI, POPULATION_DAY)
        await dying.rollback()
    assert await table(owner, one.id) == first
    assert len(first) == 60
    found, how = await run(database_url)
    assert (found.id, how) == (one.id, Begun.CONTINUED)
    assert await table(owner, found.id) == await expected(owner)


async def test_what_is_done_is_not_done_again(owner: Owner, database_url: str) -> None:
    first, _ = await run(database_url)
    again, how = await run(database_url)
    assert (again, how) == (first, Begun.DONE_BEFORE)
    anew, how = await run(database_url, Asked(Measure.ADI, POPULATION_DAY, again=True))
    assert (anew.id == first.id, how) == (False, Begun.NEW)
    assert await table(owner, anew.id) == await table(owner, first.id)
    assert (await run(database_url))[0] == anew


async def test_other_facts_are_another_run(owner: Owner, database_url: str) -> None:
    first, _ = await run(database_url)
    household: UUID = await owner.fetchval(
        "SELECT household_id FROM assessment WHERE run_id = $1 AND verdict = 'SATISFIED' LIMIT 1", first.id
    )
    await owner.execute(
        "INSERT INTO household_declaration (household_id, source_agency_id, external_id, as_of, starts_on, isee)"
        " SELECT household_id, source_agency_id, 'another', $2, $2, 99999 FROM household_declaration WHERE household_id = $1 LIMIT 1",
        household, POPULATION_DAY,
    )  # fmt: skip
    second, how = await run(database_url)
    assert (second.id == first.id, how) == (False, Begun.NEW)
    said = await owner.fetchrow(
        "SELECT verdict, not_met FROM assessment WHERE run_id = $1 AND household_id = $2",
        second.id,
        household,
    )
    assert said is not None
    assert (said["verdict"], "ISEE" in said["not_met"]) == ("NOT_SATISFIED", True)


CHANGES = [
    f"{change} IN (SELECT {key} FROM household h JOIN beneficiary b ON b.household_id = h.id"
    " JOIN household_declaration d ON d.household_id = h.id JOIN declared_vehicle v ON v.declaration_id = d.id"
    " WHERE h.measure = 'ADI' ORDER BY d.id LIMIT 1)"
    for change, key in (
        ("UPDATE beneficiary SET birth_date = birth_date - 1 WHERE id", "b.id"),
        ("UPDATE household SET applicant_id = NULL WHERE id", "h.id"),
        ("DELETE FROM declared_vehicle WHERE declaration_id", "d.id"),
        ("DELETE FROM declared_member WHERE declaration_id", "d.id"),
        ("DELETE FROM household_declaration WHERE id", "d.id"),
    )
]


async def test_what_no_rule_reads_is_no_other_fact(owner: Owner, database_url: str) -> None:
    before = await facts_digest(owner, Measure.ADI)
    await owner.execute("UPDATE beneficiary SET next_convocation_at = now(), updated_at = now()")
    await owner.execute("UPDATE household SET case_manager = 'x'")
    assert await facts_digest(owner, Measure.ADI) == before
    for change in CHANGES:
        await owner.execute(change)
        before, now = await facts_digest(owner, Measure.ADI), before
        assert before != now, change
    others = await facts_digest(owner, Measure.SFL)
    await owner.execute(
        "DELETE FROM household_declaration WHERE household_id IN (SELECT id FROM household WHERE measure = 'ADI')"
    )
    assert await facts_digest(owner, Measure.SFL) == others


async def test_what_was_begun_on_other_facts_is_dropped(owner: Owner, database_url: str) -> None:
    one = await begun(owner, chunk=60)
    await owner.execute("UPDATE beneficiary SET birth_date = birth_date - 1")
    found, how = await run(database_url)
    assert how is Begun.NEW
    with pytest.raises(UnknownRun):
        await record.run_of(owner, one.id)
    assert await table(owner, found.id) == await expected(owner)


async def test_facts_written_meanwhile_are_not_seen(owner: Owner, database_url: str) -> None:
    """Each process sees what the run saw when it began."""
    async with (
        another(database_url) as writing,
        another(database_url) as reading,
        reading.transaction(isolation="repeatable_read", readonly=True),
    ):
        whole = await expected(reading)
        one = await begun(owner, chunk=60)
        await assess_next(reading, writing, one.id, Measure.ADI, POPULATION_DAY)
        await owner.execute("UPDATE beneficiary SET birth_date = birth_date - 4000")
        while await assess_next(reading, writing, one.id, Measure.ADI, POPULATION_DAY) is not None:
            pass
    assert await table(owner, one.id) == whole
    assert whole != await expected(owner)


async def test_a_second_run_of_the_same_says_so(owner: Owner, database_url: str) -> None:
    place = POPULATION_DAY.toordinal() * len(Measure) + list(Measure).index(Measure.ADI)
    assert await owner.fetchval("SELECT pg_try_advisory_lock($1::int, $2::int)", LOCK, place)
    with pytest.raises(RunGoingOn):
        await run(database_url)
    # Another measure, or day, is another run.
    await run(database_url, Asked(Measure.SFL, POPULATION_DAY))
    await owner.fetchval("SELECT pg_advisory_unlock($1::int, $2::int)", LOCK, place)
    assert (await run(database_url))[1] is Begun.NEW


async def test_a_trial_is_of_the_first_and_nothing_is_compared_with_it(
    owner: Owner, database_url: str
) -> None:
    trial, _ = await run(database_url, Asked(Measure.ADI, POPULATION_DAY, at_most=70))
    assert await table(owner, trial.id) == (await expected(owner))[:70]
    whole, how = await run(database_url)
    assert how is Begun.NEW
    assert await record.last_before(owner, whole) is None


async def test_a_worker_that_cannot_go_on_ends_the_run_and_says_nothing_of_anybody(
    owner: Owner, database_url: str
) -> None:
    await owner.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'household %', NEW.household_id; END $$;"
        "CREATE TRIGGER fails BEFORE INSERT ON assessment FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    with pytest.raises(WorkerEnded) as refused:
        await run(database_url)
    assert refused.value.message == (
        "A worker ended: RaiseError. The same command continues where the run stopped."
    )
    await owner.execute("DROP TRIGGER fails ON assessment")
    found, how = await run(database_url)
    assert how is Begun.CONTINUED
    assert await table(owner, found.id) == await expected(owner)


async def test_what_cannot_be_is_said_of_that_household_alone(owner: Owner, database_url: str) -> None:
    household: UUID = await owner.fetchval("SELECT min(id::text)::uuid FROM household WHERE measure = 'ADI'")
    await owner.execute(
        "UPDATE beneficiary SET birth_date = $2 WHERE household_id = $1", household, date(2026, 6, 16)
    )
    found, _ = await run(database_url)
    said = {row[0]: row[1:4] for row in await table(owner, found.id)}
    assert said[household] == ("UNDETERMINED", [], ["NOBODY_IN_HOUSEHOLD"])
    assert len(said) == found.households


async def test_a_day_before_the_law_is_refused(database_url: str) -> None:
    with pytest.raises(BeforeTheLaw):
        await run(database_url, Asked(Measure.ADI, date(2023, 12, 31)))


async def test_progress_ends_with_all(owner: Owner, database_url: str) -> None:
    told: list[tuple[int, int]] = []
    found, _ = await assess_everybody(
        database_url, ADI, processes=2, progress=lambda *seen: told.append(seen), chunk=60
    )
    assert told == sorted(told)
    assert told[-1] == (found.households, found.households)


async def test_forgetting_a_run_leaves_nothing_of_it(owner: Owner, database_url: str) -> None:
    first, _ = await run(database_url)
    other, _ = await run(database_url, Asked(Measure.ADI, POPULATION_DAY, again=True))
    await record.forget(owner, first.id)
    assert await owner.fetchval("SELECT count(*) FROM assessment WHERE run_id = $1", first.id) == 0
    assert await owner.fetchval("SELECT count(*) FROM assessment_chunk WHERE run_id = $1", first.id) == 0
    assert [one.id for one in await record.runs(owner)] == [other.id]


ROW: Mapping[str, Any] = {
    "verdict": "SATISFIED",
    "not_met": [],
    "not_known": [],
    "scale": 1,
    "monthly_amount": 500,
    "months": 18,
    "unverified": False,
}


@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"verdict": "YES", "monthly_amount": None, "months": None}, "verdict"),
        ({"not_met": ["ISEE"]}, "not_met"),
        ({"verdict": "NOT_SATISFIED", "monthly_amount": None, "months": None}, "not_met"),
        ({"verdict": "UNDETERMINED", "monthly_amount": None, "months": None}, "not_known"),
        ({"verdict": "UNDETERMINED", "not_known": ["RENT"]}, "amount"),
        ({"monthly_amount": None}, "amount"),
        ({"not_known": ["RENT"]}, "amount"),
        ({"monthly_amount": -1}, "bounds"),
        ({"not_known": ["RENT", None], "monthly_amount": None}, "codes"),
    ],
)
async def test_the_table_refuses_an_assessment_that_cannot_be(
    owner: Owner, changed: Mapping[str, Any], constraint: str
) -> None:
    one = await begun(owner, chunk=60)
    household = await owner.fetchval("SELECT id FROM household LIMIT 1")
    insert = f"INSERT INTO assessment (run_id, household_id, {', '.join(ROW)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute(insert, one.id, household, *{**ROW, **changed}.values())
    assert refused.value.constraint_name == f"assessment_{constraint}_check"
    await owner.execute(insert, one.id, household, *ROW.values())


async def test_what_was_said_is_not_changed_and_goes_with_its_household(owner: Owner) -> None:
    one = await begun(owner, chunk=60)
    await owner.execute(
        "INSERT INTO assessment (run_id, household_id, verdict, not_met, not_known, unverified)"
        " SELECT $1, id, 'UNDETERMINED', '{}', '{ISEE}', false FROM household WHERE measure = 'ADI'", one.id,
    )  # fmt: skip
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await owner.execute("UPDATE assessment SET not_known = '{RENT}'")
    cascades = await owner.fetchval(
        "SELECT bool_and(confdeltype = 'c') FROM pg_constraint WHERE conrelid = 'assessment'::regclass AND contype = 'f'"
    )
    assert cascades


async def test_a_chunk_is_marked_with_all_its_households_and_once(owner: Owner) -> None:
    one = await begun(owner, chunk=60)
    mark = "UPDATE assessment_chunk SET assessed_at = now() WHERE run_id = $1 AND ordinal = 0"
    with pytest.raises(asyncpg.CheckViolationError, match="each of its households"):
        await owner.execute(mark, one.id)
    with pytest.raises(asyncpg.CheckViolationError, match="each of its chunks"):
        await record.end(owner, one.id)
    await assess_next(owner, owner, one.id, Measure.ADI, POPULATION_DAY)
    with pytest.raises(asyncpg.CheckViolationError, match="once"):
        await owner.execute(mark, one.id)


async def test_the_hub_that_serves_has_no_part_in_it(owner: Owner, database: Database) -> None:
    await begun(owner, chunk=60)
    for name in ("assessment_run", "assessment_chunk", "assessment"):
        for statement in (f"SELECT FROM {name}", f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await database.write.execute(statement)
