# SPDX-License-Identifier: EUPL-1.2
"""What is remembered of who asked: refusals as callers are, until their time or word of a change; looked for once by all who wait."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from hub.access import remembered
from hub.access.caller import Caller, Scope
from hub.access.remembered import Found, Remembered
from hub.errors import Forbidden
from hub.store.announcements import Word
from hub.store.vocabulary import AgencyKind, GrantScope

CALLER = Caller(
    agency_id=UUID(int=1),
    agency_code="agency",
    agency_kind=AgencyKind.REGION,
    client_id=UUID(int=2),
    purpose_id=UUID(int=3),
    scope=Scope(GrantScope.REGION, single=True),
)


@dataclass
class Tables:
    """What stands in the tables, and how often they were looked at."""

    found: Found = (CALLER, 2.0)
    trouble: Exception | None = None
    looks: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Found:
        self.looks += 1
        found, trouble = self.found, self.trouble
        await self.gate.wait()
        if trouble is not None:
            raise trouble
        return found


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Case:
    def __init__(self) -> None:
        self.clock, self.changed, self.tables = Clock(), Word(), Tables()
        self.tables.gate.set()
        self.known = Remembered[str](self.clock, self.changed)

    async def ask(self, key: str = "a") -> Caller:
        return self.known.get(key) or await self.known.find(key, self.tables.look)


async def test_a_refusal_is_remembered_as_a_caller_is() -> None:
    case = Case()
    whats: list[Found] = [(CALLER, 2.0), (Forbidden("Nothing is granted."), 2.0)]
    for began, found in zip((100, 200), whats, strict=True):
        case.tables.found, case.tables.looks = found, 0
        for moment in (0.0, 1.9, 2.0, 3.9):
            case.clock.now = began + moment
            if found[0] is CALLER:
                assert await case.ask() is CALLER
            else:
                with pytest.raises(Forbidden, match="Nothing is granted"):
                    await case.ask()
        assert case.tables.looks == 2, "once for each two seconds"


async def test_word_of_a_change_ends_both() -> None:
    case = Case()
    case.tables.found = Forbidden(), 2.0
    with pytest.raises(Forbidden):
        await case.ask()
    case.tables.found = CALLER, 2.0
    case.changed.come()
    assert await case.ask() is CALLER
    case.tables.found = Forbidden(), 2.0
    case.changed.come()
    with pytest.raises(Forbidden):
        await case.ask()
    assert case.tables.looks == 3


async def test_a_refusal_ends_when_a_grant_begins() -> None:
    case = Case()
    case.tables.found = Forbidden(), 0.3
    with pytest.raises(Forbidden):
        await case.ask()
    case.tables.found = CALLER, 2.0
    case.clock.now += 0.3
    assert await case.ask() is CALLER


async def test_all_who_ask_at_once_share_a_look() -> None:
    case = Case()
    case.tables.gate.clear()
    asking = [asyncio.create_task(case.ask()) for _ in range(500)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    case.tables.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError), "who leaves does not take the others along"
    assert found[1:] == [CALLER] * 499
    assert case.tables.looks == 1


async def _begun(case: Case, looks: int) -> None:
    async with asyncio.timeout(10):
        while case.tables.looks < looks:
            await asyncio.sleep(0)


async def test_who_asks_after_a_change_does_not_share_a_look_of_before() -> None:
    case = Case()
    case.tables.gate.clear()
    before = asyncio.create_task(case.ask())
    await _begun(case, 1)
    case.tables.found = Forbidden(), 2.0
    case.changed.come()
    after = asyncio.create_task(case.ask())
    await _begun(case, 2)
    case.tables.gate.set()
    assert await before is CALLER
    with pytest.raises(Forbidden):
        await after
    with pytest.raises(Forbidden):
        await case.ask()


async def test_trouble_is_nobodys_refusal() -> None:
    case = Case()
    case.tables.trouble = OSError()
    with pytest.raises(OSError):
        await case.ask()
    case.tables.trouble = None
    assert await case.ask() is CALLER


async def test_a_refusal_does_not_grow_with_those_it_is_told() -> None:
    case = Case()
    case.tables.found = Forbidden(), 2.0
    for _ in range(100):
        with pytest.raises(Forbidden) as refused:
            await case.ask()
    assert len(traceback.extract_tb(refused.value.__traceback__)) < 10


async def test_no_more_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 10)
    case = Case()
    for number in range(100):
        await case.ask(str(number))
    assert len(case.known._found) == 10
    looks = case.tables.looks
    await case.ask("99")
    assert case.tables.looks == looks
    await case.ask("0")
    assert case.tables.looks == looks + 1, "those found first went"
