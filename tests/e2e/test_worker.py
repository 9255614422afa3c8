# SPDX-License-Identifier: EUPL-1.2
"""`snodo worker` as a process: it tells `/metrics` where it is asked to, on loopback, and ends in peace."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2

from hub.ledger.sequencer import LOCK
from tests.e2e.conftest import environment, hear


@asynccontextmanager
async def working(command: list[str], folder: Path, url: str, *words: str) -> AsyncIterator[Process]:
    """The worker, until the block ends: then it is asked to end, and does."""
    process = await asyncio.create_subprocess_exec(
        *command, "worker", *words, cwd=folder, env=environment({"SNODO_DATABASE_URL": url}), stderr=PIPE
    )
    try:
        yield process
        assert process.returncode is None, "it works until it is told to end"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        assert process.stderr is not None
        rest = (await process.stderr.read()).decode()
        hear(rest, words)
        assert "metrics" not in rest


async def said(process: Process, pattern: str) -> str:
    """What it says on stderr, once it says this."""
    assert process.stderr is not None
    async with asyncio.timeout(120):
        while line := (await process.stderr.readline()).decode():
            if found := re.search(pattern, line):
                return found[1]
    raise AssertionError(f"it ended without saying {pattern}")


async def test_it_tells_what_it_does(command: list[str], folder: Path, database_url: str) -> None:
    async with working(command, folder, database_url, "--metrics-port", "0") as process:
        address = await said(process, r"tells (http://127\.0\.0\.1:\d+)/metrics")
        async with httpx2.AsyncClient(trust_env=False) as http:
            async with asyncio.timeout(60):
                while "snodo_sequencer_active 1.0" not in (await http.get(f"{address}/metrics")).text:
                    await asyncio.sleep(0.05)
            told = (await http.get(f"{address}/metrics")).text
            assert "# TYPE snodo_agency_calls_total counter" in told
            assert "snodo_access_log_misplaced_lines" in told
            for other in ("/graphql", "/status", "/schema.graphql", "/"):
                assert (await http.get(address + other)).status_code == 404


async def test_a_port_that_is_taken_is_refused_in_a_sentence(
    command: list[str], folder: Path, database_url: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            *command,
            "worker",
            cwd=folder,
            env=environment(
                {
                    "SNODO_DATABASE_URL": database_url,
                    "SNODO_WORKER_METRICS_PORT": str(taken.getsockname()[1]),
                }
            ),
            stderr=PIPE,
        )
        _, stderr = await process.communicate()
    assert process.returncode == 1
    assert "another program listens there. Choose another with --metrics-port" in " ".join(
        stderr.decode().split()
    )


async def test_without_a_port_it_says_nothing_and_works(
    command: list[str], folder: Path, database_url: str, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    async with working(command, folder, database_url) as process, asyncio.timeout(60):
        while not await owner.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            LOCK & 0xFFFFFFFF,
        ):
            assert process.returncode is None
            await asyncio.sleep(0.05)
