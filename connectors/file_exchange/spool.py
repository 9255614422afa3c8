# SPDX-License-Identifier: EUPL-1.2
"""A file's bytes, hashed and unpacked, where nobody can change them any more.

NOTE what is checked is what is read: the bytes are copied once, and both the digest and the records come of the copy. It has no name: it goes
with the process, killed or not, and no other finds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO

from connectors.file_exchange.folders import CHUNK
from connectors.file_exchange.limits import FileLimits
from connectors.file_exchange.refusals import FileRefused, WholeRefusal

_GZIP = 31
"""zlib's word for a gzip member with its header and check."""


@dataclass(slots=True)
class Spooled:
    """The copy: bytes as sent and their digest; its lines, and what is wrong with it besides."""

    file: IO[bytes]
    sha256: str = ""
    lines: int = 0
    broken: FileRefused | None = None
    """Told after the digest was compared: half a file is a mismatch first."""

    def __enter__(self) -> Spooled:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


async def spool(pieces: AsyncIterator[bytes], *, packed: bool, limits: FileLimits) -> Spooled:
    """Copy a file; close what comes out.

    Args:
        pieces: its bytes.
        packed: whether it is gzip.
        limits: how large it may be.

    Raises:
        FileRefused: it has more bytes than are read; its digest is not known then.

    """
    copy = Spooled(tempfile.TemporaryFile())  # noqa: SIM115 (closed by whoever asked)
    try:
        digest, size = hashlib.sha256(), 0
        sink = _Sink(copy, limits, packed=packed)
        async for piece in pieces:
            size += len(piece)
            if size > limits.bytes:
                raise FileRefused(
                    WholeRefusal.TOO_LARGE,
                    f"The file has more than {limits.bytes} bytes, the most that are read.",
                )
            await asyncio.to_thread(_take, piece, digest, sink)
        await asyncio.to_thread(sink.end)
        copy.sha256 = digest.hexdigest()
        copy.file.seek(0)
    except BaseException:
        copy.file.close()
        raise
    return copy


def _take(piece: bytes, digest: hashlib._Hash, sink: _Sink) -> None:
    digest.update(piece)
    sink.take(piece)


class _Sink:
    """Where the pieces go: unpacked, counted, and no more once something is wrong."""

    def __init__(self, copy: Spooled, limits: FileLimits, *, packed: bool) -> None:
        self._copy = copy
        self._limits = limits
        self._member = zlib.decompressobj(_GZIP) if packed else None
        self._begun = False
        self._written = 0
        self._last = b"\n"

    def take(self, piece: bytes) -> None:
        if self._copy.broken is not None:
            return
        if self._member is None:
            self._write(piece)
            return
        try:
            while piece and self._copy.broken is None:
                if self._member.eof:  # another member follows
                    self._member = zlib.decompressobj(_GZIP)
                # NOTE so much at a time: a small file may unpack to a thousand times its size.
                self._write(self._member.decompress(piece, CHUNK))
                self._begun = True
                piece = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error:
            self._broken(WholeRefusal.GZIP_BROKEN, "The file is not gzip, or is damaged.")

    def end(self) -> None:
        if self._copy.broken is None and self._member is not None:
            while not self._member.eof and (more := self._member.decompress(b"", CHUNK)):
                self._write(more)
            if not (self._begun and self._member.eof):
                self._broken(WholeRefusal.GZIP_BROKEN, "The gzip file is cut short.")
        if self._last != b"\n":
            self._copy.lines += 1

    def _write(self, content: bytes) -> None:
        if not content:
            return
        self._written += len(content)
        self._copy.lines += content.count(b"\n")
        self._last = content[-1:]
        if self._written > self._limits.unpacked:
            self._broken(
                WholeRefusal.TOO_LARGE, f"The file unpacks to more than {self._limits.unpacked} bytes."
            )
        else:
            self._copy.file.write(content)

    def _broken(self, code: WholeRefusal, reason: str) -> None:
        self._copy.broken = FileRefused(code, reason)
