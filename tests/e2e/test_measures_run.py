# SPDX-License-Identifier: EUPL-1.2
"""`snodo measures` as people run it: killed in the middle and asked again, stopped with Ctrl-C, compared, written to a file, forgotten."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson
import pytest

from hub.casework.runs.chunks import COLUMNS
from hub.store.identifiers import decode_id, encode_id
from tests.conftest import POPULATION_DAY
from tests.e2e.conftest import Snodo, environment, hear

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
RUN = ("measures", "run", "--measure", "ADI", "--on", POPULATION_DAY.isoformat())
GATE = 77
"""An advisory lock at which workers wait before they mark any chunk but the first."""
GATED = f"""
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.ordinal > 0 THEN PERFORM pg_advisory_xact_lock_shared({GATE}); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER waits BEFORE UPDATE ON assessment_chunk FOR EACH ROW EXECUTE FUNCTION wait_at_gate()
"""
PATIENCE = 180


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population with its declarations."""
    return populated_url


async def table(owner: Owner, run_id: UUID) -> list[tuple[Any, ...]]:
    """What a run said, without its own key."""
    rows = await owner.fetch(
        f"SELECT {', '.join(COLUMNS[1:])} FROM assessment WHERE run_id = $1 ORDER BY household_id", run_id
    )
    return [tuple(row) for row in rows]


@asynccontextmanager
async def in_the_middle(
    command: list[str], url: str, owner: Owner, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A run that has assessed a chunk and waits with another, until its caller opens the gate."""
    await owner.execute(GATED)
    await owner.execute(f"SELECT pg_advisory_lock({GATE})")
    said = folder / "said"
    with said.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *command, *RUN, "--workers", "2", cwd=folder, env=environment({"SNODO_DATABASE_URL": url}),
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            while not await owner.fetchval(
                "SELECT EXISTS (SELECT FROM assessment_chunk WHERE assessed_at IS NOT NULL) AND EXISTS ("
                f" SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
            ):
                assert process.returncode is None, said.read_text()
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        await open_gate(owner)
        # Waits for whoever is still in a chunk.
        await owner.execute("DROP TRIGGER waits ON assessment_chunk; DROP FUNCTION wait_at_gate()")
        hear(said.read_text(), RUN)


async def open_gate(owner: Owner) -> None:
    """Let the workers mark their chunks."""
    await owner.execute("SELECT pg_advisory_unlock_all()")


async def the_run(owner: Owner) -> UUID:
    """The one run there is."""
    found: UUID = await owner.fetchval("SELECT id FROM assessment_run")
    return found


async def left(owner: Owner) -> int:
    """Chunks that are not assessed."""
    found: int = await owner.fetchval("SELECT count(*) FROM assessment_chunk WHERE assessed_at IS NULL")
    return found


async def equal_to_undisturbed(owner: Owner, snodo: Snodo, url: str, run_id: UUID) -> None:
    """The run, continued, is what another is that nothing disturbed."""
    again = await asyncio.to_thread(snodo, *RUN, "--again", SNODO_DATABASE_URL=url)
    assert again.returncode == 0, again.stderr
    (other,) = await owner.fetch("SELECT id FROM assessment_run WHERE id <> $1", run_id)
    assert await table(owner, run_id) == await table(owner, other["id"])


@pytest.mark.parametrize("whom", ["everybody", "who began it"])
async def test_a_killed_run_is_continued_and_is_as_if_it_had_not_been(
    command: list[str], snodo: Snodo, folder: Path, database_url: str, owner: Owner, whom: str
) -> None:
    async with in_the_middle(command, database_url, owner, folder) as process:
        if whom == "everybody":
            os.killpg(process.pid, signal.SIGKILL)
        else:  # its workers see that nobody is there any more, and end after their chunks
            process.send_signal(signal.SIGKILL)
        await process.wait()
        run_id = await the_run(owner)
        before = len(await table(owner, run_id))
        assert before > 0
        assert await left(owner) > 0
    continued = await asyncio.to_thread(snodo, *RUN, SNODO_DATABASE_URL=database_url)
    assert continued.returncode == 0, continued.stderr
    assert encode_id("run", run_id) in continued.stdout
    assert await the_run(owner) == run_id
    assert await left(owner) == 0
    await equal_to_undisturbed(owner, snodo, database_url, run_id)


async def test_workers_whose_parent_died_end_after_their_chunks(
    command: list[str], folder: Path, database_url: str, owner: Owner
) -> None:
    async with in_the_middle(command, database_url, owner, folder) as process:
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await open_gate(owner)
        async with asyncio.timeout(PATIENCE):
            while _lives(process.pid):
                await asyncio.sleep(0.05)


def _lives(group: int) -> bool:
    """Whether a process of a group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def test_ctrl_c_ends_it_and_says_how_to_go_on(
    command: list[str], snodo: Snodo, folder: Path, database_url: str, owner: Owner
) -> None:
    async with in_the_middle(command, database_url, owner, folder) as process:
        os.killpg(process.pid, signal.SIGINT)
        await open_gate(owner)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 130
        said = (folder / "said").read_text()
        assert "Interrupted: the same command continues" in said
        assert "Traceback" not in said
        run_id = await the_run(owner)
    continued = await asyncio.to_thread(snodo, *RUN, SNODO_DATABASE_URL=database_url)
    assert continued.returncode == 0, continued.stderr
    assert await the_run(owner) == run_id
    await equal_to_undisturbed(owner, snodo, database_url, run_id)


async def test_ctrl_c_while_workers_start_says_no_more(
    command: list[str], folder: Path, database_url: str, owner: Owner
) -> None:
    said = folder / "said"
    with said.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *command, *RUN, "--workers", "4", cwd=folder, env=environment({"SNODO_DATABASE_URL": database_url}),
            stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            # The chunks are there just before the workers are started, which import for long before they connect.
            while not await owner.fetchval("SELECT EXISTS (SELECT FROM assessment_chunk)"):
                assert process.returncode is None, said.read_text()
                await asyncio.sleep(0.01)
            while len(_group(process.pid)) < 3:
                assert process.returncode is None, said.read_text()
                await asyncio.sleep(0.005)
            os.killpg(process.pid, signal.SIGINT)
            assert await process.wait() == 130
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        hear(said.read_text(), RUN)
    assert "Interrupted: the same command continues" in said.read_text()
    assert "Traceback" not in said.read_text()


def _group(group: int) -> list[int]:
    """The processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
            except ProcessLookupError:
                continue
    return found


async def test_a_run_is_compared_shown_written_and_forgotten(
    snodo: Snodo, folder: Path, database_url: str, owner: Owner
) -> None:
    async def good(*words: str) -> str:
        ended = await asyncio.to_thread(snodo, *words, SNODO_DATABASE_URL=database_url)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    first = await good(*RUN)
    assert "Compared with nothing" in first
    assert (await asyncio.to_thread(snodo, *RUN, SNODO_DATABASE_URL=database_url)).stderr.startswith(
        "Already done"
    )

    household: UUID = await owner.fetchval(
        "SELECT household_id FROM assessment WHERE verdict = 'SATISFIED' LIMIT 1"
    )
    await owner.execute(
        "INSERT INTO household_declaration (household_id, source_agency_id, external_id, as_of, starts_on, isee)"
        " SELECT household_id, source_agency_id, 'another', $2, $2, 99999 FROM household_declaration WHERE household_id = $1 LIMIT 1",
        household, POPULATION_DAY,
    )  # fmt: skip
    file = folder / "changed.csv"
    second = await good(*RUN, "--differences", str(file))
    assert re.search(r"NO_LONGER_ELIGIBLE +1 ", second)
    assert "1 households in" in second
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (line,) = csv.DictReader(file.read_text().splitlines())
    assert (decode_id(line["household_id"], "hsh")[1], line["change"]) == (household, "NO_LONGER_ELIGIBLE")
    # Nobody is named where it is shown.
    assert "hsh_" not in first + second

    there = await asyncio.to_thread(
        snodo, "measures", "diff", "--differences", str(file), SNODO_DATABASE_URL=database_url
    )
    assert (there.returncode, "there already" in there.stderr) == (1, True)
    assert re.search(r"NO_LONGER_ELIGIBLE +1 ", await good("measures", "diff"))

    newest, oldest = [orjson.loads(one) for one in (await good("measures", "list", "--json")).splitlines()]
    shown = orjson.loads(await good("measures", "show", "--run", newest["id"], "--json"))
    assert shown["id"] == newest["id"]
    assert sum(shown["verdicts"].values()) == shown["households"] == shown["assessed"]
    assert shown["notMet"]["ISEE"] > 0
    since = await good("measures", "diff", "--run", oldest["id"], "--since", newest["id"])
    assert re.search(r"NEWLY_ELIGIBLE +1 ", since)

    assert "is forgotten" in await good("measures", "forget", "--run", oldest["id"])
    assert len((await good("measures", "list")).splitlines()) == 1
    gone = await asyncio.to_thread(
        snodo, "measures", "show", "--run", oldest["id"], SNODO_DATABASE_URL=database_url
    )
    assert (gone.returncode, "No run has this id" in gone.stderr) == (1, True)


async def test_what_is_no_run_is_refused(snodo: Snodo, database_url: str, folder: Path) -> None:
    file = folder / "changed.csv"
    refusals = {
        ("--measure", "ADI", "--on", "2023-12-31"): "not in force yet",
        ("--measure", "RDC", "--on", "2024-06-01"): "not in force any more",
    }
    for words, sentence in refusals.items():
        ended = await asyncio.to_thread(
            snodo, "measures", "run", *words, "--differences", str(file), SNODO_DATABASE_URL=database_url
        )
        assert (ended.returncode, sentence in ended.stderr) == (1, True), ended.stderr
        assert not file.exists()
    unknown = await asyncio.to_thread(snodo, "measures", "run", "--measure", "XYZ", "--on", "2025-01-01")
    assert (unknown.returncode, "--measure" in unknown.stderr) == (2, True), unknown.stderr
