# SPDX-License-Identifier: EUPL-1.2
"""A round about a region's people × every fault of its SAP service, in the middle of the round: it ends in order, whole pages have landed,
nothing is left under way, and the next run lands the rest; and the breaker opens and closes as docs/reference/calling-agencies.md says.

A gateway's clock and keys have no switch: no rule about an e-Gov header's hour is published, and a certificate is the connection's.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from connectors.breaker import BreakerPolicy, State
from connectors.cooperation import SapConnector
from connectors.simulators.cooperating_region import OPERATION
from connectors.simulators.faults import Fault, FaultKind
from hub.errors import UpstreamUnavailable
from tests.flows.inbound.becomes import EXPECTED
from tests.flows.inbound.cooperating import (
    COURSE,
    HURRIED,
    NAMES,
    PATIENT,
    Owner,
    Pull,
    Region,
    activities,
    in_order,
)

PAGE = 3
QUESTIONS = 2
"""About one person: whether there is a SAP, and for it."""
PATIENCE = 10.0


@pytest.fixture
def people() -> tuple[str, ...]:
    """Two pages of them: of fewer than three to a page an answer that is none would be one person's trouble."""
    return (*NAMES, "leo")


async def left_nothing(region: Region, connector: SapConnector, tasks: set[asyncio.Task[Any]]) -> None:
    """No question, no connection and no task is under way, within the test's patience."""
    exchange, pool = connector.exchange, region.http._transport._pool  # type: ignore[attr-defined]

    def left() -> list[Any]:
        busy = [one for one in pool.connections if not (one.is_idle() or one.is_closed())]
        # The simulator's own end when its connections do.
        ours = [one for one in asyncio.all_tasks() - tasks if not one.done() and "uvicorn" not in repr(one)]
        status = exchange.status
        return [
            *busy,
            *ours,
            *([status] if status.in_use or status.waiting or exchange._flights._flights else []),
        ]

    until = time.monotonic() + PATIENCE
    while found := left():
        assert time.monotonic() < until, found
        await asyncio.sleep(0.01)


async def landed(owner: Owner) -> set[str]:
    """Whose course has landed, by fiscal code."""
    return {row[7] for row in await activities(owner)}


@pytest.mark.parametrize("into_the_page", [0, PAGE], ids=["from its first question", "after three answers"])
async def test_whatever_the_region_does_whole_pages_land_and_the_next_run_lands_the_rest(
    region: Region, pull: Pull, owner: Owner, subtests: pytest.Subtests, into_the_page: int
) -> None:
    for number, name in enumerate(in_order(region)):
        region.hold(name, replace(COURSE, number=f"080000001{number}X"))
    order = [region.codes[name] for name in in_order(region)]
    first_page = str(region.keys[in_order(region)[PAGE - 1]])
    simulator = region.simulator
    tasks = asyncio.all_tasks()
    for kind, error in EXPECTED.items():
        with subtests.test(kind.value):
            await owner.execute(
                "DELETE FROM activity; DELETE FROM inbound_run; DELETE FROM quarantined_record"
            )
            region.policy = HURRIED if kind is FaultKind.HANG else PATIENT
            connector = region.connector()
            simulator.faults.set(
                OPERATION, Fault(kind, latency=0.01, spares=PAGE * QUESTIONS + into_the_page)
            )
            if error is None:
                await pull(PAGE, connector)
            else:
                with pytest.raises(error) as caught:
                    await pull(PAGE, connector)
                assert type(caught.value) is error
                assert not any(code in caught.value.message for code in order)
                assert await landed(owner) == {*order[:PAGE]}, "the page before, wholly; of this one nobody"
                assert await region.watermark() == first_page
            await left_nothing(region, connector, tasks)
            assert await region.open_quarantine() == [], "what is the region's trouble is nobody's own"

            simulator.faults.clear()
            simulator.asked.clear()
            region.policy = PATIENT
            report = await pull(PAGE)
            assert report.watermark is None
            assert await landed(owner) == {*order}
            # A round that came to its end has the next begin anew.
            assert sorted(simulator.asked) == sorted(order if error is None else order[PAGE:])
    assert simulator.refusals == []


async def test_the_breaker_opens_spares_the_region_tries_and_closes(
    region: Region, pull: Pull, owner: Owner, people: tuple[str, ...]
) -> None:
    for number, name in enumerate(people):
        region.hold(name, replace(COURSE, number=f"080000001{number}X"))
    policy, faults = BreakerPolicy(), region.simulator.faults
    connector, tasks = region.connector(), asyncio.all_tasks()
    skipped = 0.0
    connector.exchange._clock = lambda: time.monotonic() + skipped
    faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE))
    asked = 0
    while asked < policy.least_calls:
        assert not connector.is_down
        with pytest.raises(UpstreamUnavailable, match="HTTP 503"):
            await pull(connector=connector)
        asked += len(people)
        assert faults.calls(OPERATION) == asked
    assert connector.exchange.states == {"verificaEsistenzaSAP": State.OPEN}
    with pytest.raises(UpstreamUnavailable, match="too often") as opened:
        await pull(connector=connector)
    assert 0 < (opened.value.retry_after or 0) <= policy.open_for
    assert faults.calls(OPERATION) == asked, "an open breaker does not call"
    assert (await landed(owner), await region.open_quarantine()) == (set(), [])

    faults.clear()
    skipped = policy.open_for
    assert connector.exchange.states == {"verificaEsistenzaSAP": State.HALF_OPEN}
    for name in people[: policy.trials]:
        assert await connector.existing(region.codes[name]) is not None
    assert connector.exchange.states == {"verificaEsistenzaSAP": State.CLOSED}
    await pull(connector=connector)
    assert await landed(owner) == {region.codes[name] for name in people}
    await left_nothing(region, connector, tasks)
