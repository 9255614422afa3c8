# SPDX-License-Identifier: EUPL-1.2
"""Verifying the tables under the feed: what a file would be verified by, and beside it every column that the bytes commit to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, Text, bindparam, func, literal_column, select

from hub.ledger.checkpoint import read_checkpoint
from hub.ledger.merkle import Tile
from hub.ledger.signed_note import MalformedNote, UnsignedNote, VerifierKey
from hub.ledger.verification import Unproven, Verified, Verifier
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedCheckpoint, FeedContent, FeedEntry, FeedTile

AT_ONCE = 5_000
"""Entries that are read in one go."""

_entry = table_of(FeedEntry)
_content = table_of(FeedContent)
_tile = table_of(FeedTile)
_checkpoint = table_of(FeedCheckpoint)


async def verify_stored(connection: Connection, key: VerifierKey | None) -> Verified:
    """Hold the stored feed against its checkpoints, its tiles, and the events it was drawn from.

    Run it in a transaction that sees one moment (REPEATABLE READ). `key`: whose signature each checkpoint must have.

    Raises:
        Unproven: something is not what it was when it was written; the message says what, and where.
    """
    verifier, tiles = Verifier(), 0
    async for low, lines in _lines(connection):
        verifier.expect(
            [checkpoint async for checkpoint in _checkpoints(connection, low, low + len(lines), key)]
        )
        filled: list[Tile] = []
        for line in lines:
            filled += verifier.take(line)
        tiles += len(filled)
        await _hold_tiles(connection, filled)
        changed = await _changed_statement().fetchval(connection, low=low + 1, high=low + len(lines))
        if changed is not None:
            raise Unproven(
                f"Position {changed:,}: its event, or a column beside its bytes, is not what it was."
            )
    found = verifier.end()
    beyond, kept = await _beyond_statement().fetchrow(connection, size=found.lines) or (0, 0)
    if beyond:
        raise Unproven(
            f"The feed ends at {found.lines:,}, and a checkpoint was signed over more entries: they are missing."
        )
    if kept > tiles:
        raise Unproven("There are tiles of the tree over entries that are not there.")
    return found


async def _lines(connection: Connection) -> AsyncIterator[tuple[int, Sequence[bytes]]]:
    """The feed's lines, as the stream has them, with the position before the first of each go."""
    low = 0
    while rows := await _lines_statement().fetch(connection, after=low, most=AT_ONCE):
        yield low, [row["line"].encode() for row in rows]
        low += len(rows)


async def _checkpoints(
    connection: Connection, low: int, high: int, key: VerifierKey | None
) -> AsyncIterator[Any]:
    for row in await _checkpoints_statement().fetch(connection, low=low, high=high):
        try:
            checkpoint = read_checkpoint(row["note"], key)
        except (MalformedNote, UnsignedNote) as fault:
            raise Unproven(f"The checkpoint over {row['size']:,} entries: {fault}") from None
        if (checkpoint.size, checkpoint.root) != (row["size"], row["root"]):
            raise Unproven(f"The checkpoint over {row['size']:,} entries is not what its note says.")
        yield checkpoint


async def _hold_tiles(connection: Connection, tiles: Sequence[Tile]) -> None:
    """Each stored tile is the root of its leaves; one that is not stored yet is made by the hub when it comes to it."""
    if not tiles:
        return
    rows: list[asyncpg.Record] = []
    for level in {tile.level for tile in tiles}:
        places = [tile.index for tile in tiles if tile.level == level]
        rows += await _tiles_statement().fetch(connection, level=level, low=min(places), high=max(places))
    stored = {(row["level"], row["index"]): row["hash"] for row in rows}
    for tile in tiles:
        found = stored.get((tile.level, tile.index))
        if found is None:
            size = (tile.index + 1) << (8 * (tile.level + 1))
            if await _covered_statement().fetchval(connection, size=size):
                raise Unproven(f"Tile {tile.index:,} of level {tile.level} is missing under a checkpoint.")
        elif found != tile.hash:
            raise Unproven(f"Tile {tile.index:,} of level {tile.level} is not the root of its leaves.")


@cache
def _lines_statement() -> Statement:
    line = func.concat(
        literal_column("'{\"content\":'", Text),
        func.coalesce(_content.c.content, literal_column("'null'", Text)),
        literal_column("',\"entry\":'", Text),
        _entry.c.entry,
        literal_column("'}'", Text),
    )
    return Statement(
        select(line.label("line"))
        .join_from(_entry, _content, _content.c.position == _entry.c.position, isouter=True)
        .where(_entry.c.position > bindparam("after", type_=BigInteger))
        .order_by(_entry.c.position)
        .limit(bindparam("most", type_=BigInteger))
    )


@cache
def _checkpoints_statement() -> Statement:
    return Statement(
        select(_checkpoint.c.size, _checkpoint.c.root, _checkpoint.c.note)
        .where(_checkpoint.c.size > bindparam("low", type_=BigInteger))
        .where(_checkpoint.c.size <= bindparam("high", type_=BigInteger))
        .order_by(_checkpoint.c.size)
    )


@cache
def _tiles_statement() -> Statement:
    return Statement(
        select(_tile.c.level, _tile.c.index, _tile.c.hash).where(
            _tile.c.level == bindparam("level", type_=BigInteger),
            _tile.c.index.between(bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger)),
        )
    )


@cache
def _covered_statement() -> Statement:
    return Statement(
        select(select(1).where(_checkpoint.c.size >= bindparam("size", type_=BigInteger)).exists())
    )


@cache
def _changed_statement() -> Statement:
    return Statement(
        select(
            func.first_changed_entry(bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger))
        )
    )


@cache
def _beyond_statement() -> Statement:
    size = bindparam("size", type_=BigInteger)
    beyond = select(func.count()).where(_checkpoint.c.size > size).scalar_subquery()
    return Statement(select(beyond, select(func.count()).select_from(_tile).scalar_subquery()))
