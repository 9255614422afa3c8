# SPDX-License-Identifier: EUPL-1.2
"""The limits of one consumer's calls: set, taken back, and read with what is used today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import Column, DateTime, ScalarSelect, Text, Update, bindparam, select, update
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.actors import COMMAND_LINE, Actor, acting
from hub.access.call_counts import DefaultLimits
from hub.access.call_windows import moment, windows_at
from hub.access.registry_refusals import InvalidRegistration, UnknownAgency, UnknownPurpose
from hub.store.base import table_of
from hub.store.reference.agency_codes import CITIZENS_AGENCY_CODE, CITIZENS_PURPOSE_ID
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, CallCount, Purpose
from hub.store.vocabulary import AgencyKind, CallsOf, CallWindow

MOST_CALLS: Final = 1_000_000_000_000
"""As many as a limit may be of; beyond it, it limits nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a minute and a day of a purpose, and a day of its consumer under all purposes; None: no limit.

    Of the citizens' purpose the first two are of each citizen, and there is no third. The used ones are today's.
    """

    purpose_id: UUID
    per_minute: int
    per_day: int | None
    used: int
    consumer_per_day: int | None
    consumer_used: int


async def set_limits(
    connection: Connection,
    agency_code: str,
    *,
    purpose_id: UUID | None = None,
    per_minute: int | None = None,
    per_day: int | None = None,
    to_default: bool = False,
    actor: Actor = COMMAND_LINE,
) -> None:
    """Set what is given, first taking back what was set if `to_default`. Hub processes follow with their next lease.

    With a purpose, that purpose's; without, the consumer's calls a day, and of each of its purposes the calls a minute. Citizens', either
    way, are each citizen's. One transaction, recorded as the actor's.

    Raises:
        UnknownAgency: there is none of this code.
        UnknownPurpose: it has no such purpose.
        InvalidRegistration: a limit is not a number of calls.

    """
    for name, calls in (("per_minute", per_minute), ("per_day", per_day)):
        if calls is not None and not 1 <= calls <= MOST_CALLS:
            raise InvalidRegistration(
                f"A limit is a number of calls, from 1 to {MOST_CALLS}; take it back to have the settings' again.",
                about=name,
            )
    agency_id = await _agency_id(connection, agency_code)
    known = await _purposes().fetch(connection, agency_id=agency_id)
    if purpose_id is not None and purpose_id not in {row["purpose_id"] for row in known}:
        raise UnknownPurpose(f"Purpose {purpose_id} is not one of {agency_code}.", about="purpose_id")
    if agency_code == CITIZENS_AGENCY_CODE:
        # NOTE their agency's own calls a day are those of all together of whom the hub knows nothing: nobody asked for these.
        purpose_id = UUID(CITIZENS_PURPOSE_ID)
    agency, purpose = table_of(Agency), table_of(Purpose)
    own = purpose.c.agency_id == agency_id
    if purpose_id is not None:
        own &= purpose.c.purpose_id == purpose_id
    changes: list[Update] = []
    if to_default:
        changes.append(update(purpose).where(own).values(calls_per_minute=None, calls_per_day=None))
        if purpose_id is None:
            changes.append(update(agency).where(agency.c.id == agency_id).values(calls_per_day=None))
    if per_minute is not None:
        changes.append(update(purpose).where(own).values(calls_per_minute=per_minute))
    if per_day is not None:
        changes.append(
            update(purpose).where(own).values(calls_per_day=per_day)
            if purpose_id is not None
            else update(agency).where(agency.c.id == agency_id).values(calls_per_day=per_day)
        )
    async with acting(connection, actor):
        for change in changes:
            await Statement(change).execute(connection)


async def read_limits(
    connection: Connection, agency_code: str, defaults: DefaultLimits, now: float
) -> Sequence[Limits]:
    """The limits of each of a consumer's purposes. `now`: in Unix seconds.

    Raises:
        UnknownAgency: there is none of this code.

    """
    agency_id = await _agency_id(connection, agency_code)
    rows = await _limits().fetch(connection, agency_id=agency_id, day=moment(windows_at(now).day.start))
    return [
        Limits(
            row["purpose_id"],
            row["calls_per_minute"] or (defaults.citizen_minute if citizens else defaults.purpose_minute),
            row["calls_per_day"] or (defaults.citizen_day if citizens else None),
            row["used"] or 0,
            None if citizens else row["consumer_per_day"] or defaults.consumer_day,
            row["consumer_used"] or 0,
        )
        for row in rows
        for citizens in [row["kind"] == AgencyKind.CITIZENS]
    ]


async def _agency_id(connection: Connection, code: str) -> UUID:
    found: UUID | None = await _find().fetchval(connection, code=code)
    if found is None:
        raise UnknownAgency(about="agency_code")
    return found


@cache
def _find() -> Statement:
    agency = table_of(Agency)
    return Statement(select(agency.c.id).where(agency.c.code == bindparam("code", type_=Text())))


@cache
def _purposes() -> Statement:
    purpose = table_of(Purpose)
    return Statement(select(purpose.c.purpose_id).where(purpose.c.agency_id == bindparam("agency_id")))


@cache
def _limits() -> Statement:
    agency, purpose = table_of(Agency), table_of(Purpose)
    return Statement(
        select(
            agency.c.kind,
            purpose.c.purpose_id,
            purpose.c.calls_per_minute,
            purpose.c.calls_per_day,
            _used(CallsOf.PURPOSE, purpose.c.purpose_id).label("used"),
            agency.c.calls_per_day.label("consumer_per_day"),
            _used(CallsOf.CONSUMER, agency.c.id).label("consumer_used"),
        )
        .select_from(agency.join(purpose, purpose.c.agency_id == agency.c.id))
        .where(agency.c.id == bindparam("agency_id", type_=PG_UUID(as_uuid=True)))
        .order_by(purpose.c.registered_at, purpose.c.purpose_id)
    )


def _used(whose: CallsOf, subject: Column[UUID]) -> ScalarSelect[int]:
    """Today's calls."""
    count = table_of(CallCount)
    return (
        select(count.c.used)
        .where(
            count.c.calls_of == whose,
            count.c.call_window == CallWindow.DAY,
            count.c.subject_id == subject,
            count.c.starts_at == bindparam("day", type_=DateTime(timezone=True)),
        )
        .scalar_subquery()
    )
