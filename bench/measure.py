# SPDX-License-Identifier: EUPL-1.2
"""Rounds of load, each contestant in turn, so that what else the machine does falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median, quantiles

from bench.cpu import seconds
from bench.load import load
from bench.questions import Question
from bench.served import Served

WARM_UP = {1: 1, 32: 6}
"""Seconds, by connections: Node goes on optimising for thousands of requests, and has the many before the one."""
TURNS, LONGEST_ROUND = 3, 12
"""A round in which a connection is answered less than so often says little; but none lasts longer than so many seconds."""
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

    @property
    def cpu(self) -> float:
        """The server's and PostgreSQL's."""
        return self.server_cpu + self.postgres_cpu


@dataclass(frozen=True)
class Ratio:
    """One contestant's figure over another's, of rounds side by side.

    `spread`: half the distance between the quartiles, what the middle is good to.
    """

    middle: float
    spread: float


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

    def ratio(self, contestant: str, beside: str, figure: Callable[[Round], float]) -> Ratio:
        """A figure against another's, round by round."""
        pairs = zip(self.rounds[contestant], self.rounds[beside], strict=True)
        ratios = [figure(one) / figure(other) for one, other in pairs]
        if len(ratios) == 1:
            return Ratio(ratios[0], 0.0)
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        return Ratio(median(ratios), (high - low) / 2)


def measure(
    contestants: Sequence[Served],
    question: Question,
    *,
    connections: int,
    rounds: int,
    duration: int,
    bodies: Mapping[str, Sequence[bytes]] | None = None,
) -> Measured:
    """Ask one question of each contestant in turn, so many rounds of so many seconds.

    `bodies`: what each is asked with, by name, where that is not the question's own.
    """
    found: dict[str, list[Round]] = {one.name: [] for one in contestants}
    sent = bodies or {one.name: one.dialect.bodies(question) for one in contestants}
    asked = {one.name: (one.world.voucher(question.consumer), sent[one.name]) for one in contestants}
    lasting = {}
    for one in contestants:  # before it is measured each has compiled, prepared and, on Node, optimised
        warm = load(one.url, *asked[one.name], connections=connections, seconds=WARM_UP.get(connections, 3))
        lasting[one.name] = long_enough(duration, connections, warm.requests / warm.seconds)
    for number in range(rounds):
        for one in _turned(contestants, number):
            found[one.name].append(_round(one, *asked[one.name], connections=connections, duration=duration))
    return Measured(question, connections, found)


def long_enough(duration: int, connections: int, rate: float) -> int:
    """Whole seconds in which a server of so many requests/s answers each connection `TURNS` times, at least `duration`."""
    if rate * LONGEST_ROUND <= connections * TURNS:
        return max(duration, LONGEST_ROUND)
    return max(duration, ceil(connections * TURNS / rate))


def _round(one: Served, voucher: str, bodies: Sequence[bytes], *, connections: int, duration: int) -> Round:
    time.sleep(SETTLING)
    server, postgres = seconds(one.process), seconds(one.world.postmaster)
    seen = load(one.url, voucher, bodies, connections=connections, seconds=duration)
    if not seen.requests:
        if duration >= LONGEST_ROUND:
            raise SystemExit(f"{one.name} answered nothing in {duration} s over {connections} connections.")
        # Something else had the machine for a moment: its round is a longer one.
        return _round(one, voucher, bodies, connections=connections, duration=LONGEST_ROUND)
    time.sleep(SETTLING)
    # wrk leaves with a request in flight on each connection; the server has answered it to nobody.
    answered = seen.requests + connections
    return Round(
        rate=seen.requests / seen.seconds,
        p50=seen.p50,
        p99=seen.p99,
        server_cpu=(seconds(one.process) - server) * 1e3 / answered,
        postgres_cpu=(seconds(one.world.postmaster) - postgres) * 1e3 / answered,
    )


def _turned(contestants: Sequence[Served], number: int) -> Iterable[Served]:
    """Forth and back, so that none is always the first."""
    return contestants if number % 2 == 0 else reversed(contestants)
