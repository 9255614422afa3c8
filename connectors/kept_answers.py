# SPDX-License-Identifier: EUPL-1.2
"""The last answer an agency gave about a person or a household: what is shown, as STALE, while it does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Text, bindparam, select
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert

from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import AgencyAnswer

_answer = table_of(AgencyAnswer)


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


class KeptAnswers:
    """Keeps one answer per agency, operation and subject."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def keep(self, agency: str, operation: str, subject: Subject, kept: KeptAnswer) -> None:
        """Remember an answer; an older one never replaces a newer one."""
        async with self._pool.acquire() as connection:
            await _keep().execute(
                connection,
                agency=agency,
                operation=operation,
                beneficiary_id=subject.beneficiary_id,
                household_id=subject.household_id,
                answer=None if kept.answer is None else orjson.dumps(kept.answer).decode(),
                answered_at=kept.answered_at,
            )

    async def last(
        self, agency: str, operation: str, subject: Subject, *, since: datetime
    ) -> KeptAnswer | None:
        """The last answer, unless it was given before `since`."""
        async with self._pool.acquire() as connection:
            row = await _last().fetchrow(
                connection,
                agency=agency,
                operation=operation,
                beneficiary_id=subject.beneficiary_id,
                household_id=subject.household_id,
                since=since,
            )
        if row is None:
            return None
        return KeptAnswer(None if row["answer"] is None else orjson.loads(row["answer"]), row["answered_at"])


@cache
def _keep() -> Statement:
    uuid, moment = PG_UUID(as_uuid=True), DateTime(timezone=True)
    new = insert(_answer).values(
        agency=bindparam("agency", type_=Text),
        operation=bindparam("operation", type_=Text),
        beneficiary_id=bindparam("beneficiary_id", type_=uuid),
        household_id=bindparam("household_id", type_=uuid),
        answer=bindparam("answer", type_=Text),
        answered_at=bindparam("answered_at", type_=moment),
    )
    return Statement(
        new.on_conflict_do_update(
            constraint="agency_answer_subject_key",
            set_={"answer": new.excluded.answer, "answered_at": new.excluded.answered_at},
            where=_answer.c.answered_at < new.excluded.answered_at,
        )
    )


@cache
def _last() -> Statement:
    uuid = PG_UUID(as_uuid=True)
    return Statement(
        select(_answer.c.answer, _answer.c.answered_at).where(
            _answer.c.agency == bindparam("agency", type_=Text),
            _answer.c.operation == bindparam("operation", type_=Text),
            _answer.c.beneficiary_id.is_not_distinct_from(bindparam("beneficiary_id", type_=uuid)),
            _answer.c.household_id.is_not_distinct_from(bindparam("household_id", type_=uuid)),
            _answer.c.answered_at >= bindparam("since", type_=DateTime(timezone=True)),
        )
    )
