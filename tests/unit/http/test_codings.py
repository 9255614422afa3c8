# SPDX-License-Identifier: EUPL-1.2
"""Content codings: which one a reader gets, and that what was packed so far can be read."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

import pytest

from hub.http.accept import NotAcceptable
from hub.http.codings import CODINGS, Coding, coding_for, zstd


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, None),
        (b"", None),
        (b"gzip", "gzip"),
        (b"zstd", "zstd"),
        (b"gzip, zstd", "zstd"),
        (b"GZIP, deflate, br", "gzip"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip;q=1.0, zstd;q=0.5", "gzip"),
        (b"gzip;q=0.2, zstd; q=0.8", "zstd"),
        (b"zstd;q=0, gzip", "gzip"),
        (b"zstd;q=0, gzip;q=0", None),
        (b"br", None),
        (b"identity", None),
        (b"gzip, identity", "gzip"),
        (b"gzip;q=0.5, identity", None),
        (b"gzip;q=0.5, identity;q=0.4", "gzip"),
        (b"*", "zstd"),
        (b"*;q=0.1, gzip", "gzip"),
        (b"zstd;q=0, *", "gzip"),
        (b"gzip, *;q=0", "gzip"),
        (b"identity;q=0, gzip;q=0.1", "gzip"),
        (b"gzip;q=none", None),
        (b"gzip;q=2", None),
    ],
)
def test_which_one(accept: bytes | None, name: str | None) -> None:
    found = coding_for(accept)
    assert (None if found is None else found.name) == name


@pytest.mark.parametrize(
    "accept",
    [b"*;q=0", b"identity;q=0", b"br, identity;q=0", b"gzip;q=0, zstd;q=0, identity;q=0", b"br, *;q=0"],
)
def test_who_takes_none_is_told(accept: bytes) -> None:
    with pytest.raises(NotAcceptable, match="zstd or gzip"):
        coding_for(accept)


UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda packed: zlib.decompressobj(31).decompress(packed),
    "zstd": lambda packed: zstd.ZstdDecompressor().decompress(packed),
}


@pytest.mark.parametrize("coding", CODINGS, ids=lambda one: one.name)
def test_every_piece_can_be_read_before_the_next(coding: Coding) -> None:
    rng, packing, packed, text = random.Random(5), coding.begin(), b"", b""
    for size in (1, 3_000, 70_000, 0, 200_000):
        piece = rng.randbytes(size // 2) + b"x" * (size - size // 2)
        text += piece
        packed += packing.more(piece) if piece else b""
        assert UNPACK[coding.name](packed) == text
    packed += packing.end()
    assert UNPACK[coding.name](packed) == text
    for cut in rng.sample(range(len(packed)), 200):
        assert text.startswith(UNPACK[coding.name](packed[:cut]))
    assert UNPACK[coding.name](coding.whole(text)) == text
