# SPDX-License-Identifier: EUPL-1.2
"""Proofs out of the feed's tree: that an entry is in it, and that a later tree begins with an earlier one (RFC 6962, 2.1).

A proof is hashes alone, and says nothing of anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import select

from hub.errors import InvalidInput
from hub.ledger.merkle import consistency_path, inclusion_path
from hub.ledger.tree import last_position, roots
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FeedCheckpoint

_checkpoint = table_of(FeedCheckpoint)


class OutsideFeed(InvalidInput):
    """The feed has no such entries."""

    code = "OUTSIDE_FEED"


@dataclass(frozen=True, slots=True)
class Proof:
    """Hashes, in the order in which they are taken; which of the two proofs it is, says what was asked."""

    hashes: tuple[bytes, ...]


async def last_checkpoint(connection: Connection) -> str | None:
    """The note over the most entries; None while nothing was signed."""
    found: str | None = await _checkpoint_statement().fetchval(connection)
    return found


async def inclusion_proof(connection: Connection, position: int, size: int) -> Proof:
    """That the entry at `position` is among the first `size`.

    Raises:
        OutsideFeed: there is no such position, or there are not so many entries.
        ProofNotReady: the tree over so many is not there yet.
    """
    await _check_size(connection, size, "size")
    if not 1 <= position <= size:
        raise OutsideFeed(
            f"`position` is {position}: of the first {size} entries they are 1 to {size}.",
            position=position,
            size=size,
        )
    return Proof(tuple(await roots(connection, inclusion_path(position - 1, size))))


async def consistency_proof(connection: Connection, old: int, new: int) -> Proof:
    """That the first `new` entries begin with what were the first `old`.

    Raises:
        OutsideFeed: there are not so many entries, or `old` is above `new`.
        ProofNotReady: the tree over so many is not there yet.
    """
    await _check_size(connection, new, "to")
    if not 1 <= old <= new:
        raise OutsideFeed(f"`from` is {old}: it is a size from 1 to {new}, which `to` says.", size=new)
    return Proof(tuple(await roots(connection, consistency_path(old, new))))


async def _check_size(connection: Connection, size: int, name: str) -> None:
    last = await last_position(connection)
    if not 1 <= size <= last:
        raise OutsideFeed(
            f"`{name}` is {size}: the feed has {last} entries, and a proof is over 1 of them or more.",
            size=last,
        )


@cache
def _checkpoint_statement() -> Statement:
    return Statement(select(_checkpoint.c.note).order_by(_checkpoint.c.size.desc()).limit(1))
