# SPDX-License-Identifier: EUPL-1.2
"""`inbound_run`: where a run stands, and where the next one starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from hub.errors import ConfigurationError
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, InboundRun

Clock = Callable[[], datetime]
"""The time of day, with an offset."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that began: its row, its agency and flow, and the watermark it starts from."""

    id: UUID
    agency_id: UUID
    flow: str
    watermark: str | None

    def landing(self, at: datetime) -> Landing:
        """What lands by this run now."""
        return Landing(self.agency_id, self.id, at)


@dataclass(frozen=True, slots=True)
class Landing:
    """Whose records land, by which run and when: what a row keeps of how it came.

    `run_id`: None where somebody had what waited tried again, without a run.
    """

    agency_id: UUID
    run_id: UUID | None
    at: datetime


async def agency_id_of(connection: Connection, code: str) -> UUID:
    """The key of the agency with this code.

    Raises:
        ConfigurationError: there is none.

    """
    found: UUID | None = await _AGENCY.fetchval(connection, code=code)
    if found is None:
        raise ConfigurationError(f"No agency has the code {code}: register it before its flow is pulled.")
    return found


async def begin(connection: Connection, agency_id: UUID, flow: str, now: datetime) -> Run:
    """Note a new run, which starts where the last one of this flow came to, finished or not."""
    watermark: str | None = await _LAST.fetchval(connection, agency=agency_id, flow=flow)
    run_id: UUID = await _BEGIN.fetchval(
        connection, agency_id=agency_id, flow=flow, started_at=now, watermark=watermark
    )
    return Run(run_id, agency_id, flow, watermark)


async def take_turn(connection: Connection, agency_id: UUID) -> None:
    """Wait until no other transaction lands records of this agency; the turn ends with ours.

    NOTE the row is locked FOR NO KEY UPDATE: foreign keys to the agency go on working meanwhile. And plans are forgotten, so that
    each statement is planned for its own page: one kept from when the tables were empty reads them whole. To force a plan for
    each execution would do that to foreign keys, too, whose checks would be planned anew for every row.
    """
    await _TURN.execute(connection, agency=agency_id)
    await connection.execute("DISCARD PLANS")


async def advance(
    connection: Connection, run: Run, watermark: str | None, landed: int, quarantined: int
) -> None:
    """Count a page and move the watermark past it, in the transaction that landed it."""
    await _ADVANCE.execute(
        connection,
        run=run.id,
        to=watermark,
        more_received=landed + quarantined,
        more_landed=landed,
        more_quarantined=quarantined,
    )


async def finish(connection: Connection, run: Run, now: datetime) -> None:
    """Note that the run came to the end of what there was."""
    await _FINISH.execute(connection, run=run.id, at=now)


_AGENCY = Statement(select(Agency.id).where(Agency.code == bindparam("code")))
_LAST = Statement(
    select(InboundRun.watermark)
    .where(InboundRun.agency_id == bindparam("agency"), InboundRun.flow == bindparam("flow"))
    .order_by(InboundRun.started_at.desc(), InboundRun.id.desc())
    .limit(1)
)
_BEGIN = Statement(
    insert(InboundRun)
    .values({name: bindparam(name) for name in ("agency_id", "flow", "started_at", "watermark")})
    .returning(InboundRun.id)
)
_TURN = Statement(select(Agency.id).where(Agency.id == bindparam("agency")).with_for_update(key_share=True))
_ADVANCE = Statement(
    update(InboundRun)
    .where(InboundRun.id == bindparam("run"))
    .values(
        watermark=bindparam("to"),
        received=InboundRun.received + bindparam("more_received"),
        landed=InboundRun.landed + bindparam("more_landed"),
        quarantined=InboundRun.quarantined + bindparam("more_quarantined"),
    )
)
_FINISH = Statement(
    update(InboundRun).where(InboundRun.id == bindparam("run")).values(finished_at=bindparam("at"))
)
