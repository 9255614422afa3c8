# SPDX-License-Identifier: EUPL-1.2
"""Who runs when, and with whom: plans on connections that answer when the test says so."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hub.access.seen import Seen
from hub.plan.runner import MOST_TOGETHER, PATIENCE, SLICE, STEADY, Runner


class Refused(Exception):
    pass


class _Joined:
    text = "together"

    def arguments(self, members: Any) -> list[Any]:
        return [list(values) for values in members]


class _Plan:
    """A plan of a steady pace whose answer is its value, and which fails for the value `bad`."""

    is_personal = False

    def __init__(self, name: str, *, pace: float = SLICE / MOST_TOGETHER) -> None:
        self.name, self._pace = name, pace
        self.statement = self
        self.text = "alone"

    @property
    def pace(self) -> float:
        return self._pace

    @pace.setter
    def pace(self, seconds: float) -> None:
        self._pace = self._pace or seconds

    def arguments(self, variables: Any, _caller: Any) -> list[Any]:
        return [self.name, variables]

    def company(self, values: Any) -> object:
        return (self, values[1] if values[1] == "apart" else "")

    def joined(self) -> _Joined:
        return _Joined()


class _Connection:
    """Answers a statement when it is let."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, ...]] = []
        self.under_way: list[asyncio.Future[None]] = []
        self.closed = False
        self.cancelled = 0

    def is_closed(self) -> bool:
        return self.closed

    async def fetch(self, statement: str, *values: Any, **_: Any) -> list[tuple[Any, ...]]:
        members = [values] if statement == "alone" else list(values)
        self.sent.append(tuple(f"{plan}{value}" for plan, value in members))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.under_way.append(done)
        try:
            await done
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if any(value == "bad" for _, value in members):
            raise Refused
        answers = [f"{plan}{value}".encode() for plan, value in members]
        return [(answers[0],)] if statement == "alone" else list(enumerate(answers, 1))

    async def let(self) -> None:
        """Answer what is under way."""
        self.under_way.pop(0).set_result(None)
        await _settle()

    async def let_all(self) -> None:
        while self.under_way:
            await self.let()


class _Pool:
    def __init__(self) -> None:
        self.opened: list[_Connection] = []
        self.released = 0

    async def acquire(self, **_: float) -> _Connection:
        self.opened.append(_Connection())
        return self.opened[-1]

    async def release(self, _connection: _Connection) -> None:
        self.released += 1


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Scene:
    """One runner of one lane."""

    def __init__(self, lanes: int = 1, clock: Callable[[], float] | None = None) -> None:
        pool: Any = _Pool()
        self.pool = pool
        self.runner = Runner(pool, lanes, clock or itertools.count(step=SLICE / 10).__next__)
        self.tasks: list[asyncio.Task[bytes]] = []

    async def ask(self, plan: _Plan, *values: Any) -> list[asyncio.Task[bytes]]:
        """Ask one after another, each in a turn of the loop of its own."""
        return [task for value in values for task in await self.ask_at_once((plan, value))]

    async def ask_at_once(self, *asked: tuple[Any, Any]) -> list[asyncio.Task[bytes]]:
        """Ask all in one turn of the loop."""
        caller: Any = None
        tasks = [asyncio.create_task(self.runner.run(plan, value, caller, Seen())) for plan, value in asked]
        self.tasks += tasks
        await _settle()
        return tasks

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.runner.close()

    @property
    def connection(self) -> _Connection:
        found: _Connection = self.pool.opened[-1]
        return found


@pytest.fixture
async def scenes() -> AsyncIterator[Callable[..., Scene]]:
    """Makes scenes, and ends them."""
    made: list[Scene] = []

    def make(lanes: int = 1, clock: Callable[[], float] | None = None) -> Scene:
        made.append(Scene(lanes, clock))
        return made[-1]

    yield make
    for scene in made:
        await scene.end()


@pytest.fixture
def scene(scenes: Callable[..., Scene]) -> Scene:
    return scenes()


async def test_a_lone_run_goes_at_once_and_alone(scene: Scene) -> None:
    [run] = await scene.ask(_Plan("a"), 1)
    assert scene.connection.sent == [("a1",)]
    await scene.connection.let()
    assert await run == b"a1"


async def test_what_has_waited_goes_together(scene: Scene) -> None:
    plan = _Plan("a")
    runs = await scene.ask(plan, 1, 2, 3, 4)
    await scene.connection.let()
    assert scene.connection.sent == [("a1",), ("a2", "a3", "a4")]
    await scene.connection.let()
    assert await asyncio.gather(*runs) == [b"a1", b"a2", b"a3", b"a4"]
    assert (scene.runner.statements, scene.runner.runs) == (2, 4)


async def test_what_comes_at_once_goes_together(scenes: Callable[..., Scene]) -> None:
    scene = scenes(lanes=3)
    a, b = _Plan("a"), _Plan("b")
    runs = await scene.ask_at_once((a, 1), (b, 1), (a, 2), (a, 3))
    assert [one.sent for one in scene.pool.opened] == [[("a1", "a2", "a3")], [("b1",)]]
    for connection in scene.pool.opened:
        await connection.let()
    assert await asyncio.gather(*runs) == [b"a1", b"b1", b"a2", b"a3"]


async def test_slow_ones_that_come_at_once_go_on_as_many_lanes_as_are_free(
    scenes: Callable[..., Scene],
) -> None:
    scene = scenes(lanes=2)
    plan = _Plan("slow", pace=1.0)
    await scene.ask_at_once((plan, 1), (plan, 2), (plan, 3))
    assert [one.sent for one in scene.pool.opened] == [[("slow1",)], [("slow2",)]]


async def test_who_leaves_before_its_turn_ends_takes_no_lane(scene: Scene) -> None:
    caller, plan = None, _Plan("a")
    leaving = asyncio.create_task(scene.runner.run(plan, 1, caller, Seen()))  # type: ignore[arg-type]
    asyncio.get_running_loop().call_soon(leaving.cancel)
    await _settle()
    assert leaving.cancelled()
    assert scene.pool.opened == []
    [run] = await scene.ask(plan, 2)
    await scene.connection.let()
    assert await run == b"a2"


async def test_every_lane_is_used_before_anyone_waits(scenes: Callable[..., Scene]) -> None:
    scene = scenes(lanes=STEADY)
    await scene.ask(_Plan("a"), *range(STEADY + 1))
    assert [one.sent for one in scene.pool.opened] == [[(f"a{number}",)] for number in range(STEADY)]


async def test_plans_take_turns(scene: Scene) -> None:
    many, few = _Plan("m", pace=SLICE / 2), _Plan("f")
    await scene.ask(many, *range(7))
    await scene.ask(few, 0)
    await scene.connection.let_all()
    assert scene.connection.sent == [("m0",), ("m1", "m2"), ("f0",), ("m3", "m4"), ("m5", "m6")]


async def test_a_slow_plan_runs_alone(scene: Scene) -> None:
    await scene.ask(_Plan("a", pace=SLICE * 3), 1, 2, 3)
    await scene.connection.let_all()
    assert scene.connection.sent == [("a1",), ("a2",), ("a3",)]


async def test_a_plan_that_was_never_timed_runs_alone_first(scene: Scene) -> None:
    await scene.ask(_Plan("a"), 0)
    await scene.ask(_Plan("b", pace=0.0), 1, 2, 3)
    await scene.connection.let()
    await scene.connection.let()
    assert scene.connection.sent == [("a0",), ("b1",), ("b2", "b3")]
    await scene.connection.let_all()


async def test_never_more_than_the_most(scene: Scene) -> None:
    await scene.ask(_Plan("a", pace=1e-9), *range(MOST_TOGETHER + 5))
    await scene.connection.let_all()
    assert [len(sent) for sent in scene.connection.sent] == [1, MOST_TOGETHER, 4]


async def test_runs_whose_arrays_differ_do_not_go_together(scene: Scene) -> None:
    await scene.ask(_Plan("a"), 0)
    plan = _Plan("b")
    await scene.ask(plan, 1, "apart", 2)
    await scene.connection.let_all()
    assert ("b1", "b2") in scene.connection.sent
    assert ("bapart",) in scene.connection.sent


async def test_one_that_fails_takes_nobody_with_it(scene: Scene) -> None:
    plan = _Plan("a")
    runs = await scene.ask(plan, 0, 1, "bad", 2)
    await scene.connection.let_all()
    assert scene.connection.sent == [("a0",), ("a1", "abad", "a2"), ("a1",), ("abad",), ("a2",)]
    answers = await asyncio.gather(*runs, return_exceptions=True)
    assert answers[:2] == [b"a0", b"a1"]
    assert isinstance(answers[2], Refused)
    assert answers[3] == b"a2"


async def test_what_failed_together_goes_in_turn_with_other_plans(scene: Scene) -> None:
    await scene.ask(_Plan("a"), 0, "bad", 1)
    await scene.ask(_Plan("b"), 1)
    await scene.connection.let_all()
    assert scene.connection.sent == [("a0",), ("abad", "a1"), ("b1",), ("abad",), ("a1",)]


async def test_who_leaves_while_waiting_is_left_out(scene: Scene) -> None:
    runs = await scene.ask(_Plan("a"), 0, 1, 2, 3)
    runs[2].cancel()
    await _settle()
    await scene.connection.let_all()
    assert scene.connection.sent == [("a0",), ("a1", "a3")]
    assert (await asyncio.gather(*runs, return_exceptions=True))[3] == b"a3"


async def test_who_leaves_a_joined_statement_does_not_end_it(scene: Scene) -> None:
    runs = await scene.ask(_Plan("a"), 0, 1, 2)
    await scene.connection.let()
    runs[1].cancel()
    await _settle()
    await scene.connection.let()
    assert await runs[2] == b"a2"
    assert scene.connection.cancelled == 0


async def test_who_leaves_alone_ends_its_statement_and_frees_the_lane(scene: Scene) -> None:
    runs = await scene.ask(_Plan("a"), 0, 1)
    runs[0].cancel()
    await _settle()
    assert scene.connection.cancelled == 1
    scene.connection.under_way.pop(0)
    assert scene.connection.sent == [("a0",), ("a1",)]
    await scene.connection.let()
    assert await runs[1] == b"a1"


async def test_who_leaves_at_the_moment_of_its_turn_hands_the_lane_on(scene: Scene) -> None:
    first, second, third = await scene.ask(_Plan("a", pace=1.0), 0, 1, 2)
    scene.connection.under_way.pop(0).set_result(None)
    while not first.done():
        await asyncio.sleep(0)
    second.cancel()  # the lane has been given to it, and it has not woken yet
    await _settle()
    assert scene.connection.sent[-1] == ("a2",)
    await scene.connection.let_all()
    assert await third == b"a2"
    [again] = await scene.ask(_Plan("b"), 1)
    await scene.connection.let_all()
    assert await again == b"b1"


async def test_a_connection_that_ended_is_replaced(scene: Scene) -> None:
    [run] = await scene.ask(_Plan("a"), 0)
    await scene.connection.let()
    await run
    scene.connection.closed = True
    [run] = await scene.ask(_Plan("a"), 1)
    assert len(scene.pool.opened) == 2
    await scene.connection.let()
    assert await run == b"a1"
    assert scene.pool.released == 1


async def test_no_connection_is_told_to_whoever_asks_and_the_lane_lives_on(scene: Scene) -> None:
    async def nobody(**_: float) -> Any:
        raise OSError

    acquire, scene.pool.acquire = scene.pool.acquire, nobody
    runs = await scene.ask(_Plan("a"), 0, 1, 2)
    assert [type(one) for one in await asyncio.gather(*runs, return_exceptions=True)] == [OSError] * 3
    scene.pool.acquire = acquire
    [run] = await scene.ask(_Plan("a"), 3)
    await scene.connection.let()
    assert await run == b"a3"


async def test_closing_ends_what_is_under_way_and_gives_the_connections_back(scene: Scene) -> None:
    runs = await scene.ask(_Plan("a"), 0, 1, 2)
    await scene.connection.let()
    await scene.runner.close()
    assert scene.pool.released == 1
    assert [one.done() for one in runs[1:]] == [True, True]


async def test_slow_statements_hold_nobody_up(scenes: Callable[..., Scene]) -> None:
    scene = scenes(lanes=STEADY + 2, clock=time.perf_counter)
    slow = await scene.ask(_Plan("slow", pace=1.0), *range(STEADY))
    quick = await scene.ask(_Plan("quick"), 1)
    assert len(scene.pool.opened) == STEADY
    await asyncio.sleep(PATIENCE * 3)
    assert scene.connection.sent == [("quick1",)], "on one more connection, while the others are held"
    await scene.connection.let()
    assert await quick[0] == b"quick1"
    for connection in scene.pool.opened:
        await connection.let_all()
    assert len(await asyncio.gather(*slow)) == STEADY
    assert len(scene.runner._lanes) == STEADY, "what was taken for relief is given back when things flow"


async def test_relief_has_an_end(scenes: Callable[..., Scene]) -> None:
    scene = scenes(lanes=STEADY + 1, clock=time.perf_counter)
    await scene.ask(_Plan("slow", pace=1.0), *range(STEADY + 3))
    await asyncio.sleep(PATIENCE * 6)
    assert len(scene.pool.opened) == STEADY + 1
