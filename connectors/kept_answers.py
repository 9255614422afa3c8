# SPDX-License-Identifier: EUPL-1.2
"""The last answer an agency gave about a person or a household, given again: as STALE, or as CACHED to who lets it be so old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Text, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.store.base import table_of
from hub.store.batch import Batch
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import AgencyAnswer

_answer = table_of(AgencyAnswer)
_TOLD = Batch("told", operation=Text, answer=Text, answered_at=DateTime(timezone=True))


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

    async def keep(self, agency: str, subject: Subject, told: Mapping[str, KeptAnswer]) -> None:
        """Remember answers about one subject, by operation, by one statement; an older one never replaces a newer one."""
        rows = (
            {
                "operation": operation,
                "answer": None if kept.answer is None else orjson.dumps(kept.answer).decode(),
                "answered_at": kept.answered_at,
            }
            for operation, kept in told.items()
        )
        async with self._pool.acquire() as connection:
            await _keep().execute(
                connection,
                agency=agency,
                beneficiary_id=subject.beneficiary_id,
                household_id=subject.household_id,
                **_TOLD.bind(rows),
            )

    async def latest(
        self, agency: str, operation: str, subjects: Sequence[Subject], *, since: datetime
    ) -> dict[Subject, KeptAnswer]:
        """The last answers about them, but for those given before `since`: one statement, however many they are."""
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


@cache
def _keep() -> Statement:
    uuid = PG_UUID(as_uuid=True)
    new = insert(_answer).from_select(
        ["agency", "beneficiary_id", "household_id", "operation", "answer", "answered_at"],
        select(
            bindparam("agency", type_=Text),
            bindparam("beneficiary_id", type_=uuid),
            bindparam("household_id", type_=uuid),
            *_TOLD.table.c,
        ).select_from(_TOLD.table),
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
