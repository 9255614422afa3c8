# SPDX-License-Identifier: EUPL-1.2
"""Households land whole: the household, its benefit and its members, or nothing of it.

The applicant is the one of the latest report, as long as that person is of the household: who was named in another's later report has
moved there (`connectors.inbound.people`), and is the applicant of neither unless that report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import DateTime, Text, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.inbound.benefits import read_terms, reported, write_terms
from connectors.inbound.people import Telling, land_people
from connectors.inbound.places import Place, Places, find_places
from connectors.inbound.runs import Landing
from connectors.inbound.terms import Term, current, with_report
from connectors.inps import AdmittedHousehold
from connectors.records.delivery import Delivered, Page, RecordRefused, Refusal
from hub.store.batch import Batch
from hub.store.statement import Connection, Statement
from hub.store.tables import Beneficiary, Household

FLOW = "admitted-households"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A report whose municipalities and centres are known; `homes` are its members', in their order."""

    report: AdmittedHousehold
    place: Place
    homes: tuple[tuple[Place, UUID | None], ...]


class HouseholdList(Protocol):
    """Where the list is: INPS's service (`InpsConnector`)."""

    async def admitted_households(self, after: str | None, limit: int, /) -> Page[AdmittedHousehold]:
        """Give the entries of the list after a cursor."""

    def read(self, payload: object, /) -> Delivered[AdmittedHousehold]:
        """Read one entry, also one that was kept."""


class AdmittedHouseholds:
    """INPS's daily list of the households admitted to a measure."""

    flow = FLOW
    is_told = True

    def __init__(self, inps: HouseholdList) -> None:
        self._inps = inps

    async def fetch(self, after: str | None, limit: int) -> Page[AdmittedHousehold]:
        """See `Kind.fetch`."""
        return await self._inps.admitted_households(after, limit)

    def read(self, payload: object) -> Delivered[AdmittedHousehold]:
        """See `Kind.read`."""
        return self._inps.read(payload)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[AdmittedHousehold]
    ) -> list[Refusal | None]:
        """See `Kind.land`."""
        places = await find_places(
            connection,
            (member.belfiore_code for report in records for member in report.members),
            (member.centre_code for report in records for member in report.members if member.centre_code),
        )
        outcomes: list[Refusal | None] = []
        placed: list[_Placed] = []
        for report in records:
            try:
                placed.append(_place(report, places))
                outcomes.append(None)
            except RecordRefused as refused:
                outcomes.append(refused.refusal)
        if placed:
            await _land(connection, placed, landing.at)
        return outcomes

    async def versions(
        self, connection: Connection, _agency_id: UUID, keys: Sequence[str]
    ) -> dict[str, datetime]:
        """See `Kind.versions`."""
        return await reported(connection, keys)


def _place(report: AdmittedHousehold, places: Places) -> _Placed:
    homes = []
    for i, member in enumerate(report.members):
        home = places.place(member.belfiore_code, f"beneficiari[{i}].cod_comune_residenza")
        homes.append((home, places.centre(member.centre_code, home, f"beneficiari[{i}].cod_cpi")))
    return _Placed(report, places.place(report.belfiore_code, "cod_comune_residenza"), tuple(homes))


async def _land(connection: Connection, placed: Sequence[_Placed], now: datetime) -> None:
    known = {
        row["inps_protocol"]: row["id"]
        for row in await _KNOWN.fetch(connection, protocols=[one.report.inps_protocol for one in placed])
    }
    was = await read_terms(connection, list(known.values()))
    new = [one for one in placed if one.report.inps_protocol not in known]
    keys = {}
    if new:
        for row in await _ADD.fetch(connection, now=now, **_NEW.bind(_new_row(one) for one in new)):
            known[row["inps_protocol"]] = row["id"]
            keys[row["id"]] = row["benefit_id"]
    becomes, latest = {}, []
    for one in placed:
        household_id, term = known[one.report.inps_protocol], _term(one.report)
        becomes[household_id] = with_report(was.get(household_id, ()), term)
        now_holds = current(becomes[household_id])
        if (now_holds.reported_at, now_holds.starts_on) == (term.reported_at, term.starts_on):
            latest.append(one)
    await write_terms(connection, was, becomes, keys)
    await land_people(connection, [telling for one in placed for telling in _tellings(one, known)], now)
    # NOTE after the people: the applicant must be there, and of this household.
    await _CHANGE.execute(connection, now=now, **_CHANGED.bind(_changed_row(one) for one in latest))


def _term(report: AdmittedHousehold) -> Term:
    return Term(
        id=None,
        starts_on=report.starts_on,
        before=None if report.ends_on is None else report.ends_on + timedelta(days=1),
        measure=report.measure,
        status=report.status,
        monthly_amount=report.monthly_amount,
        reported_at=report.reported_at,
    )


def _tellings(one: _Placed, ids: dict[str, UUID]) -> list[Telling]:
    report = one.report
    household_id = ids[report.inps_protocol]
    return [
        Telling(member, household_id, report.inps_protocol, report.reported_at, home, centre)
        for member, (home, centre) in zip(report.members, one.homes, strict=True)
    ]


def _new_row(one: _Placed) -> dict[str, object]:
    return {
        "inps_protocol": one.report.inps_protocol,
        "measure": one.report.measure.value,
        "municipality_id": one.place.id,
        "region_code": one.place.region_code,
    }


def _changed_row(one: _Placed) -> dict[str, object]:
    return {**_new_row(one), "applicant": one.report.applicant}


def _batch(name: str, **more: type[Text]) -> Batch:
    return Batch(
        name,
        inps_protocol=Text,
        measure=Text,
        municipality_id=PG_UUID(as_uuid=True),
        region_code=Text,
        **more,
    )


_NOW = bindparam("now", type_=DateTime(timezone=True))
_KNOWN = Statement(
    select(Household.id, Household.inps_protocol).where(
        Household.inps_protocol == any_(bindparam("protocols", type_=ARRAY(Text)))
    )
)
_NEW = _batch("new")
_ADD = Statement(
    insert(Household)
    .from_select(
        ["inps_protocol", "measure", "municipality_id", "region_code", "benefit_id", "updated_at"],
        select(*_NEW.table.c, func.uuidv7(), _NOW).select_from(_NEW.table),
    )
    .returning(Household.id, Household.inps_protocol, Household.benefit_id)
)
_CHANGED = _batch("changed", applicant=Text)
_APPLICANT = (
    select(Beneficiary.id)
    .where(Beneficiary.fiscal_code == _CHANGED["applicant"], Beneficiary.household_id == Household.id)
    .correlate(Household, _CHANGED.table)
    .scalar_subquery()
)
_CHANGE = Statement(
    update(Household)
    .where(
        Household.inps_protocol == _CHANGED["inps_protocol"],
        or_(
            Household.measure != _CHANGED["measure"],
            Household.municipality_id != _CHANGED["municipality_id"],
            Household.applicant_id.is_distinct_from(_APPLICANT),
        ),
    )
    .values(
        measure=_CHANGED["measure"],
        municipality_id=_CHANGED["municipality_id"],
        region_code=_CHANGED["region_code"],
        applicant_id=_APPLICANT,
        updated_at=_NOW,
    )
)
