# SPDX-License-Identifier: EUPL-1.2
"""The last answer an agency gave about a person or a household, given again: as STALE, or as CACHED to who lets it be so old."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
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


class KeptAnswers:
    """Keeps one answer per agency, operation and subject: behind the request that was given it, those that wait together.

    What is not written yet is found by `latest` of this process. A process that is killed loses what waits, some milliseconds' worth: the
    next outage misses it. Whoever must not waits for `written`.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[_Key, KeptAnswer] = {}
        self._writing: dict[_Key, KeptAnswer] = {}
        self._writer: asyncio.Task[None] | None = None

    def keep(self, agency: str, subject: Subject, told: Mapping[str, KeptAnswer]) -> None:
        """Remember answers about one subject, by operation; an older one never replaces a newer one."""
        for operation, kept in told.items():
            key = _Key(agency, operation, subject)
            known = self._waiting.get(key)
            if known is None and len(self._waiting) >= MOST_WAITING:
                log.warning("answer.not_kept", agency=agency, operation=operation, error="too many wait")
            elif known is None or known.answered_at < kept.answered_at:
                self._waiting[key] = kept
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="kept answers")

    async def written(self) -> None:
        """Wait until what was told so far is written, or could not be."""
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def latest(
        self, agency: str, operation: str, subjects: Sequence[Subject], *, since: datetime
    ) -> dict[Subject, KeptAnswer]:
        """The last answers about them, but for those given before `since`: one statement, however many they are."""
        found = {}
        for subject in subjects:
            key = _Key(agency, operation, subject)
            new = self._waiting.get(key) or self._writing.get(key)
            if new is not None and new.answered_at >= since:
                found[subject] = new
        if others := [one for one in subjects if one not in found]:
            found |= await self._stored(agency, operation, others, since)
        return found

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
        while self._waiting:
            self._writing, self._waiting = self._waiting, {}
            try:
                async with self._pool.acquire() as connection:
                    await _keep().execute(connection, **_TOLD.bind(_rows(self._writing)))
            except DATABASE_TROUBLE as error:
                # The answers were given; only the next outage will miss them.
                log.warning("answers.not_kept", answers=len(self._writing), error=type(error).__name__)
            finally:
                self._writing = {}


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
