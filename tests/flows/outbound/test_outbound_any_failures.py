# SPDX-License-Identifier: EUPL-1.2
"""Whatever fails, whenever: every fact ends with its recipient or among the dead letters, and of one person they come in order."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING

import pytest

from connectors.outbound.dispatcher import LEASE
from connectors.outbound.fact import Fact, Receipt
from connectors.outbound.retries import Retries
from hub.errors import UpstreamInvalid, UpstreamRefused, UpstreamUnavailable
from hub.store.vocabulary import ConditionalityEventType as Type

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Clock, Dispatch

LONGEST = 400
"""Looks until all must have come to an end."""
ENDS = ("accepts", "refuses", "denies", "is away", "is not let in", "garbles", "dies before", "dies after")


class Killed(BaseException):
    """The process ends."""


class Moody:
    """Does one of these each time, as chance has it; keeps what reached it, as a recipient that heeds keys does."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.taken: dict[object, Fact] = {}
        """By key, in the order they first came."""
        self.refused: set[object] = set()

    async def tell(self, fact: Fact) -> Receipt:
        if fact.key in self.taken:
            assert self.taken[fact.key] == fact, "the same key, and another fact"
        match self.random.choices(ENDS, weights=(6, 1, 1, 4, 1, 3, 2, 2))[0]:
            case "accepts":
                self.taken.setdefault(fact.key, fact)
                return Receipt(accepted=True)
            case "refuses" if fact.key not in self.taken:
                self.refused.add(fact.key)
                return Receipt(accepted=False, code="NO")
            case "denies" if fact.key not in self.taken:
                self.refused.add(fact.key)
                raise UpstreamRefused("x", agency="x", status=422)
            case "is not let in":
                raise UpstreamRefused("x", agency="x", status=403)
            case "garbles":
                self.taken.setdefault(fact.key, fact)
                raise UpstreamInvalid("x", agency="x")
            case "dies before":
                raise Killed
            case "dies after":
                self.taken.setdefault(fact.key, fact)
                raise Killed
            case _:
                raise UpstreamUnavailable("x", agency="x", retry_after=self.random.choice([None, 5.0]))


@pytest.mark.parametrize("seed", range(12))
async def test_every_fact_arrives_or_is_a_dead_letter_in_order_per_person(
    casework: Casework, dispatch: Dispatch, clock: Clock, seed: int
) -> None:
    random = Random(seed)
    moody = Moody(random)
    retries = Retries(first=1.0, longest=20.0, most=random.choice([2, 6, 50]))
    to_come = [random.choice(("ada", "ida", "ugo")) for _ in range(12)]
    for _ in range(LONGEST):
        for _ in range(random.randint(0, 3)):
            if to_come:
                await casework.happens(to_come.pop(), random.choice((Type.HIRED, Type.PACT_SIGNED)))
        try:
            await dispatch(moody, retries).look()
        except Killed:
            clock.forward(seconds=random.choice([0.0, LEASE.total_seconds()]))
        clock.forward(seconds=random.uniform(0.0, 60.0))
        states = await casework.states()
        if not to_come and len(states) == 12 and "WAITING" not in states:
            break
    rows = await casework.deliveries()
    assert len(rows) == len({row["event_id"] for row in rows}) == 12
    for row in rows:
        assert row["state"] in ("ACCEPTED", "REFUSED", "EXHAUSTED"), row["state"]
        if row["state"] == "ACCEPTED":
            assert row["id"] in moody.taken
        if row["state"] == "REFUSED":
            assert row["id"] in moody.refused
        # What was given up may have arrived at an attempt that nobody heard the end of; what was refused has not.
        assert row["id"] not in moody.taken or row["state"] != "REFUSED"
    arrived = defaultdict(list)
    for fact in moody.taken.values():
        arrived[fact.fiscal_code].append(fact.position)
    assert all(positions == sorted(positions) for positions in arrived.values()), arrived
    numbers = await casework.attempts()
    assert len(numbers) == sum(row["attempt_count"] for row in rows)
