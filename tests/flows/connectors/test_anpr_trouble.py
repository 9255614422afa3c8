# SPDX-License-Identifier: EUPL-1.2
"""ANPR, or PDND, in trouble: what the hub's caller gets, and that it gets it in time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from connectors.anpr import Lookups, UseCase
from connectors.breaker import BreakerPolicy, State
from connectors.exchange import Policy
from connectors.pdnd import Operator
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.serving import Ports
from hub.errors import UpstreamInvalid, UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from types import SimpleNamespace

    from tests.flows.connectors.conftest import World

GIOVANNI = "PRVGNN90R10H501Q"
ONCE = Policy(attempts=1, attempt_timeout=0.2, deadline=0.4)
SEVERAL = Policy(attempts=3, first_backoff=0.01, longest_backoff=0.02)


@pytest.mark.parametrize(
    "kind", [FaultKind.ERROR, FaultKind.UNAVAILABLE, FaultKind.DROP, FaultKind.OVER_LIMIT]
)
async def test_a_passing_trouble_is_ridden_out_with_a_fresh_signature(
    world: World, operator: Operator, kind: FaultKind
) -> None:
    world.anpr.faults.set("C030", Fault(kind, times=2))
    assert await world.connector(SEVERAL).national_id(GIOVANNI, operator)
    assert world.anpr.faults.calls("C030") == 3
    assert world.anpr.refusals == []


async def test_a_repeated_attempt_asks_the_same_question_under_the_same_operation_id(
    world: World, operator: Operator
) -> None:
    bodies: list[bytes] = []
    signatures: list[str] = []

    async def watch(request: object) -> None:
        bodies.append(request.content)  # type: ignore[attr-defined]
        signatures.append(request.headers.get("agid-jwt-signature", ""))  # type: ignore[attr-defined]

    world.http.event_hooks = {"request": [watch]}
    world.anpr.faults.set("C030", Fault(FaultKind.ERROR, times=1))
    assert await world.connector(SEVERAL).national_id(GIOVANNI, operator)
    asked = [body for body, signature in zip(bodies, signatures, strict=True) if signature]
    assert len(asked) == 2
    assert len(set(asked)) == 1
    assert len({signature for signature in signatures if signature}) == 2


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (FaultKind.ERROR, "HTTP 500"),
        (FaultKind.UNAVAILABLE, "HTTP 503"),
        (FaultKind.OVER_LIMIT, "HTTP 429"),
        (FaultKind.DROP, "the connection failed"),
        (FaultKind.HANG, "did not answer in time"),
    ],
)
async def test_a_lasting_trouble_is_unavailable_and_says_when_to_come_back(
    world: World, operator: Operator, kind: FaultKind, says: str
) -> None:
    world.anpr.faults.set("C030", Fault(kind, retry_after=7))
    with pytest.raises(UpstreamUnavailable, match=says) as caught:
        await world.connector(ONCE).national_id(GIOVANNI, operator)
    assert caught.value.agency == "ANPR"
    assert caught.value.extensions["operation"] == "C030"
    answered = kind not in {FaultKind.DROP, FaultKind.HANG}
    assert caught.value.retry_after == (7 if answered else 1.0)
    assert GIOVANNI not in str(caught.value)


async def test_nobody_listens(world: World, operator: Operator) -> None:
    ports = Ports({"free": 0})
    url = ports.url("free")
    ports.close()
    with pytest.raises(UpstreamUnavailable, match="ConnectError"):
        await world.connector(ONCE, url=url).national_id(GIOVANNI, operator)


async def test_slow_but_in_time(world: World, operator: Operator) -> None:
    world.anpr.faults.set("C030", Fault(FaultKind.SLOW, latency=0.05))
    assert await world.connector(ONCE).national_id(GIOVANNI, operator)


async def test_both_calls_of_a_residence_share_one_deadline(world: World, operator: Operator) -> None:
    world.anpr.faults.set("C030", Fault(FaultKind.SLOW, latency=0.3))
    world.anpr.faults.set("C020", Fault(FaultKind.SLOW, latency=0.3))
    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="C020"):
        await world.connector(Policy(attempts=1, attempt_timeout=0.5, deadline=0.5)).residence(
            GIOVANNI, operator
        )
    assert time.monotonic() - began > 0.4, "each alone would have been in time"


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.WRONG_TYPE, FaultKind.TRUNCATED])
async def test_an_answer_outside_the_contract_is_invalid_and_not_asked_for_again(
    world: World, operator: Operator, kind: FaultKind
) -> None:
    world.anpr.faults.set("C030", Fault(kind))
    with pytest.raises(UpstreamInvalid):
        await world.connector(SEVERAL).national_id(GIOVANNI, operator)
    assert world.anpr.faults.calls("C030") == 1


async def test_the_gateways_fault_is_a_refusal(world: World, operator: Operator) -> None:
    wrong = {one: world.registry.consumer("hub").purpose_for("inps").purpose_id for one in UseCase}
    with pytest.raises(UpstreamRefused, match="TokenAuthenticationFailed"):
        await world.connector(purposes=wrong).national_id(GIOVANNI, operator)
    assert world.anpr.refusals == ["voucher: aud"]


async def test_an_answer_beyond_the_size_cap_is_not_read(world: World, operator: Operator) -> None:
    with pytest.raises(UpstreamInvalid, match="more than 200 bytes"):
        await world.connector(Policy(max_bytes=200)).national_id(GIOVANNI, operator)


async def test_the_breaker_opens_spares_anpr_and_recovers(world: World, operator: Operator) -> None:
    policy = Policy(attempts=1, breaker=BreakerPolicy(least_calls=3, open_for=5.0, trials=1))
    connector = world.connector(policy)
    world.anpr.faults.set("C020", Fault(FaultKind.UNAVAILABLE))
    known = await connector.national_id(GIOVANNI, operator)
    assert known is not None
    ids = Lookups({GIOVANNI: known})
    for _ in range(3):
        with pytest.raises(UpstreamUnavailable, match="503"):
            await connector.residence(GIOVANNI, operator, lookups=ids)
    with pytest.raises(UpstreamUnavailable, match="too often") as caught:
        await connector.residence(GIOVANNI, operator, lookups=ids)
    assert 4 < (caught.value.retry_after or 0) <= 5
    assert world.anpr.faults.calls("C020") == 3, "an open breaker does not call"
    assert await connector.registered_family(GIOVANNI, operator, lookups=ids), "other operations go on"
    assert connector._exchange.states == {"C020": State.OPEN, "C021": State.CLOSED, "C030": State.CLOSED}

    world.skipped = 5.0
    with pytest.raises(UpstreamUnavailable, match="503"):
        await connector.residence(GIOVANNI, operator, lookups=ids)
    with pytest.raises(UpstreamUnavailable, match="too often"):
        await connector.residence(GIOVANNI, operator, lookups=ids)
    assert world.anpr.faults.calls("C020") == 4, "one trial, and open again"

    world.anpr.faults.clear("C020")
    world.skipped = 10.1
    assert await connector.residence(GIOVANNI, operator, lookups=ids)
    assert set(connector._exchange.states.values()) == {State.CLOSED}


async def test_a_hanging_anpr_holds_no_more_than_its_share_of_calls(world: World, operator: Operator) -> None:
    world.anpr.faults.set("C030", Fault(FaultKind.HANG))
    policy = Policy(attempts=1, attempt_timeout=0.3, deadline=0.3, concurrency=4, queue=4)
    connector = world.connector(policy)
    await world.connector(policy)._accesses[UseCase.NATIONAL_ID].bearer(operator)
    codes = [f"NOBODY{number:02d}" for number in range(20)]
    outcomes = await asyncio.gather(
        *(connector.national_id(code, operator) for code in codes), return_exceptions=True
    )
    assert all(isinstance(one, UpstreamUnavailable) for one in outcomes)
    assert world.anpr.faults.calls("C030") <= 8
    assert sum("waiting" in str(one) for one in outcomes) >= 12


async def test_pdnd_down_is_pdnds_trouble_and_not_anprs(world: World, operator: Operator) -> None:
    world.pdnd.faults.set("token", Fault(FaultKind.UNAVAILABLE))
    connector = world.connector(ONCE)
    with pytest.raises(UpstreamUnavailable) as caught:
        await connector.national_id(GIOVANNI, operator)
    assert caught.value.agency == "PDND"
    assert connector._exchange.states == {"C030": State.CLOSED}
    assert world.anpr.faults.calls("C030") == 0


async def test_every_operation_can_fail_at_once(world: World, operator: Operator) -> None:
    world.anpr.faults.set(EVERY, Fault(FaultKind.ERROR))
    world.anpr.faults.set("C030", Fault(FaultKind.SLOW))
    with pytest.raises(UpstreamUnavailable, match="C020"):
        await world.connector(ONCE).residence(GIOVANNI, operator)
    world.anpr.faults.clear()
    assert await world.connector(ONCE).residence(GIOVANNI, operator)


async def test_anpr_away_and_back_on_another_server(
    world: World, operator: Operator, sockets: SimpleNamespace
) -> None:
    """A server that ends: pooled connections die, the next call finds the new server by itself."""
    from connectors.simulators.serving import serve

    ports = Ports({"anpr": 0})
    number = int(ports.url("anpr").rpartition(":")[2])
    async with serve({"anpr": sockets.anpr}, ports) as urls:
        connector = world.connector(SEVERAL, url=urls["anpr"])
        assert await connector.national_id(GIOVANNI, operator)
    with pytest.raises(UpstreamUnavailable):
        await connector.national_id(GIOVANNI, operator)
    async with serve({"anpr": sockets.anpr}, Ports({"anpr": number})):
        assert await connector.national_id(GIOVANNI, operator)
