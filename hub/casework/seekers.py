# SPDX-License-Identifier: EUPL-1.2
"""Whether offers of work suit a person: what the hub holds of both, for the rules of `hub.measures.suitable_offer`.

What it does not hold is not known to the rules: the hours of full time, the collective agreement's minimum, the way by road or by public
transport. The person's municipality of residence stands for the domicile.

Experience and skills are those of all the person's own pacts in force on the day, of every kind; where none of them names a profession they are
not known; where one about work tells nothing of any, another profession than those that are named may be coherent. A pact is in force from its signing through its period: while it is suspended, too, and, asked about a day of then, when it is over
since; one that was proposed or refused never was. What a pact names that the caller may not see, or not ask for, is not known either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    FromClause,
    Text,
    and_,
    bindparam,
    cast,
    distinct,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.caller import Caller, Scope
from hub.access.fields import Sensitivity
from hub.access.rows import scope_values, visible
from hub.ledger.expressions import word
from hub.ledger.paid_terms import paid_terms, read_terms
from hub.ledger.proposing import rome_day
from hub.measures.measure import Measure
from hub.measures.renewal import renewal
from hub.measures.suitable_offer import Contract, Offer, Seeker
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import Beneficiary, ConditionalityEvent, Household, Municipality, Pact
from hub.store.vocabulary import PactKind, PactStatus

CONTRACTS: Mapping[str, Contract] = {
    "A.01.00": Contract.PERMANENT,
    "A.02.00": Contract.FIXED_TERM,
    "A.02.01": Contract.FIXED_TERM,
    "B.03.00": Contract.OTHER,
    "C.01.00": Contract.OTHER,
    "C.03.00": Contract.OTHER,
    "C.04.00": Contract.OTHER,
}
"""By type of contract of the mandatory communications, where it says alone which of the law's kinds it is: an apprenticeship does not."""
MADE = ("SUITABLE_OFFER_ACCEPTED", "SUITABLE_OFFER_REFUSED")
"""What says that an offer was made."""
NEVER_IN_FORCE = (PactStatus.PROPOSED, PactStatus.REFUSED)
"""Of a pact that is not signed, or was taken back before it began."""
ABOUT_WORK = (PactKind.WORK, PactKind.SERVICE)
"""The pacts that name professions: a pact of digital activation has none to name."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A person as offers are held against it on a day: its key and measure, and how far each place of work asked about lies.

    `kilometres`: as the crow flies between the seats of the municipalities; None where one has no coordinates. `number`: of the next offer.
    """

    person_id: UUID
    measure: Measure
    seeker: Seeker
    number: int
    kilometres: Mapping[UUID, Decimal | None]
    home: UUID


async def sought(
    connection: Connection, caller: Caller, fiscal_code: str, on: date, places: Sequence[UUID]
) -> Sought | None:
    """The person with this code, if the caller sees it, and the way to these municipalities; one statement.

    An answer names what the pacts name: only to a caller who may ask for it of a pact (`Pact.professions`), too.
    """
    row = await _statement(caller.scope).fetchrow(
        connection, fiscal_code=fiscal_code, day=on, places=list(places), **scope_values(caller)
    )
    if row is None:
        return None
    measure = Measure(row["measure"])
    may_know = caller.fields.by("Pact.professions", Sensitivity.PERSONAL) is not None
    professions = row["professions"] if may_know else None
    terms = [term for term in read_terms(orjson.loads(row["terms"])) if term[0] <= on]
    return Sought(
        row["id"],
        measure,
        Seeker(
            professions=None if professions is None else frozenset(professions),
            may_name_others=row["may_name_others"],
            children_born_on=tuple(born for born in row["births"] if born <= on),
            awarded_on=terms[0][0] if terms else None,
            renewed=renewal(measure, terms).on(on),
        ),
        row["made"] + 1,
        {
            place: None if way is None else Decimal(f"{way:.1f}")
            for place, way in zip(places, row["ways"], strict=True)
        },
        row["home"],
    )


def offered(
    found: Sought,
    on: date,
    place: UUID,
    *,
    contract_type: str | None,
    weekly_hours: Decimal,
    monthly_pay: Decimal | None,
    profession: str | None,
) -> Offer:
    """An offer of work in a municipality, as it would be made to this person on a day."""
    is_home = place == found.home
    return Offer(
        offered_on=on,
        contract=CONTRACTS.get(contract_type or ""),
        weekly_hours=weekly_hours,
        monthly_pay=monthly_pay,
        kilometres=Decimal(0) if is_home else None,
        kilometres_at_least=None if is_home else found.kilometres[place],
        profession=profession,
        number=found.number,
    )


@cache
def _statement(scope: Scope) -> Statement:
    person, household = table_of(Beneficiary).alias("person"), table_of(Household).alias("household")
    return Statement(
        select(
            person.c.id,
            person.c.municipality_id.label("home"),
            household.c.measure,
            cast(paid_terms(household.c.id, household.c.measure), Text).label("terms"),
            _births(person).label("births"),
            _made(person, household).label("made"),
            _professions(person, scope).label("professions"),
            _untold(person, scope).label("may_name_others"),
            _ways(person).label("ways"),
        )
        .select_from(person.join(household, household.c.id == person.c.household_id))
        .where(
            person.c.fiscal_code == bindparam("fiscal_code", type_=Text),
            visible(person, "beneficiary", scope),
        )
    )


def _births(person: FromClause) -> ColumnElement[list[date]]:
    """Of the others of the household, whoever sees them: whether there are children says nothing of who they are."""
    member = table_of(Beneficiary).alias("member")
    found = select(member.c.birth_date).where(
        member.c.household_id == person.c.household_id, member.c.id != person.c.id
    )
    return func.array(found.correlate(person).scalar_subquery(), type_=ARRAY(Date))


def _made(person: FromClause, household: FromClause) -> ColumnElement[int]:
    """How many offers of before the day the ledger knows, under the household's application; what was withdrawn never was."""
    event, withdrawal = table_of(ConditionalityEvent).alias("event"), table_of(ConditionalityEvent).alias()
    withdrawn = select(literal_column("1")).where(withdrawal.c.withdraws_event_id == event.c.id).exists()
    found = select(func.count()).where(
        event.c.beneficiary_id == person.c.id,
        event.c.inps_protocol == household.c.inps_protocol,
        event.c.measure == household.c.measure,
        event.c.type.in_([literal_column(f"'{word}'", Text) for word in MADE]),
        rome_day(event.c.occurred_at) < bindparam("day", type_=Date),
        ~withdrawn,
    )
    return found.correlate(person, household).scalar_subquery()


def _professions(person: FromClause, scope: Scope) -> ColumnElement[list[str] | None]:
    """What the person's pacts in force on the day name, as far as the caller sees them; NULL where none names any."""
    pact = table_of(Pact).alias("pact")
    named = func.unnest(pact.c.professions).table_valued("code", name="named").render_derived()
    found = select(func.array_agg(distinct(named.c.code), type_=ARRAY(Text)))
    found = found.where(_in_force(pact, person, scope))
    return found.select_from(pact, named).correlate(person).scalar_subquery()


def _untold(person: FromClause, scope: Scope) -> ColumnElement[bool]:
    """Whether of a pact about work that is in force on the day it is not known what it names."""
    pact = table_of(Pact).alias("pact")
    untold = and_(
        _in_force(pact, person, scope),
        pact.c.kind.in_([word(kind) for kind in ABOUT_WORK]),
        pact.c.professions.is_(None),
    )
    return select(literal_column("1")).where(untold).correlate(person).exists()


def _in_force(pact: FromClause, person: FromClause, scope: Scope) -> ColumnElement[bool]:
    day = bindparam("day", type_=Date)
    return and_(
        pact.c.beneficiary_id == person.c.id,
        pact.c.status.not_in([word(status) for status in NEVER_IN_FORCE]),
        pact.c.signed_on <= day,
        pact.c.period.op("@>")(day),
        visible(pact, "pact", scope, reached_from="beneficiary"),
    )


def _ways(person: FromClause) -> ColumnElement[list[float | None]]:
    here, there = table_of(Municipality).alias("here"), table_of(Municipality).alias("there")
    place = (
        func.unnest(bindparam("places", type_=ARRAY(PG_UUID(as_uuid=True))))
        .table_valued("id", with_ordinality="n", name="place")
        .render_derived()
    )
    way = func.distance_km(
        here.c.latitude, here.c.longitude, there.c.latitude, there.c.longitude, type_=Float()
    )
    found = (
        select(way)
        .select_from(
            place.outerjoin(there, there.c.id == place.c.id).outerjoin(
                here, here.c.id == person.c.municipality_id
            )
        )
        .order_by(place.c.n)
    )
    return func.array(found.correlate(person).scalar_subquery(), type_=ARRAY(Float))
