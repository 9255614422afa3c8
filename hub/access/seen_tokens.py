# SPDX-License-Identifier: EUPL-1.2
"""Whether a token of single use is presented for the first time: to any process of the hub, ever.

A captured DPoP proof, signature or single-use voucher stays good until it expires; what ends its use is that its `jti` was
seen before (RFC 9449, section 11.1; ModI ID_AUTH_REST_02). The answer is the database's, by a primary key, so that of two
processes asked at once exactly one hears that it was the first.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache

import asyncpg
import structlog
from sqlalchemy import DateTime, Interval, LargeBinary, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from hub.errors import Unavailable
from hub.repeating import Sleep, repeat
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import SeenToken

KEPT_LONGER = timedelta(minutes=10)
"""How long a token is remembered beyond its end: the database's clock, by which it is forgotten, is not the hub's."""
MOST_AT_ONCE = 10_000
"""Tokens forgotten by one statement."""
PAUSE = 60.0
"""Seconds between two rounds of forgetting."""

log = structlog.get_logger()


class TokenKind(StrEnum):
    """What is taken once. NOTE a kind's word is part of what is hashed: changed, every token could be presented again."""

    DPOP_PROOF = "dpop"
    SIGNATURE = "signature"
    EVIDENCE = "evidence"
    VOUCHER = "voucher"


class ReplayUnknown(Unavailable):
    """Whether this token was used before cannot be found out now, so it is not taken; ask again in a moment."""


class SeenTokens:
    """The tokens seen so far, shared by all processes of the hub."""

    def __init__(self, pool: Pool, sleep: Sleep = asyncio.sleep) -> None:
        self._pool = pool
        self._sleep = sleep

    async def first_time(self, kind: TokenKind, jti: str, expires_at: float, *, issuer: str = "") -> bool:
        """Whether a token is presented for the first time; from now on it is not.

        Args:
            kind: what it is.
            jti: as the token says it; its signature was verified before.
            expires_at: Unix seconds from which on the hub would refuse it anyway, the skew of clocks included.
            issuer: who made the `jti`, where it is unique only among those of one issuer: a client, or a key's thumbprint.

        Raises:
            ReplayUnknown: the database cannot say; the token must not be taken.

        """
        return await self._is_taken(_remember(), kind, _hash(kind, issuer, jti), expires_at)

    async def same_use(
        self, kind: TokenKind, jti: str, use: str, expires_at: float, *, issuer: str = ""
    ) -> bool:
        """Whether a token is presented for the first time, or again for the same `use`; for another it no longer may be.

        Everything else is as with `first_time`.
        """
        use_hash = hashlib.sha256(use.encode("utf-8", "surrogatepass")).digest()
        return await self._is_taken(
            _remember_use(), kind, _hash(kind, issuer, jti), expires_at, use_hash=use_hash
        )

    async def _is_taken(
        self, statement: Statement, kind: TokenKind, token_hash: bytes, expires_at: float, **more: bytes
    ) -> bool:
        ends = datetime.fromtimestamp(expires_at, UTC)
        try:
            async with self._pool.acquire() as connection:
                key = await statement.fetchval(connection, token_hash=token_hash, expires_at=ends, **more)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.error("seen_tokens.unknown", error=type(error).__name__, kind=kind.value)
            raise ReplayUnknown from error
        return key is not None

    async def forget(self) -> int:
        """Forget tokens that nobody would take any more, at most 10,000; gives how many there were."""
        async with self._pool.acquire() as connection:
            forgotten: int = await _forget().fetchval(connection, kept=KEPT_LONGER, most=MOST_AT_ONCE)
        return forgotten

    async def run(self) -> None:
        """Forget, once a minute, until cancelled. Several processes may; none waits for another."""
        await repeat(self._forget_all, PAUSE, "seen_tokens.not_forgotten", sleep=self._sleep)

    async def _forget_all(self) -> None:
        while await self.forget() == MOST_AT_ONCE:
            pass


def _hash(kind: TokenKind, issuer: str, jti: str) -> bytes:
    # NOTE the lengths tell the parts apart: no issuer can choose a `jti` that reads as another's.
    text = f"{kind.value} {len(issuer)} {issuer} {jti}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@cache
def _remember() -> Statement:
    table = table_of(SeenToken)
    return Statement(
        insert(table)
        .values(
            token_hash=bindparam("token_hash", type_=LargeBinary),
            expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
        )
        .on_conflict_do_nothing(index_elements=[table.c.token_hash])
        .returning(table.c.token_hash)
    )


@cache
def _remember_use() -> Statement:
    table = table_of(SeenToken)
    new = insert(table).values(
        token_hash=bindparam("token_hash", type_=LargeBinary),
        expires_at=bindparam("expires_at", type_=DateTime(timezone=True)),
        use_hash=bindparam("use_hash", type_=LargeBinary),
    )
    # The row of before is written as it was, so that it is returned, if it was for the same use.
    again = new.on_conflict_do_update(
        index_elements=[table.c.token_hash],
        set_={"use_hash": table.c.use_hash},
        where=table.c.use_hash == new.excluded.use_hash,
    )
    return Statement(again.returning(table.c.token_hash))


@cache
def _forget() -> Statement:
    table = table_of(SeenToken)
    ended = (
        select(table.c.token_hash)
        .where(table.c.expires_at < func.now() - bindparam("kept", type_=Interval))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
    forgotten = delete(table).where(table.c.token_hash.in_(ended)).returning(table.c.token_hash).cte("gone")
    return Statement(select(func.count()).select_from(forgotten))
