# SPDX-License-Identifier: EUPL-1.2
"""One connection that asks and waits, with as little of Python as can be: what a client's library takes is not the server's time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Wire:
    """HTTP/1.1, kept open; a question at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, voucher: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._head = (
            f"POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {voucher}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()

    async def ask(self, body: bytes) -> bytes:
        """The answer's body; the bench ends where it is refused."""
        self._writer.write(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        (length,) = (int(one.partition(b":")[2]) for one in lines if one.startswith(b"content-length:"))
        answer = await self._reader.readexactly(length)
        if b" 200 " not in status:
            raise SystemExit(f"The hub answers {status!r} to {body!r}: {answer[:500]!r}")
        return answer


@asynccontextmanager
async def wire(url: str, voucher: str) -> AsyncIterator[Wire]:
    """A connection to a server on this machine, until the block ends."""
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        yield Wire(reader, writer, at.netloc, voucher)
    finally:
        writer.close()
        await writer.wait_closed()
