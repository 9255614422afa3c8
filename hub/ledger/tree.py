# SPDX-License-Identifier: EUPL-1.2
"""Nodes of the feed's tree, read from its entries and its stored tiles (docs/adr/0029).

A full subtree is made of at most 128 leaves, or of at most 128 tiles of one level: so whatever is asked, two statements by key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, SmallInteger, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from hub.errors import ClientError
from hub.ledger.merkle import TILE_HEIGHT, CompactRange, Subtree, full_root, joined, subtrees
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedEntry, FeedTile

LEAVES = -1
"""The level below the tiles'."""

_entry = table_of(FeedEntry)
_tile = table_of(FeedTile)


class ProofNotReady(ClientError):
    """The feed has just grown, and its tree is not there yet: ask again in a moment, or for an earlier size."""

    code = "PROOF_NOT_READY"
    status = 503


async def roots(connection: Connection, ranges: Iterable[tuple[int, int]]) -> list[bytes]:
    """The root over each range of leaves, from its first up to and without its last; ranges as proofs have them.

    Raises:
        ProofNotReady: a tile or an entry is not there.
    """
    parts = [list(subtrees(low, high)) for low, high in ranges]
    found = await _nodes(connection, [one for part in parts for one in part])
    return [joined([found[one] for one in part]) for part in parts]


async def stored_tree(connection: Connection) -> CompactRange:
    """The tree as far as full tiles of leaves are stored."""
    size: int = await _tiled_statement().fetchval(connection)
    nodes = list(subtrees(0, size << TILE_HEIGHT))
    found = await _nodes(connection, nodes)
    return CompactRange(size << TILE_HEIGHT, [found[one] for one in nodes])


async def last_position(connection: Connection) -> int:
    """How many entries the feed has."""
    found: int = await _last_statement().fetchval(connection)
    return found


async def _nodes(connection: Connection, wanted: Sequence[Subtree]) -> dict[Subtree, bytes]:
    places = {one: _place(one) for one in wanted}
    leaves = [place for place in places.values() if place[0] == LEAVES]
    tiles = [place for place in places.values() if place[0] != LEAVES]
    stored: dict[tuple[int, int], bytes] = {}
    if leaves:
        rows = await _leaves_statement().fetch(
            connection, lows=[low + 1 for _, low, _ in leaves], highs=[high for _, _, high in leaves]
        )
        stored.update({(LEAVES, row["position"] - 1): row["leaf"] for row in rows})
    if tiles:
        levels, lows, highs = (list(part) for part in zip(*tiles, strict=True))
        rows = await _tiles_statement().fetch(connection, levels=levels, lows=lows, highs=highs)
        stored.update({(row["level"], row["index"]): row["hash"] for row in rows})
    try:
        return {
            one: full_root([stored[level, index] for index in range(low, high)])
            for one, (level, low, high) in places.items()
        }
    except KeyError:
        raise ProofNotReady from None


def _place(one: Subtree) -> tuple[int, int, int]:
    """Level of what a subtree is made of, and its first and the one after its last there."""
    level, height = divmod(one.height, TILE_HEIGHT)
    return level - 1, one.index << height, (one.index + 1) << height


def _ranges(**kinds: Any) -> FromClause:
    named = func.unnest(*(bindparam(name, type_=ARRAY(kind())) for name, kind in kinds.items()))
    return named.table_valued(*kinds, name="asked").render_derived()


@cache
def _leaves_statement() -> Statement:
    asked = _ranges(lows=BigInteger, highs=BigInteger)
    return Statement(
        select(_entry.c.position, func.feed_leaf(_entry.c.entry).label("leaf")).join_from(
            asked, _entry, _entry.c.position.between(asked.c.lows, asked.c.highs)
        )
    )


@cache
def _tiles_statement() -> Statement:
    asked = _ranges(levels=SmallInteger, lows=BigInteger, highs=BigInteger)
    within = and_(
        _tile.c.level == asked.c.levels, _tile.c.index >= asked.c.lows, _tile.c.index < asked.c.highs
    )
    return Statement(select(_tile.c.level, _tile.c.index, _tile.c.hash).join_from(asked, _tile, within))


@cache
def _tiled_statement() -> Statement:
    return Statement(select(func.coalesce(func.max(_tile.c.index) + 1, 0)).where(_tile.c.level == 0))


@cache
def _last_statement() -> Statement:
    return Statement(select(func.coalesce(func.max(_entry.c.position), 0)))
