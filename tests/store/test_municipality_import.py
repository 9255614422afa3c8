# SPDX-License-Identifier: EUPL-1.2
"""ANPR's archive of municipalities in the tables, and what they answer as of a day."""

from __future__ import annotations

import asyncio
import csv
import time
from datetime import date
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from hub.errors import InvalidInput
from hub.store.engine import Database, connection_arguments
from hub.store.municipalities.archive import Archive, read_archive
from hub.store.municipalities.archive_file import COLUMNS, InvalidArchive
from hub.store.municipalities.landing import ImportReport, import_municipalities
from hub.store.municipalities.lookup import _as_of, municipality_as_of
from hub.store.reference.demo import demo_municipalities, load_demo_reference

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OPEN = "9999-12-31"
TODAY = date(2023, 6, 1)
ABBADIA_MI = ("1861-03-17", "1992-04-15", "015001", "A004", "ABBADIA CERRETO", "015", "03", "C", "MI")
ABBADIA_LO = ("1992-04-16", OPEN, "098001", "A004", "ABBADIA CERRETO", "098", "03", "A", "LO")
CALLIANO = ("1935-04-08", "2022-08-11", "005014", "B418", "CALLIANO", "005", "01", "C", "AT")
CALLIANO_M = ("2022-08-12", OPEN, "005014", "B418", "CALLIANO MONFERRATO", "005", "01", "A", "AT")
SAPPADA_BL = ("1861-03-17", "2017-12-15", "025052", "I421", "SAPPADA", "025", "05", "C", "BL")
SAPPADA_UD = ("2017-12-16", OPEN, "030189", "I421", "SAPPADA", "030", "06", "A", "UD")
AUDITORE = ("1998-09-04", "2018-12-31", "041003", "A493", "AUDITORE", "041", "11", "C", "PU")
SASSOCORVARO_AUDITORE = (
    "2019-01-01",
    OPEN,
    "041071",
    "M413",
    "SASSOCORVARO AUDITORE",
    "041",
    "11",
    "A",
    "PU",
)
POLA = ("1923-04-27", "1947-09-15", "702701", "G778", "POLA", "702", "EX", "C", "PL")

Line = tuple[str, ...]


def still(line: Line) -> Line:
    """The line as it stood before its end was known."""
    return (line[0], OPEN, *line[2:7], "A", line[8])


def archive(folder: Path, *lines: Line) -> Archive:
    path = folder / "archive.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([COLUMNS, *lines])
    return read_archive(path)


def changes(report: ImportReport) -> dict[str, int]:
    """The counts of what was written, where they are not zero."""
    names = (
        "added",
        "changed",
        "closed",
        "reopened",
        "renamed",
        "recoded",
        "moved",
        "periods_added",
        "periods_removed",
    )
    return {name: getattr(report, name) for name in names if getattr(report, name)}


async def stored(owner: Owner) -> list[asyncpg.Record]:
    """Both tables, with the place and the transaction of each row: a row that was written again shows."""
    return [
        row
        for table in ("municipality", "municipality_version")
        for row in await owner.fetch(f"SELECT ctid, xmin, t.* FROM {table} AS t ORDER BY id")
    ]


async def keys(owner: Owner) -> dict[str, UUID]:
    rows = await owner.fetch("SELECT belfiore_code, id FROM municipality")
    return {row["belfiore_code"]: row["id"] for row in rows}


async def names(owner: Owner, on: date, **asked: str) -> list[tuple[str, str]]:
    return [(found.istat_code, found.name) for found in await municipality_as_of(owner, on=on, **asked)]


async def test_a_row_for_ever_and_a_version_for_each_period(owner: Owner, tmp_path: Path) -> None:
    report = await import_municipalities(owner, archive(tmp_path, ABBADIA_MI, ABBADIA_LO, AUDITORE, POLA))
    assert (report.rows, report.periods, report.municipalities, report.in_force) == (4, 3, 2, 1)
    assert changes(report) == {"added": 2, "periods_added": 3}
    assert [(found.line, found.belfiore_code) for found in report.refused] == [(5, "G778")]
    rows = await owner.fetch(
        "SELECT istat_code, name, province, region_code, valid_from, valid_to FROM municipality ORDER BY belfiore_code"
    )
    assert [tuple(row) for row in rows] == [
        ("098001", "ABBADIA CERRETO", "LO", "03", date(1861, 3, 17), None),
        ("041003", "AUDITORE", "PU", "11", date(1998, 9, 4), date(2018, 12, 31)),
    ]
    rows = await owner.fetch("SELECT istat_code, validity FROM municipality_version ORDER BY validity")
    assert [tuple(row) for row in rows] == [
        ("015001", asyncpg.Range(date(1861, 3, 17), date(1992, 4, 16))),
        ("098001", asyncpg.Range(date(1992, 4, 16), None)),
        ("041003", asyncpg.Range(date(1998, 9, 4), date(2019, 1, 1))),
    ]


async def test_a_second_import_writes_nothing(owner: Owner, tmp_path: Path) -> None:
    same = archive(tmp_path, ABBADIA_MI, ABBADIA_LO, CALLIANO, CALLIANO_M, AUDITORE)
    await import_municipalities(owner, same)
    before = await stored(owner)
    report = await import_municipalities(owner, same)
    assert report.unchanged
    assert changes(report) == {}
    assert await stored(owner) == before


async def test_a_newer_archive_closes_renames_adds_and_keeps_the_keys(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, still(CALLIANO), still(AUDITORE), still(SAPPADA_BL)))
    before = await keys(owner)
    newer = archive(
        tmp_path, CALLIANO, CALLIANO_M, AUDITORE, SASSOCORVARO_AUDITORE, SAPPADA_BL, SAPPADA_UD, ABBADIA_LO
    )
    report = await import_municipalities(owner, newer)
    assert changes(report) == {
        "added": 2,
        "changed": 3,
        "closed": 1,
        "renamed": 1,
        "recoded": 1,
        "moved": 1,
        "periods_added": 7,
        "periods_removed": 3,
    }
    after = await keys(owner)
    assert before.items() < after.items()
    assert await names(owner, date(2018, 12, 31), belfiore="A493") == [("041003", "AUDITORE")]
    assert await names(owner, date(2019, 1, 1), belfiore="A493") == []


async def test_an_older_archive_is_seen_by_what_it_reopens(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, AUDITORE))
    report = await import_municipalities(owner, archive(tmp_path, still(AUDITORE)))
    assert changes(report) == {"changed": 1, "reopened": 1, "periods_added": 1, "periods_removed": 1}


async def test_a_municipality_the_archive_does_not_name_stays(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, ABBADIA_LO, CALLIANO_M))
    report = await import_municipalities(owner, archive(tmp_path, CALLIANO_M))
    assert (changes(report), report.unmentioned) == ({}, 1)
    assert await names(owner, TODAY, belfiore="A004") == [("098001", "ABBADIA CERRETO")]


async def test_a_municipality_whose_row_in_force_is_refused_stays_open(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, ABBADIA_MI, ABBADIA_LO))
    damaged = (*ABBADIA_LO[:2], "98001", *ABBADIA_LO[3:])
    report = await import_municipalities(owner, archive(tmp_path, ABBADIA_MI, damaged))
    assert (changes(report), len(report.refused)) == ({}, 2)
    assert await names(owner, TODAY, belfiore="A004") == [("098001", "ABBADIA CERRETO")]


async def test_households_follow_their_municipality_into_another_region(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, still(SAPPADA_BL)))
    async with owner.transaction():
        household = await owner.fetchval(
            "INSERT INTO household (inps_protocol, measure, municipality_id, region_code, benefit_id)"
            " SELECT 'INPS-ADI-2024-1', 'ADI', id, region_code, uuidv7() FROM municipality RETURNING id"
        )
        await owner.execute(
            "INSERT INTO benefit (id, household_id, measure, period, status, monthly_amount)"
            " SELECT benefit_id, id, measure, '[2024-01-01,)', 'ACTIVE', 500 FROM household"
        )
    report = await import_municipalities(owner, archive(tmp_path, SAPPADA_BL, SAPPADA_UD))
    assert report.moved == 1
    assert await owner.fetchval("SELECT region_code FROM household WHERE id = $1", household) == "06"


async def test_the_demo_set_is_taken_over(owner: Owner, tmp_path: Path) -> None:
    await load_demo_reference(owner)
    torino = ("1889-08-12", OPEN, "001272", "L219", "TORINO", "001", "01", "A", "TO")
    earlier = ("1861-03-17", "1889-08-11", "001272", "L219", "TORINO", "001", "01", "C", "TO")
    key = await owner.fetchval("SELECT id FROM municipality WHERE belfiore_code = 'L219'")
    report = await import_municipalities(owner, archive(tmp_path, earlier, torino))
    assert changes(report) == {"changed": 1, "periods_added": 2, "periods_removed": 1}
    assert report.unmentioned == len(demo_municipalities()) - 1
    row = await owner.fetchrow("SELECT id, name, valid_from FROM municipality WHERE belfiore_code = 'L219'")
    assert row is not None
    assert tuple(row) == (key, "TORINO", date(1861, 3, 17))
    await load_demo_reference(owner)
    assert await names(owner, TODAY, belfiore="L219") == [("001272", "TORINO")]


async def test_nothing_is_half_written(owner: Owner, tmp_path: Path) -> None:
    good = archive(tmp_path, ABBADIA_MI, ABBADIA_LO, AUDITORE)
    await owner.execute(
        "ALTER TABLE municipality_version ADD CONSTRAINT no_lodi_check CHECK (province <> 'LO')"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await import_municipalities(owner, good)
    assert await stored(owner) == []
    with pytest.raises(InvalidArchive, match="line 3, column DATACESSAZIONE"):
        await import_municipalities(
            owner, archive(tmp_path, AUDITORE, (AUDITORE[0], "2018-02-30", *AUDITORE[2:]))
        )
    assert await stored(owner) == []


async def test_the_hubs_own_role_may_import_and_two_imports_take_turns(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    same = archive(tmp_path, ABBADIA_MI, ABBADIA_LO, AUDITORE)
    other = await asyncpg.connect(**connection_arguments(database_url))
    try:
        async with database.write.acquire() as connection:
            reports = await asyncio.gather(
                import_municipalities(connection, same), import_municipalities(other, same)
            )
    finally:
        await other.close()
    assert sorted(report.added for report in reports) == [0, 2]


async def test_a_code_that_passed_on_depends_on_the_day(owner: Owner, tmp_path: Path) -> None:
    first = ("1861-03-17", "1927-01-11", "005014", "A003", "ABBADIA ALPINA", "005", "01", "C", "AT")
    await import_municipalities(owner, archive(tmp_path, first, CALLIANO, CALLIANO_M))
    assert await names(owner, date(1900, 1, 1), istat="005014") == [("005014", "ABBADIA ALPINA")]
    assert await names(owner, date(1930, 1, 1), istat="005014") == []
    assert await names(owner, date(2022, 8, 11), istat="005014") == [("005014", "CALLIANO")]
    assert await names(owner, date(2022, 8, 12), istat="005014") == [("005014", "CALLIANO MONFERRATO")]
    assert await names(owner, TODAY, istat="999999") == []


async def test_what_is_given_must_all_hold_and_something_must_be_given(owner: Owner, tmp_path: Path) -> None:
    await import_municipalities(owner, archive(tmp_path, ABBADIA_MI, ABBADIA_LO))
    day = date(1990, 1, 1)
    [found] = await municipality_as_of(owner, belfiore="A004", istat="015001", name="abbadia cerreto", on=day)
    assert (found.province, found.region_code) == ("MI", "03")
    assert (found.valid_from, found.valid_to) == (date(1861, 3, 17), date(1992, 4, 15))
    assert await municipality_as_of(owner, belfiore="A004", istat="098001", on=day) == []
    for nothing in ({}, {"name": " ’ "}):
        with pytest.raises(InvalidInput):
            await municipality_as_of(owner, on=day, **nothing)


@pytest.mark.parametrize("written", ["AGLIÈ", "agliè", "Aglie'", "AGLIE", "aglie\u0300"])
async def test_a_name_is_found_however_it_is_written(owner: Owner, tmp_path: Path, written: str) -> None:
    aglie = ("1947-01-24", OPEN, "001001", "A074", "AGLIÈ", "001", "01", "A", "TO")
    await import_municipalities(owner, archive(tmp_path, aglie, ABBADIA_LO))
    assert await names(owner, TODAY, name=written) == [("001001", "AGLIÈ")]
    assert await names(owner, TODAY, name="agli") == []


async def test_the_published_archive(owner: Owner, shared: Path) -> None:
    published = shared / "data" / "ANPR_archivio_comuni.csv"
    if not published.is_file():
        pytest.skip("ANPR's archive is not in ../shared/data")
    await load_demo_reference(owner)
    started = time.perf_counter()
    whole = read_archive(published)
    read = time.perf_counter()
    report = await import_municipalities(owner, whole)
    landed = time.perf_counter()
    print(f"{report.rows} rows: read in {read - started:.2f} s, landed in {landed - read:.2f} s")
    assert landed - started < 30, "a scan of rows against rows has come in"

    assert (report.periods, report.municipalities, report.in_force) == (19_133, 9_789, 7_901)
    assert (report.unmentioned, report.recoded, report.moved, report.renamed) == (0, 0, 0, 0)
    assert await owner.fetchval("SELECT count(*) FROM municipality WHERE valid_to IS NULL") == 7_901
    assert await owner.fetchval("SELECT count(*) FROM municipality_version") == 19_133
    territories = "SELECT count(DISTINCT region_code) FROM municipality WHERE valid_to IS NULL"
    assert await owner.fetchval(territories) == 21

    assert await names(owner, date(1990, 1, 1), belfiore="A004") == [("015001", "ABBADIA CERRETO")]
    assert await names(owner, date(2000, 1, 1), belfiore="A004") == [("098001", "ABBADIA CERRETO")]
    assert await names(owner, date(2018, 12, 31), name="zambana") == [("022225", "ZAMBANA")]
    assert await names(owner, date(2019, 1, 1), name="zambana") == []
    assert await names(owner, date(2022, 8, 11), belfiore="B418") == [("005014", "CALLIANO")]
    assert await names(owner, date(2022, 8, 12), belfiore="B418") == [("005014", "CALLIANO MONFERRATO")]
    assert await names(owner, date(1930, 1, 1), belfiore="D588") == [("016098", "MARNE")]
    assert [found.region_code for found in await municipality_as_of(owner, name="Bolzano", on=TODAY)] == [
        "21"
    ]
    assert [found.region_code for found in await municipality_as_of(owner, name="Trento", on=TODAY)] == ["22"]
    assert len(await municipality_as_of(owner, name="Castro", on=TODAY)) == 2

    await owner.execute("ANALYZE municipality, municipality_version")
    for asked in ({"belfiore": "A004"}, {"istat": "098001"}):
        statement = _as_of(frozenset(asked))
        plan = await owner.fetch(f"EXPLAIN {statement.text}", *statement.arguments({"day": TODAY, **asked}))
        assert not any("Seq Scan" in line for (line,) in plan)

    before = await stored(owner)
    assert (await import_municipalities(owner, read_archive(published))).unchanged
    assert await stored(owner) == before
