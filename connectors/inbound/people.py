# SPDX-License-Identifier: EUPL-1.2
"""The members of households, as INPS last told of each.

A person belongs to the household of the latest report that names them: who is named in a new household moves there;
who is named in none any more stays where they were (a row of `beneficiary` always has its household, and what was
recorded about the person stays whole). Of two reports of one moment the one with the greater protocol holds.

The time of that report is kept in `agency_answer`, as INPS's last answer about the person (operation
`admitted-households`, no text), because no column of `beneficiary` is INPS's alone. If that row is gone, the next
report holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Text, and_, any_, bindparam, literal, null, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.places import Place
from connectors.inps import Member
from hub.store.batch import Batch
from hub.store.reference.agency_codes import INPS_AGENCY_CODE
from hub.store.statement import Connection, Statement
from hub.store.tables import AgencyAnswer, Beneficiary, Household

OPERATION = "admitted-households"


@dataclass(frozen=True, slots=True)
class Telling:
    """One member of one report."""

    member: Member
    household_id: UUID
    inps_protocol: str
    reported_at: datetime
    place: Place
    centre_id: UUID | None

    @property
    def rank(self) -> tuple[datetime, str]:
        """Of two tellings about one person the greater holds."""
        return self.reported_at, self.inps_protocol


async def land_people(connection: Connection, tellings: Sequence[Telling], now: datetime) -> None:
    """Land what is newer than what has landed about each person."""
    latest: dict[str, Telling] = {}
    for one in tellings:
        known = latest.get(one.member.fiscal_code)
        if known is None or known.rank <= one.rank:
            latest[one.member.fiscal_code] = one
    ranks = {
        row["fiscal_code"]: (row["answered_at"], row["inps_protocol"])
        for row in await _RANKS.fetch(connection, codes=list(latest))
        if row["answered_at"] is not None
    }
    landing = [one for code, one in sorted(latest.items()) if code not in ranks or ranks[code] <= one.rank]
    if landing:
        await _PUT_PEOPLE.execute(connection, now=now, **_PEOPLE.bind(_people(landing)))
        await _PUT_ANSWERS.execute(connection, **_ANSWERS.bind(_answers(landing)))


def _people(tellings: Iterable[Telling]) -> list[dict[str, Any]]:
    return [
        {
            "fiscal_code": one.member.fiscal_code,
            "given_name": one.member.given_name,
            "family_name": one.member.family_name,
            "birth_date": one.member.birth_date,
            "sex": one.member.sex.value,
            "household_id": one.household_id,
            "municipality_id": one.place.id,
            "region_code": one.place.region_code,
            "employment_centre_id": one.centre_id,
            "employment_status": one.member.employment_status.value,
            "obligation": one.member.obligation.value,
        }
        for one in tellings
    ]


def _answers(tellings: Iterable[Telling]) -> list[dict[str, Any]]:
    return [{"code": one.member.fiscal_code, "answered_at": one.reported_at} for one in tellings]


_INPS_TOLD = and_(AgencyAnswer.agency == INPS_AGENCY_CODE, AgencyAnswer.operation == OPERATION)
_RANKS = Statement(
    select(Beneficiary.fiscal_code, Household.inps_protocol, AgencyAnswer.answered_at)
    .join(Household, Household.id == Beneficiary.household_id)
    .outerjoin(AgencyAnswer, and_(AgencyAnswer.beneficiary_id == Beneficiary.id, _INPS_TOLD))
    .where(Beneficiary.fiscal_code == any_(bindparam("codes", type_=ARRAY(Text))))
)
_PEOPLE = Batch(
    "people",
    fiscal_code=Text,
    given_name=Text,
    family_name=Text,
    birth_date=Date,
    sex=Text,
    household_id=PG_UUID(as_uuid=True),
    municipality_id=PG_UUID(as_uuid=True),
    region_code=Text,
    employment_centre_id=PG_UUID(as_uuid=True),
    employment_status=Text,
    obligation=Text,
)
_PERSON = [column.name for column in _PEOPLE.table.c]
_INSERT_PEOPLE = insert(Beneficiary).from_select(
    [*_PERSON, "updated_at"],
    select(*_PEOPLE.table.c, bindparam("now", type_=DateTime(timezone=True))).select_from(_PEOPLE.table),
)
_THERE = Beneficiary.__table__.c
_PUT_PEOPLE = Statement(
    _INSERT_PEOPLE.on_conflict_do_update(
        index_elements=["fiscal_code"],
        set_={name: _INSERT_PEOPLE.excluded[name] for name in (*_PERSON[1:], "updated_at")},
        where=tuple_(*(_THERE[name] for name in _PERSON)).is_distinct_from(
            tuple_(*(_INSERT_PEOPLE.excluded[name] for name in _PERSON))
        ),
    )
)
_ANSWERS = Batch("told", code=Text, answered_at=DateTime(timezone=True))
_INSERT_ANSWERS = insert(AgencyAnswer).from_select(
    ["agency", "operation", "beneficiary_id", "answer", "answered_at"],
    select(
        literal(INPS_AGENCY_CODE), literal(OPERATION), Beneficiary.id, null(), _ANSWERS["answered_at"]
    ).join_from(_ANSWERS.table, Beneficiary, Beneficiary.fiscal_code == _ANSWERS["code"]),
)
_PUT_ANSWERS = Statement(
    _INSERT_ANSWERS.on_conflict_do_update(
        constraint="agency_answer_subject_key",
        set_={"answered_at": _INSERT_ANSWERS.excluded.answered_at},
        where=AgencyAnswer.answered_at < _INSERT_ANSWERS.excluded.answered_at,
    )
)
