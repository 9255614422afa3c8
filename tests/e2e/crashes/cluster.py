# SPDX-License-Identifier: EUPL-1.2
"""Two hubs, a worker and their own PostgreSQL: processes that are killed, and started again by whoever watches over them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import asyncpg

from hub.store.engine import connection_arguments
from tests.e2e.conftest import environment

HUBS = 2
STARTED = b"/graphql"
"""A hub says where it serves as soon as it does."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Kept:
    """One process of the hub, started again each time it ends."""

    def __init__(self, name: str, command: list[str], settings: dict[str, str]) -> None:
        self.name = name
        self.kills = 0
        self._command, self._settings = command, settings
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Keep it running until cancelled; then it is killed."""
        try:
            while True:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=environment(self._settings),
                    stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                )  # fmt: skip
                await self._process.wait()
                await asyncio.sleep(0.05)  # a database that is just coming back refuses for a moment
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    def kill(self) -> bool:
        """SIGKILL, if it runs."""
        if self._process is None or self._process.returncode is not None:
            return False
        self._process.send_signal(signal.SIGKILL)
        self.kills += 1
        return True


class Cluster:
    """The processes, and the hubs' addresses."""

    def __init__(self, command: list[str], url: str, data_dir: Path, checkpoint_key: Path) -> None:
        self.url = url
        self.postgres_kills = 0
        settings = {
            "SNODO_DATABASE_URL": url,
            "SNODO_PDND_JWKS": str(data_dir / "demo" / "pdnd-jwks.json"),
            "SNODO_CALLS_PER_MINUTE": "100000000",
            "SNODO_CALLS_PER_DAY": "100000000",
            "SNODO_SEQUENCER_INTERVAL": "0.01",
            "SNODO_CHECKPOINT_KEY_FILE": str(checkpoint_key),
        }
        ports = [free_port() for _ in range(HUBS)]
        self.addresses = [f"http://127.0.0.1:{port}" for port in ports]
        self.processes = [
            Kept(f"hub {number}", [*command, "serve", "--port", str(port), "--data-dir", str(data_dir)], settings)
            for number, port in enumerate(ports, 1)
        ]  # fmt: skip
        self.processes.append(Kept("worker", [*command, "worker", "--data-dir", str(data_dir)], settings))

    @property
    def kills(self) -> dict[str, int]:
        """How often each was killed."""
        return {one.name: one.kills for one in self.processes} | {"PostgreSQL": self.postgres_kills}

    async def kill_any(self, random: Random) -> None:
        """Kill one, in no order."""
        victim = random.choice([*self.processes, None])
        if victim is not None:
            victim.kill()
        elif await self._kill_postgres(random):
            self.postgres_kills += 1

    async def _kill_postgres(self, random: Random) -> bool:
        """SIGKILL one of the server's processes: it throws out all the others, and recovers from its log as after a crash."""
        try:
            connection = await asyncpg.connect(**connection_arguments(self.url), timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False  # it is not back yet from the last time
        try:
            pids = [
                row["pid"]
                for row in await connection.fetch(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'snodo' AND pid <> pg_backend_pid()"
                )
            ]
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)
        if not pids:
            return False
        try:
            os.kill(random.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


@asynccontextmanager
async def running(cluster: Cluster) -> AsyncIterator[None]:
    """All of its processes, until the block ends."""
    keeping = [asyncio.create_task(one.run(), name=one.name) for one in cluster.processes]
    try:
        yield
    finally:
        for task in keeping:
            task.cancel()
        await asyncio.gather(*keeping, return_exceptions=True)
