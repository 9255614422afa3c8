# SPDX-License-Identifier: EUPL-1.2
"""Forms and withdrawals become rows of `job_offer` and `training_course`, and each change a row of `opportunity_version`.

An agency's reference names what it published: the same form under it changes nothing, another is its next version. What was withdrawn
stays so, whatever comes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import Integer, Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.opportunities.forms import PLACEMENT, Form, OpportunityKind, Withdrawal
from hub.opportunities.refusals import PublicationRefusal
from hub.opportunities.refusals import PublicationRefusalCode as Code
from hub.opportunities.rules import UNKNOWN_PLACE, broken
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency, JobOffer, Municipality, OpportunityVersion, TrainingCourse
from hub.store.vocabulary import OpportunityStatus

Table: TypeAlias = "type[JobOffer] | type[TrainingCourse]"
ROME = ZoneInfo("Europe/Rome")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes. `operator`: the person at the desk, as the tracking evidence names them."""

    agency_id: UUID
    client_id: UUID | None
    purpose_id: UUID
    operator: str | None


class Change(StrEnum):
    """What a publication changed."""

    PUBLISHED = "PUBLISHED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Published:
    """The row, by its key, and what was changed of it."""

    id: UUID
    change: Change


Result: TypeAlias = Published | list[PublicationRefusal]


@dataclass(frozen=True, slots=True)
class _Write:
    """A row to be written: a new one, or the next version of the one with this key."""

    place: int
    key: UUID | None
    values: Mapping[str, Any]
    change: Change


async def publish(
    connection: Connection, publisher: Publisher, given: Sequence[Form | Withdrawal], now: datetime
) -> list[Result]:
    """What came of each, in their order; one that is refused touches no other. In the transaction at hand.

    Args:
        connection: with an open transaction.
        publisher: whose rows they are to be.
        given: of two under one reference the later one is done later.
        now: the time of day, with an offset.

    """
    results: list[Result] = [list(broken(one)) for one in given]
    sound = [place for place, found in enumerate(results) if not found]
    # NOTE a publisher's calls are done one after the other: what is read below stays so until it is written.
    await _publisher().execute(connection, agency=publisher.agency_id)
    places = await _municipalities(connection, [given[place] for place in sound])
    for turn in _turns(given, sound):
        await _take(connection, publisher, given, turn, places, now, results)
    return results


def _turns(given: Sequence[Form | Withdrawal], sound: Sequence[int]) -> list[list[int]]:
    """The places of those of one table, no two of them under one reference; a later one of a reference in a later turn."""
    turns: dict[tuple[int, str], list[int]] = {}
    earlier = Counter[tuple[str, str]]()
    for place in sound:
        table, reference = given[place].kind.table.__tablename__, given[place].reference
        turns.setdefault((earlier[table, reference], table), []).append(place)
        earlier[table, reference] += 1
    return [turns[one] for one in sorted(turns)]


async def _take(
    connection: Connection,
    publisher: Publisher,
    given: Sequence[Form | Withdrawal],
    turn: Sequence[int],
    places: Mapping[str, asyncpg.Record],
    now: datetime,
    results: list[Result],
) -> None:
    """One turn: read what there is, decide each, and write what changes, by a handful of statements however many they are."""
    table = given[turn[0]].kind.table
    references = [given[place].reference for place in turn]
    rows = await _rows(table).fetch(connection, agency=publisher.agency_id, references=references)
    known = {row["external_id"]: row for row in rows}
    writes: list[_Write] = []
    for place in turn:
        one = given[place]
        row = known.get(one.reference)
        if isinstance(one, Withdrawal):
            decided = _withdrawn(place, one, row)
        else:
            decided = _put(place, one, row, places.get(one.municipality), now)
        if isinstance(decided, _Write):
            writes.append(decided)
        else:
            results[place] = decided
    keys = await _write(connection, publisher, given, table, writes, now)
    for write in writes:
        results[write.place] = Published(keys[given[write.place].reference], write.change)


def _put(
    place: int, form: Form, known: asyncpg.Record | None, where: asyncpg.Record | None, now: datetime
) -> _Write | Result:
    """What a form changes: it is a new row, or the next version of the row there is."""
    if where is None:
        return [UNKNOWN_PLACE]
    if where["valid_to"] is not None and where["valid_to"] < form.open_on:
        return [_CLOSED_PLACE]
    values = {**form.columns(), "municipality_id": where["id"], "status": OpportunityStatus.OPEN}
    if known is None:
        if form.last_day is not None and form.last_day < now.astimezone(ROME).date():
            return [_over(form)]
        return _Write(place, None, values, Change.PUBLISHED)
    if _kind(form.kind.table, known) is not form.kind:
        return [_ANOTHER_KIND]
    if known["status"] == OpportunityStatus.WITHDRAWN:
        return [_WITHDRAWN]
    if all(known[name] == value for name, value in values.items()):
        return Published(known["id"], Change.UNCHANGED)
    return _Write(place, known["id"], values, Change.CHANGED)


def _withdrawn(place: int, withdrawal: Withdrawal, known: asyncpg.Record | None) -> _Write | Result:
    """What a withdrawal changes: the row is withdrawn, once."""
    table = withdrawal.kind.table
    if known is None:
        return [_NOT_FOUND]
    if _kind(table, known) is not withdrawal.kind:
        return [_ANOTHER_KIND]
    if known["status"] == OpportunityStatus.WITHDRAWN:
        return Published(known["id"], Change.WITHDRAWN)
    values = {name: known[name] for name in _columns(table)} | {"status": OpportunityStatus.WITHDRAWN}
    return _Write(place, known["id"], values, Change.WITHDRAWN)


async def _write(
    connection: Connection,
    publisher: Publisher,
    given: Sequence[Form | Withdrawal],
    table: Table,
    writes: Sequence[_Write],
    now: datetime,
) -> dict[str, UUID]:
    """Write rows, and keep a version of each; their keys, by reference."""
    new, changed, version = _new(table), _changed(table), _version(table)
    own = {"source_agency_id": publisher.agency_id, "updated_at": now}
    keys = {given[one.place].reference: one.key for one in writes if one.key is not None}
    added = [
        new.arguments({**one.values, **own, "external_id": given[one.place].reference})
        for one in writes
        if one.key is None
    ]
    if added:
        keys |= {row["external_id"]: row["id"] for row in await connection.fetchmany(new.text, added)}
    if len(added) < len(writes):
        await connection.executemany(
            changed.text,
            [
                changed.arguments({**one.values, **own, "key": one.key})
                for one in writes
                if one.key is not None
            ],
        )
    by_whom = {
        "agency_id": publisher.agency_id,
        "client_id": publisher.client_id,
        "purpose_id": publisher.purpose_id,
        "operator": publisher.operator,
    }
    kept = [
        {
            **by_whom,
            "key": keys[given[one.place].reference],
            "content": {name: _json(value) for name, value in one.values.items()},
        }
        for one in writes
    ]
    if kept:
        await connection.executemany(version.text, [version.arguments(one) for one in kept])
    return keys


async def _municipalities(
    connection: Connection, given: Iterable[Form | Withdrawal]
) -> dict[str, asyncpg.Record]:
    codes = sorted({one.municipality for one in given if not isinstance(one, Withdrawal)})
    rows = await _places().fetch(connection, codes=codes) if codes else []
    return {row["belfiore_code"]: row for row in rows}


def _kind(table: Table, row: asyncpg.Record) -> OpportunityKind:
    """What a row of a table is."""
    if table is TrainingCourse:
        return OpportunityKind.TRAINING_COURSE
    return OpportunityKind.PLACEMENT if row["contract_type"] == PLACEMENT else OpportunityKind.JOB_OFFER


def _json(value: Any) -> Any:
    """A column's value as JSON has it: numbers with a point and days as text."""
    return value if value is None or isinstance(value, int) else str(value)


def _over(form: Form) -> PublicationRefusal:
    member = "endsOn" if form.kind is OpportunityKind.TRAINING_COURSE else "expiresOn"
    return PublicationRefusal(Code.ALREADY_OVER, "Its last day lies in the past.", (member,))


_CLOSED_PLACE = PublicationRefusal(
    Code.MUNICIPALITY_CLOSED, "The municipality was closed before that day.", ("municipality",)
)
_ANOTHER_KIND = PublicationRefusal(
    Code.REFERENCE_OF_ANOTHER_KIND,
    "You published something of another kind under this reference: offers and placements share theirs.",
    ("reference",),
)
_WITHDRAWN = PublicationRefusal(
    Code.OPPORTUNITY_WITHDRAWN,
    "What you published under this reference is withdrawn, and stays so: publish it under another.",
    ("reference",),
)
_NOT_FOUND = PublicationRefusal(
    Code.OPPORTUNITY_NOT_FOUND, "You published nothing under this reference.", ("reference",)
)

_KEYS = frozenset(
    # `open_until` is computed; what is published here has not landed.
    {"id", "source_agency_id", "external_id", "updated_at", "open_until", "landed_at", "inbound_run_id"}
)


@cache
def _columns(table: Table) -> tuple[str, ...]:
    """The columns that say what is offered."""
    return tuple(column.name for column in table_of(table).c if column.name not in _KEYS)


@cache
def _publisher() -> Statement:
    agency = table_of(Agency)
    # NOTE no key is changed: who refers to the agency meanwhile does not wait.
    return Statement(
        select(agency.c.id).where(agency.c.id == bindparam("agency")).with_for_update(key_share=True)
    )


@cache
def _rows(table: Table) -> Statement:
    row = table_of(table)
    return Statement(
        select(row.c.id, row.c.external_id, *(row.c[name] for name in _columns(table))).where(
            row.c.source_agency_id == bindparam("agency"),
            row.c.external_id == any_(bindparam("references", type_=ARRAY(Text))),
        )
    )


@cache
def _new(table: Table) -> Statement:
    row = table_of(table)
    written = ("source_agency_id", "external_id", "updated_at", *_columns(table))
    values = {name: bindparam(name, type_=row.c[name].type) for name in written}
    return Statement(insert(row).values(values).returning(row.c.id, row.c.external_id))


@cache
def _changed(table: Table) -> Statement:
    row = table_of(table)
    values = {name: bindparam(name, type_=row.c[name].type) for name in ("updated_at", *_columns(table))}
    return Statement(update(row).where(row.c.id == bindparam("key")).values(values))


@cache
def _version(table: Table) -> Statement:
    version = table_of(OpportunityVersion)
    of = "training_course_id" if table is TrainingCourse else "job_offer_id"
    key = bindparam("key", type_=PG_UUID(as_uuid=True))
    earlier = select(func.coalesce(func.max(version.c.version), 0) + 1).where(version.c[of] == key)
    uuid = PG_UUID(as_uuid=True)
    return Statement(
        insert(version).values(
            {
                of: key,
                "version": earlier.scalar_subquery().cast(Integer),
                "agency_id": bindparam("agency_id", type_=uuid),
                "client_id": bindparam("client_id", type_=uuid),
                "purpose_id": bindparam("purpose_id", type_=uuid),
                "operator": bindparam("operator", type_=Text),
                "content": bindparam("content", type_=JSONB),
            }
        )
    )


@cache
def _places() -> Statement:
    place = table_of(Municipality)
    return Statement(
        select(place.c.id, place.c.belfiore_code, place.c.valid_to).where(
            place.c.belfiore_code == any_(bindparam("codes", type_=ARRAY(Text)))
        )
    )
