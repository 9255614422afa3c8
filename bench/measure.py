# SPDX-License-Identifier: EUPL-1.2
"""Rounds of load, each contestant in turn, so that what else the machine does falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx2
import orjson

from bench.cpu import seconds
from bench.load import load, written
from bench.questions import Question
from bench.served import Served, ask
from bench.world import World

SETTLING = 0.25
"""Seconds in which the requests that were in flight when wrk stopped are answered."""


@dataclass(frozen=True)
class Round:
    """One run of wrk against one contestant: per second, milliseconds, milliseconds of CPU per request."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float


@dataclass(frozen=True)
class Measured:
    """A question at a number of connections: each contestant's rounds, by name."""

    question: Question
    connections: int
    rounds: dict[str, list[Round]]

    def middle(self, contestant: str) -> Round:
        """The median of each figure."""
        rounds = self.rounds[contestant]
        return Round(
            rate=median(one.rate for one in rounds),
            p50=median(one.p50 for one in rounds),
            p99=median(one.p99 for one in rounds),
            server_cpu=median(one.server_cpu for one in rounds),
            postgres_cpu=median(one.postgres_cpu for one in rounds),
        )

    def ratio(self, contestant: str, beside: str) -> float:
        """Server CPU per request against another's, round by round; the median."""
        pairs = zip(self.rounds[contestant], self.rounds[beside], strict=True)
        return median(one.server_cpu / other.server_cpu for one, other in pairs)


def check_same(contestants: Sequence[Served], question: Question, world: World) -> int:
    """End the bench unless all give the same bytes, and data, to some of what is asked; the length of the longest answer."""
    voucher, longest = world.voucher(question.consumer), 0
    with httpx2.Client(trust_env=False) as http:
        for body in question.bodies()[:25]:
            answers = {ask(http, one.url, voucher, body) for one in contestants}
            if len(answers) > 1:
                raise SystemExit(f"{question.name}: the answers differ to {body!r}.")
            content = orjson.loads(answer := answers.pop())
            if "errors" in content or None in content["data"].values():
                raise SystemExit(f"{question.name}: no data for {body!r}: {answer[:500]!r}")
            longest = max(longest, len(answer))
    return longest


def measure(
    contestants: Sequence[Served],
    question: Question,
    world: World,
    *,
    connections: int,
    rounds: int,
    duration: int,
) -> Measured:
    """Ask one question of each contestant in turn, so many rounds of so many seconds."""
    found: dict[str, list[Round]] = {one.name: [] for one in contestants}
    with written(world.voucher(question.consumer), question.bodies()) as requests:
        for one in contestants:
            load(one.url, requests, connections=connections, seconds=1)
        for number in range(rounds):
            for one in _turned(contestants, number):
                found[one.name].append(
                    _round(one, requests, world, connections=connections, duration=duration)
                )
    return Measured(question, connections, found)


def _round(one: Served, requests: Path, world: World, *, connections: int, duration: int) -> Round:
    time.sleep(SETTLING)
    server, postgres = seconds(one.process), seconds(world.postmaster)
    seen = load(one.url, requests, connections=connections, seconds=duration)
    time.sleep(SETTLING)
    # wrk leaves with a request in flight on each connection; the server has answered it to nobody.
    answered = seen.requests + connections
    return Round(
        rate=seen.requests / seen.seconds,
        p50=seen.p50,
        p99=seen.p99,
        server_cpu=(seconds(one.process) - server) * 1e3 / answered,
        postgres_cpu=(seconds(world.postmaster) - postgres) * 1e3 / answered,
    )


def _turned(contestants: Sequence[Served], number: int) -> Iterable[Served]:
    return contestants if number % 2 == 0 else reversed(contestants)
