# SPDX-License-Identifier: EUPL-1.2
"""How the access log writes: together, within its time, each line to its own end; on a connection that does as it is told."""

from __future__ import annotations

import asyncio
import itertools
import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from hub.access import log
from hub.access.caller import Caller, Scope
from hub.access.fields import field_permission
from hub.access.line import Look, Selection
from hub.access.log import AccessLog, AccessLogUnavailable
from hub.store.vocabulary import AccessOutcome, AgencyKind, GrantScope

CALLER = Caller(
    agency_id=UUID(int=1),
    agency_code="x",
    agency_kind=AgencyKind.INPS,
    client_id=None,
    purpose_id=UUID(int=2),
    scope=Scope(GrantScope.NATIONAL, single=False),
    fields=field_permission(()),
)


def _look(number: int) -> Look:
    selection = Selection((f"Query.field{number}",), number.to_bytes(32), {})
    operated: Any = SimpleNamespace(name=f"Look{number}", selection=selection)
    return Look(CALLER, None, operated, {})


class Wire:
    """A connection: what was executed on it, and what it does with each statement."""

    def __init__(self) -> None:
        self.executed: list[tuple[str, tuple[Any, ...]]] = []
        self.ended = False
        self.open = asyncio.Event()
        self.open.set()
        self.refused: set[str] = set()

    async def execute(self, text: str, *values: Any) -> None:
        self.executed.append((text.split("(")[0], values))
        await self.open.wait()
        if any(name in column for column in values for name in self.refused):
            raise asyncpg.DataError("one of them")

    def is_closed(self) -> bool:
        return self.ended

    def terminate(self) -> None:
        self.ended = True

    def operations(self, text: str) -> list[int]:
        """How many each statement into a table wrote."""
        given = [values[0] for said, values in self.executed if f"INTO {text} " in said + " "]
        # Lines come as one JSON text, selections as arrays.
        return [len(json.loads(one) if isinstance(one, str) else one) for one in given]


@pytest.fixture
def wires() -> list[Wire]:
    return [Wire(), Wire()]


@pytest.fixture
def written(wires: list[Wire]) -> AccessLog:
    left = iter(wires)

    async def connect() -> Any:
        return next(left)

    clock = itertools.count()
    return AccessLog(connect, lambda: float(next(clock)))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LONGEST", 0.05)


async def test_what_waits_goes_together_with_what_it_selects(written: AccessLog, wires: list[Wire]) -> None:
    wires[0].open.clear()
    first = asyncio.create_task(written.write(_look(0), AccessOutcome.ANSWERED))
    await asyncio.sleep(0)
    others = [asyncio.create_task(written.write(_look(n % 7), AccessOutcome.ANSWERED)) for n in range(20)]
    await asyncio.sleep(0)
    wires[0].open.set()
    await asyncio.gather(first, *others)
    assert wires[0].operations("access_log") == [1, 20]
    assert wires[0].operations("access_selection") == [1, 6], "each once, and all new ones in one statement"
    assert (written.lines, written.statements, written.refused) == (21, 2, 0)
    await written.close()
    assert wires[0].ended


@pytest.mark.usefixtures("impatient")
async def test_selections_that_are_not_stored_in_time_are_given_up(
    written: AccessLog, wires: list[Wire]
) -> None:
    wires[0].open.clear()
    with pytest.raises(AccessLogUnavailable):
        await asyncio.wait_for(written.write(_look(1), AccessOutcome.ANSWERED), 10)
    assert wires[0].operations("access_selection") == [1]
    assert wires[0].operations("access_log") == []
    assert wires[0].ended
    await written.write(_look(1), AccessOutcome.ANSWERED)
    assert wires[1].operations("access_selection") == [1], "it is not known to be stored"
    assert (written.lines, written.refused) == (1, 1)


@pytest.mark.usefixtures("impatient")
async def test_a_way_that_does_not_open_in_time_is_given_up() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    closed = AccessLog(never, lambda: 0.0)
    with pytest.raises(AccessLogUnavailable):
        await asyncio.wait_for(closed.write(_look(1), AccessOutcome.ANSWERED), 10)


async def test_a_line_that_is_refused_takes_no_other_with_it(written: AccessLog, wires: list[Wire]) -> None:
    wires[0].refused = {"Look3"}
    wires[0].open.clear()
    first = asyncio.create_task(written.write(_look(0), AccessOutcome.ANSWERED))
    await asyncio.sleep(0)
    others = [asyncio.create_task(written.write(_look(n), AccessOutcome.ANSWERED)) for n in (1, 2, 3)]
    gone = asyncio.create_task(written.write(_look(4), AccessOutcome.ANSWERED))
    await asyncio.sleep(0)
    wires[0].open.set()
    ends = await asyncio.gather(first, *others, gone, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None)] * 3 + [AccessLogUnavailable, type(None)]
    assert (written.lines, written.refused) == (4, 1)


async def test_whoever_does_not_wait_any_more_is_left_out(written: AccessLog, wires: list[Wire]) -> None:
    wires[0].open.clear()
    first = asyncio.create_task(written.write(_look(0), AccessOutcome.ANSWERED))
    gone = asyncio.create_task(written.write(_look(1), AccessOutcome.ANSWERED))
    last = asyncio.create_task(written.write(_look(2), AccessOutcome.ANSWERED))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    wires[0].open.set()
    await asyncio.gather(first, last)
    lines = [values[0] for said, values in wires[0].executed if "access_log" in said]
    assert {line["operation"] for text in lines for line in json.loads(text)} == {"Look0", "Look2"}


async def test_one_line_too_many_is_refused_at_once(
    written: AccessLog, wires: list[Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_WAITING", 2)
    wires[0].open.clear()
    first = asyncio.create_task(written.write(_look(0), AccessOutcome.ANSWERED))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(written.write(_look(n), AccessOutcome.ANSWERED)) for n in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(AccessLogUnavailable):
        await written.write(_look(3), AccessOutcome.ANSWERED)
    wires[0].open.set()
    await asyncio.gather(first, *waiting)
