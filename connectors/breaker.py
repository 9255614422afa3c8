# SPDX-License-Identifier: EUPL-1.2
"""A circuit breaker over a sliding time window.

    CLOSED ──(enough calls, too many failed)──▶ OPEN ──(open_for seconds later)──▶ HALF_OPEN
      ▲                                          ▲                                    │
      │                                          └────────(one trial fails)───────────┤
      └───────────────────────────(`trials` trials succeed)───────────────────────────┘

It knows nothing of HTTP: whoever holds a `Permit` says how the call ended. A permit remembers the state it
was given in, so the late failure of a call that began before the breaker opened cannot spoil a trial, and
its late success cannot close the breaker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_SLICES = 10
"""The window moves in tenths of itself."""


class State(StrEnum):
    """What the breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens and how it closes again (seconds, counts, a rate between 0 and 1)."""

    window: float = 30.0
    least_calls: int = 10
    failure_rate: float = 0.5
    open_for: float = 10.0
    trials: int = 2

    def __post_init__(self) -> None:
        if min(self.window, self.open_for) <= 0 or min(self.least_calls, self.trials) < 1:
            raise ValueError("a breaker's times and counts are positive")
        if not 0 < self.failure_rate <= 1:
            raise ValueError("a breaker's failure rate lies in (0, 1]")


class BreakerOpen(Exception):
    """The breaker lets no call through; `wait` is the number of seconds after which it may."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__("the breaker is open")


@dataclass(slots=True)
class _Slice:
    index: int
    calls: int = 0
    failures: int = 0


class Breaker:
    """One breaker: one agency's one operation."""

    def __init__(
        self,
        policy: BreakerPolicy,
        clock: Callable[[], float],
        told: Callable[[State], None] = lambda _: None,
    ) -> None:
        """Take the policy, a monotonic clock in seconds, and who is told of each new state."""
        self._policy = policy
        self._clock = clock
        self._told = told
        self._state = State.CLOSED
        self._generation = 0
        self._slices: deque[_Slice] = deque()
        self._opened_by = (0, 0)
        self._turned_at = clock()
        self._trials_running = 0
        self._trials_succeeded = 0

    @property
    def state(self) -> State:
        """The state a call made now would meet."""
        if self._state is State.OPEN and self._remaining() <= 0:
            return State.HALF_OPEN
        return self._state

    @property
    def since(self) -> float:
        """When it came into that state, on its clock; when it was made, if it never turned."""
        waited = self._policy.open_for if self._state is not self.state else 0.0
        return self._turned_at + waited

    @property
    def counted(self) -> tuple[int, int]:
        """Calls in the window, and how many of them failed; those that opened it, while it is not closed."""
        if self._state is not State.CLOSED:
            return self._opened_by
        self._forget(self._index())
        return self._sums()

    @property
    def wait(self) -> float:
        """Seconds until a call may pass; 0 when one may pass now."""
        state = self.state
        if state is State.OPEN:
            return self._remaining()
        if state is State.HALF_OPEN and self._state is State.HALF_OPEN and not self._trial_is_free():
            return min(1.0, self._policy.open_for)
        return 0.0

    def enter(self) -> Permit:
        """Ask to make a call.

        Raises:
            BreakerOpen: no call may pass now.

        """
        if wait := self.wait:
            raise BreakerOpen(wait)
        if self._state is State.OPEN:
            self._turn(State.HALF_OPEN)
        trial = self._state is State.HALF_OPEN
        if trial:
            self._trials_running += 1
        return Permit(self, self._generation, trial=trial)

    def _remaining(self) -> float:
        return max(0.0, self._turned_at + self._policy.open_for - self._clock())

    def _trial_is_free(self) -> bool:
        return self._trials_running + self._trials_succeeded < self._policy.trials

    def _turn(self, state: State) -> None:
        if self._state is State.CLOSED:
            self._opened_by = self._sums()
        self._state = state
        self._generation += 1
        self._slices.clear()
        self._trials_running = self._trials_succeeded = 0
        self._turned_at = self._clock()
        self._told(state)

    def _end(self, generation: int, *, trial: bool, failed: bool | None) -> None:
        """Count how a call ended; `failed` is None when its end says nothing about the agency."""
        if generation != self._generation:
            return
        if trial:
            self._end_trial(failed)
        elif failed is not None and self._is_failing(failed):
            self._turn(State.OPEN)

    def _end_trial(self, failed: bool | None) -> None:
        self._trials_running -= 1
        if failed:
            self._turn(State.OPEN)
        elif failed is False:
            self._trials_succeeded += 1
            if self._trials_succeeded >= self._policy.trials:
                self._turn(State.CLOSED)

    def _is_failing(self, failed: bool) -> bool:
        index = self._index()
        self._forget(index)
        if not self._slices or self._slices[-1].index != index:
            self._slices.append(_Slice(index))
        self._slices[-1].calls += 1
        self._slices[-1].failures += failed
        calls, failures = self._sums()
        return calls >= self._policy.least_calls and failures >= calls * self._policy.failure_rate

    def _index(self) -> int:
        return int(self._clock() * _SLICES / self._policy.window)

    def _forget(self, index: int) -> None:
        while self._slices and self._slices[0].index <= index - _SLICES:
            self._slices.popleft()

    def _sums(self) -> tuple[int, int]:
        return sum(part.calls for part in self._slices), sum(part.failures for part in self._slices)


class Permit:
    """Leave to make one call; exactly one of its methods is called when the call has ended."""

    __slots__ = ("_breaker", "_generation", "_trial")

    def __init__(self, breaker: Breaker, generation: int, *, trial: bool) -> None:
        self._breaker = breaker
        self._generation = generation
        self._trial = trial

    def succeeded(self) -> None:
        """The agency answered."""
        self._breaker._end(self._generation, trial=self._trial, failed=False)  # noqa: SLF001 - one class in two

    def failed(self) -> None:
        """The agency did not answer, or answered that it cannot."""
        self._breaker._end(self._generation, trial=self._trial, failed=True)  # noqa: SLF001 - one class in two

    def abandoned(self) -> None:
        """The call was given up for a reason of ours: it counts neither way."""
        self._breaker._end(self._generation, trial=self._trial, failed=None)  # noqa: SLF001 - one class in two
