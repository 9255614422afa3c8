# SPDX-License-Identifier: EUPL-1.2
"""Making tiles and checkpoints as the feed grows: beside the sequencer, never in its way (docs/adr/0029)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache

import structlog
from sqlalchemy import BigInteger, FromClause, LargeBinary, SmallInteger, Text, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert

from hub.ledger.checkpoint import Checkpoint
from hub.ledger.merkle import CompactRange, Tile
from hub.ledger.signed_note import Signer
from hub.ledger.tree import ProofNotReady, last_position, roots, stored_tree
from hub.repeating import Sleep, repeat
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedCheckpoint, FeedEntry, FeedTile

AT_ONCE = 4_096
"""Entries that are read in one go."""
AFTER_CHANGE = 60.0
"""Seconds until a feed that was changed is looked at again: somebody must act first."""

log = structlog.get_logger()

_entry = table_of(FeedEntry)
_tile = table_of(FeedTile)
_checkpoint = table_of(FeedCheckpoint)


class FeedChanged(Exception):
    """What is stored is not what was signed: something in the tables was changed or removed. Nothing more is signed."""


class Checkpointing:
    """Keeps the tree up with the feed; an instance for each process, at work while `is_active` says so."""

    def __init__(
        self,
        pool: Pool,
        is_active: Callable[[], bool],
        signer: Signer | None,
        interval: float,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`signer`: None where the hub has no key: then the tree is kept, and nothing is signed. `interval` in seconds."""
        self._pool = pool
        self._is_active = is_active
        self._signer = signer
        self._interval = interval
        self._sleep = sleep
        self._tree: CompactRange | None = None
        self._signed = 0

    async def run(self) -> None:
        """Never returns; survives the loss of its connection."""
        await repeat(self._turn, self._interval, "checkpoint.interrupted", sleep=self._sleep)

    async def _turn(self) -> None:
        if not self._is_active():
            self._tree = None  # somebody else's work goes on from here
            return
        try:
            async with self._pool.acquire() as connection:
                await self.catch_up(connection)
        except FeedChanged as change:
            log.error("feed.changed", what=str(change))
            await self._sleep(AFTER_CHANGE)
        except Exception:
            self._tree = None
            raise

    async def catch_up(self, connection: Connection) -> int:
        """Bring tiles and checkpoint up to the feed's last entry; the size they are of.

        Raises:
            FeedChanged: what is stored is not what the last checkpoint signed.
        """
        tree, self._tree = self._tree or await self._resume(connection), None
        while rows := await _leaves_statement().fetch(connection, size=tree.size, most=AT_ONCE):
            filled: list[Tile] = []
            for row in rows:
                if row["position"] != tree.size + 1:
                    raise FeedChanged(f"entry {tree.size + 1} is missing")
                filled += tree.append(row["leaf"])
            await _store(connection, filled)
            if len(rows) < AT_ONCE:
                break
        if self._signer is not None and tree.size > self._signed:
            signed = Checkpoint(self._signer.key.name, tree.size, tree.root())
            await _sign_statement().execute(
                connection, size=signed.size, root=signed.root, note=signed.signed(self._signer)
            )
            self._signed = tree.size
        # NOTE kept only now: after a fault it is read anew.
        self._tree = tree
        return tree.size

    async def _resume(self, connection: Connection) -> CompactRange:
        """The stored tree, held against the last checkpoint."""
        last = await _last_statement().fetchrow(connection)
        self._signed = 0 if last is None else last["size"]
        try:
            tree = await stored_tree(connection)
            if last is not None and (await roots(connection, [(0, last["size"])]))[0] != last["root"]:
                raise FeedChanged(f"the root over {last['size']} entries is not the one that was signed")
        except ProofNotReady:
            raise FeedChanged("entries or tiles are missing under the last checkpoint") from None
        if await last_position(connection) < tree.size:
            raise FeedChanged(f"entries up to {tree.size} were proved, and are missing")
        return tree


async def _store(connection: Connection, tiles: Sequence[Tile]) -> None:
    """Store tiles; those that are there already must be the same."""
    if not tiles:
        return
    given = {
        "levels": [tile.level for tile in tiles],
        "indexes": [tile.index for tile in tiles],
        "hashes": [tile.hash for tile in tiles],
    }
    await _store_statement().execute(connection, **given)
    if await _other_statement().fetchval(connection, **given):
        raise FeedChanged("a stored tile is not the root of its leaves")


@cache
def _leaves_statement() -> Statement:
    return Statement(
        select(_entry.c.position, func.feed_leaf(_entry.c.entry).label("leaf"))
        .where(_entry.c.position > bindparam("size", type_=BigInteger))
        .order_by(_entry.c.position)
        .limit(bindparam("most", type_=BigInteger))
    )


def _given() -> FromClause:
    return (
        func.unnest(
            bindparam("levels", type_=ARRAY(SmallInteger)),
            bindparam("indexes", type_=ARRAY(BigInteger)),
            bindparam("hashes", type_=ARRAY(LargeBinary)),
        )
        .table_valued("level", "index", "hash", name="given")
        .render_derived()
    )


@cache
def _store_statement() -> Statement:
    given = _given()
    columns = ["level", "index", "hash"]
    return Statement(
        pg_insert(_tile)
        .from_select(columns, select(*(given.c[name] for name in columns)), include_defaults=False)
        .on_conflict_do_nothing()
    )


@cache
def _other_statement() -> Statement:
    given = _given()
    same = and_(_tile.c.level == given.c.level, _tile.c.index == given.c.index)
    return Statement(
        select(func.count()).select_from(given.join(_tile, same)).where(_tile.c.hash != given.c.hash)
    )


@cache
def _last_statement() -> Statement:
    return Statement(
        select(_checkpoint.c.size, _checkpoint.c.root).order_by(_checkpoint.c.size.desc()).limit(1)
    )


@cache
def _sign_statement() -> Statement:
    # Of two that sign the same size at once, while the lock changes hands, one is enough.
    return Statement(
        pg_insert(_checkpoint)
        .values(
            size=bindparam("size", type_=BigInteger),
            root=bindparam("root", type_=LargeBinary),
            note=bindparam("note", type_=Text),
        )
        .on_conflict_do_nothing()
    )
