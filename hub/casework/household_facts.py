# SPDX-License-Identifier: EUPL-1.2
"""A stored household as the rules of `hub.measures` take it: one expression reads its facts, whoever asks for them.

The expression gives all declarations, and the day chooses among them here: so it stands in any statement that has the household's row,
that of a query's plan or of a run over the whole population, and one answer serves every day that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, aggregate_order_by
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.measures.applicants import assess_any
from hub.measures.assessment import Application, Assessment
from hub.measures.days import age
from hub.measures.household import ADULT, Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.kleene import either
from hub.measures.measure import Measure
from hub.measures.residence import Residence, Stay, StayTitle
from hub.store import tables
from hub.store.base import table_of
from hub.store.declarations import AMOUNTS
from hub.store.statement import Connection, Statement
from hub.store.vocabulary import EmploymentStatus

BEFORE_ALL = UUID(int=0)
CHILD_UNDER, MANY_MINORS = 3, 3
"""Whose care counts in the scale: a child under three, or three minors (DL 48/2023 art. 2 c. 4 lett. c)."""

_OF_MEMBER = tuple(
    column.name
    for column in table_of(tables.DeclaredMember).c
    if column.name not in ("declaration_id", "beneficiary_id")
)


class StoredPerson(NamedTuple):
    """A member, and what the declaration in force says of it, by column; empty where it says nothing.

    `employment` is what the hub has been told last, on `employment_since` at the latest.
    """

    id: UUID
    birth_date: date
    employment: EmploymentStatus
    employment_since: date
    declared: Mapping[str, Any]

    @property
    def disability(self) -> Disability | None:
        """As declared."""
        found = self.declared.get("disability")
        return None if found is None else Disability(found)

    def age(self, on: date) -> int:
        """Years completed on a day."""
        return age(self.birth_date, on)


@dataclass(frozen=True, slots=True)
class Declared:
    """The declaration in force on the day: since when it is, the day its facts are of, and the code of the agency that told them."""

    starts_on: date
    ends_on: date | None
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class StoredHousehold:
    """A household on a day.

    `applications` is one, or one for each member who may be the applicant where neither the declaration nor INPS says who is: it is
    never empty while somebody is in the household. `declaration` None: nothing is declared for that day.
    """

    id: UUID
    measure: Measure
    on: date
    people: tuple[StoredPerson, ...]
    declaration: Declared | None
    applications: tuple[Application, ...]
    pension_of_citizenship: bool | None
    """Whether it has the Pensione di cittadinanza in place of the RdC, as declared."""

    def assessed(self) -> Assessment:
        """What the law of the day says of it.

        Raises:
            BeforeTheLaw, AfterTheLaw: the measure was not in force.
            NobodyInHousehold: nobody of it was born.
            NegativeAmount and the like: what was declared cannot be.

        """
        return assess_any(self.measure, self.applications, self.on)


def facts(row: FromClause) -> ColumnElement[Any]:
    """All that is stored of the household `row`, an alias of its table, as `stored_household` reads it.

    NOTE: whoever sees the household sees this: no predicate stands inside.
    """
    person = table_of(tables.Beneficiary).alias()
    told = func.timezone(literal_column("'Europe/Rome'"), person.c.updated_at)
    members = _listed(
        func.json_build_array(person.c.id, person.c.birth_date, person.c.employment_status, cast(told, Date)),
        (person.c.birth_date, person.c.id),
    ).where(person.c.household_id == row.c.id)
    return func.json_build_array(
        row.c.measure,
        members.correlate(row).scalar_subquery(),
        _declarations(row),
        row.c.applicant_id,
        type_=JSON,
    )


def facts_of_person(row: FromClause) -> ColumnElement[Any]:
    """The same of the household the person `row` is in."""
    household = table_of(tables.Household).alias()
    found = select(facts(household)).where(household.c.id == row.c.household_id)
    return found.correlate(row).scalar_subquery()


def _declarations(row: FromClause) -> ColumnElement[Any]:
    """In the order in which a later one takes the place of an earlier."""
    declaration, agency, member, vehicle = (
        table_of(table).alias()
        for table in (
            tables.HouseholdDeclaration,
            tables.Agency,
            tables.DeclaredMember,
            tables.DeclaredVehicle,
        )
    )
    stay = func.unnest(declaration.c.stays).column_valued("stay")
    stays = select(
        func.json_agg(func.json_build_array(func.lower(stay, type_=Date), func.upper(stay, type_=Date)))
    )
    members = _listed(
        func.json_build_array(
            member.c.beneficiary_id,
            *(cast(member.c[name], Text) if name == "work_income" else member.c[name] for name in _OF_MEMBER),
        ),
        (member.c.beneficiary_id,),
    ).where(member.c.declaration_id == declaration.c.id)
    vehicles = _listed(
        func.json_build_array(
            vehicle.c.kind, vehicle.c.displacement, vehicle.c.first_registered, vehicle.c.disability_relief
        ),
        (vehicle.c.number,),
    ).where(vehicle.c.declaration_id == declaration.c.id)
    found = (
        _listed(
            func.json_build_array(
                declaration.c.starts_on,
                declaration.c.ends_on,
                declaration.c.as_of,
                agency.c.code,
                func.json_build_array(*(cast(declaration.c[name], Text) for name in AMOUNTS)),
                declaration.c.boats_and_aircraft,
                declaration.c.stay_title,
                stays.correlate(declaration).scalar_subquery(),
                members.correlate(declaration).scalar_subquery(),
                declaration.c.vehicles_known,
                vehicles.correlate(declaration).scalar_subquery(),
                declaration.c.pension_of_citizenship,
            ),
            (declaration.c.as_of, declaration.c.recorded_at, declaration.c.id),
        )
        .select_from(declaration.join(agency, agency.c.id == declaration.c.source_agency_id))
        .where(declaration.c.household_id == row.c.id)
    )
    return found.correlate(row).scalar_subquery()


def _listed(item: ColumnElement[Any], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return select(func.json_agg(aggregate_order_by(item, *order)))


async def read_households(connection: Connection, keys: Sequence[UUID], *, on: date) -> list[StoredHousehold]:
    """The households of these keys, in the order of the keys' values; a key without a household is passed over. One statement."""
    return _read(await _BY_KEY.fetch(connection, keys=list(keys)), on)


async def read_next_households(
    connection: Connection, measure: Measure, *, on: date, after: UUID = BEFORE_ALL, limit: int = 1_000
) -> list[StoredHousehold]:
    """The next households of a measure after a key, in the order of keys: a run over all asks until none come. One statement."""
    rows = await _NEXT.fetch(connection, measure=measure.value, after=after, limit=limit)
    return _read(rows, on)


def _read(rows: Iterable[Any], on: date) -> list[StoredHousehold]:
    return [stored_household(row["id"], orjson.loads(row["facts"]), on) for row in rows]


def _reading() -> Select[Any]:
    household = table_of(tables.Household)
    return select(household.c.id, facts(household).label("facts")).order_by(household.c.id)


_HOUSEHOLD = table_of(tables.Household).c
_BY_KEY = Statement(
    _reading().where(_HOUSEHOLD.id == any_(bindparam("keys", type_=ARRAY(PG_UUID(as_uuid=True)))))
)
_NEXT = Statement(
    _reading()
    .where(
        _HOUSEHOLD.measure == bindparam("measure", type_=Text),
        _HOUSEHOLD.id > bindparam("after", type_=PG_UUID(as_uuid=True)),
    )
    .limit(bindparam("limit", type_=Integer))
)


def stored_household(key: UUID, told: Sequence[Any], on: date) -> StoredHousehold:
    """A household on a day, from what `facts` read of it. Who is born after the day, or registered after it, is not of it yet."""
    name, members, declarations, applicant = told
    measure, in_force = Measure(name), _in_force(declarations or (), on)
    declared = {} if in_force is None else {one[0]: dict(zip(_OF_MEMBER, one[1:], strict=True)) for one in in_force[8] or ()}  # fmt: skip
    people = tuple(
        [
            StoredPerson(
                UUID(person), birth_date, EmploymentStatus(employment), date.fromisoformat(since), declared.get(person, {})
            )
            for person, born, employment, since in members or ()
            if (birth_date := date.fromisoformat(born)) <= on
        ]
    )  # fmt: skip
    return StoredHousehold(
        key,
        measure,
        on,
        people,
        None if in_force is None else _declared(in_force),
        tuple(_applications(measure, people, _applicants(people, applicant, on), in_force, on)),
        None if in_force is None else in_force[11],
    )


def _in_force(declarations: Sequence[Any], on: date) -> Any:
    day = on.isoformat()
    return next(
        (one for one in reversed(declarations) if one[0] <= day and (one[1] is None or day <= one[1])), None
    )


def _declared(in_force: Sequence[Any]) -> Declared:
    starts, ends, as_of, source = in_force[:4]
    return Declared(date.fromisoformat(starts), _day(ends), date.fromisoformat(as_of), source)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _applications(
    measure: Measure,
    people: Sequence[StoredPerson],
    applicants: Sequence[StoredPerson],
    in_force: Sequence[Any] | None,
    on: date,
) -> Iterable[Application]:
    minors = [years for person in people if (years := person.age(on)) < ADULT]
    to_care_for = len(minors) >= MANY_MINORS or min(minors, default=ADULT) < CHILD_UNDER
    carers = [_carer(person, people, on, of_minors=to_care_for) for person in people]
    wealth = _wealth(in_force, on)
    for applicant in applicants:
        members = tuple(
            [
                _member(person, applicant=person is applicant, carer=carer)
                for person, carer in zip(people, carers, strict=True)
            ]
        )
        yield Application(measure, Household(members, **wealth))


def _applicants(people: Sequence[StoredPerson], reported: str | None, on: date) -> Sequence[StoredPerson]:
    """Who is declared to apply, else whom INPS last `reported` (a key); else each adult may, and where there is none, each member."""
    told = [person for person in people if person.declared.get("applicant")]
    if not told and reported is not None:
        key = UUID(reported)
        told = [person for person in people if person.id == key]
    return told or [person for person in people if person.age(on) >= ADULT] or people


def _member(person: StoredPerson, *, applicant: bool, carer: bool | None) -> Member:
    told = person.declared.get
    return Member(
        key=person.id.hex,
        birth_date=person.birth_date,
        applicant=applicant,
        disability=person.disability,
        carer=carer,
        disadvantaged=told("disadvantaged"),
        in_child_allowance=told("in_child_allowance"),
        in_public_structure=told("in_public_structure"),
    )


def _carer(person: StoredPerson, people: Sequence[StoredPerson], on: date, *, of_minors: bool) -> bool | None:
    """Whether it has care duties: of the household's minors where there is a small one or there are many, or of who is severely disabled."""
    if person.age(on) < ADULT:
        return False
    return either(
        person.declared.get("cares_for_minors") if of_minors else False, care_of_severe(person, people)
    )


def care_of_severe(person: StoredPerson, people: Sequence[StoredPerson]) -> bool | None:
    """Whether someone severely disabled is in its care: as declared, else not where nobody else of the household is."""
    told: bool | None = person.declared.get("caring_for_severely_disabled")
    if told is not None:
        return told
    others = (other.disability for other in people if other is not person)
    return False if all(one in (Disability.NONE, Disability.DISABLED) for one in others) else None


def _wealth(in_force: Sequence[Any] | None, on: date) -> Mapping[str, Any]:
    """What is declared of a household, by its names in `Household`; empty where nothing is."""
    if in_force is None:
        return {}
    _, _, _, _, amounts, boats, title, stays, _, vehicles_known, vehicles, _ = in_force
    return {
        "residence": Residence(
            None if title is None else StayTitle(title), None if stays is None else tuple(_stays(stays, on))
        ),
        "vehicles": tuple(_vehicles(vehicles or (), on)) if vehicles_known else None,
        "boats_and_aircraft": boats,
        **{
            name: None if amount is None else Decimal(amount)
            for name, amount in zip(AMOUNTS, amounts, strict=True)
        },
    }


def _stays(stays: Sequence[Any], on: date) -> Iterable[Stay]:
    for since, until in stays:
        if date.fromisoformat(since) <= on:
            yield Stay(date.fromisoformat(since), _day(until))


def _vehicles(vehicles: Sequence[Any], on: date) -> Iterable[Vehicle]:
    for kind, displacement, registered, relief in vehicles:
        if date.fromisoformat(registered) <= on:
            yield Vehicle(VehicleKind(kind), displacement, date.fromisoformat(registered), relief)
