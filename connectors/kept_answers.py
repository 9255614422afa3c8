# SPDX-License-Identifier: EUPL-1.2
"""The last answer an agency gave about a person or a household, given again: as STALE, or as CACHED to who lets it be so old."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlalchemy import DateTime, Text, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.batch import Batch
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import AgencyAnswer

_answer = table_of(AgencyAnswer)
_TOLD = Batch(
    "told",
    agency=Text,
    operation=Text,
    beneficiary_id=PG_UUID(as_uuid=True),
    household_id=PG_UUID(as_uuid=True),
    answer=Text,
    answered_at=DateTime(timezone=True),
)
DATABASE_TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
MOST_WAITING = 10_000
"""Answers that wait to be written; what comes beyond is not kept."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an answer is about: one of the two."""

    beneficiary_id: UUID | None = None
    household_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer (None: the agency knew nothing) and when it was given."""

    answer: dict[str, Any] | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class _Key:
    agency: str
    operation: str
    subject: Subject


class _Batch:
    """Answers that are written by one statement; `kept` becomes whether they were."""

    __slots__ = ("kept", "told")

    def __init__(self) -> None:
        self.told: dict[_Key, KeptAnswer] = {}
        self.kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()


class KeptAnswers:
    """Keeps one answer per agency, operation and subject: behind the request that was given it, those that wait together.

    What is not written yet is found by `latest` of this process. A process that is killed loses what waits, some milliseconds' worth: the
    next outage misses it. Whoever must not asks what `keep` came to.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: _Batch | None = None
        self._writing: _Batch | None = None
        self._writer: asyncio.Task[None] | None = None
        self._is_full = False

    def keep(self, agency: str, subject: Subject, told: Mapping[str, KeptAnswer]) -> asyncio.Future[bool]:
        """Remember answers about one subject, by operation; an older one never replaces a newer one. What is given becomes whether they are kept."""
        batch = self._waiting = self._waiting or _Batch()
        for operation, kept in told.items():
            key = _Key(agency, operation, subject)
            known = batch.told.get(key)
            if known is None and len(batch.told) >= MOST_WAITING:
                return self._not_kept()
            if known is None or known.answered_at < kept.answered_at:
                batch.told[key] = kept
        if self._writer is None or self._writer.done():
            # NOTE of nobody's request: what it logs is about many.
            self._writer = asyncio.create_task(self._write_all(), name="kept answers", context=Context())
        return batch.kept

    def _not_kept(self) -> asyncio.Future[bool]:
        if not self._is_full:
            self._is_full = True
            log.warning("answers.too_many_wait", most=MOST_WAITING)
        refused: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        refused.set_result(False)
        return refused

    async def written(self) -> None:
        """Wait until what was told so far is written, or could not be."""
        for batch in (self._writing, self._waiting):
            if batch is not None:
                await asyncio.shield(batch.kept)

    async def latest(
        self, agency: str, operation: str, subjects: Sequence[Subject], *, since: datetime
    ) -> dict[Subject, KeptAnswer]:
        """The last answers about them, but for those given before `since`: one statement, however many they are."""
        found = {}
        for subject in subjects:
            key = _Key(agency, operation, subject)
            new = self._told(key)
            if new is not None and new.answered_at >= since:
                found[subject] = new
        if others := [one for one in subjects if one not in found]:
            found |= await self._stored(agency, operation, others, since)
        return found

    def _told(self, key: _Key) -> KeptAnswer | None:
        for batch in (self._waiting, self._writing):
            if batch is not None and key in batch.told:
                return batch.told[key]
        return None

    async def _stored(
        self, agency: str, operation: str, subjects: Sequence[Subject], since: datetime
    ) -> dict[Subject, KeptAnswer]:
        people = [one.beneficiary_id for one in subjects if one.beneficiary_id is not None]
        households = [one.household_id for one in subjects if one.household_id is not None]
        async with self._pool.acquire() as connection:
            rows = await _latest().fetch(
                connection,
                agency=agency,
                operation=operation,
                beneficiaries=people,
                households=households,
                since=since,
            )
        return {
            Subject(row["beneficiary_id"], row["household_id"]): KeptAnswer(
                None if row["answer"] is None else orjson.loads(row["answer"]), row["answered_at"]
            )
            for row in rows
        }

    async def _write_all(self) -> None:
        while self._waiting is not None:
            batch, self._waiting, self._is_full = self._waiting, None, False
            self._writing, kept = batch, False
            try:
                kept = await self._write(batch.told)
            finally:
                self._writing = None
                batch.kept.set_result(kept)

    async def _write(self, told: Mapping[_Key, KeptAnswer]) -> bool:
        """Write answers together; where the database refuses one of them, each by itself. Whether all are kept."""
        try:
            async with self._pool.acquire() as connection:
                await _keep().execute(connection, **_TOLD.bind(_rows(told)))
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
            if len(told) > 1:
                return all([await self._write({key: one}) for key, one in told.items()])
            _missed(told, error)
        except Exception as error:  # the answers were given; what they are about is in no log
            _missed(told, error)
        else:
            return True
        return False


def _missed(told: Mapping[_Key, KeptAnswer], error: Exception) -> None:
    log.warning("answers.not_kept", answers=len(told), error=type(error).__name__)


def _rows(told: Mapping[_Key, KeptAnswer]) -> Iterator[dict[str, Any]]:
    """NOTE in one order in every process, so that no two wait for each other's rows."""
    for key in sorted(told, key=str):
        kept = told[key]
        yield {
            "agency": key.agency,
            "operation": key.operation,
            "beneficiary_id": key.subject.beneficiary_id,
            "household_id": key.subject.household_id,
            "answer": None if kept.answer is None else orjson.dumps(kept.answer).decode(),
            "answered_at": kept.answered_at,
        }


@cache
def _keep() -> Statement:
    new = insert(_answer).from_select(
        [one.name for one in _TOLD.table.c], select(*_TOLD.table.c).select_from(_TOLD.table)
    )
    return Statement(
        new.on_conflict_do_update(
            constraint="agency_answer_subject_key",
            set_={"answer": new.excluded.answer, "answered_at": new.excluded.answered_at},
            where=_answer.c.answered_at < new.excluded.answered_at,
        )
    )


@cache
def _latest() -> Statement:
    uuids = ARRAY(PG_UUID(as_uuid=True))
    return Statement(
        select(
            _answer.c.beneficiary_id, _answer.c.household_id, _answer.c.answer, _answer.c.answered_at
        ).where(
            _answer.c.agency == bindparam("agency", type_=Text),
            _answer.c.operation == bindparam("operation", type_=Text),
            or_(
                _answer.c.beneficiary_id == any_(bindparam("beneficiaries", type_=uuids)),
                _answer.c.household_id == any_(bindparam("households", type_=uuids)),
            ),
            _answer.c.answered_at >= bindparam("since", type_=DateTime(timezone=True)),
        )
    )
