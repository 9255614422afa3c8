# SPDX-License-Identifier: EUPL-1.2
"""The sequencer: gives committed events the dense positions 1, 2, 3 …

Positions are given after the events are committed, by one process at a time (an advisory lock of the session that does the
work: whoever loses the connection loses the lock with it). An event that commits late is simply sequenced later; it can
never appear below a position a consumer has read.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import structlog
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    FromClause,
    Integer,
    Numeric,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from hub.ledger.proposing import waiting
from hub.repeating import Sleep, repeat
from hub.spans import span
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import (
    ConditionalityEvent,
    FeedContent,
    FeedEntry,
    FeedProposal,
    Household,
    Municipality,
    OutboxMessage,
)

LOCK = 7_203_002
"""The advisory lock's number, of this database."""
CHANNEL = "snodo_feed"
"""Where each transaction that gives positions says so, with the last of them."""
MOST_AT_ONCE = 1_000
"""Events of one statement: a batch's worth, so that a backlog is worked off in pieces, each well within the statement timeout."""
QUIET = 0.08
"""Seconds between two looks when none has found anything for `QUIET_AFTER`: forty looks a second cost more than what they wait for."""
QUIET_AFTER = 1.0
TAKE_OVER = 0.5
"""Seconds between two tries for the lock by a process that does not have it."""

log = structlog.get_logger()

_outbox = table_of(OutboxMessage)
_entry = table_of(FeedEntry)
_content = table_of(FeedContent)
_proposal = table_of(FeedProposal)
_event = table_of(ConditionalityEvent)
_household = table_of(Household)
_municipality = table_of(Municipality)

_DRAWN = ("position", "event_id", "region_code", "municipality_code", "measure", "type", "entry")
"""Columns of an entry that are drawn for it."""
_PROPOSED: dict[str, TypeEngine[Any]] = {
    "breach": Text(),
    "count": Integer(),
    "effect": Text(),
    "months": Integer(),
    "monthly_cut": Numeric(10, 2),
    "at_most_months": Integer(),
    "retroactive": Boolean(),
    "article": Text(),
    "sentence": Text(),
    "unverified": Boolean(),
    "edition": Integer(),
}
"""Columns of a proposal, as they are handed to the statement."""


async def sequence(connection: Connection) -> int:
    """Give every committed event that waits its position; return how many. The caller holds the lock.

    Two statements: what is proposed because of the events is reckoned between them (`hub.ledger.proposing`). The lock keeps anybody
    else from giving positions in the meantime, so that each is reckoned by the ledger as it stands at the position it gets.
    """
    found = await waiting(connection, MOST_AT_ONCE)
    if not found.messages:
        return 0
    given: int = await _statement().fetchval(connection, messages=found.messages, proposals=found.proposals)
    return given


@cache
def _statement() -> Statement:
    taken = (
        delete(_outbox)
        .where(_outbox.c.id == any_(bindparam("messages", type_=ARRAY(BigInteger))))
        .returning(_outbox.c.id, _outbox.c.subject_id)
        .cte("taken")
    )
    proposed = _given_proposals()
    last = select(func.coalesce(func.max(_entry.c.position), 0).label("position")).cte("last")
    place = last.c.position + func.row_number().over(order_by=taken.c.id)
    numbered = (
        select(
            place.label("position"),
            taken.c.subject_id.label("event_id"),
            func.gen_random_uuid(type_=Uuid).label("salt"),
            func.gen_random_uuid(type_=Uuid).label("record_salt"),
            *(proposed.c[name] for name in _PROPOSED),
        )
        .select_from(taken.join(last, true()).outerjoin(proposed, proposed.c.message == taken.c.id))
        .cte("numbered")
    )
    # A withdrawal and an erasure are in the feeds that the entry they are about is in, wherever the household lives by now.
    withdrawn, erased = _entry.alias("withdrawn"), _entry.alias("erased")
    region_code = func.coalesce(withdrawn.c.region_code, erased.c.region_code, _household.c.region_code)
    municipality_code = func.coalesce(
        withdrawn.c.municipality_code, erased.c.municipality_code, _municipality.c.belfiore_code
    )
    line = func.canonical_line_2(
        numbered.c.position,
        numbered.c.event_id,
        func.now(),
        region_code,
        municipality_code,
        numbered.c.salt,
        numbered.c.record_salt,
        func.canonical_proposal(*(numbered.c[name] for name in sorted(_PROPOSED))),
    ).table_valued("entry", "content", "measure", "type", name="line")
    # NOTE outer joins: where something is missing a column that must not be NULL refuses the whole statement, and the message
    # stays. An inner join would leave out the entry, and the message would be gone.
    drawn = (
        select(
            numbered.c.position,
            numbered.c.event_id,
            numbered.c.record_salt,
            region_code.label("region_code"),
            municipality_code.label("municipality_code"),
            *line.c,
            *(numbered.c[name] for name in _PROPOSED),
        )
        .select_from(
            numbered.outerjoin(_event, _event.c.id == numbered.c.event_id)
            .outerjoin(_household, _household.c.id == _event.c.household_id)
            .outerjoin(_municipality, _municipality.c.id == _household.c.municipality_id)
            .outerjoin(withdrawn, withdrawn.c.event_id == _event.c.withdraws_event_id)
            .outerjoin(erased, erased.c.position == _event.c.erases_position)
            .outerjoin(line, true())
        )
        .cte("drawn")
    )
    placed = (
        insert(_entry)
        .from_select(
            [*_DRAWN, "sequenced_at"],
            select(*(drawn.c[name] for name in _DRAWN), func.now()),
            include_defaults=False,
        )
        .returning(_entry.c.position)
        .cte("placed")
    )
    kept = (
        insert(_content)
        .from_select(
            ["position", "content", "record_salt"],
            select(drawn.c.position, drawn.c.content, drawn.c.record_salt),
            include_defaults=False,
        )
        .cte("kept")
    )
    proposals = (
        insert(_proposal)
        .from_select(
            ["position", *_PROPOSED],
            select(drawn.c.position, *(drawn.c[name] for name in _PROPOSED)).where(
                drawn.c["count"].is_not(None)
            ),
            include_defaults=False,
        )
        .cte("proposals")
    )
    # No personal data goes out: whoever may read the feed looks for itself.
    announced = (
        select(func.pg_notify(CHANNEL, cast(func.max(placed.c.position), Text)))
        .having(func.count() > 0)
        .scalar_subquery()
    )
    return Statement(select(func.count(), announced).select_from(placed).add_cte(kept, proposals))


def _given_proposals() -> FromClause:
    """The proposals handed to the statement, by the message each is for."""
    given = func.json_to_recordset(cast(bindparam("proposals", type_=Text), JSON))
    columns = [column("message", BigInteger), *(column(name, kind) for name, kind in _PROPOSED.items())]
    return given.table_valued(*columns, name="proposed").render_derived(with_types=True)


class Sequencer:
    """Competes for the lock, and sequences while it holds it; runs until it is cancelled."""

    def __init__(self, pool: Pool, interval: float, sleep: Sleep = asyncio.sleep) -> None:
        self._pool = pool
        self._interval = interval
        self._sleep = sleep
        self.active = False

    async def run(self) -> None:
        """Never returns; survives the loss of its connection."""
        await repeat(self._turn, TAKE_OVER, "sequencer.interrupted", sleep=self._sleep)

    async def _turn(self) -> None:
        async with self._pool.acquire() as connection:
            await self._hold(connection)

    async def _hold(self, connection: Connection) -> None:
        still = 0.0  # seconds in which nothing was found
        try:
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                await self._sleep(TAKE_OVER)
            self.active = True
            log.info("sequencer.active")
            while True:
                with span("sequencer.turn") as turn:
                    if given := await sequence(connection):
                        turn.note({"snodo.events": given})
                    else:
                        turn.forget()
                if given:
                    still = 0.0
                    continue
                pause = self._interval if still < QUIET_AFTER else max(self._interval, QUIET)
                still += pause
                await self._sleep(pause)
        finally:
            self.active = False
            # NOTE also after a try whose answer never came: the server may have given the lock all the same, and on a connection
            # that goes back to the pool it would be nobody's, for ever.
            if not connection.is_closed():
                try:
                    await connection.execute("SELECT pg_advisory_unlock_all()")
                except BaseException:
                    connection.terminate()  # the lock goes with it
                    raise
