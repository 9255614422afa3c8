# SPDX-License-Identifier: EUPL-1.2
"""What was declared of households: what the database keeps true of it, and how it is read for the rules."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Range

from hub.casework.household_facts import (
    BEFORE_ALL,
    Declared,
    StoredHousehold,
    read_households,
    read_next_households,
)
from hub.measures.applicants import APPLICANT, NobodyInHousehold
from hub.measures.assessment import Application, assess
from hub.measures.household import Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.reasons import Verdict
from hub.measures.residence import Residence, Stay, StayTitle
from hub.store.engine import Database
from hub.store.vocabulary import EmploymentStatus
from tests.conftest import POPULATION_DAY
from tests.declared import PLAIN, Owner, declare

ON = POPULATION_DAY


@pytest.fixture
def database_url(populated_url: str) -> str:
    return populated_url


@pytest.fixture
async def family(owner: Owner) -> tuple[UUID, list[UUID]]:
    """An ADI household of which nothing is declared, nor who applied for it: two adults of 40 and 38, and a child of four; its key and theirs."""
    household: UUID = await owner.fetchval(
        """SELECT household_id FROM beneficiary b JOIN household h ON h.id = b.household_id
           WHERE h.measure = 'ADI' GROUP BY 1 HAVING count(*) = 3 ORDER BY 1 LIMIT 1"""
    )
    await owner.execute("DELETE FROM household_declaration WHERE household_id = $1", household)
    await owner.execute("UPDATE household SET applicant_id = NULL WHERE id = $1", household)
    keys = [
        row["id"]
        for row in await owner.fetch(
            "SELECT id FROM beneficiary WHERE household_id = $1 ORDER BY id", household
        )
    ]
    for key, born in zip(keys, (date(1986, 1, 1), date(1988, 1, 1), date(2022, 1, 1)), strict=True):
        await owner.execute("UPDATE beneficiary SET birth_date = $2 WHERE id = $1", key, born)
    return household, keys


async def one(owner: Owner, household: UUID, on: date = ON) -> StoredHousehold:
    (found,) = await read_households(owner, [household], on=on)
    return found


async def test_the_population_is_read_whole_in_the_order_of_keys(database: Database, owner: Owner) -> None:
    for measure in Measure:
        keys = [
            row["id"]
            for row in await owner.fetch("SELECT id FROM household WHERE measure = $1 ORDER BY id", measure)
        ]
        read: list[StoredHousehold] = []
        async with database.read.acquire() as connection:
            while page := await read_next_households(
                connection, measure, on=ON, after=read[-1].id if read else BEFORE_ALL, limit=97
            ):
                assert len(page) <= 97
                read += page
            by_key = await read_households(connection, [*reversed(keys), BEFORE_ALL], on=ON)
        assert [household.id for household in read] == keys
        assert by_key == read
        assert {household.measure for household in read} == {measure}


async def test_most_of_a_population_is_decided_and_what_is_not_says_why(database: Database) -> None:
    verdicts = Counter[Verdict]()
    async with database.read.acquire() as connection:
        read = await read_next_households(connection, Measure.ADI, on=ON, limit=10_000)
    for household in read:
        assessed = household.assessed()
        verdicts[assessed.verdict] += 1
        if assessed.verdict is Verdict.UNDETERMINED:
            assert any(finding.verdict is Verdict.UNDETERMINED for finding in assessed.requirements)
        if household.declaration is None:
            assert assessed.verdict is not Verdict.SATISFIED
    assert all(verdicts[verdict] > len(read) / 20 for verdict in Verdict), verdicts
    assert 0 < sum(household.declaration is None for household in read) < len(read) / 4


async def test_what_is_declared_is_what_the_rules_are_asked(
    owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, (mother, father, child) = family
    await declare(
        owner,
        household,
        {
            mother: {**PLAIN, "applicant": True},
            father: {**PLAIN, "disability": "SEVERE", "disadvantaged": None},
            child: {**PLAIN, "in_child_allowance": True, "in_public_structure": None},
        },
        vehicles=[("CAR", 1_598, date(2019, 5, 6)), ("MOTORCYCLE", 125, date(2026, 7, 1))],
        isee=Decimal("4321.09"),
        annual_rent=None,
        boats_and_aircraft=2,
        stay_title="LONG_TERM",
        stays=[
            Range(date(2010, 1, 1), date(2012, 1, 1)),
            Range(date(2015, 1, 1), None),
        ],
        as_of=date(2026, 2, 3),
    )
    found = await one(owner, household)
    told = Household(
        (
            Member(
                mother.hex,
                date(1986, 1, 1),
                applicant=True,
                carer=False,
                disadvantaged=False,
                in_child_allowance=False,
            ),
            Member(
                father.hex,
                date(1988, 1, 1),
                disability=Disability.SEVERE,
                carer=False,
                disadvantaged=None,
                in_child_allowance=False,
            ),
            Member(
                child.hex, date(2022, 1, 1), in_child_allowance=True, in_public_structure=None, carer=False
            ),
        ),
        Residence(
            StayTitle.LONG_TERM,
            (Stay(date(2010, 1, 1), date(2012, 1, 1)), Stay(date(2015, 1, 1))),
        ),
        isee=Decimal("4321.09"),
        family_income=Decimal(1000),
        home_value=Decimal(0),
        other_real_estate=Decimal(0),
        movable_assets=Decimal(0),
        vehicles=(Vehicle(VehicleKind.CAR, 1_598, date(2019, 5, 6)),),
        boats_and_aircraft=2,
        annual_rent=None,
        annual_mortgage=Decimal(0),
    )
    assert found.applications == (Application(Measure.ADI, told),)
    assert found.assessed() == assess(Application(Measure.ADI, told), ON)
    assert found.declaration == Declared(date(2026, 1, 1), date(2026, 12, 31), date(2026, 2, 3), "inps")
    assert {person.id for person in found.people} == {mother, father, child}
    assert all(isinstance(person.employment, EmploymentStatus) for person in found.people)


async def test_of_several_the_latest_in_force_holds(owner: Owner, family: tuple[UUID, list[UUID]]) -> None:
    household, (mother, *_) = family

    async def told(isee: int, first: date, last: date | None, as_of: date) -> None:
        await declare(
            owner,
            household,
            {mother: {"applicant": True}},
            starts_on=first,
            ends_on=last,
            as_of=as_of,
            isee=Decimal(isee),
        )

    async def isee(on: date) -> Any:
        (application,) = (await one(owner, household, on)).applications
        return application.household.isee

    await told(2, date(2026, 1, 1), date(2026, 12, 31), date(2026, 3, 1))
    await told(1, date(2026, 1, 1), date(2026, 12, 31), date(2026, 1, 10))
    await told(3, date(2026, 6, 1), date(2026, 6, 30), date(2026, 6, 1))
    await told(4, date(2028, 1, 1), None, date(2028, 1, 1))
    assert [await isee(date(2026, 1, 1)), await isee(date(2026, 5, 31))] == [2, 2]
    assert [await isee(date(2026, 6, 1)), await isee(date(2026, 6, 30))] == [3, 3]
    assert [await isee(date(2026, 7, 1)), await isee(date(2026, 12, 31))] == [2, 2]
    assert [await isee(date(2028, 1, 1)), await isee(date(2090, 1, 1))] == [4, 4]
    nothing = await one(owner, household, date(2027, 1, 1))
    assert nothing.declaration is None
    assert {application.household.isee for application in nothing.applications} == {None}


async def test_where_nobody_is_said_to_apply_each_adult_may(
    owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, (mother, father, child) = family
    everybody = {mother: PLAIN, father: {**PLAIN, "disability": "DISABLED"}, child: PLAIN}
    await declare(owner, household, everybody)
    found = await one(owner, household)
    assert [one.household.applicant.key for one in found.applications] == [mother.hex, father.hex]
    # Other members who are disabled count in the scale of the ADI; the applicant itself does not.
    assessed = found.assessed()
    assert (assessed.verdict, assessed.requirements[0].reason.code) == (Verdict.UNDETERMINED, APPLICANT)
    assert (assessed.scale.least, assessed.scale.most) == (Decimal("1.15"), Decimal("1.65"))
    assert (assessed.entitlement, assessed.duration) == (None, None)


async def test_whom_inps_named_applies_where_no_declaration_names_another(
    owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, (mother, father, child) = family

    async def applying(on: date = ON) -> list[str]:
        return [one.household.applicant.key for one in (await one(owner, household, on)).applications]

    await owner.execute("UPDATE household SET applicant_id = $2 WHERE id = $1", household, father)
    assert await applying() == [father.hex], "nothing is declared"
    # Who is not born on the day applies on none: then each member may, of those who are.
    assert await applying(date(1987, 1, 1)) == [mother.hex]
    await declare(owner, household, {mother: PLAIN, father: PLAIN, child: PLAIN}, starts_on=date(2026, 1, 1))
    assert await applying() == [father.hex], "what is declared does not say"
    await declare(
        owner, household, {mother: {**PLAIN, "applicant": True}}, starts_on=date(2026, 1, 1), as_of=ON
    )
    assert await applying() == [mother.hex]


async def test_where_it_does_not_matter_who_applies_it_is_decided(
    owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, keys = family
    await declare(owner, household, dict.fromkeys(keys, PLAIN))
    found = await one(owner, household)
    assert len(found.applications) == 2
    assessed = found.assessed()
    assert assessed.verdict is Verdict.SATISFIED
    assert APPLICANT not in {finding.reason.code for finding in assessed.requirements}


async def test_who_is_not_born_yet_is_not_of_the_household(
    owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, (mother, *_) = family
    await declare(owner, household, {mother: {**PLAIN, "applicant": True}}, starts_on=date(1980, 1, 1))
    assert [person.id for person in (await one(owner, household, date(1987, 1, 1))).people] == [mother]
    await owner.execute("UPDATE household SET measure = 'ADI' WHERE id = $1", household)
    await owner.execute("UPDATE beneficiary SET birth_date = $2 WHERE household_id = $1", household, ON)
    nobody = await one(owner, household, ON - timedelta(days=1))
    assert (nobody.people, nobody.applications) == ((), ())
    with pytest.raises(NobodyInHousehold):
        nobody.assessed()


@pytest.mark.parametrize(
    ("minors", "cares", "severe", "carer"),
    [
        # A child of four alone gives no care duties; one of two, or three of any age, do.
        ([date(2022, 1, 1)], True, False, False),
        ([date(2024, 1, 1)], True, False, True),
        ([date(2024, 1, 1)], None, False, None),
        ([date(2024, 1, 1)], False, False, False),
        ([date(2010, 1, 1), date(2011, 1, 1), date(2012, 1, 1)], True, False, True),
        ([date(2022, 1, 1)], True, True, True),
        ([date(2024, 1, 1)], None, True, True),
        ([date(2022, 1, 1)], None, None, None),
    ],
)
async def test_who_has_care_duties(
    minors: list[date],
    cares: bool | None,
    severe: bool | None,
    carer: bool | None,
    owner: Owner,
    family: tuple[UUID, list[UUID]],
) -> None:
    household, (mother, father, *children) = family
    other = await owner.fetch("SELECT id FROM beneficiary WHERE household_id <> $1 LIMIT 2", household)
    for key, born in zip([*children, *(row["id"] for row in other)], minors, strict=False):
        await owner.execute(
            "UPDATE beneficiary SET household_id = $1, birth_date = $2 WHERE id = $3", household, born, key
        )
    told = {**PLAIN, "cares_for_minors": cares, "caring_for_severely_disabled": severe}
    await declare(
        owner, household, {mother: {**told, "applicant": True}, father: {**PLAIN, "disability": None}}
    )
    members = (await one(owner, household)).applications[0].household.members
    assert {member.carer for member in members if member.key == mother.hex} == {carer}
    assert {member.carer for member in members if member.age(ON) < 18} == {False}


@pytest.mark.parametrize("table", ["household_declaration", "declared_member", "declared_vehicle"])
async def test_what_was_declared_is_not_changed(table: str, owner: Owner, database: Database) -> None:
    column = "as_of" if table == "household_declaration" else "declaration_id"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="correction is another declaration"):
        await owner.execute(f"UPDATE {table} SET {column} = {column}")
    for change in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await database.write.execute(change)


async def test_its_owner_erases_it_whole(owner: Owner, family: tuple[UUID, list[UUID]]) -> None:
    household, (mother, *_) = family
    key = await declare(owner, household, {mother: PLAIN}, vehicles=[("CAR", 0, date(2020, 1, 1))])
    await owner.execute("DELETE FROM household_declaration WHERE id = $1", key)
    for table in ("declared_member", "declared_vehicle"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table} WHERE declaration_id = $1", key) == 0


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"isee": Decimal("-0.01")}, "household_declaration_amounts_check"),
        ({"annual_mortgage": Decimal("NaN")}, "household_declaration_amounts_check"),
        ({"home_value": Decimal("1000000000.01")}, "household_declaration_amounts_check"),
        ({"boats_and_aircraft": -1}, "household_declaration_boats_and_aircraft_check"),
        ({"stay_title": "TOURIST"}, "household_declaration_stay_title_check"),
        ({"stays": []}, "household_declaration_stays_check"),
        ({"stays": [Range(None, date(2020, 1, 1))]}, "household_declaration_stays_check"),
        ({"ends_on": date(2025, 12, 31)}, "household_declaration_period_check"),
        (
            {"vehicles_known": False, "vehicles": [("CAR", 1, date(2020, 1, 1))]},
            "declared_vehicle_declaration_id_vehicles_known_fkey",
        ),
        ({"vehicles": [("CAR", -1, date(2020, 1, 1))]}, "declared_vehicle_displacement_check"),
        ({"vehicles": [("BICYCLE", 0, date(2020, 1, 1))]}, "declared_vehicle_kind_check"),
    ],
)
async def test_what_cannot_be_declared(
    facts: dict[str, Any], constraint: str, owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await declare(owner, family[0], {}, **facts)
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("members", "constraint"),
    [
        ([{"applicant": True}, {"applicant": True}], "declared_member_applicant_idx"),
        ([{"disability": "SOME"}], "declared_member_disability_check"),
        ([{"work_income": Decimal(-1)}], "declared_member_work_income_check"),
    ],
)
async def test_what_cannot_be_declared_of_members(
    members: list[dict[str, Any]], constraint: str, owner: Owner, family: tuple[UUID, list[UUID]]
) -> None:
    household, keys = family
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await declare(owner, household, dict(zip(keys, members, strict=False)))
    assert refused.value.constraint_name == constraint
