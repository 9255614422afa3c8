# SPDX-License-Identifier: EUPL-1.2
"""Facts told to a region over HTTP: each once, in order, through every fault; and in sight when they do not arrive."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from connectors.outbound import dispatcher
from connectors.outbound.dead_letters import resend
from connectors.outbound.destinations import end, register, standings
from connectors.outbound.dispatcher import LEASE
from connectors.outbound.fact import Fact, Receipt
from connectors.outbound.retries import Retries
from connectors.simulators.faults import Fault, FaultKind
from hub.errors import UpstreamUnavailable
from hub.ledger.erasure import erase
from hub.store.engine import Database
from hub.store.vocabulary import ConditionalityEventType as Type
from hub.store.vocabulary import DeliveryChannel, DeliveryState

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Clock, Dispatch, Lazio

OPERATION = "eventi"
CODE, REGION = "regione-12", DeliveryChannel.REGION


def texts(events: list[UUID]) -> list[str]:
    return [str(one) for one in events]


async def test_what_is_recorded_is_told_once_with_its_key_and_its_place(
    casework: Casework, dispatch: Dispatch, lazio: Lazio
) -> None:
    absence = await casework.happens("ada")
    assert await dispatch().look() == 1
    assert await dispatch().look() == 0
    [told] = lazio.world.told.taken
    [row] = await casework.deliveries()
    assert told == {
        "idComunicazione": str(row["id"]),
        "progressivo": row["position"],
        "idEvento": str(absence),
        "tipoEvento": "ACTIVITY_NOT_ATTENDED",
        "codiceFiscale": row["fiscal_code"],
        "codProtocolloInps": "INPS-ADI-2026-roma",
        "misura": "ADI",
        "dataEvento": told["dataEvento"],
        "dataRegistrazione": row["waiting_since"].isoformat(),
        "enteRilevatore": "inps",
        "idPatto": None,
        "idEventoAnnullato": None,
    }
    assert row["state"] == "ACCEPTED"
    assert await casework.attempts() == [(1, "ACCEPTED", None)]


async def test_only_what_a_destination_registered_for_is_drawn(
    casework: Casework, dispatch: Dispatch, lazio: Lazio
) -> None:
    told = [await casework.happens("ada", Type.PACT_SIGNED), await casework.happens("ugo", Type.HIRED)]
    await casework.happens("eva", Type.PACT_SIGNED)  # of another region
    await casework.happens("ada", Type.AVAILABILITY_DECLARED)  # of another type
    await casework.happens("ada", Type.PACT_SIGNED, recorder=CODE)  # its own
    await dispatch().look()
    assert sorted(lazio.told) == sorted(texts(told))


async def test_what_was_recorded_before_it_registered_is_not_told(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, database: Database, clock: Clock
) -> None:
    async with database.write.acquire() as connection:
        await end(connection, CODE, REGION, clock())
    await casework.happens("ada")
    await dispatch().look()
    async with database.write.acquire() as connection:
        await register(connection, CODE, REGION, [Type.ACTIVITY_NOT_ATTENDED], [])
    told = await casework.happens("ida")
    await dispatch().look()
    assert lazio.told == texts([told])


async def test_one_that_changes_its_types_misses_nothing_in_between(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, database: Database
) -> None:
    told = await casework.happens("ada")
    async with database.write.acquire() as connection:
        await register(connection, CODE, REGION, [Type.ACTIVITY_NOT_ATTENDED], [])
    await dispatch().look()
    assert lazio.told == texts([told])


GARBLED = {
    FaultKind.HTML, FaultKind.WRONG_TYPE, FaultKind.TRUNCATED, FaultKind.HUGE, FaultKind.GZIP_TRUNCATED, FaultKind.WRONG_CHARSET,
    FaultKind.DUPLICATE_KEYS, FaultKind.ENTITIES,
}  # fmt: skip
"""Answers that are none."""


@pytest.mark.parametrize("kind", [one for one in FaultKind if one is not FaultKind.SLOW])
async def test_through_every_fault_it_arrives_once_under_one_key(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, kind: FaultKind
) -> None:
    lazio.system.faults.set(OPERATION, Fault(kind, times=2))
    event = await casework.happens("ada")
    for _ in range(3):
        await dispatch().look()
        clock.forward(hours=2)
    assert await casework.states() == ["ACCEPTED"]
    assert lazio.told == texts([event])
    assert len(set(lazio.world.told.heard)) == 1
    outcomes = [outcome for _, outcome, _ in await casework.attempts()]
    # Of a rotated key it hears once: the second attempt brings a voucher signed by the new one.
    times = 1 if kind is FaultKind.KEY_ROTATED else 2
    assert outcomes == ["INVALID" if kind in GARBLED else "UNAVAILABLE"] * times + ["ACCEPTED"]


async def test_a_wait_grows_and_nothing_is_sent_before_it_is_over(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE))
    await casework.happens("ada")
    waits = []
    for _ in range(5):
        assert await dispatch().look() == 1
        [row] = await casework.deliveries()
        waits.append((row["not_before"] - clock.at).total_seconds())
        clock.at = row["not_before"] - timedelta(seconds=0.01)
        assert await dispatch().look() == 0
        clock.at = max(row["not_before"], (await casework.destination())["resting_until"])
    assert all(2.5 * 2**n <= wait < 5 * 2**n for n, wait in enumerate(waits)), waits
    assert lazio.system.faults.calls(OPERATION) == 5


async def test_a_recipient_that_says_when_to_come_back_is_left_alone_until_then(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE, retry_after=600, times=1))
    await casework.happens("ada")
    await casework.happens("ida")
    await dispatch().look()
    calls = lazio.system.faults.calls(OPERATION)
    clock.forward(seconds=599)
    assert await dispatch().look() == 0
    clock.forward(seconds=10)
    await dispatch().look()
    assert await casework.states() == ["ACCEPTED", "ACCEPTED"]
    assert lazio.system.faults.calls(OPERATION) <= calls + 2


async def test_while_it_does_not_answer_one_is_tried_and_not_all_that_wait(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE))
    await casework.happens("ada")
    await dispatch().look()
    for who in ("ida", "ugo"):
        await casework.happens(who)
    for _ in range(4):
        clock.forward(hours=1)
        assert await dispatch().look() == 1
    lazio.system.faults.clear()
    clock.forward(hours=2)
    assert await dispatch().look() == 3
    assert await casework.states() == ["ACCEPTED"] * 3
    assert (await casework.destination())["failures"] == 0


async def test_of_one_person_the_next_waits_for_the_one_before_and_of_others_it_does_not(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.TRUNCATED, times=1))
    first = await casework.happens("ada")
    await dispatch().look()
    second, others = await casework.happens("ada", Type.HIRED), await casework.happens("ida")
    await dispatch().look()
    # Truncated on its way back, the first had arrived: that it had, nobody here knows.
    assert lazio.told == texts([first, others])
    assert await casework.states() == ["WAITING", "WAITING", "ACCEPTED"]
    clock.forward(hours=1)
    await dispatch().look()
    assert lazio.told == texts([first, others, second])
    assert await casework.states() == ["ACCEPTED"] * 3


async def test_a_refusal_is_a_dead_letter_and_what_follows_goes_on(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    lazio.world.told.refuses[await casework.fiscal_code("ada")] = "SOGGETTO_SCONOSCIUTO"
    first = await casework.happens("ada")
    await dispatch().look()
    [row] = await casework.deliveries()
    assert (row["state"], row["code"], row["attempt_count"]) == ("REFUSED", "SOGGETTO_SCONOSCIUTO", 1)
    lazio.world.told.refuses.clear()
    second = await casework.happens("ada", Type.HIRED)
    clock.forward(days=30)
    await dispatch().look()
    assert lazio.told == texts([second])

    async with database.write.acquire() as connection:
        [standing] = await standings(connection)
        assert (standing.agency_code, standing.refused, standing.waiting) == (CODE, 1, 0)
        for _ in range(2):  # said twice, it is sent once
            assert await resend(connection, row["id"], clock()) is DeliveryState.WAITING
    await dispatch().look()
    async with database.write.acquire() as connection:
        assert await resend(connection, row["id"], clock()) is DeliveryState.ACCEPTED
    await dispatch().look()
    assert lazio.told == texts([second, first])
    assert lazio.world.told.heard.count(str(row["id"])) == 2
    assert await casework.attempts() == [
        (1, "REFUSED", "SOGGETTO_SCONOSCIUTO"), (2, "ACCEPTED", None), (1, "ACCEPTED", None)
    ]  # fmt: skip


async def test_after_so_many_attempts_it_is_given_up_and_sent_again_only_because_somebody_says_so(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.HTML))
    retries = Retries(most=3)
    await casework.happens("ada")
    for _ in range(5):
        await dispatch(retries=retries).look()
        clock.forward(hours=2)
    [row] = await casework.deliveries()
    assert (row["state"], row["attempt_count"]) == ("EXHAUSTED", 3)
    assert lazio.system.faults.calls(OPERATION) == 3
    async with database.write.acquire() as connection:
        await resend(connection, row["id"], clock())
    for _ in range(5):
        await dispatch(retries=retries).look()
        clock.forward(hours=2)
    assert lazio.system.faults.calls(OPERATION) == 6  # as often as a new one
    lazio.system.faults.clear()
    async with database.write.acquire() as connection:
        await resend(connection, row["id"], clock())
    await dispatch(retries=retries).look()
    assert await casework.states() == ["ACCEPTED"]


class Killed(BaseException):
    """The process ends."""


class Dying:
    """Tells the region, and is killed before its answer is noted."""

    def __init__(self, lazio: Lazio) -> None:
        self.lazio = lazio

    async def tell(self, fact: Fact) -> Receipt:
        await self.lazio.connector.tell(fact)
        raise Killed


async def test_a_process_killed_between_telling_and_noting_leaves_it_to_the_next_under_the_same_key(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    event = await casework.happens("ada")
    with pytest.raises(Killed):
        await dispatch(Dying(lazio)).look()
    assert await casework.states() == ["WAITING"]
    assert await dispatch().look() == 0  # leased
    clock.forward(seconds=LEASE.total_seconds() + 1)
    assert await dispatch().look() == 1
    assert await casework.states() == ["ACCEPTED"]
    assert lazio.told == texts([event])
    assert len(lazio.world.told.heard) == 2
    assert len(set(lazio.world.told.heard)) == 1
    assert await casework.attempts() == [(1, None, None), (2, "ACCEPTED", None)]


class Broken:
    """Fails with one of two people in a way no connector may, its message with a person in it; the other's it tells."""

    def __init__(self, lazio: Lazio, who: str, *, times: int = 1_000) -> None:
        self.lazio = lazio
        self.who = who
        self.times = times

    async def tell(self, fact: Fact) -> Receipt:
        if fact.fiscal_code == self.who and self.times:
            self.times -= 1
            raise ZeroDivisionError(fact.fiscal_code)
        return await self.lazio.connector.tell(fact)


async def test_what_no_connector_may_raise_is_the_trouble_of_one_fact_and_comes_to_an_end(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    await casework.happens("ada")
    told = await casework.happens("ida")
    ada = await casework.fiscal_code("ada")
    with capture_logs() as logs:
        assert await dispatch(Broken(lazio, ada), Retries(most=3)).look() == 2
        assert await casework.states() == ["WAITING", "ACCEPTED"]
        for _ in range(5):
            clock.forward(hours=2)
            await dispatch(Broken(lazio, ada), Retries(most=3)).look()
    assert await casework.states() == ["EXHAUSTED", "ACCEPTED"]
    assert await casework.attempts() == [
        (1, "INVALID", None), (2, "INVALID", None), (3, "INVALID", None), (1, "ACCEPTED", None)
    ]  # fmt: skip
    assert lazio.told == texts([told])
    assert [one["error"] for one in logs if one["event"] == "delivery.broken"] == ["ZeroDivisionError"] * 3
    assert ada not in str(logs)


async def test_a_turn_after_one_that_failed_tells_what_there_is(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[str] = []

    async def no_drawing(*_: object) -> int:
        monkeypatch.undo()
        failed.append("once")
        raise ZeroDivisionError

    event = await casework.happens("ida")
    monkeypatch.setattr(dispatcher, "INTERVAL", 0.01)
    telling = asyncio.create_task(dispatch().run())
    monkeypatch.setattr(dispatcher, "draw", no_drawing)
    async with asyncio.timeout(10):
        while not lazio.told:
            assert not telling.done()
            await asyncio.sleep(0.01)
    assert (failed, lazio.told) == (["once"], texts([event]))
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


async def test_when_it_is_to_come_back_is_believed_for_a_day_at_most(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE, retry_after=10**12, times=1))
    await casework.happens("ada")
    assert await dispatch().look() == 1
    assert (await casework.destination())["resting_until"] == clock.at + timedelta(days=1)
    clock.forward(days=1)
    assert await dispatch().look() == 1
    assert await casework.states() == ["ACCEPTED"]


class Slow:
    """Answers when the test lets it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.asked = asyncio.Event()
        self.may = asyncio.Event()
        self.facts: list[Fact] = []
        self.fails = fails

    async def tell(self, fact: Fact) -> Receipt:
        self.facts.append(fact)
        self.asked.set()
        await self.may.wait()
        if self.fails:
            raise UpstreamUnavailable("x", agency="x")
        return Receipt(accepted=True)


async def test_two_processes_never_have_the_same_at_once(casework: Casework, dispatch: Dispatch) -> None:
    for who in ("ada", "ida", "ugo"):
        await casework.happens(who)
    slow = Slow()
    one, other = asyncio.create_task(dispatch(slow).look()), asyncio.create_task(dispatch(slow).look())
    async with asyncio.timeout(10):
        await slow.asked.wait()
        await asyncio.wait([one, other], return_when=asyncio.FIRST_COMPLETED, timeout=1)
        slow.may.set()
        assert await one + await other == 3
    assert len({fact.key for fact in slow.facts}) == len(slow.facts) == 3


async def test_an_answer_that_comes_after_its_lease_does_not_undo_what_the_next_attempt_found(
    casework: Casework, dispatch: Dispatch, clock: Clock
) -> None:
    await casework.happens("ada")
    late = Slow(fails=True)
    task = asyncio.create_task(dispatch(late).look())
    async with asyncio.timeout(10):
        await late.asked.wait()
    clock.forward(seconds=LEASE.total_seconds() + 1)
    quick = Slow()
    quick.may.set()
    assert await dispatch(quick).look() == 1
    late.may.set()
    await task
    assert await casework.states() == ["ACCEPTED"]
    assert await casework.attempts() == [(1, "UNAVAILABLE", None), (2, "ACCEPTED", None)]


async def test_what_is_erased_before_it_arrives_is_not_told(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock
) -> None:
    arrived = await casework.happens("ida")
    await dispatch().look()
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE))
    await casework.happens("ada")
    await dispatch().look()
    for row in await casework.deliveries():
        await erase(casework.owner, row["position"], agency_code="inps", operator="dpo", reason="x")
    lazio.system.faults.clear()
    clock.forward(days=1)
    assert await dispatch().look() == 0
    assert lazio.told == texts([arrived])
    rows = await casework.deliveries()
    assert [(row["state"], row["beneficiary_id"]) for row in rows] == [
        ("ACCEPTED", None),
        ("CANCELLED", None),
    ]


async def test_one_that_is_told_nothing_more_is_told_nothing_more(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, clock: Clock, database: Database
) -> None:
    lazio.system.faults.set(OPERATION, Fault(FaultKind.UNAVAILABLE))
    await casework.happens("ada")
    await dispatch().look()
    async with database.write.acquire() as connection:
        assert await end(connection, CODE, REGION, clock()) == 1
    lazio.system.faults.clear()
    clock.forward(days=1)
    await casework.happens("ida")
    assert await dispatch().look() == 0
    assert (lazio.told, await casework.states()) == ([], ["CANCELLED"])


async def test_a_region_whose_connector_is_not_here_waits(
    casework: Casework, dispatch: Dispatch, lazio: Lazio, database: Database
) -> None:
    async with database.write.acquire() as connection:
        await register(connection, "regione-01", REGION, [Type.PACT_SIGNED], ["01"])
    await casework.happens("eva", Type.PACT_SIGNED)
    assert await dispatch().look() == 0
    assert (lazio.told, await casework.states()) == ([], ["WAITING"])
