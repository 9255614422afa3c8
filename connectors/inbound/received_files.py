# SPDX-License-Identifier: EUPL-1.2
"""`received_file`: what became of each arrival, and how far the one that is being read has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, any_, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from connectors.file_exchange.folders import Entry
from connectors.file_exchange.receipts import Refused, Summary
from connectors.file_exchange.refusals import FileRefused
from connectors.records.delivery import Delivered, Refusal
from connectors.records.reading import DIGEST_PREFIX
from hub.errors import ConfigurationError
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import FileRefusal, ReceivedFile
from hub.store.vocabulary import FiledRecordRefusal, FileState

REFUSALS_AT_ONCE = 5_000
"""Refused records of a receipt that are read at once."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file as it lies there, with what its checksum file tells; the key of its row."""

    agency_id: UUID
    flow: str
    entry: Entry
    checksum: str

    def key(self) -> dict[str, Any]:
        """The columns that name it."""
        return {
            "agency_id": self.agency_id,
            "flow": self.flow,
            "name": self.entry.name,
            "size": self.entry.size,
            "modified_at": self.entry.modified_at,
            "checksum": self.checksum,
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """The row under which a content is read, or was: how many of its records have been dealt with."""

    id: UUID
    state: FileState
    records: int
    is_this: bool
    """Whether it is the arrival's own, and not an earlier one's."""


@dataclass(frozen=True, slots=True)
class Content:
    """A content that was read, or is being read: its digest, and the arrivals it came by, the first first."""

    sha256: str
    arrivals: tuple[Entry, ...]


async def contents(connection: Connection, agency_id: UUID, flow: str) -> list[Content]:
    """The contents of a flow, in the order they began to be read."""
    found: dict[str, list[Entry]] = {}
    for row in await _CONTENTS.fetch(connection, agency=agency_id, flow=flow):
        found.setdefault(row["sha256"], []).append(Entry(row["name"], row["size"], row["modified_at"]))
    return [Content(sha256, tuple(arrivals)) for sha256, arrivals in found.items()]


async def ended(
    connection: Connection, agency_id: UUID, flow: str, names: Iterable[str]
) -> set[tuple[Entry, str]]:
    """The arrivals of these names that were dealt with, each with the checksum it had."""
    rows = await _ENDED.fetch(connection, agency=agency_id, flow=flow, names=sorted(set(names)))
    return {(Entry(row["name"], row["size"], row["modified_at"]), row["checksum"]) for row in rows}


async def note_refused(
    connection: Connection, arrival: Arrival, sha256: str | None, refused: FileRefused, now: datetime
) -> None:
    """Note that a file was refused whole."""
    await _PUT.execute(
        connection,
        **arrival.key(),
        **_outcome(FileState.REFUSED, now, sha256=sha256, code=refused.code.value, reason=refused.reason),
    )


async def note_repeated(connection: Connection, arrival: Arrival, repeats: UUID, now: datetime) -> None:
    """Note that a file's content had been read before."""
    outcome = _outcome(FileState.REPEATED, now, sha256=arrival.checksum, repeats_id=repeats)
    await _PUT.execute(connection, **arrival.key(), **outcome)


async def take(
    connection: Connection, arrival: Arrival, unknown_columns: Sequence[str], now: datetime
) -> Reading:
    """Begin to read a file whose digest is the one that was told, or find under which row its content is, or was, read.

    NOTE in the agency's turn (`runs.take_turn`): two runs do not begin one content.
    """
    row = await _STANDING.fetchrow(
        connection, agency=arrival.agency_id, flow=arrival.flow, sha256=arrival.checksum
    )
    if row is not None:
        entry = Entry(row["name"], row["size"], row["modified_at"])
        return Reading(row["id"], FileState(row["state"]), row["records"], entry == arrival.entry)
    begun = _outcome(
        FileState.READING, None, sha256=arrival.checksum, unknown_columns=list(unknown_columns), began_at=now
    )
    file_id: UUID = await _PUT.fetchval(connection, **arrival.key(), **begun)
    return Reading(file_id, FileState.READING, 0, True)


async def advance(
    connection: Connection,
    file_id: UUID,
    after: int,
    records: Sequence[Delivered[Any]],
    outcomes: Sequence[Refusal | None],
) -> None:
    """Note what became of the records after a place, in the transaction that landed them.

    Raises:
        ConfigurationError: the file is not at that place: another run reads it.

    """
    rows = [
        {
            "ordinal": ordinal,
            "line": record.line or 0,
            "record_key": None if record.key.startswith(DIGEST_PREFIX) else record.key,
            "code": _code(record).value,
            "field": refusal.field,
            "reason": refusal.reason,
        }
        for ordinal, (record, refusal) in enumerate(zip(records, outcomes, strict=True), start=after + 1)
        if refusal is not None
    ]
    moved = await _ADVANCE.fetchval(
        connection, file=file_id, after=after, more=len(records), more_refused=len(rows)
    )
    if moved is None:
        raise ConfigurationError("Another run is reading a file of this agency: let it end, and run again.")
    if rows:
        await _REFUSE.execute(connection, file=file_id, **_ROWS.bind(rows))


async def finish(connection: Connection, file_id: UUID, now: datetime) -> None:
    """Note that a file was read to its end."""
    await _FINISH.execute(connection, file=file_id, at=now)


async def unreceipted(connection: Connection, agency_id: UUID, flow: str) -> list[Summary]:
    """The files that were dealt with and have no receipt, oldest first."""
    rows = await _UNRECEIPTED.fetch(connection, agency=agency_id, flow=flow)
    return [Summary(**{**dict(row), "state": FileState(row["state"])}) for row in rows]


async def refusals(connection: Connection, file_id: UUID, after: int) -> list[tuple[int, Refused]]:
    """The next refused records of a file, each with its place in it; `REFUSALS_AT_ONCE` of them, or what is left."""
    rows = await _REFUSALS.fetch(connection, file=file_id, after=after, most=REFUSALS_AT_ONCE)
    return [
        (row["ordinal"], Refused(row["line"], row["record_key"], row["code"], row["field"], row["reason"]))
        for row in rows
    ]


async def note_receipt(connection: Connection, file_id: UUID, now: datetime) -> None:
    """Note that a file's receipt was written."""
    await _RECEIPTED.execute(connection, file=file_id, at=now)


def _code(record: Delivered[Any]) -> FiledRecordRefusal:
    return FiledRecordRefusal.INVALID if isinstance(record.content, Refusal) else FiledRecordRefusal.WAITING


def _outcome(state: FileState, ended_at: datetime | None, **more: Any) -> dict[str, Any]:
    none = dict.fromkeys(("sha256", "code", "reason", "repeats_id"))
    known: dict[str, Any] = {"unknown_columns": [], "began_at": ended_at, "ended_at": ended_at}
    return {**none, **known, **more, "state": state.value}


_OURS = (ReceivedFile.agency_id == bindparam("agency"), ReceivedFile.flow == bindparam("flow"))
_ENDED = Statement(
    select(ReceivedFile.name, ReceivedFile.size, ReceivedFile.modified_at, ReceivedFile.checksum).where(
        *_OURS,
        ReceivedFile.name == any_(bindparam("names", type_=ARRAY(Text))),
        ReceivedFile.state != FileState.READING.value,
    )
)
_CONTENTS = Statement(
    select(ReceivedFile.sha256, ReceivedFile.name, ReceivedFile.size, ReceivedFile.modified_at)
    .where(*_OURS, ReceivedFile.state != FileState.REFUSED.value)
    .order_by(ReceivedFile.began_at, ReceivedFile.id)
)
_STANDING = Statement(
    select(
        ReceivedFile.id,
        ReceivedFile.state,
        ReceivedFile.records,
        ReceivedFile.name,
        ReceivedFile.size,
        ReceivedFile.modified_at,
    ).where(
        *_OURS,
        ReceivedFile.sha256 == bindparam("sha256"),
        text("state IN ('READING', 'READ')"),  # as the index of contents says it
    )
)
_KEY = ("agency_id", "flow", "name", "size", "modified_at", "checksum")
_SAID = (
    "sha256",
    "state",
    "code",
    "reason",
    "unknown_columns",
    "repeats_id",
    "began_at",
    "ended_at",
)
_KINDS: dict[str, Any] = {
    "size": BigInteger,
    "modified_at": DateTime(timezone=True),
    "unknown_columns": ARRAY(Text),
    "began_at": DateTime(timezone=True),
    "ended_at": DateTime(timezone=True),
}
_INSERT = insert(ReceivedFile).values(
    {name: bindparam(name, type_=_KINDS.get(name)) for name in (*_KEY, *_SAID)}
)
_PUT = Statement(
    _INSERT.on_conflict_do_update(
        constraint="received_file_arrival_key",
        set_={**{name: _INSERT.excluded[name] for name in _SAID}, "receipted_at": None},
        # What was read stays so.
        where=ReceivedFile.state == FileState.REFUSED.value,
    ).returning(ReceivedFile.id)
)
_ADVANCE = Statement(
    update(ReceivedFile)
    .where(
        ReceivedFile.id == bindparam("file"),
        ReceivedFile.state == FileState.READING.value,
        ReceivedFile.records == bindparam("after"),
    )
    .values(
        records=ReceivedFile.records + bindparam("more"),
        refused=ReceivedFile.refused + bindparam("more_refused"),
        landed=ReceivedFile.landed + bindparam("more") - bindparam("more_refused"),
    )
    .returning(ReceivedFile.id)
)
_FINISH = Statement(
    update(ReceivedFile)
    .where(ReceivedFile.id == bindparam("file"), ReceivedFile.state == FileState.READING.value)
    .values(state=FileState.READ.value, ended_at=bindparam("at"))
)
_FIRST = ReceivedFile.__table__.alias("first")
_UNRECEIPTED = Statement(
    select(
        ReceivedFile.id,
        ReceivedFile.name,
        ReceivedFile.checksum,
        ReceivedFile.sha256,
        ReceivedFile.state,
        ReceivedFile.code,
        ReceivedFile.reason,
        ReceivedFile.ended_at,
        func.coalesce(_FIRST.c.id, ReceivedFile.id).label("read_as"),
        _FIRST.c.name.label("repeats"),
        func.coalesce(_FIRST.c.unknown_columns, ReceivedFile.unknown_columns).label("unknown_columns"),
        func.coalesce(_FIRST.c.records, ReceivedFile.records).label("records"),
        func.coalesce(_FIRST.c.landed, ReceivedFile.landed).label("landed"),
        func.coalesce(_FIRST.c.refused, ReceivedFile.refused).label("refused"),
    )
    .outerjoin(_FIRST, _FIRST.c.id == ReceivedFile.repeats_id)
    .where(*_OURS, ReceivedFile.ended_at.is_not(None), ReceivedFile.receipted_at.is_(None))
    .order_by(ReceivedFile.ended_at, ReceivedFile.id)
)
_REFUSALS = Statement(
    select(
        FileRefusal.ordinal,
        FileRefusal.line,
        FileRefusal.record_key,
        FileRefusal.code,
        FileRefusal.field,
        FileRefusal.reason,
    )
    .where(FileRefusal.file_id == bindparam("file"), FileRefusal.ordinal > bindparam("after"))
    .order_by(FileRefusal.ordinal)
    .limit(bindparam("most"))
)
_RECEIPTED = Statement(
    update(ReceivedFile).where(ReceivedFile.id == bindparam("file")).values(receipted_at=bindparam("at"))
)
_ROWS = Batch(
    "refused",
    ordinal=FileRefusal.ordinal.type,
    line=FileRefusal.line.type,
    record_key=Text,
    code=Text,
    field=Text,
    reason=Text,
)
_REFUSE = Statement(
    insert(FileRefusal).from_select(
        ["file_id", *(one.name for one in _ROWS.table.c)],
        select(bindparam("file", type_=FileRefusal.file_id.type), *_ROWS.table.c).select_from(_ROWS.table),
    )
)
