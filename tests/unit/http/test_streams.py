# SPDX-License-Identifier: EUPL-1.2
"""Streams and the tasks behind them: no response is made ahead of the reader, and nothing goes on without one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from hub.access.caller import Caller, Scope
from hub.http.open_streams import OpenStreams, Shares, TooManyOfOne, TooManyStreams
from hub.http.streams import EVENTS, PARTS, Stream, StreamSender
from hub.http.tasks import first_of, with_silences
from hub.store.vocabulary import AgencyKind, GrantScope


class Source:
    """Responses without end, and how many were made; `behind` ends with it."""

    def __init__(self) -> None:
        self.made = 0
        self.stream = Stream(self._responses())
        self.ended = False
        self.stream.behind.callback(self._end)

    def _end(self) -> None:
        self.ended = True

    async def _responses(self) -> AsyncGenerator[bytes, None]:
        while True:
            self.made += 1
            yield b"{}"


class Reader:
    """A client that takes so many messages and then no more; it goes when told."""

    def __init__(self, takes: int) -> None:
        self._takes = takes
        self.taken: list[Any] = []
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        if len(self.taken) == self._takes:
            await asyncio.get_running_loop().create_future()
        self.taken.append(message)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def _opened(**given: int) -> OpenStreams:
    most = {
        "most_sockets": 1,
        "most_subscriptions": 1,
        "most_waiting_of_address": 1,
        "most_sockets_of_one": 1,
        "most_subscriptions_of_one": 1,
    }
    return OpenStreams(**{**most, **given})


def _caller(agency: int = 1, person: int | None = None) -> Caller:
    return Caller(
        agency_id=UUID(int=agency),
        agency_code="a",
        agency_kind=AgencyKind.INPS,
        client_id=UUID(int=2),
        purpose_id=UUID(int=3),
        scope=Scope(GrantScope.NATIONAL, single=False),
        person_id=None if person is None else UUID(int=person),
    )


def _sender() -> tuple[StreamSender, OpenStreams]:
    opened = _opened()
    return StreamSender(opened, 60), opened


@pytest.mark.parametrize("media", [EVENTS, PARTS])
async def test_no_response_is_made_ahead_of_a_slow_reader(media: bytes) -> None:
    source, reader, (sender, opened) = Source(), Reader(4), _sender()
    sending = asyncio.create_task(sender(source.stream, media, reader.receive, reader.send))
    await asyncio.sleep(0.05)
    assert len(reader.taken) == 4, "the head and three responses"
    assert source.made == 4, "the fourth waits to be taken; there is no fifth"
    assert opened.streams == 1
    reader.gone.set()
    await asyncio.wait_for(sending, 1)
    assert source.ended
    assert opened.streams == 0


async def test_a_reader_that_does_not_read_does_not_hold_up_the_closing() -> None:
    source, reader, (sender, opened) = Source(), Reader(2), _sender()
    sending = asyncio.create_task(sender(source.stream, EVENTS, reader.receive, reader.send))
    await asyncio.sleep(0.02)
    await asyncio.wait_for(opened.close(), 3)
    await asyncio.wait_for(sending, 1)
    assert source.ended


async def test_what_is_behind_a_stream_ends_even_if_it_never_began() -> None:
    source = Source()
    await source.stream.aclose()
    assert (source.made, source.ended) == (0, True)


async def test_a_stream_that_breaks_says_so_in_its_last_response() -> None:
    async def breaking() -> AsyncGenerator[bytes, None]:
        yield b"{}"
        raise RuntimeError("secret")

    reader, (sender, _) = Reader(10), _sender()
    await asyncio.wait_for(sender(Stream(breaking()), EVENTS, reader.receive, reader.send), 1)
    body = b"".join(message.get("body", b"") for message in reader.taken)
    assert b"INTERNAL_ERROR" in body
    assert b"secret" not in body
    assert body.endswith(b"event: complete\ndata:\n\n")
    assert reader.taken[-1]["more_body"] is False


async def test_the_first_that_ends_takes_the_others_along() -> None:
    ended = []

    async def forever() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)

    assert await first_of(forever(), asyncio.sleep(0), forever()) == 1
    assert ended == [True, True]

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError

    with pytest.raises(ValueError):
        await first_of(forever(), failing())


async def test_silences_are_told() -> None:
    async def slow() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.sleep(0.12)
        yield 2

    found = [value async for value in with_silences(slow(), 0.05)]
    assert found[0] == 1
    assert found[-1] == 2
    assert found[1:-1] in ([None], [None, None])


def test_bounds_and_closing() -> None:
    opened, one = _opened(most_subscriptions_of_one=2), _caller()
    opened.subscribe(one)
    with pytest.raises(TooManyStreams):
        opened.subscribe(one)
    opened.unsubscribe(one)
    opened.subscribe(one)
    opened.unsubscribe(one)
    opened.closing.set()
    with pytest.raises(TooManyStreams):
        opened.subscribe(one)


def test_one_consumer_does_not_take_what_others_need() -> None:
    opened = _opened(most_subscriptions=3, most_subscriptions_of_one=2)
    one, other, citizens = _caller(1), _caller(2), [_caller(4, person) for person in (5, 6)]
    for _ in range(2):
        opened.subscribe(one)
    with pytest.raises(TooManyOfOne) as refused:
        opened.subscribe(one)
    assert (refused.value.status, refused.value.code) == (429, "TOO_MANY_STREAMS")
    assert refused.value.extensions == {"limit": 2}
    assert opened.subscriptions == 2, "a refusal is not counted"
    opened.subscribe(other)
    for _ in range(2):
        opened.unsubscribe(one)
    for citizen in citizens:  # of one agency, and each for itself
        opened.subscribe(citizen)


def test_a_citizen_has_few() -> None:
    shares = Shares(100, "sockets")
    for _ in range(5):
        shares.take(_caller(4, 5))
    with pytest.raises(TooManyOfOne):
        shares.take(_caller(4, 5))
    shares.take(_caller(4, 6))
    for _ in range(5):
        shares.give_back(_caller(4, 5))
    shares.give_back(_caller(4, 6))
    assert not shares._held
