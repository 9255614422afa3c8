# SPDX-License-Identifier: EUPL-1.2
"""Calls counted in the database, for all hub processes: leased in advance, given back where they were not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, bindparam, case, column, delete, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.sql import ColumnElement

from hub.access.call_windows import Window, Windows, moment
from hub.settings import Settings
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import Agency, CallCount, Purpose
from hub.store.vocabulary import AgencyKind, CallsOf, CallWindow

NOBODY = UUID(int=0)
"""The subject of what is counted for all agencies together."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose calls: an agency's under one purpose; or, under the citizens' purpose, those of one person the hub knows."""

    purpose_id: UUID
    agency_id: UUID
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one limit after a lease."""

    calls_of: CallsOf
    call_window: CallWindow
    window: Window
    limit: int
    left: int


@dataclass(frozen=True, slots=True)
class Granted:
    """The calls a process may answer within a window, and what is left of each limit that bounds them, for others and for later."""

    calls: int
    lefts: Sequence[Left]


@dataclass(frozen=True, slots=True)
class DefaultLimits:
    """The limits of those who have none of their own. None: no limit."""

    purpose_minute: int
    consumer_day: int
    eservice_day: int | None
    citizen_minute: int
    citizen_day: int

    @classmethod
    def from_settings(cls, settings: Settings) -> DefaultLimits:
        """As the settings say."""
        return cls(
            settings.calls_per_minute,
            settings.calls_per_day,
            settings.calls_per_day_in_all,
            settings.citizen_calls_per_minute,
            settings.citizen_calls_per_day,
        )


class CallCounts(Protocol):
    """Where calls are counted. Each method raises what the database's driver raises."""

    async def lease(self, subject: Subject, windows: Windows, asked: int) -> Granted:
        """Up to so many calls in these windows; none where a limit is reached."""

    async def give_back(self, subject: Subject, windows: Windows, unused: int) -> None:
        """Calls that were leased in these windows and not used."""

    async def forget(self, before: float) -> None:
        """Forget windows that ended before this moment, in Unix seconds."""


class StoredCallCounts:
    """The counts of the table `call_count`."""

    def __init__(self, pool: Pool, defaults: DefaultLimits) -> None:
        self._pool = pool
        self._defaults = {
            "purpose_minute": defaults.purpose_minute,
            "consumer_day": defaults.consumer_day,
            "eservice_day": defaults.eservice_day,
            "citizen_minute": defaults.citizen_minute,
            "citizen_day": defaults.citizen_day,
        }

    async def lease(self, subject: Subject, windows: Windows, asked: int) -> Granted:
        """Lease calls; the limits are those that the tables hold now."""
        counted = _counted(subject, windows)
        async with self._pool.acquire() as connection:
            row = await _lease(by_person=subject.person_id is not None).fetchrow(
                connection,
                purpose_id=subject.purpose_id,
                asked=asked,
                ends=[moment(one.window.end) for one in counted],
                **_keys(counted),
                **self._defaults,
            )
        assert row is not None, "purposes are never deleted"
        lefts = [
            Left(one.calls_of, one.call_window, one.window, limit, left)
            for one, limit, left in zip(counted, row["limits"], row["lefts"], strict=True)
            if limit is not None
        ]
        return Granted(row["granted"], lefts)

    async def give_back(self, subject: Subject, windows: Windows, unused: int) -> None:
        """Count them off again."""
        async with self._pool.acquire() as connection:
            await _give_back().execute(connection, unused=unused, **_keys(_counted(subject, windows)))

    async def forget(self, before: float) -> None:
        """Delete what is over."""
        async with self._pool.acquire() as connection:
            await _forget().execute(connection, before=moment(before))


@dataclass(frozen=True, slots=True)
class _Counted:
    """A row of the table."""

    calls_of: CallsOf
    call_window: CallWindow
    subject_id: UUID
    window: Window


def _counted(subject: Subject, windows: Windows) -> Sequence[_Counted]:
    """The rows a call counts in."""
    if subject.person_id is not None:
        return (
            _Counted(CallsOf.CITIZEN, CallWindow.MINUTE, subject.person_id, windows.minute),
            _Counted(CallsOf.CITIZEN, CallWindow.DAY, subject.person_id, windows.day),
        )
    # NOTE what many share stands last, for everyone in this order: the database locks them so.
    return (
        _Counted(CallsOf.PURPOSE, CallWindow.MINUTE, subject.purpose_id, windows.minute),
        _Counted(CallsOf.PURPOSE, CallWindow.DAY, subject.purpose_id, windows.day),
        _Counted(CallsOf.CONSUMER, CallWindow.DAY, subject.agency_id, windows.day),
        _Counted(CallsOf.ESERVICE, CallWindow.DAY, NOBODY, windows.day),
    )


def _keys(counted: Sequence[_Counted]) -> dict[str, Any]:
    return {
        "ofs": [one.calls_of.value for one in counted],
        "windows": [one.call_window.value for one in counted],
        "subjects": [one.subject_id for one in counted],
        "starts": [moment(one.window.start) for one in counted],
    }


def _key_parameters() -> tuple[Any, ...]:
    return (
        bindparam("ofs", type_=ARRAY(Text())),
        bindparam("windows", type_=ARRAY(Text())),
        bindparam("subjects", type_=ARRAY(PG_UUID(as_uuid=True))),
        bindparam("starts", type_=ARRAY(DateTime(timezone=True))),
    )


def _number(name: str) -> Any:
    return bindparam(name, type_=BigInteger())


@cache
def _lease(*, by_person: bool) -> Statement:
    purpose, agency = table_of(Purpose), table_of(Agency)
    if by_person:
        bounds: list[ColumnElement[int | None]] = [
            func.coalesce(purpose.c.calls_per_minute, _number("citizen_minute")),
            func.coalesce(purpose.c.calls_per_day, _number("citizen_day")),
        ]
    else:
        # Citizens whom the hub knows nothing of are one consumer together; their purpose's own limits are of each that it knows.
        is_agencys = agency.c.kind != AgencyKind.CITIZENS
        bounds = [
            func.coalesce(case((is_agencys, purpose.c.calls_per_minute)), _number("purpose_minute")),
            case((is_agencys, purpose.c.calls_per_day)),
            func.coalesce(agency.c.calls_per_day, _number("consumer_day")),
            _number("eservice_day"),
        ]
    limits = array(bounds)
    ends = bindparam("ends", type_=ARRAY(DateTime(timezone=True)))
    lease = (
        func.lease_calls(*_key_parameters(), ends, limits, _number("asked"))
        .table_valued(column("granted", BigInteger()), column("lefts", ARRAY(BigInteger())))
        .lateral("lease")
    )
    return Statement(
        select(limits.label("limits"), lease.c.granted, lease.c.lefts)
        .select_from(purpose.join(agency, agency.c.id == purpose.c.agency_id).join(lease, true()))
        .where(purpose.c.purpose_id == bindparam("purpose_id", type_=PG_UUID(as_uuid=True)))
    )


@cache
def _give_back() -> Statement:
    return Statement(select(func.give_back_calls(*_key_parameters(), _number("unused"))))


@cache
def _forget() -> Statement:
    count = table_of(CallCount)
    return Statement(
        delete(count).where(count.c.ends_at < bindparam("before", type_=DateTime(timezone=True)))
    )
