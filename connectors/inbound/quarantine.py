# SPDX-License-Identifier: EUPL-1.2
"""`quarantined_record`: what could not land, with its reason; whole until a good version of it has landed, or somebody put it away.

One row per key, the newest bad version. A good version resolves it unless it is older than the bad one; a bad
version that comes after a newer good one is kept as already resolved. Of what was settled the digest is left: a payload that was settled
stays so when it comes again, and another waits anew. Where a version cannot be read only the order of arrival is left. What is at odds
with a good version that stands is kept aside under a key of its own (`Refusal.aside`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Text, any_, bindparam, null, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from connectors.inbound.kinds import KeptKind
from connectors.records.delivery import Delivered, Payload, Refusal
from connectors.records.reading import DIGEST_PREFIX, canonical
from hub.store.statement import Connection, Statement
from hub.store.tables import QuarantinedRecord

R = TypeVar("R")

PREFIX = "qrn"
"""Of a quarantined record's id outside."""


@dataclass(slots=True)
class _Kept:
    """One row as it is, or is to become. `payload`: None of what was settled before."""

    payload: Payload | None
    digest: str
    version: datetime | None
    refusal: Refusal
    received_at: datetime
    resolved_at: datetime | None
    changed: bool = False


async def note(
    connection: Connection,
    kind: KeptKind[R],
    agency_id: UUID,
    told: Sequence[tuple[Delivered[R], Refusal | None]],
    now: datetime,
) -> None:
    """Keep the refused records, and resolve those whose good version has landed; in the order they were told."""
    told = [(_aside(record, refusal), refusal) for record, refusal in told]
    keys = sorted({record.key for record, _ in told})
    kept = await _kept(connection, agency_id, kind.flow, keys, lambda payload: kind.read(payload).version)
    bad = sorted({record.key for record, refusal in told if refusal is not None})
    landed = await kind.versions(connection, agency_id, bad) if bad else {}
    for record, refusal in told:
        row = kept.get(record.key)
        if refusal is None:
            if row is not None:
                _resolve(row, record.version, now)
        else:
            kept[record.key] = _keep(row, record, refusal, landed.get(record.key), now)
    await _put(connection, agency_id, kind.flow, kept, is_told=kind.is_told)


async def keep(
    connection: Connection,
    agency_id: UUID,
    flow: str,
    key: str,
    payload: Payload,
    refusal: Refusal,
    now: datetime,
) -> None:
    """Keep one record that came by another way than a run of its flow; its sender is not told of it."""
    kept = await _kept(connection, agency_id, flow, [key], lambda _: None)
    record: Delivered[Any] = Delivered(key, None, payload, refusal)
    kept[key] = _keep(kept.get(key), record, refusal, None, now)
    await _put(connection, agency_id, flow, kept, is_told=False)


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


def digest_of(payload: Payload) -> str:
    """By what a record is known once its content is gone: SHA-256 of its canonical JSON, in hexadecimal digits."""
    return hashlib.sha256(canonical(payload)).hexdigest()


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
    digest = digest_of(record.payload)
    new = _Kept(record.payload, digest, record.version, refusal, now, now if settled else None, changed=True)
    if row is None:
        return new
    if row.digest == new.digest:
        if row.resolved_at is None and row.refusal != refusal:
            row.refusal, row.changed = refusal, True
        return row
    if row.version is not None and record.version is not None:
        return row if (record.version, new.digest) < (row.version, row.digest) else new
    return new


async def _kept(
    connection: Connection,
    agency_id: UUID,
    flow: str,
    keys: Sequence[str],
    version_of: Callable[[Payload], datetime | None],
) -> dict[str, _Kept]:
    """The rows of these keys, held until the transaction ends: who puts one away meanwhile waits."""
    rows = await _KEPT.fetch(connection, agency=agency_id, flow=flow, keys=keys)
    found = {}
    for row in rows:
        payload = None if row["payload"] is None else orjson.loads(row["payload"])
        # NOTE one that waits since before versions were kept has none in its row; what it says is looked at anew, and written.
        version = row["version"] if payload is None else version_of(payload)
        found[row["record_key"]] = _Kept(
            payload,
            row["payload_digest"] if payload is None else digest_of(payload),
            version,
            Refusal(row["field"], row["reason"]),
            row["received_at"],
            row["resolved_at"],
            changed=version != row["version"],
        )
    return found


async def _put(
    connection: Connection, agency_id: UUID, flow: str, kept: dict[str, _Kept], *, is_told: bool
) -> None:
    """Write the rows that changed: whoever had put one away is forgotten with what was put away."""
    changed = [
        _PUT.arguments(
            {
                "agency_id": agency_id,
                "flow": flow,
                "record_key": key,
                "payload": row.payload if row.resolved_at is None else None,
                "payload_digest": None if row.resolved_at is None else row.digest,
                "version": row.version,
                "field": row.refusal.field,
                "reason": row.refusal.reason,
                "received_at": row.received_at,
                "resolved_at": row.resolved_at,
                "is_told": is_told,
            }
        )
        for key, row in kept.items()
        if row.changed
    ]
    if changed:
        await connection.executemany(_PUT.text, changed)


_OURS = (
    QuarantinedRecord.agency_id == bindparam("agency"),
    QuarantinedRecord.flow == bindparam("flow"),
)
_KEPT = Statement(
    select(
        QuarantinedRecord.record_key,
        QuarantinedRecord.payload,
        QuarantinedRecord.payload_digest,
        QuarantinedRecord.version,
        QuarantinedRecord.field,
        QuarantinedRecord.reason,
        QuarantinedRecord.received_at,
        QuarantinedRecord.resolved_at,
    )
    .where(*_OURS, QuarantinedRecord.record_key == any_(bindparam("keys", type_=ARRAY(Text))))
    .with_for_update()
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
_KEY = ("agency_id", "flow", "record_key")
_SAID = ("payload_digest", "version", "field", "reason", "received_at", "resolved_at", "is_told")
_INSERT = insert(QuarantinedRecord).values(
    {name: bindparam(name) for name in (*_KEY, *_SAID)}
    | {"payload": bindparam("payload", type_=JSONB(none_as_null=True))}
)
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        index_elements=[*_KEY],
        set_={
            **{name: _INSERT.excluded[name] for name in ("payload", *_SAID)},
            "dismissed_by": null(),
            "dismissed_because": null(),
        },
    )
)
