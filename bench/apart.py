# SPDX-License-Identifier: EUPL-1.2
"""What is measured apart from requests: a server at rest, a remembered voucher's check, and the speed of seeding."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from bench.cpu import seconds
from bench.served import Served
from bench.world import World, seed
from hub.access.jwks import KeySet
from hub.access.voucher import VoucherRules, VoucherVerifier
from hub.settings import Settings
from hub.store.embedded import embedded_server
from hub.store.engine import connection_arguments
from hub.store.migrations import migrate

CHECKS = 200_000
IDLE = 2.0


def voucher_check(world: World) -> float:
    """Microseconds to check a voucher that was verified before."""
    return asyncio.run(_voucher_check(world))


async def _voucher_check(world: World) -> float:
    async def fetch() -> Mapping[str, object]:
        return world.keys.jwks()

    settings = Settings()
    keys = KeySet(fetch, time.monotonic, settings.jwks_refresh)
    verifier = VoucherVerifier(keys, VoucherRules.from_settings(settings), time.time)
    token = world.voucher("centre")
    await verifier.verify(token)
    began = time.perf_counter()
    for _ in range(CHECKS):
        verifier.cached(token)
    return (time.perf_counter() - began) / CHECKS * 1e6


def idle_cpu(one: Served) -> float:
    """Milliseconds of CPU a server takes per second when nobody asks: the sequencer looks for events."""
    before = seconds(one.process)
    time.sleep(IDLE)
    return (seconds(one.process) - before) * 1e3 / IDLE


def seed_speed(beneficiaries: int) -> float:
    """Seconds to seed an empty database of its own with so many."""
    with tempfile.TemporaryDirectory() as folder, embedded_server(Path(folder)) as url:
        migrate(url)
        return asyncio.run(_seed(url, beneficiaries))


async def _seed(url: str, beneficiaries: int) -> float:
    connection = await asyncpg.connect(**connection_arguments(url))
    try:
        return await seed(connection, beneficiaries)
    finally:
        await connection.close()
