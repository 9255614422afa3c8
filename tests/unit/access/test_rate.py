# SPDX-License-Identifier: EUPL-1.2
"""Leases of calls, by simulated processes whose clocks differ: never more than a limit, and no less than can be."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.access import rate
from hub.access.call_counts import Granted, Left, Subject
from hub.access.call_windows import Window, Windows, windows_at
from hub.access.caller import Caller, Scope
from hub.access.rate import IDLE, Allowance, CallsUsedUp, RateLimiter
from hub.store.vocabulary import AgencyKind, CallsOf, CallWindow, GrantScope

NOON = 1_790_000_040.0
"""The beginning of a minute."""


def caller(purpose: int = 1, agency: int = 1, person: int | None = None) -> Caller:
    return Caller(
        agency_id=UUID(int=agency),
        agency_code="agency",
        agency_kind=AgencyKind.REGION,
        client_id=UUID(int=9),
        purpose_id=UUID(int=purpose),
        scope=Scope(GrantScope.REGION, single=True),
        person_id=None if person is None else UUID(int=person),
    )


class DatabaseAway(Exception):
    pass


Key = tuple[CallsOf, CallWindow, UUID, Window]


@dataclass
class Counts:
    """The database's counts, as the functions of the migration keep them (tests/store/test_call_counts.py holds those)."""

    limits: dict[tuple[CallsOf, CallWindow], int]
    used: Counter[Key] = field(default_factory=Counter)
    leases: int = 0
    is_away: bool = False
    gate: asyncio.Event | None = None
    """Where a lease waits for its answer, if anywhere."""

    def keys(self, subject: Subject, windows: Windows) -> list[Key]:
        if subject.person_id is not None:
            return [(CallsOf.CITIZEN, CallWindow.MINUTE, subject.person_id, windows.minute)]
        return [
            (CallsOf.PURPOSE, CallWindow.MINUTE, subject.purpose_id, windows.minute),
            (CallsOf.CONSUMER, CallWindow.DAY, subject.agency_id, windows.day),
        ]

    async def lease(self, subject: Subject, windows: Windows, asked: int) -> Granted:
        self.leases += 1
        if self.is_away:
            raise DatabaseAway
        keys = self.keys(subject, windows)
        lefts = {key: max(self.limits[key[:2]] - self.used[key], 0) for key in keys}
        granted = min(asked, *(min(left, max(left // 8, 1)) for left in lefts.values()))
        self.used.update(dict.fromkeys(keys, granted))
        if self.gate is not None:
            await self.gate.wait()
        return Granted(
            granted,
            [Left(of, window, key, self.limits[of, window], lefts[of, window, id_, key] - granted) for of, window, id_, key in keys],
        )  # fmt: skip

    async def give_back(self, subject: Subject, windows: Windows, unused: int) -> None:
        if self.is_away:
            raise DatabaseAway
        for key in self.keys(subject, windows):
            self.used[key] -= unused
            assert self.used[key] >= 0

    async def forget(self, before: float) -> None:
        for key in [key for key in self.used if key[3].end < before]:
            del self.used[key]


class World:
    """Some processes over one database, and the calls each window was asked."""

    def __init__(self, processes: int, *, minute: int = 100, day: int = 10_000, skews: list[float] | None = None) -> None:  # fmt: skip
        self.now = NOON
        self.counts = Counts(
            {
                (CallsOf.PURPOSE, CallWindow.MINUTE): minute,
                (CallsOf.CONSUMER, CallWindow.DAY): day,
                (CallsOf.CITIZEN, CallWindow.MINUTE): minute,
            }
        )
        self.skews = skews or [0.0] * processes
        self.processes = [RateLimiter(self.counts, self._clock(skew)) for skew in self.skews]
        self.answered: Counter[Key] = Counter()

    def _clock(self, skew: float) -> Callable[[], float]:
        return lambda: self.now + skew

    async def call(self, process: int, who: Caller) -> bool:
        """Whether a call is answered; what that makes of its windows is written down."""
        limiter = self.processes[process]
        try:
            allowance = limiter.take(who) or await limiter.wait(who)
        except CallsUsedUp:
            return False
        # The window is that of the lease it was taken from.
        assert allowance.windows is not None
        for key in self.counts.keys(allowance.subject, allowance.windows):
            self.answered[key] += 1
        return True

    def check(self) -> None:
        for key, number in self.answered.items():
            assert number <= self.counts.limits[key[:2]]
            assert number <= self.counts.used[key], "what was answered stands in the database"

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, 3), st.integers(1, 60), st.integers(1, 3)),
        st.tuples(st.just("pass"), st.sampled_from([0.01, 0.5, 1.1, 5.5, 29.0, 58.5, 3_600.0])),
        st.tuples(st.just("tend"), st.integers(0, 3)),
        st.tuples(st.just("crash"), st.integers(0, 3)),
        st.tuples(st.just("close"), st.integers(0, 3)),
        st.tuples(st.just("away")),
        st.tuples(st.just("back")),
        st.tuples(st.just("slow")),
        st.tuples(st.just("fast")),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    steps=STEPS,
    minute=st.integers(1, 90),
    day=st.integers(1, 300),
    skews=st.lists(st.floats(-5, 5), min_size=4, max_size=4),
)
def test_never_more_than_a_limit(
    steps: list[tuple[Any, ...]], minute: int, day: int, skews: list[float]
) -> None:
    async def simulate() -> None:
        world = World(4, minute=minute, day=day, skews=skews)
        asked: set[asyncio.Task[Any]] = set()
        for step in steps:
            match step:
                case "call", process, times, purpose:
                    asked |= {
                        asyncio.create_task(world.call(process, caller(purpose, purpose % 2)))
                        for _ in range(times)
                    }
                case "pass", seconds:
                    world.now += seconds
                case "tend", process:
                    await world.processes[process].tend()
                case "crash", process:  # what it held is lost: nobody may have it
                    world.processes[process] = RateLimiter(world.counts, world._clock(skews[process]))
                case "close", process:
                    if world.counts.gate is None:
                        await world.settle()
                        await world.processes[process].close()
                case ("away",):
                    world.counts.is_away = True
                case ("back",):
                    world.counts.is_away = False
                case ("slow",):
                    world.counts.gate = world.counts.gate or asyncio.Event()
                case _:
                    if world.counts.gate is not None:
                        world.counts.gate.set()
                        world.counts.gate = None
            await world.settle()
            world.check()
        if world.counts.gate is not None:
            world.counts.gate.set()
        world.counts.is_away = False
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(outcome, (bool, DatabaseAway)), outcome
        world.check()
        crashed = any(step[0] in ("crash", "away") for step in steps)
        for process in world.processes:
            await process.close()
        if not crashed:
            assert +world.counts.used == +world.answered, "closed, they hold nothing"

    run(simulate())


@settings(max_examples=60, deadline=None)
@given(
    processes=st.integers(1, 5),
    limit=st.integers(1, 400),
    order=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 40)), min_size=1, max_size=20),
)
def test_not_refused_while_some_are_left(processes: int, limit: int, order: list[tuple[int, int]]) -> None:
    """Whoever asks again after a while gets what is left, whichever process held it: to the last call."""

    async def simulate() -> None:
        world = World(processes, minute=limit)
        answered = 0
        for process, times in order:
            for _ in range(times):
                answered += await world.call(process % processes, caller())
                await world.settle()
        assert answered <= limit
        world.now += IDLE + 0.1  # in the same minute: those that are not asked give back
        for limiter in world.processes:
            await limiter.tend()
        for _ in range(limit + 5):
            answered += await world.call(0, caller())
            await world.settle()
        assert answered == limit

    run(simulate())


@settings(max_examples=50, deadline=None)
@given(processes=st.integers(1, 6), limit=st.integers(1, 300), rounds=st.integers(1, 20))
def test_a_refusal_near_the_edge_comes_with_little_stranded(processes: int, limit: int, rounds: int) -> None:
    """While the first refusal is said, each other process holds at most an eighth of what was left when it leased."""

    async def simulate() -> None:
        world = World(processes, minute=limit)
        for turn in range(10_000):
            if not await world.call(turn // rounds % processes, caller()):
                break
            await world.settle()
        held = [sum(a.held for a in process._all()) for process in world.processes]
        assert sum(world.answered.values()) // 2 + sum(held) == limit, "nothing lies in the database"
        assert sum(held) <= processes * max(limit // 8, 1)

    run(simulate())


async def test_a_warm_call_asks_nobody() -> None:
    world = World(1, minute=1_000_000, day=10_000_000)
    assert await world.call(0, caller())
    await world.settle()
    taken = 0
    for _ in range(2_000):
        world.now += 0.001
        taken += world.processes[0].take(caller()) is not None
        await world.settle()
    assert taken == 2_000
    assert world.counts.leases < 20, "leases grow with the rate"


async def test_leases_shrink_with_the_rate() -> None:
    world = World(1, minute=1_000_000, day=10_000_000)
    for _ in range(500):
        world.now += 0.001
        await world.call(0, caller())
        await world.settle()
    (allowance,) = world.processes[0]._all()
    assert allowance.asked > 100
    for _ in range(800):
        world.now += 0.2
        await world.call(0, caller())
        await world.settle()
    assert allowance.asked < 20


async def test_the_next_minute_is_leased_before_it_begins() -> None:
    world = World(1)
    world.now = NOON + 57.0
    for _ in range(6):
        assert await world.call(0, caller())
        await world.settle()
        world.now += 0.5
    assert world.now == NOON + 60
    leases = world.counts.leases
    assert world.processes[0].take(caller()) is None, "the minute turns"
    assert await world.call(0, caller())
    assert world.counts.leases == leases, "and nobody was asked for it"
    world.check()


async def test_the_last_calls_of_a_day_are_not_kept_for_the_next_minute() -> None:
    world = World(1, day=2)
    world.now = NOON + 59
    answered = []
    for _ in range(4):
        answered.append(await world.call(0, caller()))
        await world.settle()
    assert answered == [True, True, False, False]


async def test_a_fault_does_not_lose_the_next_minute() -> None:
    """Neither what is leased for it already, nor the time to lease it."""
    world = World(1, minute=1_000_000, day=10_000_000)
    limiter = world.processes[0]
    assert await world.call(0, caller())
    await world.settle()
    world.counts.is_away = True
    (allowance,) = limiter._all()
    while allowance.held:
        assert await world.call(0, caller())
        await world.settle()
    world.counts.is_away = False
    assert await world.call(0, caller())
    world.now = NOON + 30
    assert await world.call(0, caller())
    await world.settle()
    assert allowance.coming is None, "it is half a minute away"
    world.now = NOON + 59
    assert await world.call(0, caller())
    await world.settle()
    assert allowance.coming is not None
    world.counts.is_away = True
    while allowance.held:
        assert await world.call(0, caller())
        await world.settle()
    world.counts.is_away = False
    for _ in range(3):
        world.now += 0.3  # beyond a second after the fault
        assert await world.call(0, caller())
        await world.settle()
    world.now = NOON + 61
    assert await world.call(0, caller())
    await world.settle()
    for _ in range(3):
        assert await world.call(0, caller())
        await world.settle()
    await limiter.close()
    assert +world.counts.used == +world.answered, "nothing that was leased is lost"


async def test_the_next_minute_s_lease_is_tried_again_a_second_after_a_fault() -> None:
    world = World(1, minute=1_000_000, day=10_000_000)
    world.now = NOON + 57
    for _ in range(40):
        assert await world.call(0, caller())
        await world.settle()
    (allowance,) = world.processes[0]._all()
    world.now, world.counts.is_away = NOON + 58.5, True
    leases = world.counts.leases
    for _ in range(3):
        assert world.processes[0].take(caller()) is not None
        await world.settle()
    assert world.counts.leases == leases + 1, "not at every call"
    world.now, world.counts.is_away = NOON + 59.6, False
    assert await world.call(0, caller())
    await world.settle()
    assert allowance.coming is not None


async def test_whether_any_are_left_is_said_without_taking_one() -> None:
    world = World(1, minute=2)
    limiter = world.processes[0]
    limiter.check(caller())
    assert world.counts.leases == 0
    for _ in range(2):
        assert await world.call(0, caller())
        await world.settle()
    assert not await world.call(0, caller())
    leases = world.counts.leases
    with pytest.raises(CallsUsedUp):
        limiter.check(caller())
    limiter.check(caller(purpose=2, agency=2))
    world.now += 1.1
    limiter.check(caller())
    assert world.counts.leases == leases, "nobody was asked"


async def test_what_a_refusal_says() -> None:
    world = World(1, minute=3)
    for _ in range(3):
        assert await world.call(0, caller())
        await world.settle()
    world.now += 12.5
    with pytest.raises(CallsUsedUp) as refused:
        await world.processes[0].wait(caller())
    assert refused.value.status == 429
    assert refused.value.code == "RATE_LIMITED"
    assert refused.value.extensions == {"limit": 3, "window": "MINUTE", "of": "PURPOSE", "retryAfter": 48}
    assert "3 calls a minute for this purpose" in refused.value.message
    assert world.processes[0].refused == {CallWindow.MINUTE: 1, CallWindow.DAY: 0}


async def test_the_day_of_a_consumer_is_that_of_all_its_purposes() -> None:
    world = World(1, minute=100, day=20)
    answered = 0
    for turn in range(60):
        answered += await world.call(0, caller(purpose=1 + turn % 3))
        await world.settle()
    assert answered == 20
    with pytest.raises(CallsUsedUp) as refused:
        await world.processes[0].wait(caller(purpose=1))
    assert refused.value.extensions["of"] == "CONSUMER"
    assert refused.value.extensions["window"] == "DAY"
    assert refused.value.extensions["retryAfter"] == windows_at(NOON).day.end - NOON


def standing(allowance: Allowance) -> tuple[int, int, float]:
    bound = allowance.bound
    assert bound is not None
    return bound.limit, bound.left + allowance.held, bound.window.end


async def test_the_tightest_limit_is_told() -> None:
    world = World(1, minute=100, day=150)
    limiter = world.processes[0]
    allowance = await limiter.wait(caller())
    await world.settle()
    assert standing(allowance) == (100, 99, NOON + 60)
    for _ in range(99):
        await world.call(0, caller())
        await world.settle()
    world.now += 60
    allowance = await limiter.wait(caller())
    assert standing(allowance) == (150, 49, windows_at(NOON).day.end)


async def test_a_refused_consumer_costs_one_look_a_second() -> None:
    world = World(1, minute=1)
    assert await world.call(0, caller())
    await world.settle()
    leases = world.counts.leases
    for _ in range(50):
        assert not await world.call(0, caller())
        world.now += 0.05
    assert world.counts.leases - leases <= 3


async def test_without_the_database_what_is_held_is_used_and_no_more() -> None:
    world = World(1, minute=100)
    assert await world.call(0, caller())
    await world.settle()
    (allowance,) = world.processes[0]._all()
    held = allowance.held
    assert held > 0
    world.counts.is_away = True
    for _ in range(held):
        assert await world.call(0, caller())
        await world.settle()
    with pytest.raises(DatabaseAway):
        await world.call(0, caller())
    world.counts.is_away = False
    assert await world.call(0, caller())


async def test_many_who_wait_ask_once() -> None:
    world = World(1, minute=100_000)
    world.counts.gate = asyncio.Event()
    calls = [asyncio.create_task(world.call(0, caller())) for _ in range(8)]
    await world.settle()
    calls[0].cancel()
    await world.settle()
    world.counts.gate.set()
    assert (await asyncio.gather(*calls[1:])) == [True] * 7, "one that left does not take the others along"
    assert world.counts.leases <= 3, "for all of them, and in time for the next"


async def test_each_citizen_for_itself_and_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MOST_KNOWN", 10)
    world = World(1, minute=2)
    for person in range(1, 41):
        for expected in (True, True, False):
            assert await world.call(0, caller(person=person)) is expected
            await world.settle()
    assert len(world.processes[0]._people) <= 10
    assert not world.processes[0]._purposes
    world.check()
    world.now += IDLE + 1
    await world.processes[0].tend()
    assert not world.processes[0]._people


async def test_what_is_long_past_is_forgotten() -> None:
    world = World(1)
    assert await world.call(0, caller())
    world.now += 2 * 86_400
    await world.processes[0].tend()
    assert not world.counts.used
