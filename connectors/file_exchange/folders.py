# SPDX-License-Identifier: EUPL-1.2
"""A folder in which an agency leaves files and finds receipts, and the one that is on this machine."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from hub.errors import UpstreamUnavailable

T = TypeVar("T")

CHUNK = 1 << 20
"""Bytes that are read at once."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)
"""Names of files that are looked at: no folder in them, none hidden, nothing a terminal or a table would take for its own."""
RECEIPT_MARK = ".receipt."
"""What every receipt's name has, and no file's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file: its name, its bytes, and when it was changed."""

    name: str
    size: int
    modified_at: datetime


class Folder(Protocol):
    """Where an agency's files are.

    Every method raises an `UpstreamError` when the folder cannot be reached or refuses.
    """

    async def entries(self) -> list[Entry]:
        """The regular files with plain names, by name."""

    def read(self, name: str) -> AsyncIterator[bytes]:
        """The bytes of a file, piece by piece."""

    async def write(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Write a receipt: a reader sees the whole of it, or none."""


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, path: Path, receipts: str, agency: str) -> None:
        """Take the folder, the one below it that receipts go to ("" for itself), and whose it is."""
        self._path = path
        self._receipts = path / receipts
        self._agency = agency

    async def entries(self) -> list[Entry]:
        """See `Folder.entries`."""
        return await self._ask(self._entries)

    def _entries(self) -> list[Entry]:
        found = []
        with os.scandir(self._path) as listed:
            for one in listed:
                if PLAIN_NAME.fullmatch(one.name) and one.is_file(follow_symlinks=False):
                    about = one.stat(follow_symlinks=False)
                    changed = datetime.fromtimestamp(about.st_mtime, UTC)
                    found.append(Entry(one.name, about.st_size, changed))
        return sorted(found, key=lambda one: one.name)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """See `Folder.read`."""
        # NOTE a link may lead anywhere, a pipe never ends: only what is a regular file itself is read.
        opened = await self._ask(lambda: os.open(self._path / name, _FLAGS))
        with os.fdopen(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise UpstreamUnavailable("A file has become something else.", agency=self._agency)
            while piece := await self._ask(lambda: file.read(CHUNK)):
                yield piece

    async def write(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """See `Folder.write`."""
        unfinished = self._receipts / f".{name}.part"
        file = await self._ask(lambda: unfinished.open("wb"))
        with file:
            async for piece in pieces:
                await self._ask(partial(file.write, piece))
            await self._ask(file.flush)
            await self._ask(partial(os.fsync, file.fileno()))
        await self._ask(lambda: unfinished.replace(self._receipts / name))

    async def _ask(self, call: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(call)
        except OSError as error:
            raise UpstreamUnavailable(
                f"The folder {self._path} cannot be used: {error.strerror or type(error).__name__}.",
                agency=self._agency,
            ) from error


_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
