# SPDX-License-Identifier: EUPL-1.2
from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.limits import Bulkhead, BulkheadFull, RetryBudget


@given(st.lists(st.booleans(), max_size=400))
def test_retries_are_at_most_a_tenth_of_the_calls_beyond_the_burst(steps: list[bool]) -> None:
    budget = RetryBudget(0.1, 3.0)
    calls = retries = 0
    for is_call in steps:
        if is_call:
            calls += 1
            budget.deposit()
        else:
            retries += budget.withdraw()
    assert retries <= 3 + 0.1 * calls + 1e-9


def test_the_budget_refills_with_traffic() -> None:
    budget = RetryBudget(0.1, 1.0)
    assert budget.withdraw()
    assert not budget.withdraw()
    for _ in range(9):
        budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    budget.deposit()  # one more than ten: tenths do not add up to one in binary
    assert budget.withdraw()


async def test_the_bulkhead_holds_its_number_and_refuses_beyond_its_queue() -> None:
    bulkhead = Bulkhead(concurrency=2, queue=1)
    inside, most = 0, 0
    leave = asyncio.Event()

    async def call() -> None:
        nonlocal inside, most
        async with bulkhead.slot(1.0):
            inside += 1
            most = max(most, inside)
            await leave.wait()
            inside -= 1

    running = [asyncio.create_task(call()) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull):
        await call()
    leave.set()
    await asyncio.gather(*running)
    assert most == 2
    await call()


async def test_a_caller_who_gives_up_waiting_leaves_the_queue() -> None:
    bulkhead = Bulkhead(concurrency=1, queue=1)
    async with bulkhead.slot(1.0):
        with pytest.raises(BulkheadFull):
            async with bulkhead.slot(0.01):
                pytest.fail("there was no slot")
        waiting = asyncio.create_task(hold(bulkhead))
        await asyncio.sleep(0)
        assert not waiting.done(), "its place in the queue was free again"
    await waiting


async def hold(bulkhead: Bulkhead) -> None:
    async with bulkhead.slot(1.0):
        pass
