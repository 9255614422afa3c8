# SPDX-License-Identifier: EUPL-1.2
"""Samples for inspection: the same draw for the same seed, kept and told again; what is known of a household; what came of its check."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.casework.inspections.listing import Listed, NotListed, read_list
from hub.casework.inspections.outcomes import (
    InvalidOutcomes,
    checks_of,
    periods,
    read_outcomes,
    record_outcomes,
)
from hub.casework.inspections.plan import Among, Plan, Strata, Weighed
from hub.casework.inspections.samples import (
    Asked,
    Drawn,
    ListChanged,
    NotEverybody,
    Sample,
    UnknownSample,
    draw_sample,
    read_list_of,
    sample_named,
    sampled,
    samples,
)
from hub.casework.inspections.told import Told
from hub.casework.runs import record
from hub.casework.runs.everybody import Asked as AskedRun
from hub.casework.runs.everybody import assess_everybody
from hub.casework.runs.record import Run
from hub.measures.controls import Check, Outcome, Signal
from hub.measures.measure import Measure
from hub.measures.sampling import InvalidSample, Why, draw_strata, lines_of, number_of
from hub.store.engine import Database
from hub.store.identifiers import encode_id
from tests.conftest import POPULATION_DAY

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
TABLES = ("inspection_sample", "sampled_household", "inspection_outcome")
NO_TOLD = Told()


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population with its declarations."""
    return populated_url


@pytest.fixture
async def run(database_url: str) -> Run:
    """Everybody of the ADI."""
    asked = AskedRun(Measure.ADI, POPULATION_DAY)
    return (await assess_everybody(database_url, asked, processes=1, progress=lambda *_: None))[0]


def seeds() -> Callable[[], str]:
    """Seeds that are never twice the same."""
    numbers: Iterator[int] = iter(range(1_000))
    return lambda: f"seed {next(numbers)}"


async def drawn(owner: Owner, asked: Asked, make: Callable[[], str] = lambda: "made") -> tuple[Sample, Drawn]:
    async with owner.transaction(isolation="repeatable_read"):
        return await draw_sample(owner, asked, make)


def asked(
    run: Run,
    size: int | None = 20,
    *,
    plan: Plan | None = None,
    seed: str | None = None,
    told: Told = NO_TOLD,
) -> Asked:
    return Asked(run, size, plan or Plan(), told, seed, "somebody")


async def listed(owner: Owner, run: Run, plan: Plan | None = None, told: Told = NO_TOLD) -> list[Listed]:
    async with owner.transaction():
        return await read_list(owner, run, plan or Plan(), told)


async def keys(owner: Owner, sample: Sample) -> list[UUID | None]:
    return [one.household for one in await sampled(owner, sample)]


async def test_the_same_seed_is_the_same_draw_and_anybody_draws_it_again(owner: Owner, run: Run) -> None:
    chance = random.Random(11)
    for plan in (Plan(), Plan(strata=Strata.REGION), Plan(among=Among.ALL, strata=Strata.VERDICT)):
        units = [one.unit for one in await listed(owner, run, plan)]
        size = chance.randint(5, 60)
        one, how = await drawn(owner, asked(run, size, plan=plan, seed="Lotto, Roma: 11 23 45"))
        assert how is Drawn.NEW
        found = await sampled(owner, one)
        assert [place.rank for place in found] == list(range(1, size + 1))
        assert (one.listed, one.list_digest) == (
            len(units),
            hashlib.sha256("".join(lines_of(units)).encode()).hexdigest(),
        )
        chance.shuffle(units)
        sizes = Counter(place.unit.stratum for place in found)
        again = draw_strata(units, {unit.stratum: sizes[unit.stratum] for unit in units}, one.seed)
        assert [place.unit for place in found] == [chosen.unit for chosen in again.chosen]
        assert all(place.number == number_of(one.seed, place.unit.id) for place in found)


async def test_drawn_again_it_is_the_one_that_was_drawn(owner: Owner, run: Run, database_url: str) -> None:
    make = seeds()
    first, _ = await drawn(owner, asked(run), make)
    assert (first.seed, first.seed_drawn) == ("seed 0", True)
    assert await drawn(owner, asked(run), make) == (first, Drawn.DRAWN_BEFORE)
    assert await drawn(owner, asked(run, seed=first.seed), make) == (first, Drawn.DRAWN_BEFORE)
    # Another run that says the same is no way to another seed, nor is another size, or plan.
    anew, _ = await assess_everybody(
        database_url, AskedRun(Measure.ADI, POPULATION_DAY, again=True), processes=1, progress=lambda *_: None
    )
    assert anew.id != run.id
    assert await drawn(owner, asked(anew), make) == (first, Drawn.DRAWN_BEFORE)
    larger, how = await drawn(owner, asked(run, 40), make)
    assert (how, larger.seed) == (Drawn.NEW, first.seed)
    assert (await keys(owner, larger))[:20] == await keys(owner, first)
    strata, _ = await drawn(owner, asked(run, plan=Plan(strata=Strata.REGION)), make)
    assert strata.seed == first.seed
    # One that is given is another draw, and stays beside it.
    other, how = await drawn(owner, asked(run, seed="given"), make)
    assert (how, other.seed_drawn) == (Drawn.NEW, False)
    assert await keys(owner, other) != await keys(owner, first)
    assert {one.id for one in await samples(owner)} == {first.id, larger.id, strata.id, other.id}
    assert await samples(owner, Measure.SFL) == []
    assert await sample_named(owner, first.name) == first


async def test_two_that_draw_at_once_draw_one(owner: Owner, run: Run, database_url: str) -> None:
    make = seeds()
    others = [await asyncpg.connect(database_url.replace("+asyncpg", "")) for _ in range(3)]
    try:
        found = await asyncio.gather(*(drawn(other, asked(run), make) for other in others))
    finally:
        for other in others:
            await other.close()
    assert len({one.id for one, _ in found}) == 1
    assert sorted(how for _, how in found) == [Drawn.DRAWN_BEFORE, Drawn.DRAWN_BEFORE, Drawn.NEW]


async def test_who_is_paid_is_listed_or_everybody(owner: Owner, run: Run) -> None:
    paid = {one.key for one in await listed(owner, run)}
    expected = await owner.fetch(
        "SELECT a.household_id FROM assessment a JOIN benefit b ON b.household_id = a.household_id"
        " WHERE a.run_id = $1 AND b.status = 'ACTIVE' AND lower(b.period) <= $2 AND (upper(b.period) > $2 OR upper_inf(b.period))",
        run.id, POPULATION_DAY,
    )  # fmt: skip
    assert paid == {row["household_id"] for row in expected}
    assert 20 < len(paid) < run.households == len(await listed(owner, run, Plan(among=Among.ALL)))


async def test_what_is_paid_is_held_against_what_the_rules_say(owner: Owner, run: Run) -> None:
    rows = await owner.fetch(
        "SELECT a.household_id, a.verdict, a.monthly_amount, b.monthly_amount AS paid, a.not_met || a.not_known AS codes"
        " FROM assessment a JOIN benefit b ON b.household_id = a.household_id AND b.period @> $2::date AND b.status = 'ACTIVE'"
        " WHERE a.run_id = $1", run.id, POPULATION_DAY,
    )  # fmt: skip
    found = {one.key: set(one.signals) for one in await listed(owner, run)}
    seen = Counter[Signal]()
    for row in rows:
        signals = found[row["household_id"]]
        seen.update(signals)
        above = (
            row["verdict"] == "SATISFIED"
            and row["monthly_amount"] is not None
            and row["paid"] > row["monthly_amount"]
        )
        assert (Signal.PAID_WITHOUT_RIGHT in signals) == (row["verdict"] == "NOT_SATISFIED")
        assert (Signal.RIGHT_NOT_DETERMINED in signals) == (row["verdict"] == "UNDETERMINED")
        assert (Signal.PAID_ABOVE_RIGHT in signals) == above
        residence = {"STAY", "RESIDENCE", "CONTINUOUS_RESIDENCE"} & set(row["codes"])
        assert (Signal.RESIDENCE_NOT_CONFIRMED in signals) == bool(residence)
    assert (
        min(
            seen[one]
            for one in (Signal.PAID_WITHOUT_RIGHT, Signal.RIGHT_NOT_DETERMINED, Signal.PAID_ABOVE_RIGHT)
        )
        > 0
    )
    everybody = {one.key: one for one in await listed(owner, run, Plan(among=Among.ALL))}
    assert all(found[key] == set(everybody[key].signals) for key in found)
    unpaid = [one for one in everybody.values() if one.key not in found]
    assert not any(Signal.PAID_WITHOUT_RIGHT in one.signals for one in unpaid)


async def test_points_are_the_plans_and_nobody_weighs_nothing(owner: Owner, run: Run) -> None:
    plan = Plan(points={Signal.PAID_WITHOUT_RIGHT: Weighed(9, "Piano, all. 2")})
    for one in await listed(owner, run, plan):
        assert one.unit.weight == (10 if one.signals else 1)
        assert set(one.signals) <= {Signal.PAID_WITHOUT_RIGHT}
    known, _ = await drawn(owner, asked(run, plan=plan))
    shipped, _ = await drawn(owner, asked(run))
    assert (known.unverified, shipped.unverified) == (False, True)
    assert known.plan == plan.as_json()


async def change_members(owner: Owner, household: UUID, days_before: int) -> None:
    """Another declaration of a household, so many days before the run's, in which nobody is named but its oldest."""
    declaration = await owner.fetchval(
        "INSERT INTO household_declaration (household_id, source_agency_id, external_id, as_of, starts_on)"
        " SELECT household_id, source_agency_id, 'before' || $3::int, $2::date - $3::int, $2::date - $3::int"
        " FROM household_declaration WHERE household_id = $1 LIMIT 1 RETURNING id",
        household, POPULATION_DAY, days_before,
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO declared_member (declaration_id, beneficiary_id)"
        " SELECT $1, id FROM beneficiary WHERE household_id = $2 ORDER BY birth_date, id LIMIT 1",
        declaration, household,
    )  # fmt: skip


async def test_a_household_that_changed_within_a_year(owner: Owner, run: Run) -> None:
    rows = await owner.fetch(
        "SELECT d.household_id FROM household_declaration d JOIN declared_member m ON m.declaration_id = d.id"
        " WHERE d.as_of > $1::date - 300 AND d.as_of <= $1 GROUP BY d.id HAVING count(*) > 1", POPULATION_DAY,
    )  # fmt: skip
    paid = {one.key: one for one in await listed(owner, run)}
    near, far = [row["household_id"] for row in rows if row["household_id"] in paid][:2]
    assert Signal.HOUSEHOLD_CHANGED not in {*paid[near].signals, *paid[far].signals}
    await change_members(owner, near, 300)
    await change_members(owner, far, 400)
    now = {one.key: one for one in await listed(owner, run)}
    assert Signal.HOUSEHOLD_CHANGED in now[near].signals
    assert now[far] == paid[far]


async def test_what_the_inspectorate_knows_counts_and_must_be_in(owner: Owner, run: Run) -> None:
    one, other, *_ = await listed(owner, run)
    told = Told({one.key: frozenset({Signal.ISEE_DISCREPANCY})}, frozenset({other.key}))
    now = {each.key: each for each in await listed(owner, run, told=told)}
    assert now[one.key].unit.weight == one.unit.weight + 3
    sample, _ = await drawn(owner, asked(run, 3, told=told))
    first = (await sampled(owner, sample))[0]
    assert (first.household, first.why) == (other.key, Why.MUST)
    plain, how = await drawn(owner, asked(run, 3))
    assert (how, plain.id != sample.id) == (Drawn.NEW, True)
    with pytest.raises(NotListed):
        await listed(owner, run, told=Told(must=frozenset({UUID(int=1)})))


async def test_a_sample_that_cannot_be_drawn_is_refused_and_leaves_nothing(owner: Owner, run: Run) -> None:
    many = len(await listed(owner, run))
    for refused in (
        asked(run, many + 1),
        asked(run, None),
        asked(run, 3, plan=Plan(sizes={"": 2})),
        asked(run, None, plan=Plan(sizes={"": 0})),
        asked(run, 3, plan=Plan(strata=Strata.VERDICT, sizes={"SATISFIED": 3})),
        asked(run, 3, seed=" "),
        asked(run, 3, seed="a\nb"),
    ):
        with pytest.raises(InvalidSample):
            await drawn(owner, refused)
    for unfinished in (replace(run, ended_at=None), replace(run, key=replace(run.key, at_most=9))):
        with pytest.raises(NotEverybody):
            await drawn(owner, asked(unfinished))
    assert await samples(owner) == []
    with pytest.raises(UnknownSample):
        await sample_named(owner, None)


async def test_the_list_is_written_as_long_as_it_is_what_it_was(owner: Owner, run: Run) -> None:
    one, _ = await drawn(owner, asked(run))
    async with owner.transaction():
        units = await read_list_of(owner, one, asked(run))
    assert hashlib.sha256("".join(lines_of(units)).encode()).hexdigest() == one.list_digest
    await owner.execute(
        "UPDATE benefit SET status = 'SUSPENDED' WHERE household_id = $1", (await keys(owner, one))[0]
    )
    with pytest.raises(ListChanged):
        async with owner.transaction():
            await read_list_of(owner, one, asked(run))
    # What was drawn is what it was.
    assert (await drawn(owner, asked(run)))[1] is Drawn.DRAWN_BEFORE


async def test_a_forgotten_run_takes_no_sample_with_it(owner: Owner, run: Run) -> None:
    one, _ = await drawn(owner, asked(run))
    before = await sampled(owner, one)
    await record.forget(owner, run.id)
    assert await sample_named(owner, None) == one
    assert await sampled(owner, one) == before


async def test_what_was_drawn_stays_even_against_its_owner(owner: Owner, run: Run) -> None:
    one, _ = await drawn(owner, asked(run))
    household = (await keys(owner, one))[0]
    for change in (
        "UPDATE inspection_sample SET seed = 'x'",
        "DELETE FROM inspection_sample",
        "UPDATE sampled_household SET rank = rank + 100",
        "UPDATE sampled_household SET household_id = NULL",
        "UPDATE sampled_household SET household_id = household_id",
        "DELETE FROM sampled_household",
        "DELETE FROM inspection_outcome",
        "TRUNCATE inspection_sample CASCADE",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(change)
    insert = "INSERT INTO sampled_household (sample_id, rank, household_id, stratum, weight, why, signals) VALUES ($1, $2, NULL, '', 1, 'DRAWN', '{}')"
    with pytest.raises(asyncpg.CheckViolationError, match="beyond the sample"):
        await owner.execute(insert, one.id, 21)
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(insert, one.id, 20)
    with pytest.raises(asyncpg.CheckViolationError, match="as many households"):
        await owner.execute(
            "INSERT INTO inspection_sample (run_id, measure, assessed_on, edition, facts, size, algorithm, seed, seed_drawn, asked, plan,"
            " listed, list_digest, unverified, drawn_by) SELECT run_id, measure, assessed_on, edition, facts, size, algorithm, 'other',"
            " seed_drawn, asked, plan, listed, list_digest, unverified, drawn_by FROM inspection_sample"
        )
    assert (await keys(owner, one))[0] == household


async def test_a_household_that_goes_leaves_its_place_and_no_name(owner: Owner, run: Run) -> None:
    one, _ = await drawn(owner, asked(run, 40))
    place = await owner.fetchrow(
        "SELECT rank, household_id FROM sampled_household s WHERE NOT EXISTS ("
        " SELECT FROM conditionality_event e WHERE e.household_id = s.household_id)"
    )
    assert place is not None
    gone = place["household_id"]
    for statement in (
        "DELETE FROM pact WHERE household_id = $1 OR beneficiary_id IN (SELECT id FROM beneficiary WHERE household_id = $1)",
        *(
            f"DELETE FROM {table} WHERE beneficiary_id IN (SELECT id FROM beneficiary WHERE household_id = $1)"
            for table in ("convocation", "activity", "puc_assignment")
        ),
    ):
        await owner.execute(statement, gone)
    async with owner.transaction():
        await owner.execute("DELETE FROM beneficiary WHERE household_id = $1", gone)
        await owner.execute("DELETE FROM benefit WHERE household_id = $1", gone)
        await owner.execute("DELETE FROM household WHERE id = $1", gone)
    found = (await sampled(owner, one))[place["rank"] - 1]
    assert (found.household, found.number, found.unit.id) == (None, None, "")
    assert sum(each.household is None for each in await sampled(owner, one)) == 1


async def test_the_hub_that_serves_has_no_part_in_it(database: Database) -> None:
    for name in TABLES:
        for statement in (f"SELECT FROM {name}", f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await database.write.execute(statement)


async def today(owner: Owner) -> date:
    found: date = await owner.fetchval("SELECT (now() AT TIME ZONE 'Europe/Rome')::date")
    return found


async def tell(owner: Owner, sample: Sample, file: Path, *lines: str, as_of: date) -> tuple[int, int]:
    """A file of outcomes, taken; how many were new, and told before."""
    told = read_outcomes(_written(file, *lines))
    async with owner.transaction():
        kept = await record_outcomes(owner, sample, told, as_of=as_of, by="somebody")
    return kept.new, kept.told_before


async def test_what_came_of_checks_is_told_again_and_later(owner: Owner, run: Run, tmp_path: Path) -> None:
    sample, _ = await drawn(owner, asked(run))
    names = [encode_id("hsh", key) for key in await keys(owner, sample) if key is not None]
    day, file = await today(owner), tmp_path / "outcomes.csv"
    first = [
        f"{names[0]},{day},OPEN,,",
        f"{names[1]},{day},REGULAR,,",
        f"{names[2]},{day},IRREGULAR,1200.50,",
    ]
    assert await tell(owner, sample, file, *first, as_of=day) == (3, 0)
    assert await tell(owner, sample, file, *first, as_of=day) == (0, 3)
    later = f"{names[0]},{day},IRREGULAR,300,100"
    # Told as of a day after: the last day counts, whichever was recorded last.
    async with owner.transaction():
        told = read_outcomes(_written(file, later))
        await record_outcomes(owner, sample, told, as_of=date.fromordinal(day.toordinal() + 1), by="somebody")
    assert await tell(owner, sample, file, f"{names[0]},{day},REGULAR,,", as_of=day) == (1, 0)
    assert sorted(await checks_of(owner, sample), key=lambda one: one.undue) == [
        Check(day, Outcome.REGULAR),
        Check(day, Outcome.IRREGULAR, Decimal(300), Decimal(100)),
        Check(day, Outcome.IRREGULAR, Decimal("1200.50")),
    ]
    found = {(one.measure, one.year): one.indicators for one in await periods(owner, day, day)}
    assert set(found) == {(Measure.ADI, None), (None, None)}
    whole = found[None, None]
    assert whole == found[Measure.ADI, None]
    assert (whole.planned, whole.made, whole.concluded, whole.irregular) == (20, 3, 3, 2)
    assert (whole.undue, whole.recovered) == (Decimal("1500.50"), Decimal(100))
    before = date.fromordinal(day.toordinal() - 1)
    (none,) = await periods(owner, date(before.year, before.month, 1), before)
    assert (none.measure, none.indicators.made, none.indicators.planned) == (None, 0, 0)
    years = {one.year for one in await periods(owner, date(day.year - 1, 1, 1), day) if one.measure is None}
    assert years == {day.year - 1, day.year, None}
    # Who was irregular is known by it at the next draw.
    risky = {one.key for one in await listed(owner, run) if Signal.EARLIER_IRREGULARITY in one.signals}
    assert {encode_id("hsh", key) for key in risky} == {names[0], names[2]}


def _written(file: Path, *lines: str) -> Path:
    file.write_text("\n".join(["household_id,made_on,outcome,undue,recovered", *lines]))
    return file


async def test_a_file_of_outcomes_is_taken_whole_or_not(owner: Owner, run: Run, tmp_path: Path) -> None:
    sample, _ = await drawn(owner, asked(run))
    name, other = [encode_id("hsh", key) for key in await keys(owner, sample) if key is not None][:2]
    day, file = await today(owner), tmp_path / "outcomes.csv"
    stranger = encode_id("hsh", UUID(int=3))
    for line, said in (
        (f"{stranger},{day},REGULAR,,", "line 3: the household is not of this sample"),
        ("x,2026-01-01,REGULAR,,", "line 3: household_id"),
        (f"{other},yesterday,REGULAR,,", "line 3: made_on"),
        (f"{other},{day},FINE,,", "line 3: outcome"),
        (f"{other},{day},REGULAR,5,", "line 3: Only an irregular check"),
        (f"{other},{day},IRREGULAR,5,6", "line 3: Only an irregular check"),
        (f"{other},{day},IRREGULAR,-5,", "line 3: "),
        (f"{other},{day},IRREGULAR,1.005,", "line 3: undue"),
        (f"{other},{day},IRREGULAR,NaN,", "line 3: undue"),
        (f"{other},2020-01-01,REGULAR,,", "line 3: a check of this sample is made from"),
        (f"{other},2200-01-01,REGULAR,,", "line 3: a check of this sample is made from"),
        (f"{name},{day},OPEN,,", "each household once"),
    ):
        with pytest.raises(InvalidOutcomes, match=said):
            await tell(owner, sample, file, f"{name},{day},REGULAR,,", line, as_of=day)
    assert await checks_of(owner, sample) == []
