# SPDX-License-Identifier: EUPL-1.2
"""What the figures were measured on and with: without it they say nothing."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from bench.disk import fdatasync
from bench.world import World
from hub.store.engine import connection_arguments

CONDITIONS = "conditions.json"
PACKAGES = ("asyncpg", "uvicorn", "uvloop", "httptools", "orjson", "starlette", "graphql-core")


def conditions(world: World, given: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    """Machine, load at this moment, versions; `given`: how much was asked of the bench; `versions`: of the peers."""
    found = machine()
    return {
        **found,
        "fdatasync_ms": fdatasync(world.data_dir),
        **given,
        "versions": {
            **found["versions"],
            "postgresql": asyncio.run(_postgresql(world.url)),
            "wrk": _wrk(),
            **{name: version(name) for name in PACKAGES},
            **versions,
        },
    }


def machine() -> dict[str, Any]:
    """Machine, load at this moment, and Python: all that matters to what runs in one process."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "load_before": list(os.getloadavg()),
        "versions": {"python": platform.python_version()},
    }


def ended(found: Mapping[str, Any]) -> dict[str, Any]:
    """With the load as it is now, at the end."""
    return {**found, "load_after": list(os.getloadavg())}


def write_conditions(found: Mapping[str, Any], part: str, folder: Path) -> None:
    """Write them beside the figures; the other parts keep theirs."""
    path = folder / CONDITIONS
    kept = orjson.loads(path.read_bytes()) if path.exists() else {}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({**kept, part: found}, option=orjson.OPT_INDENT_2) + b"\n")


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _wrk() -> str:
    words = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return (words.stdout + words.stderr).split()[1]


async def _postgresql(url: str) -> str:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        found: str = await connection.fetchval("SHOW server_version")
        return found
    finally:
        await connection.close()
