# SPDX-License-Identifier: EUPL-1.2
"""Heads without an end: nobody who has not even asked makes the hub hold memory or connections for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from hub.http import heads

if TYPE_CHECKING:
    from tests.api.conftest import Service

REQUEST = b"GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: x\r\n"


async def _opened(hub: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(hub.url)
    assert address.hostname
    return await asyncio.open_connection(address.hostname, address.port)


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (REQUEST + b"x: ", b"y" * 10_000),
        (REQUEST, b"a: b\r\n" * 2_000),
        (b"GET /graphql?", b"y" * 10_000),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" + REQUEST + b"x: ", b"y" * 10_000),
    ],
)
async def test_a_head_without_end(begin: bytes, more: bytes, ask: Service) -> None:
    reader, writer = await _opened(ask)
    writer.write(begin)
    sent = 0
    with pytest.raises((OSError, AssertionError)):  # noqa: PT012
        while True:
            writer.write(more)
            sent += len(more)
            await writer.drain()
            await asyncio.sleep(0.002)
            assert not reader.at_eof()
            assert sent < 10_000_000
    assert sent < 1_000_000
    writer.close()


async def test_what_it_is_told(ask: Service) -> None:
    reader, writer = await _opened(ask)
    writer.write(REQUEST)
    await asyncio.sleep(0.05)
    writer.write(b"x: " + b"y" * heads.LONGEST_HEAD)
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"HEADERS_TOO_LARGE"' in answer
    writer.close()


async def test_a_head_as_long_as_it_may_be(ask: Service) -> None:
    reader, writer = await _opened(ask)
    for _ in range(3):  # on one connection
        writer.write(REQUEST + b"x: " + b"y" * 30_000)
        await asyncio.sleep(0.02)
        writer.write(b"y" * 30_000 + b"\r\n\r\n")
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 401 ")
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
    writer.close()


async def test_a_large_body_and_the_beginning_of_the_next_request(ask: Service) -> None:
    reader, writer = await _opened(ask)
    body = b" " * 200_000
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        % len(body)
        + body
        + REQUEST
    )
    async with asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        writer.write(b"\r\n")
        assert b"HTTP/1.1 401 " in await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_a_head_that_does_not_come(ask: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "LONGEST_WAIT", 0.2)
    reader, writer = await _opened(ask)
    writer.write(REQUEST)
    for _ in range(20):
        if reader.at_eof():
            break
        writer.write(b"a: b\r\n")
        await asyncio.sleep(0.05)
    assert reader.at_eof()
    writer.close()
    reader, writer = await _opened(ask)
    writer.write(REQUEST)
    await asyncio.sleep(0.05)
    writer.write(b"\r\n")
    await asyncio.sleep(0.4)
    assert (await reader.read(20)).startswith(b"HTTP/1.1 401 "), "in time: nothing ends it later"
    assert not reader.at_eof()
    writer.close()
