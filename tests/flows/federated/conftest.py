# SPDX-License-Identifier: EUPL-1.2
"""A hub among simulated agencies, filled through its connectors, as `snodo demo` does it; over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from connectors.inbound import pull_admitted_households, pull_region
from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.serving import serve
from hub.app import Hub, running_hub
from hub.cli.simulation import Simulation, simulated_agencies
from hub.settings import Settings
from hub.store.reference.demo import load_demo_reference
from hub.tracing.parts import Tracing

Ask = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Scene:
    """The simulated agencies, the hub, its address, and the way to ask it."""

    simulation: Simulation
    hub: Hub
    address: str
    http: httpx2.AsyncClient

    async def ask(self, query: str, who: str = "centre", /, **variables: Any) -> dict[str, Any]:
        """The whole response of an operation, with HTTP 200; what agencies told for it has been kept."""
        token = issue_voucher(self.simulation.registry, self.simulation.keys, who)
        answer = await self.http.post(
            f"{self.address}/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
        await self.hub.kept_answers.written()
        content: dict[str, Any] = answer.json()
        return content

    @property
    def fiscal_code(self) -> str:
        """Of the person the tests look at."""
        return self.simulation.world.person.fiscal_code


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the simulators' keys are, once for all tests of a module: making them takes a while."""
    return tmp_path_factory.mktemp("agencies")


@pytest.fixture
def call_timeout() -> float:
    """Seconds a call to an agency may take; twice as much in all."""
    return 1.5


@pytest.fixture
def tracing() -> Tracing | None:
    """Who takes note of the hub's spans."""
    return None


@pytest.fixture
async def scene(
    database_url: str,
    owner: asyncpg.Connection[asyncpg.Record],
    data_dir: Path,
    call_timeout: float,
    tracing: Tracing | None,
) -> AsyncIterator[Scene]:
    """A hub that gives its calls to agencies so much time."""
    await load_demo_reference(owner)
    async with simulated_agencies(data_dir, _now().date()) as simulation:
        await register_demo_consumers(owner, simulation.registry)
        settings = Settings(
            data_dir=data_dir,
            call_timeout=call_timeout,
            call_deadline=2 * call_timeout,
            sequencer_interval=0.01,
            **simulation.settings(),
        )
        async with (
            running_hub(settings, database_url, tracing=tracing) as hub,
            serve({"hub": hub}) as urls,
            httpx2.AsyncClient(trust_env=False, timeout=10) as http,
        ):
            assert hub.agencies.inps is not None
            [lazio] = hub.agencies.regional
            await pull_admitted_households(hub.database.write, hub.agencies.inps, clock=_now)
            await pull_region(hub.database.write, lazio, clock=_now)
            yield Scene(simulation, hub, urls["hub"], http)


def _now() -> datetime:
    return datetime.now(UTC)
