# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import pytest

from connectors.breaker import Breaker, BreakerOpen, BreakerPolicy, State

POLICY = BreakerPolicy(window=10.0, least_calls=4, failure_rate=0.5, open_for=5.0, trials=2)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(POLICY, clock)


def state_of(breaker: Breaker) -> State:
    return breaker.state


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.enter().failed()


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.enter().succeeded()


def test_few_calls_open_nothing_however_they_end(breaker: Breaker) -> None:
    fail(breaker, 3)
    assert state_of(breaker) is State.CLOSED
    fail(breaker)
    assert state_of(breaker) is State.OPEN


def test_a_rate_below_the_threshold_leaves_it_closed(breaker: Breaker) -> None:
    succeed(breaker, 6)
    fail(breaker, 5)
    assert state_of(breaker) is State.CLOSED
    fail(breaker)  # 6 of 12
    assert state_of(breaker) is State.OPEN


def test_success_alone_never_opens(breaker: Breaker) -> None:
    succeed(breaker, 50)
    assert state_of(breaker) is State.CLOSED


def test_failures_leave_the_window_with_time(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10.5
    fail(breaker, 3)
    assert state_of(breaker) is State.CLOSED, "three old failures are out of the window"
    clock.now += 5
    fail(breaker)
    assert state_of(breaker) is State.OPEN, "three failures of five seconds ago are still in it"


def test_open_refuses_and_says_for_how_long(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 4)
    clock.now += 2
    with pytest.raises(BreakerOpen) as caught:
        breaker.enter()
    assert caught.value.wait == pytest.approx(3.0)
    assert breaker.wait == pytest.approx(3.0)


def test_half_open_lets_only_its_quota_of_trials_through(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 4)
    clock.now += 5
    assert state_of(breaker) is State.HALF_OPEN
    assert breaker.wait == 0
    first, second = breaker.enter(), breaker.enter()
    with pytest.raises(BreakerOpen):
        breaker.enter()
    first.succeeded()
    with pytest.raises(BreakerOpen):
        breaker.enter()
    assert state_of(breaker) is State.HALF_OPEN
    second.succeeded()
    assert state_of(breaker) is State.CLOSED
    succeed(breaker)


def test_one_failed_trial_opens_it_for_the_whole_time_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 4)
    clock.now += 5
    trial, other = breaker.enter(), breaker.enter()
    trial.failed()
    assert state_of(breaker) is State.OPEN
    assert breaker.wait == pytest.approx(5.0)
    other.succeeded()
    assert state_of(breaker) is State.OPEN, "a trial of the half-open state that is over counts for nothing"


def test_an_abandoned_trial_gives_its_place_back(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 4)
    clock.now += 5
    breaker.enter().abandoned()
    breaker.enter()
    breaker.enter()
    with pytest.raises(BreakerOpen):
        breaker.enter()


def test_a_late_end_of_a_call_begun_before_changes_nothing(breaker: Breaker, clock: Clock) -> None:
    late_failure, late_success = breaker.enter(), breaker.enter()
    fail(breaker, 4)
    clock.now += 5
    trial = breaker.enter()
    late_failure.failed()
    assert state_of(breaker) is State.HALF_OPEN
    late_success.succeeded()
    breaker.enter()
    with pytest.raises(BreakerOpen):
        breaker.enter()
    trial.succeeded()
    assert state_of(breaker) is State.HALF_OPEN


def test_closing_forgets_the_failures_that_opened_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 4)
    clock.now += 5
    succeed(breaker, 2)
    fail(breaker, 3)
    assert state_of(breaker) is State.CLOSED


def test_each_turn_is_told(clock: Clock) -> None:
    turns: list[State] = []
    breaker = Breaker(POLICY, clock, turns.append)
    fail(breaker, 4)
    clock.now += 5
    succeed(breaker, 2)
    assert turns == [State.OPEN, State.HALF_OPEN, State.CLOSED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 0.0},
        {"open_for": -1.0},
        {"least_calls": 0},
        {"trials": 0},
        {"failure_rate": 0.0},
        {"failure_rate": 1.1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="breaker"):
        BreakerPolicy(**wrong)  # type: ignore[arg-type]
