# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import asyncio

import pytest

from hub.single_flight import SingleFlight


class Work:
    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.cancelled = 0
        self.go = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._error:
            raise self._error
        return self.begun


async def test_the_same_key_at_the_same_time_is_one_piece_of_work() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    callers = [asyncio.create_task(flights.run("a", work)) for _ in range(5)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*callers) == [1, 1, 1, 1, 1]
    assert await flights.run("a", work) == 2, "later is another flight"


async def test_other_keys_are_other_work() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    work.go.set()
    await asyncio.gather(flights.run("a", work), flights.run("b", work))
    assert work.begun == 2


async def test_an_error_reaches_all_and_is_not_kept() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work(LookupError("no"))
    callers = [asyncio.create_task(flights.run("a", work)) for _ in range(2)]
    await asyncio.sleep(0)
    work.go.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(one) for one in outcomes] == [LookupError, LookupError]
    with pytest.raises(LookupError):
        await flights.run("a", work)
    assert work.begun == 2


async def test_one_callers_cancellation_leaves_the_others_their_answer() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    first, second = (asyncio.create_task(flights.run("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    work.go.set()
    assert await second == 1
    assert work.cancelled == 0
    assert first.cancelled()


async def test_with_the_last_caller_the_work_ends_and_a_newcomer_begins_anew() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    caller = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    newcomer = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0)
    work.go.set()
    assert await newcomer == 2
    assert work.cancelled == 1


async def test_unattended_work_goes_on_without_callers_until_closed() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work()
    flights.start("a", work)
    caller = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    assert work.cancelled == 0
    await flights.aclose()
    assert (work.begun, work.cancelled) == (1, 1)


async def test_nobody_joins_a_flight_that_has_just_ended() -> None:
    flights: SingleFlight[int] = SingleFlight()
    work = Work(LookupError("no"))
    work.go.set()
    flights.start("a", work)
    await asyncio.sleep(0)  # the work has ended; the loop has not yet told anybody
    again = Work()
    again.go.set()
    assert await flights.run("a", again) == 1
