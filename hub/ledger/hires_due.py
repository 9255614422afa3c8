# SPDX-License-Identifier: EUPL-1.2
"""Hires that were communicated ahead, as most are: recorded on the day they begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache

import structlog
from sqlalchemy import Date, Text, bindparam, literal_column, select, tuple_

from hub.ledger import hire_statements as statements
from hub.ledger.append import Everyone
from hub.ledger.communications import Hire, day_in_italy
from hub.ledger.hires import record_hire
from hub.ledger.record import Recorder
from hub.ledger.refusals import Refusal
from hub.repeating import repeat
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import Agency, Beneficiary, Communication
from hub.store.vocabulary import AgencyKind, CommunicationKind, CommunicationState

log = structlog.get_logger()

INTERVAL = 60.0
"""Seconds between two looks."""
_FIRST = (date(1, 1, 1), "")

_communication = table_of(Communication)


class HiresDue:
    """Records the hires whose day has come; as many processes may as like. `now`: the time of day, with an offset."""

    def __init__(self, pool: Pool, now: Callable[[], datetime], tolerance: timedelta) -> None:
        self._pool = pool
        self._now = now
        self._tolerance = tolerance

    async def look(self) -> int:
        """Record those that are due, each in a transaction of its own; how many were looked at.

        What is about a person of whom others are telling just now waits for the next look.
        """
        looked, after = 0, _FIRST
        while (last := await self._one(after)) is not None:
            looked, after = looked + 1, last
        return looked

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        await repeat(self._turn, INTERVAL, "hires.due_failed")

    async def _turn(self) -> None:
        if looked := await self.look():
            log.info("hires.due", hires=looked)

    async def _one(self, after: tuple[date, str]) -> tuple[date, str] | None:
        """Record the first that is due beyond a place; its own place, None when there is none."""
        now = self._now()
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _due().fetchrow(connection, today=day_in_italy(now), day=after[0], code=after[1])
            if row is None:
                return None
            # NOTE who sends communications locks a person, and then another's row: whoever has the row here does not wait for the person.
            if not await statements.try_lock().fetchval(connection, of=str(row["beneficiary_id"])):
                return row["starts_on"], row["code"]
            hire = Hire(
                row["code"],
                CommunicationKind(row["kind"]),
                row["fiscal_code"],
                row["employer_code"],
                row["starts_on"],
                row["ends_on"],
                row["contract_type"],
                row["replaces_code"],
            )
            recorder = Recorder(
                agency_id=row["agency_id"],
                agency_kind=AgencyKind(row["agency_kind"]),
                client_id=row["client_id"],
                purpose_id=row["purpose_id"],
                operator=row["operator"],
                reach=Everyone(),
                reach_values={},
            )
            taken = await record_hire(
                connection, recorder, hire, row["beneficiary_id"], now=now, tolerance=self._tolerance
            )
            if isinstance(taken, Refusal):
                log.error("hires.due_refused", code=taken.code.value)
        return row["starts_on"], row["code"]


@cache
def _due() -> Statement:
    """The first hire that waited for a day that has come, beyond a place; no other process has it at the same time."""
    agency, person = table_of(Agency), table_of(Beneficiary)
    place = tuple_(_communication.c.starts_on, _communication.c.code)
    beyond = tuple_(bindparam("day", type_=Date), bindparam("code", type_=Text))
    return Statement(
        select(_communication, person.c.fiscal_code, agency.c.kind.label("agency_kind"))
        .join_from(_communication, person, person.c.id == _communication.c.beneficiary_id)
        .join(agency, agency.c.id == _communication.c.agency_id)
        .where(
            _communication.c.state == CommunicationState.WAITING.value,
            _communication.c.starts_on <= bindparam("today", type_=Date),
            place > beyond,
        )
        .order_by(_communication.c.starts_on, _communication.c.code)
        .limit(literal_column("1"))
        .with_for_update(skip_locked=True, of=_communication)
    )
