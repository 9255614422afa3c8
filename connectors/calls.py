# SPDX-License-Identifier: EUPL-1.2
"""What became of the calls to one operation of an agency: counted where they end, read when somebody asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connectors.breaker import State

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram, in seconds; what lasted longer is in the last bucket, without one."""


class Outcome(StrEnum):
    """How a call ended, retries included."""

    ANSWERED = "answered"
    """Any answer that is no failure of the agency's; a refusal (4xx) is one."""
    FAILED = "failed"
    """It said that it failed: 5xx."""
    TIMEOUT = "timeout"
    """It did not answer in time."""
    CONNECTION = "connection"
    """No connection, or one that ended in the middle."""
    OVER_LIMIT = "over-limit"
    """429."""
    TOO_LARGE = "too-large"
    """An answer larger than may be."""
    ENCODED = "encoded"
    """An answer compressed, though it was asked for as is."""
    OPEN = "open"
    """Not made: the breaker is open."""
    FULL = "full"
    """Not made: the bulkhead's queue is full, or its wait too long."""
    DEADLINE = "deadline"
    """Not made: the time for it was over before."""
    UNPREPARED = "unprepared"
    """Not made: what comes before it failed, the voucher above all."""
    GIVEN_UP = "given-up"
    """Whoever asked had gone."""


WITHOUT_AGENCY = frozenset(
    {Outcome.OPEN, Outcome.FULL, Outcome.DEADLINE, Outcome.UNPREPARED, Outcome.GIVEN_UP}
)
"""Ends that say nothing of the agency."""
SUCCEEDED = frozenset({Outcome.ANSWERED, Outcome.OVER_LIMIT, Outcome.TOO_LARGE, Outcome.ENCODED})
"""Ends by which the agency showed that it is there, as the breaker counts them."""


class CallAccount:
    """One operation's calls: plain numbers, which a call changes a few of."""

    def __init__(self) -> None:
        self.ended: Counter[Outcome] = Counter()
        self.buckets = [0] * (len(BOUNDS) + 1)
        """Calls by how long they lasted; not cumulative."""
        self.seconds = 0.0
        self.attempts = 0
        """Requests that were sent, first attempts and others."""
        self.retries = 0
        self.joined = 0
        """Callers who shared a call that another had begun."""
        self.invalid = 0
        """Answers that came, and were none the contract allows."""
        self.bytes_sent = 0
        """Of bodies; heads are not counted."""
        self.bytes_received = 0
        self.last_success_at: datetime | None = None
        self.last_failure_at: datetime | None = None

    def end(self, outcome: Outcome, seconds: float, now: datetime) -> None:
        """Count a call that ended, after so many seconds, now."""
        self.ended[outcome] += 1
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        if outcome in SUCCEEDED:
            self.last_success_at = now
        elif outcome not in WITHOUT_AGENCY:
            self.last_failure_at = now


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """How one operation of an agency does, as this process has seen it."""

    operation: str
    state: State
    since: datetime
    """When the breaker came into its state."""
    window_calls: int
    """Calls in the breaker's window."""
    failure_rate: float
    """The share of them that failed, in [0, 1]; 0 where there are none."""
    last_success_at: datetime | None
    last_failure_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """How an agency does, as this process has seen it."""

    agency: str
    retry_budget: float
    """Retries that may be made now."""
    in_use: int
    """Calls under way."""
    waiting: int
    """Calls that wait for a place."""
    operations: tuple[OperationStatus, ...]
    """Those that were called since the process started, by name."""
    note: str | None = None
    """What there is to say of it beside: why it is never called."""
