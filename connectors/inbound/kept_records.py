# SPDX-License-Identifier: EUPL-1.2
"""Quarantined records as whoever runs the hub sees them: by their ids, or those that wait, oldest first; of what is in them nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.quarantine import PREFIX
from connectors.records.reading import DIGEST_PREFIX
from hub.errors import InvalidInput
from hub.store.base import table_of
from hub.store.identifiers import encode_id
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, QuarantinedRecord

AT_ONCE = 500
"""Records of one page of those that wait."""


class UnknownRecord(InvalidInput):
    """No record of this id is kept: `snodo sync quarantine` lists those that wait."""


class RecordSettled(InvalidInput):
    """The record waits no more."""


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """One record: whose, of which flow, its key there, why it could not land, since when; and when and by whom it was settled, if it is.

    `dismissed_by`: None of one that waits, or that was settled because a good version of it landed.
    """

    id: UUID
    agency_id: UUID
    agency_code: str
    flow: str
    key: str
    field: str | None
    reason: str
    received_at: datetime
    resolved_at: datetime | None
    dismissed_by: str | None

    @property
    def name(self) -> str:
        """Its id outside."""
        return encode_id(PREFIX, self.id)

    @property
    def is_nameless(self) -> bool:
        """Whether it has no key of its own, so that no later version can be known for one of it."""
        return self.key.startswith(DIGEST_PREFIX)

    @property
    def settled(self) -> str:
        """How it was settled, in a sentence."""
        assert self.resolved_at is not None
        on = f"on {self.resolved_at:%Y-%m-%d %H:%M} UTC"
        if self.dismissed_by is not None:
            return f"{self.name} was dismissed {on} by {self.dismissed_by}."
        return f"{self.name} waits no more: what it is about landed, {on}."


async def named(connection: Connection, ids: Iterable[UUID]) -> list[KeptRecord]:
    """The records of these ids, each once, in the order they are named.

    Raises:
        UnknownRecord: there is none of one.

    """
    keys = list(dict.fromkeys(ids))
    found = {row["id"]: _record(row) for row in await _named().fetch(connection, keys=keys)}
    for key in keys:
        if key not in found:
            raise UnknownRecord(
                f"No record {encode_id(PREFIX, key)} is kept: `snodo sync quarantine` lists those that wait."
            )
    return [found[key] for key in keys]


async def payload_of(connection: Connection, record: KeptRecord) -> Any:
    """What was kept of a record that waits.

    Raises:
        RecordSettled: it waits no more.

    """
    payload = await _payload().fetchval(connection, key=record.id)
    if payload is None:
        [now] = await named(connection, [record.id])
        raise RecordSettled(now.settled)
    return orjson.loads(payload)


async def waiting_records(
    connection: Connection,
    agency_id: UUID | None = None,
    flow: str | None = None,
    *,
    after: KeptRecord | None = None,
) -> Sequence[KeptRecord]:
    """Those that wait, of an agency and of a flow, or of all: up to `AT_ONCE`, the oldest that come after one."""
    values: dict[str, Any] = {}
    if agency_id is not None:
        values["agency"] = agency_id
    if flow is not None:
        values["flow"] = flow
    if after is not None:
        values |= {"at": after.received_at, "key": after.id}
    rows = await _waiting(frozenset(values)).fetch(connection, **values)
    return [_record(row) for row in rows]


async def count_waiting(connection: Connection, agency_id: UUID, flow: str) -> tuple[int, int]:
    """How many of a flow wait, and how many of those have no key of their own."""
    row = await _counted().fetchrow(connection, agency=agency_id, flow=flow)
    assert row is not None
    return row["waiting"], row["nameless"]


def _record(row: asyncpg.Record) -> KeptRecord:
    return KeptRecord(*row.values())


_KEY = PG_UUID(as_uuid=True)
_record_table = table_of(QuarantinedRecord)


def _records() -> Select[Any]:
    """In the order of `KeptRecord`'s members."""
    record, agency = _record_table.c, table_of(Agency)
    return select(
        record.id,
        record.agency_id,
        agency.c.code,
        record.flow,
        record.record_key,
        record.field,
        record.reason,
        record.received_at,
        record.resolved_at,
        record.dismissed_by,
    ).join_from(_record_table, agency, agency.c.id == record.agency_id)


@cache
def _named() -> Statement:
    return Statement(_records().where(_record_table.c.id == any_(bindparam("keys", type_=ARRAY(_KEY)))))


@cache
def _payload() -> Statement:
    return Statement(
        select(_record_table.c.payload).where(_record_table.c.id == bindparam("key", type_=_KEY))
    )


@cache
def _waiting(given: frozenset[str]) -> Statement:
    record = _record_table.c
    wanted: list[ColumnElement[bool]] = [record.resolved_at.is_(None)]
    if "agency" in given:
        wanted.append(record.agency_id == bindparam("agency", type_=_KEY))
    if "flow" in given:
        wanted.append(record.flow == bindparam("flow", type_=Text))
    if "key" in given:
        last = tuple_(bindparam("at", type_=DateTime(timezone=True)), bindparam("key", type_=_KEY))
        wanted.append(tuple_(record.received_at, record.id) > last)
    return Statement(
        _records().where(*wanted).order_by(record.received_at, record.id).limit(literal_column(str(AT_ONCE)))
    )


@cache
def _counted() -> Statement:
    record = _record_table.c
    nameless = record.record_key.like(f"{DIGEST_PREFIX}%")
    return Statement(
        select(func.count().label("waiting"), func.count().filter(nameless).label("nameless")).where(
            record.agency_id == bindparam("agency", type_=_KEY),
            record.flow == bindparam("flow", type_=Text),
            record.resolved_at.is_(None),
        )
    )
