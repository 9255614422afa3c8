# SPDX-License-Identifier: EUPL-1.2
"""A region by application cooperation told of facts (NotificaSAP): at least once and in order per person, through every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import TYPE_CHECKING

import httpx2
import pytest

from connectors.cooperation import CooperatingRegion, SapConnector, SapNotifications
from connectors.cooperation.configuration import EGov
from connectors.exchange import Exchange, Policy
from connectors.outbound.dead_letters import resend
from connectors.simulators.cooperating_region import (
    NAMESPACE,
    OPERATION,
    PATH,
    CooperatingRegionSimulator,
    Parties,
)
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.serving import serve
from connectors.simulators.worker_record import SimulatedRecord
from hub.store.engine import Database
from hub.store.vocabulary import ConditionalityEventType as Type

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Clock, Dispatch

WORDS = {
    Type.ACTIVITY_NOT_ATTENDED: "ASSENZA",
    Type.PACT_SIGNED: "PATTO",
    Type.EVENT_WITHDRAWN: "ANNULLAMENTO",
}
ADA, IDA = "AA00000000Z", "AA00000001Z"
GARBLED = {
    FaultKind.HTML, FaultKind.WRONG_TYPE, FaultKind.TRUNCATED, FaultKind.HUGE, FaultKind.GZIP_TRUNCATED, FaultKind.WRONG_CHARSET,
    FaultKind.DUPLICATE_KEYS, FaultKind.ENTITIES,
}  # fmt: skip
"""Answers that are none."""
LOST = {FaultKind.WRONG_TYPE, FaultKind.TRUNCATED, FaultKind.GZIP_TRUNCATED, FaultKind.WRONG_CHARSET, FaultKind.DUPLICATE_KEYS}  # fmt: skip
"""The region took the notification, and its answer did not come back as one."""


class Region:
    """Lazio by application cooperation, with the SAPs of `ada` and `ida`."""

    def __init__(self, address: str, http: httpx2.AsyncClient) -> None:
        self.address, self.http = address, http
        self.simulator = CooperatingRegionSimulator([], parties=Parties("Nazionale", "LAZIO"), region="08")
        self.simulator.reasons = frozenset(WORDS.values())

    def recipient(self, words: Mapping[Type, str] = WORDS, policy: Policy | None = None) -> SapNotifications:
        region = CooperatingRegion(
            "12", self.address + PATH, NAMESPACE, egov=EGov("Nazionale", "SPCNazionale", "LAZIO"), notifications=words
        )  # fmt: skip
        once = policy or Policy(attempts=1, attempt_timeout=4.0, deadline=5.0)
        return SapNotifications(SapConnector(region, Exchange(region.name, once, self.http)))

    def hold(self, code: str, fiscal_code: str) -> None:
        record = SimulatedRecord(code=code, fiscal_code=fiscal_code, updated_on=date(2026, 7, 1))
        self.simulator.by_code[code] = record.document()


@pytest.fixture
async def region(casework: Casework) -> AsyncIterator[Region]:
    async with httpx2.AsyncClient(verify=False) as http:
        made = Region("", http)
        async with serve({"region": made.simulator.app}) as urls:
            made.address = urls["region"]
            for name, code in (("ada", ADA), ("ida", IDA)):
                made.hold(code, await casework.fiscal_code(name))
            yield made
    assert made.simulator.refusals == []


async def test_a_fact_is_told_by_the_word_that_was_agreed(
    casework: Casework, dispatch: Dispatch, region: Region
) -> None:
    await casework.happens("ada")
    await casework.happens("ida", Type.PACT_SIGNED)
    await casework.happens("eva")  # of Torino
    assert await dispatch(region.recipient()).look() == 2
    assert sorted(region.simulator.notified) == [(ADA, "ASSENZA"), (IDA, "PATTO")]
    assert await casework.states() == ["ACCEPTED", "ACCEPTED"]
    assert await casework.attempts() == [(1, "ACCEPTED", "OK")] * 2
    assert await dispatch(region.recipient()).look() == 0, "what arrived is not told again"


async def test_what_is_taken_back_is_told_to_be(
    casework: Casework, dispatch: Dispatch, region: Region
) -> None:
    absence = await casework.happens("ada")
    await casework.happens("ada", Type.EVENT_WITHDRAWN, withdraws=absence)
    await dispatch(region.recipient()).look()
    assert region.simulator.notified == [(ADA, "ASSENZA"), (ADA, "ANNULLAMENTO")]


@pytest.mark.parametrize("spared", [0, 1], ids=["asked for the record", "notified"])
@pytest.mark.parametrize("kind", [one for one in FaultKind if one is not FaultKind.SLOW])
async def test_through_every_fault_it_arrives_and_in_order(
    casework: Casework, dispatch: Dispatch, region: Region, clock: Clock, kind: FaultKind, spared: int
) -> None:
    hurried = Policy(attempts=1, attempt_timeout=0.3, deadline=0.5) if kind is FaultKind.HANG else None
    region.simulator.faults.set(OPERATION, Fault(kind, times=1, spares=spared))
    await casework.happens("ada")
    await casework.happens("ada", Type.PACT_SIGNED)
    attempts = await dispatch(region.recipient(policy=hurried)).look()
    if kind is FaultKind.KEY_ROTATED:
        # HTTP 400 is about what is said, and final: of a key that is rotated this region, who is shown no voucher, knows nothing.
        assert await casework.attempts() == [(1, "REFUSED", "HTTP 400"), (1, "ACCEPTED", "OK")]
        assert region.simulator.notified == [(ADA, "PATTO")]
        return
    assert attempts == 1, "the second fact waits for the first"
    first = "INVALID" if kind in GARBLED else "UNAVAILABLE"
    assert await casework.attempts() == [(1, first, None)]
    clock.forward(hours=2)
    assert await dispatch(region.recipient()).look() == 2
    assert await casework.states() == ["ACCEPTED", "ACCEPTED"]
    # NOTE no key goes with a notification: of one whose answer was lost the region hears twice.
    twice = spared == 1 and kind in LOST
    assert region.simulator.notified == [(ADA, "ASSENZA")] * (1 + twice) + [(ADA, "PATTO")]


async def test_whose_record_the_region_has_not_is_a_dead_letter_until_it_has(
    casework: Casework, dispatch: Dispatch, region: Region, clock: Clock, database: Database
) -> None:
    await casework.happens("ugo")
    await dispatch(region.recipient()).look()
    assert await casework.states() == ["REFUSED"]
    assert await casework.attempts() == [(1, "REFUSED", "NO_SAP")]
    assert region.simulator.notified == []
    region.hold("AA00000002Z", await casework.fiscal_code("ugo"))
    async with database.write.acquire() as connection:
        await resend(connection, (await casework.deliveries())[0]["id"], clock())
    await dispatch(region.recipient()).look()
    assert region.simulator.notified == [("AA00000002Z", "ASSENZA")]
    assert await casework.states() == ["ACCEPTED"]


@pytest.mark.parametrize(
    "why", ["its verdict", "another word than was agreed", "a fault of the client", "no word"]
)
async def test_what_the_region_refuses_is_a_dead_letter_and_what_follows_goes_on(
    casework: Casework, dispatch: Dispatch, region: Region, why: str
) -> None:
    await casework.happens("ada")
    recipient, code = region.recipient(), "KO"
    if why == "its verdict":
        region.simulator.verdict = "KO"
    elif why == "another word than was agreed":
        recipient = region.recipient({**WORDS, Type.ACTIVITY_NOT_ATTENDED: "ALTRO"})
    elif why == "no word":
        recipient = region.recipient({one: word for one, word in WORDS.items() if word != "ASSENZA"})
        code = "NO_WORD"
    else:
        region.simulator.stumbles[await casework.fiscal_code("ada")] = "Client"
        code = "SOAP Client"
    await dispatch(recipient).look()
    assert await casework.attempts() == [(1, "REFUSED", code)]
    region.simulator.verdict = None
    region.simulator.stumbles.clear()
    await casework.happens("ada", Type.PACT_SIGNED)
    await dispatch(recipient).look()
    assert await casework.states() == ["REFUSED", "ACCEPTED"]
    assert region.simulator.notified == [(ADA, "PATTO")]


@pytest.mark.parametrize("fault", ["MustUnderstand", "VersionMismatch", "Server"])
async def test_a_fault_that_is_not_about_the_fact_has_it_wait(
    casework: Casework, dispatch: Dispatch, region: Region, clock: Clock, fault: str
) -> None:
    region.simulator.stumbles[await casework.fiscal_code("ada")] = fault
    await casework.happens("ada")
    await dispatch(region.recipient()).look()
    assert await casework.states() == ["WAITING"]
    region.simulator.stumbles.clear()
    clock.forward(hours=2)
    await dispatch(region.recipient()).look()
    assert region.simulator.notified == [(ADA, "ASSENZA")]


async def test_a_verdict_that_is_not_of_this_operation_is_none(
    casework: Casework, dispatch: Dispatch, region: Region
) -> None:
    region.simulator.verdict = "X001"
    await casework.happens("ada")
    await dispatch(region.recipient()).look()
    assert (await casework.states(), await casework.attempts()) == (["WAITING"], [(1, "INVALID", None)])


async def test_two_processes_tell_each_fact_once(
    casework: Casework, dispatch: Dispatch, region: Region
) -> None:
    for _ in range(3):
        await casework.happens("ada")
        await casework.happens("ida")
    both = (dispatch(region.recipient()).look() for _ in range(2))
    assert sum(await asyncio.gather(*both)) + await dispatch(region.recipient()).look() == 6
    assert sorted(region.simulator.notified) == [(ADA, "ASSENZA")] * 3 + [(IDA, "ASSENZA")] * 3
