# SPDX-License-Identifier: EUPL-1.2
"""`snodo measures sample` and `controls` as an inspectorate uses them; who is in a sample is shown once the look is in the access log."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import orjson
import pytest

from hub.store.identifiers import decode_id
from tests.conftest import POPULATION_DAY
from tests.e2e.conftest import Snodo

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Ended: TypeAlias = "Callable[..., Awaitable[tuple[str, str]]]"
PURPOSE = "00000000-0000-4000-8000-0000000000aa"


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population with its declarations."""
    return populated_url


async def test_a_sample_is_drawn_shown_taken_along_and_checked(
    snodo: Snodo, folder: Path, database_url: str, owner: Owner
) -> None:
    async def ended(*words: str, code: int = 0) -> tuple[str, str]:
        done = await asyncio.to_thread(snodo, "measures", *words, SNODO_DATABASE_URL=database_url)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    _, said = await ended("sample", "draw", "--size", "12", code=1)
    assert "No such run of everybody" in said
    await ended("run", "--measure", "ADI", "--on", POPULATION_DAY.isoformat())
    draw = ("sample", "draw", "--measure", "ADI", "--on", POPULATION_DAY.isoformat(), "--size", "12")
    units = folder / "list.tsv"
    drawn, _ = await ended(*draw, "--list", str(units), "--by", "m.rossi")
    digest = hashlib.sha256(units.read_bytes()).hexdigest()
    assert f"list {digest}" in drawn
    assert "(unverified)" in drawn
    again, told = await ended(*draw)
    assert (again, told.startswith("Already drawn")) == (drawn, True)
    # Nobody is named where it is shown.
    assert "hsh_" not in drawn

    (one,) = [orjson.loads(line) for line in (await ended("sample", "list", "--json"))[0].splitlines()]
    assert (one["list"], one["size"], one["drawnBy"], one["seedDrawn"]) == (digest, 12, "m.rossi", True)
    shown = orjson.loads((await ended("sample", "show", "--json"))[0])
    assert (shown["id"], sum(shown["strata"].values())) == (one["id"], 12)
    assert "households" not in shown

    file = folder / "sample.csv"
    await ended("sample", "export", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["rank"] for row in rows] == [str(rank) for rank in range(1, 13)]
    listed = {line.split("\t")[0]: line.split("\t") for line in units.read_text().splitlines()}
    assert all(listed[row["household_id"]][1] == row["weight"] for row in rows)
    assert "inps_protocol" not in rows[0]
    number = hashlib.sha256(f"snodo-draw-1\n{one['seed']}\n{rows[0]['household_id']}".encode()).hexdigest()
    assert rows[0]["number"] == number

    await who_is_in_it(owner, ended, folder, [decode_id(row["household_id"], "hsh")[1] for row in rows])

    outcomes = folder / "outcomes.csv"
    day = await owner.fetchval("SELECT (now() AT TIME ZONE 'Europe/Rome')::date")
    outcomes.write_text(
        "household_id,made_on,outcome,undue,recovered\n"
        f"{rows[0]['household_id']},{day},IRREGULAR,1000.00,250.00\n{rows[1]['household_id']},{day},REGULAR,,\n"
    )
    record = ("sample", "record", str(outcomes), "--sample", one["id"])
    assert "2 outcomes recorded, 0 were told before" in (await ended(*record))[0]
    assert "0 outcomes recorded, 2 were told before" in (await ended(*record))[0]
    assert "come" in (await ended(*record, "--as-of", "2199-01-01", code=1))[1]
    told, _ = await ended("controls", "--from", str(day), "--to", str(day), "--json")
    of_measure, whole = (orjson.loads(line) for line in told.splitlines())
    assert {**of_measure, "measure": None} == whole
    assert whole == {
        "measure": None, "year": None, "drawn": 12, "made": 2, "concluded": 2, "irregular": 1, "undue": "1000.00",
        "recovered": "250.00", "irregularOfConcluded": "50.00", "recoveredOfUndue": "25.00",
    }  # fmt: skip
    assert (
        "irregular 1 (50.00 %); 1,000.00 euro undue"
        in (await ended("controls", "--from", str(day), "--to", str(day)))[0]
    )
    assert (
        "ends on the day"
        in (await ended("controls", "--from", "2026-02-01", "--to", "2026-01-01", code=1))[1]
    )


async def who_is_in_it(owner: Owner, ended: Ended, folder: Path, households: list[UUID]) -> None:
    """Shown under a purpose alone, and written down with each person first."""
    codes = ("sample", "show", "--codes")
    assert "--purpose" in (await ended(*codes, code=1))[1]
    assert "No such purpose" in (await ended(*codes, "--purpose", PURPOSE, code=1))[1]
    assert await owner.fetchval("SELECT count(*) FROM access_log") == 0
    await owner.execute(
        "INSERT INTO purpose (purpose_id, agency_id, description) SELECT $1, id, 'Ispezioni' FROM agency WHERE kind = 'INPS'",
        PURPOSE,
    )
    shown, _ = await ended(*codes, "--purpose", PURPOSE, "--by", "m.rossi")
    people = await owner.fetch(
        "SELECT id, fiscal_code FROM beneficiary WHERE household_id = ANY($1)", households
    )
    assert all(row["fiscal_code"] in shown for row in people)
    line = await owner.fetchrow("SELECT purpose_id, user_id, operation, subjects FROM access_log")
    assert line is not None
    assert (str(line["purpose_id"]), line["user_id"], line["operation"]) == (
        PURPOSE,
        "m.rossi",
        "snodo measures sample",
    )
    assert set(line["subjects"]) == {row["id"] for row in people}
    file = folder / "codes.csv"
    await ended("sample", "export", str(file), "--codes", "--purpose", PURPOSE)
    written = " ".join(row["fiscal_codes"] for row in csv.DictReader(file.read_text().splitlines()))
    assert set(written.split()) == {row["fiscal_code"] for row in people}
    assert await owner.fetchval("SELECT count(*) FROM access_log") == 2
