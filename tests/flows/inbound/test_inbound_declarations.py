# SPDX-License-Identifier: EUPL-1.2
"""Declarations from a file: whole or not at all, once, and never said back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest

from connectors.declarations import LONGEST_LINE, DeclarationsReport, RefusedLine, land_declarations
from hub.access.granted import UnknownAgency
from hub.casework.household_facts import read_households
from hub.measures.residence import Stay
from hub.store.engine import Database

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "declarations.md"
TABLES = ("household_declaration", "declared_member", "declared_vehicle")


@pytest.fixture
def database_url(populated_url: str) -> str:
    return populated_url


@pytest.fixture
async def household(owner: Owner) -> dict[str, Any]:
    """A household of two of whom nothing is declared: its key and protocol, and its members' codes, eldest first."""
    key = await owner.fetchval(
        "SELECT household_id FROM beneficiary GROUP BY 1 HAVING count(*) = 2 AND max(birth_date) < '2000-01-01' ORDER BY 1 LIMIT 1"
    )
    await owner.execute("DELETE FROM household_declaration WHERE household_id = $1", key)
    rows = await owner.fetch(
        "SELECT fiscal_code FROM beneficiary WHERE household_id = $1 ORDER BY birth_date", key
    )
    protocol = await owner.fetchval("SELECT inps_protocol FROM household WHERE id = $1", key)
    return {"key": key, "protocol": protocol, "codes": [row["fiscal_code"] for row in rows]}


def line(household: dict[str, Any], **changed: Any) -> str:
    elder, younger = household["codes"]
    told = {
        "externalId": "INPS-ISEE-2026-x",
        "inpsProtocol": household["protocol"],
        "asOf": "2026-01-20",
        "startsOn": "2026-01-01",
        "endsOn": "2026-12-31",
        "isee": "4120.55",
        "familyIncome": 1200,
        "vehicles": [{"kind": "CAR", "displacement": 1242, "firstRegistered": "2015-02-03"}],
        "stayTitle": "CITIZEN",
        "stays": [
            {"since": "2010-01-01", "until": "2012-01-01"},
            {"since": "2011-01-01", "until": "2013-01-01"},
            {"since": "2015-01-01"},
        ],
        "members": [
            {"fiscalCode": elder, "applicant": True, "disability": "NONE", "workIncome": "10.50"},
            {"fiscalCode": younger.lower(), "disability": None},
        ],
        **changed,
    }
    return json.dumps({name: value for name, value in told.items() if value is not ...})


async def land(database: Database, *lines: str, agency: str = "inps") -> DeclarationsReport:
    async with database.write.acquire() as connection:
        return await land_declarations(connection, agency, lines)


async def rows(owner: Owner) -> list[int]:
    return [await owner.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]


async def test_what_is_told_is_what_the_rules_are_given(
    database: Database, owner: Owner, household: dict[str, Any]
) -> None:
    assert await land(database, line(household), "\n") == DeclarationsReport(1, 0, ())
    (found,) = await read_households(owner, [household["key"]], on=date(2026, 6, 1))
    (application,) = found.applications
    told = application.household
    assert (str(told.isee), str(told.family_income), told.home_value) == ("4120.55", "1200.00", None)
    # Stays that touch are one.
    assert told.residence.stays == (Stay(date(2010, 1, 1), date(2013, 1, 1)), Stay(date(2015, 1, 1)))
    assert told.vehicles is not None
    assert [(one.displacement, one.disability_relief) for one in told.vehicles] == [(1_242, False)]
    assert [person.declared["work_income"] for person in found.people] == ["10.50", None]
    assert found.people[0].declared["applicant"] is True


async def test_a_line_taken_before_is_passed_over(
    database: Database, owner: Owner, household: dict[str, Any]
) -> None:
    await land(database, line(household))
    before = await rows(owner)
    again = await land(database, line(household), line(household, isee="1.00"))
    assert (again, await rows(owner)) == (DeclarationsReport(0, 2, ()), before)
    # Another agency has numbers of its own.
    assert (await land(database, line(household), agency="comune-h501")).landed == 1


async def test_lists_that_are_not_there_are_not_known_and_empty_ones_are(
    database: Database, owner: Owner, household: dict[str, Any]
) -> None:
    await land(
        database,
        line(household, externalId="a", vehicles=..., stays=...),
        line(household, externalId="b", vehicles=[], asOf="2026-02-01"),
    )
    keys = [household["key"]]
    (found,) = await read_households(owner, keys, on=date(2026, 6, 1))
    assert found.applications[0].household.vehicles == ()
    await owner.execute("DELETE FROM household_declaration WHERE external_id = 'b'")
    (found,) = await read_households(owner, keys, on=date(2026, 6, 1))
    assert found.applications[0].household.vehicles is None
    assert found.applications[0].household.residence.stays is None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"isee": "-1"}, "isee: greater than equal"),
        ({"isee": "1.001"}, "isee: decimal max places"),
        ({"isee": "NaN"}, "isee: finite number"),
        ({"isee": 10**9 + 1}, "isee: less than equal"),
        ({"iseee": 1}, "iseee: extra forbidden"),
        ({"asOf": ...}, "asOf: missing"),
        ({"asOf": "2026-02-30"}, "asOf: date from datetime parsing"),
        ({"startsOn": "9999-12-31"}, "startsOn: less than equal"),
        ({"endsOn": "2025-12-31"}, "the declaration: a declaration ends on the day it begins, or after"),
        ({"externalId": "with space"}, "externalId: string pattern mismatch"),
        ({"boatsAndAircraft": -1}, "boatsAndAircraft: greater than equal"),
        ({"stays": []}, "stays: too short"),
        ({"stayTitle": "TOURIST"}, "stayTitle: enum"),
        ({"members": []}, "members: too short"),
        ({"inpsProtocol": "INPS-OTHER"}, "inpsProtocol: the hub knows no such household"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    changed: dict[str, Any], why: str, database: Database, owner: Owner, household: dict[str, Any]
) -> None:
    before = await rows(owner)
    report = await land(database, line(household, **changed), line(household, externalId="good"))
    assert report == DeclarationsReport(1, 0, (RefusedLine(1, why),))
    assert (await rows(owner))[0] == before[0] + 1


async def test_members_that_cannot_be(database: Database, owner: Owner, household: dict[str, Any]) -> None:
    elder, younger = household["codes"]
    other = await owner.fetchval(
        "SELECT fiscal_code FROM beneficiary WHERE household_id <> $1 LIMIT 1", household["key"]
    )
    before = await rows(owner)
    report = await land(
        database,
        line(household, members=[{"fiscalCode": elder}, {"fiscalCode": other}]),
        line(household, members=[{"fiscalCode": elder}, {"fiscalCode": elder.lower()}]),
        line(
            household,
            members=[{"fiscalCode": elder, "applicant": True}, {"fiscalCode": younger, "applicant": True}],
        ),
        line(household, members=[{"fiscalCode": "RSSMRA80A01H501X"}]),
        line(household, members=[{"fiscalCode": elder, "workIncome": "1e12"}]),
        "{" + '"a":' * 3,
        "[]",
        '"' + "x" * LONGEST_LINE + '"',
        line(household).replace("{", '{"isee": "1", ', 1),
        line(household).replace('"members": [{', '"members": [{"employed": true, "employed": false, ', 1),
        '{"isee": NaN}',
        "[" * 1_500 + "]" * 1_500,
    )
    assert [(one.number, one.why) for one in report.refused] == [
        (1, "members.1.fiscalCode: nobody of the household"),
        (2, "the declaration: a member is told twice"),
        (3, "the declaration: one member applies, at most"),
        (4, "members.0.fiscalCode: value error"),
        (5, "members.0.workIncome: less than equal"),
        (6, "the declaration: json invalid"),
        (7, "the declaration: model type"),
        (8, "longer than 100,000 characters"),
        (9, "the declaration: a member stands twice"),
        (10, "the declaration: a member stands twice"),
        (11, "the declaration: json invalid"),
        (12, "the declaration: json invalid"),
    ]
    assert await rows(owner) == before
    assert not any(elder in one.why or other in one.why for one in report.refused)


async def test_only_an_agency_tells(database: Database, household: dict[str, Any]) -> None:
    with pytest.raises(UnknownAgency):
        await land(database, line(household), agency="nobody")


async def test_the_example_of_the_page_is_a_declaration(database: Database, owner: Owner) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    report = await land(database, " ".join(text.splitlines()))
    assert report.refused == (RefusedLine(1, "inpsProtocol: the hub knows no such household"),)
    names = {word for word in PAGE.read_text(encoding="utf-8").split("`") if word.isalpha()}
    members: dict[str, Any] = json.loads(text)
    for table in TABLES[:2]:
        for column in await owner.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
        ):
            head, *rest = column["column_name"].split("_")
            name = head + "".join(word.capitalize() for word in rest)
            assert name in names | members.keys() or column["column_name"] in NOT_TOLD, name


NOT_TOLD = {
    "id", "household_id", "source_agency_id", "recorded_at", "vehicles_known", "declaration_id", "beneficiary_id",
}  # fmt: skip
"""Columns that no field of the file is."""
