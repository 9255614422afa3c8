# SPDX-License-Identifier: EUPL-1.2
"""`quarantined_record`: what could not land, whole, with its reason, until a good version of it has landed.

One row per key, the newest bad version. A good version resolves it unless it is older than the bad one; a bad
version that comes after a newer good one is kept as already resolved. A payload that was resolved stays so when it
comes again. Where a version cannot be read only the order of arrival is left. What is at odds with a good version that stands is kept
aside under a key of its own (`Refusal.aside`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from connectors.inbound.kinds import Kind
from connectors.records.delivery import Delivered, Payload, Refusal
from connectors.records.reading import DIGEST_PREFIX, canonical
from hub.store.statement import Connection, Statement
from hub.store.tables import QuarantinedRecord

R = TypeVar("R")

PREFIX = "qrn"
"""Of a quarantined record's id."""


@dataclass(slots=True)
class _Kept:
    """One row as it is, or is to become."""

    payload: Payload
    version: datetime | None
    refusal: Refusal
    received_at: datetime
    resolved_at: datetime | None
    changed: bool = False

    @property
    def text(self) -> bytes:
        return canonical(self.payload)


async def note(
    connection: Connection,
    kind: Kind[R],
    agency_id: UUID,
    told: Sequence[tuple[Delivered[R], Refusal | None]],
    now: datetime,
) -> None:
    """Keep the refused records, and resolve those whose good version has landed; in the order they were told."""
    told = [(_aside(record, refusal), refusal) for record, refusal in told]
    kept = await _kept(connection, kind, agency_id, sorted({record.key for record, _ in told}))
    bad = sorted({record.key for record, refusal in told if refusal is not None})
    landed = await kind.versions(connection, agency_id, bad) if bad else {}
    for record, refusal in told:
        row = kept.get(record.key)
        if refusal is None:
            if row is not None:
                _resolve(row, record.version, now)
        else:
            kept[record.key] = _keep(row, record, refusal, landed.get(record.key), now)
    changed = [(key, row) for key, row in kept.items() if row.changed]
    if changed:
        await connection.executemany(_PUT.text, [_row(agency_id, kind.flow, *one) for one in changed])


async def keep(
    connection: Connection,
    agency_id: UUID,
    flow: str,
    key: str,
    payload: Payload,
    refusal: Refusal,
    now: datetime,
) -> None:
    """Keep one record that came by another way than a run of its flow."""
    kept = _Kept(payload, None, refusal, now, None)
    await connection.execute(_PUT.text, *_row(agency_id, flow, key, kept))


async def waiting(
    connection: Connection, agency_id: UUID, flow: str, after: UUID | None, limit: int
) -> list[tuple[UUID, Any]]:
    """Some records that still wait, in the order they were first kept: key of the row, payload.

    Those without a key of their own are left out: no version of them can ever land.
    """
    rows = await _WAITING.fetch(
        connection, agency=agency_id, flow=flow, after=after or UUID(int=0), most=limit
    )
    return [(row["id"], orjson.loads(row["payload"])) for row in rows]


def _aside(record: Delivered[R], refusal: Refusal | None) -> Delivered[R]:
    """The record as it is kept."""
    if refusal is None or refusal.aside is None:
        return record
    key, payload = refusal.aside
    return replace(record, key=key, payload=payload)


def _resolve(row: _Kept, version: datetime | None, now: datetime) -> None:
    newer = row.version is None or (version is not None and row.version <= version)
    if row.resolved_at is None and newer:
        row.resolved_at, row.changed = now, True


def _keep(
    row: _Kept | None, record: Delivered[Any], refusal: Refusal, landed: datetime | None, now: datetime
) -> _Kept:
    settled = landed is not None and record.version is not None and record.version <= landed
    new = _Kept(record.payload, record.version, refusal, now, now if settled else None, changed=True)
    if row is None:
        return new
    if row.text == new.text:
        if row.resolved_at is None and row.refusal != refusal:
            row.refusal, row.changed = refusal, True
        return row
    if row.version is not None and record.version is not None:
        return row if (record.version, new.text) < (row.version, row.text) else new
    return new


async def _kept(
    connection: Connection, kind: Kind[Any], agency_id: UUID, keys: Sequence[str]
) -> dict[str, _Kept]:
    rows = await _KEPT.fetch(connection, agency=agency_id, flow=kind.flow, keys=keys)
    found = {}
    for row in rows:
        payload = orjson.loads(row["payload"])
        found[row["record_key"]] = _Kept(
            payload,
            kind.read(payload).version,
            Refusal(row["field"], row["reason"]),
            row["received_at"],
            row["resolved_at"],
        )
    return found


def _row(agency_id: UUID, flow: str, key: str, row: _Kept) -> list[Any]:
    return _PUT.arguments(
        {
            "agency_id": agency_id,
            "flow": flow,
            "record_key": key,
            "payload": row.payload,
            "field": row.refusal.field,
            "reason": row.refusal.reason,
            "received_at": row.received_at,
            "resolved_at": row.resolved_at,
        }
    )


_OURS = (
    QuarantinedRecord.agency_id == bindparam("agency"),
    QuarantinedRecord.flow == bindparam("flow"),
)
_KEPT = Statement(
    select(
        QuarantinedRecord.record_key,
        QuarantinedRecord.payload,
        QuarantinedRecord.field,
        QuarantinedRecord.reason,
        QuarantinedRecord.received_at,
        QuarantinedRecord.resolved_at,
    ).where(*_OURS, QuarantinedRecord.record_key == any_(bindparam("keys", type_=ARRAY(Text))))
)
_WAITING = Statement(
    select(QuarantinedRecord.id, QuarantinedRecord.payload)
    .where(
        *_OURS,
        QuarantinedRecord.resolved_at.is_(None),
        QuarantinedRecord.record_key.not_like(f"{DIGEST_PREFIX}%"),
        QuarantinedRecord.id > bindparam("after"),
    )
    .order_by(QuarantinedRecord.id)
    .limit(bindparam("most"))
)
_COLUMNS = ("agency_id", "flow", "record_key", "payload", "field", "reason", "received_at", "resolved_at")
_INSERT = insert(QuarantinedRecord).values({name: bindparam(name) for name in _COLUMNS})
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=["agency_id", "flow", "record_key"],
        set_={name: _INSERT.excluded[name] for name in _COLUMNS[3:]},
    )
)
