# SPDX-License-Identifier: EUPL-1.2
"""Content codings of long answers: which one a reader wants, and text packed piece by piece (RFC 9110, section 12.5.3).

zstd (RFC 8878) beside gzip. Both give out all of a piece before the next is there, so that a reader has its lines as they come.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from hub.http.accept import NotAcceptable, media_ranges

if sys.version_info >= (3, 14):  # pragma: no cover
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

LEVEL: Final = 1
"""Of both: what is in a line is mostly hashes and salts, which no level makes smaller."""
GZIP: Final = 31
"""zlib's word for gzip's header around the largest window."""


class Packing(Protocol):
    """One answer, as it is packed."""

    def more(self, text: bytes) -> bytes:
        """The next piece, all of it: nothing is held back."""

    def end(self) -> bytes:
        """What closes the answer."""


class _Gzip:
    def __init__(self) -> None:
        self._packed = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)

    def more(self, text: bytes) -> bytes:
        return self._packed.compress(text) + self._packed.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._packed.flush()


class _Zstd:
    def __init__(self) -> None:
        self._packed = zstd.ZstdCompressor(level=LEVEL)

    def more(self, text: bytes) -> bytes:
        return self._packed.compress(text, zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._packed.flush()


@dataclass(frozen=True, slots=True)
class Coding:
    """A content coding: its name, and how an answer is packed by it."""

    name: str
    begin: Callable[[], Packing]

    @property
    def header(self) -> tuple[bytes, bytes]:
        """What the answer's head says."""
        return b"content-encoding", self.name.encode()

    def whole(self, text: bytes) -> bytes:
        """An answer that is there as a whole."""
        packing = self.begin()
        return packing.more(text) + packing.end()


CODINGS: Final = (Coding("zstd", _Zstd), Coding("gzip", _Gzip))
"""The one the hub would choose first."""


def coding_for(accept: bytes | None) -> Coding | None:
    """The coding for an `Accept-Encoding` header; None: the text as it is, which a reader that says nothing gets.

    Raises:
        NotAcceptable: the reader takes none of them, nor the text as it is.

    """
    if accept is None:
        return None
    wanted = dict(media_ranges(accept))
    rest = wanted.get("*")
    best = max(CODINGS, key=lambda one: wanted.get(one.name, rest or 0.0))  # the first of equals
    packed = wanted.get(best.name, rest or 0.0)
    # What is not named is taken all the same, where nothing else is (section 12.5.3, rule 2).
    plain = wanted.get("identity", rest)
    if packed > 0 and packed >= (plain or 0.0):
        return best
    if plain == 0:
        raise NotAcceptable(
            "The feed comes as it is, or with the content coding zstd or gzip; `Accept-Encoding` takes none."
        )
    return None
