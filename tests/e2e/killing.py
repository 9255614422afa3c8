# SPDX-License-Identifier: EUPL-1.2
"""Commands as processes of their own that are killed (SIGKILL) at a moment that a test waits for, and a gate at which a database holds them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TypeAlias

import asyncpg

from tests.e2e.conftest import environment, hear

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Moment: TypeAlias = Callable[[], Awaitable[bool]]
"""Whether it has come."""

PATIENCE = 180
"""Seconds until what is waited for will not come any more; no aim."""
GATE = 78
"""The advisory lock that is the gate."""

_numbers = count(1)


class Commands:
    """Runs `snodo …` in a folder, on one database, among the agencies that the settings name."""

    def __init__(self, command: list[str], folder: Path, settings: Mapping[str, str]) -> None:
        self._command = command
        self._folder = folder
        self._settings = settings

    async def to_its_end(self, *words: str) -> str:
        """Run a command that must succeed; what it prints."""
        async with self.running(*words) as process:
            async with asyncio.timeout(PATIENCE):
                code = await process.wait()
            said = self._said(process)
            assert code == 0, said
            return said

    async def killed(self, *words: str, when: Moment) -> None:
        """Run a command until the moment has come, and kill it in the middle."""
        async with self.running(*words) as process:
            async with asyncio.timeout(PATIENCE):
                while not await when():
                    assert process.returncode is None, self._said(process)
                    await asyncio.sleep(0.005)
            assert process.returncode is None, self._said(process)
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL, "it had not come to its end"

    @asynccontextmanager
    async def running(self, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The process, until the block ends; then it is killed, if it still runs."""
        said = self._folder / f"said-{next(_numbers)}"
        with said.open("w") as output:
            process = await asyncio.create_subprocess_exec(
                *self._command, *words, cwd=self._folder, env=environment(self._settings), stdout=output, stderr=output
            )  # fmt: skip
        self._files = {process.pid: said}
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            hear(said.read_text(), words)

    def _said(self, process: asyncio.subprocess.Process) -> str:
        return self._files[process.pid].read_text()


@asynccontextmanager
async def gate(owner: Owner, table: str, before: str, condition: str) -> AsyncIterator[Moment]:
    """Let whoever would write such a row wait until the block ends, in its open transaction; gives whether somebody does."""
    await owner.execute(
        f"""
        CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({GATE});
            RETURN NEW;
        END $$;
        CREATE TRIGGER waits BEFORE {before} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION wait_at_gate();
        SELECT pg_advisory_lock({GATE})
        """
    )

    async def somebody_waits() -> bool:
        found: bool = await owner.fetchval(
            f"SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return found

    try:
        yield somebody_waits
    finally:
        await owner.execute(f"SELECT pg_advisory_unlock({GATE})")
        # Waits until the transaction of whoever was killed there has ended.
        await owner.execute(f"DROP TRIGGER waits ON {table}; DROP FUNCTION wait_at_gate()")
