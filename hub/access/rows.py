# SPDX-License-Identifier: EUPL-1.2
"""Which rows of which table a scope reaches: the predicates that stand in every statement.

Public tables hold no person. Of the others each has one rule, and the rules agree with each other: whatever GraphQL says is
never null must be visible from wherever it is reached. `IMPLIED` lists the steps where one rule follows from another.

    beneficiary visible  ⇔  the territory holds the person
    household visible    ⇔  the territory holds the household, or one of its members is visible
    pact visible         ⇔  its person is visible (whose household is the pact's: a foreign key keeps it so), or, for an inclusion pact, its household
    event visible        ⇔  its person is visible; asked for by its own key, also to the agency that recorded it (`visible_by_key`)
    delivery visible     ⇔  its person, who is its event's, is visible; or it is reached from its event

Two scopes reach no person: AGGREGATE counts what the whole country would see (`counted`), OWN sees the offers and courses its
agency published. A table `OF_AGENCIES` has one rule for every scope: an agency is told of its own rows, who administers of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.types import Boolean, Text, TypeEngine

from hub.access.caller import Caller, Scope
from hub.access.self_rows import SELF_IMPLIED, SELF_RULES, read_as_citizen, self_values
from hub.store.base import table_of
from hub.store.tables import Beneficiary, Household
from hub.store.tables import ConditionalityEvent as Event
from hub.store.vocabulary import Capability, GrantScope

Rule = Callable[[FromClause, Scope], ColumnElement[bool]]

OF_THE_CALLER = "caller_"
"""How the names of the parameters begin that hold what a caller is."""
CENTRES, MUNICIPALITIES, REGIONS = "caller_centres", "caller_municipalities", "caller_regions"
AGENCY, ADMINISTERS = "caller_agency", "caller_administers"

PUBLIC = frozenset(
    {
        "region",
        "municipality",
        "municipality_version",
        "employment_centre",
        "agency",
        "inbound_run",
        "job_offer",
        "training_course",
        "puc_project",
    }
)
"""Tables without a person in them: every caller sees every row, but the scope OWN only its own of some."""

GUARDED = frozenset({"access_change"})
"""Tables that are reached by root fields alone that ask for a capability: who has it sees every row."""

IMPLIED = frozenset(
    {
        ("beneficiary", "household"),
        ("beneficiary", "conditionality_event"),
        ("beneficiary", "pact"),
        ("beneficiary", "activity"),
        ("beneficiary", "convocation"),
        ("beneficiary", "puc_assignment"),
        ("activity", "beneficiary"),
        ("convocation", "beneficiary"),
        ("puc_assignment", "beneficiary"),
        ("household", "benefit"),
        ("pact", "household"),
        ("pact", "beneficiary"),
        ("pact", "pact_goal"),
        ("conditionality_event", "feed_entry"),
        ("feed_entry", "conditionality_event"),
        ("feed_entry", "feed_proposal"),
        ("conditionality_event", "event_outcome"),
        ("event_outcome", "conditionality_event"),
        ("conditionality_event", "event_evidence"),
        ("conditionality_event", "delivery"),
        ("delivery", "conditionality_event"),
        ("delivery", "delivery_attempt"),
        ("activity", "delivery"),  # of the activity's own person
    }
)
"""(from, to): whoever sees the row one comes from sees the row one comes to."""


def visible(
    row: FromClause, table: str, scope: Scope, *, reached_from: str | None = None
) -> ColumnElement[bool]:
    """The condition under which a caller of this scope sees `row`, an alias of `table`.

    Raises KeyError for a table without a rule: there is no way to ask for one without.
    """
    if table in OF_AGENCIES:
        return OF_AGENCIES[table](row, scope)
    if scope.kind is GrantScope.OWN and table in OWN:
        return OWN[table](row, scope)
    if (
        table in PUBLIC | GUARDED
        or (reached_from, table) in implied(scope)
        or scope.kind is GrantScope.NATIONAL
    ):
        return true()
    if scope.kind is GrantScope.SELF:
        return SELF_RULES[table](row)
    if scope.kind in NOBODY:
        return false()
    return RULES[table](row, scope)


def implied(scope: Scope) -> frozenset[tuple[str, str]]:
    """The steps that need no predicate in this scope."""
    return SELF_IMPLIED if scope.kind is GrantScope.SELF else IMPLIED


def read_as(table: Table, name: str, scope: Scope) -> FromClause:
    """`table` under a name of its own, as a caller of this scope reads its rows."""
    return read_as_citizen(table, name) if scope.kind is GrantScope.SELF else table.alias(name)


def of_oneself(caller: Caller, person_id: str) -> bool:
    """Whether a person's registers may be asked about: a citizen's own only; an agency asks about whom it sees."""
    return caller.scope.kind is not GrantScope.SELF or person_id == str(caller.person_id)


def listed(row: FromClause, table: str, scope: Scope) -> ColumnElement[bool]:
    """`visible`, for a list of a whole table.

    Where a rule has two ways and the territory is small, its rows are looked up from the territory: PostgreSQL would try the
    rule on every row of the table. A region holds so many that a page of them is found by trying.
    """
    if scope.kind in (GrantScope.CENTRE, GrantScope.MUNICIPALITY) and table in LISTED:
        return LISTED[table](row, scope)
    return visible(row, table, scope)


def counted(scope: Scope) -> Scope:
    """The scope whose rows are counted where this one asks how many: the whole country's for AGGREGATE, which sees no row."""
    return replace(scope, kind=GrantScope.NATIONAL) if scope.kind is GrantScope.AGGREGATE else scope


def is_rounded(table: str, scope: Scope) -> bool:
    """Whether counts of this table's rows are rounded for callers of this scope: of people, for who sees nobody."""
    return scope.kind is GrantScope.AGGREGATE and table not in PUBLIC | GUARDED | OF_AGENCIES.keys()


def visible_by_key(row: FromClause, table: str, scope: Scope) -> ColumnElement[bool]:
    """`visible`, for a row that is asked for by its own key.

    Whoever recorded an event has its key, and is told what came of it also when the person has left its territory: the event, and
    nothing of the person (docs/adr/0032).
    """
    seen = visible(row, table, scope)
    if table not in RECORDED or scope.kind in {GrantScope.NATIONAL, GrantScope.SELF, *NOBODY}:
        return seen
    return or_(row.c.agency_id == bindparam(AGENCY, type_=UUID(as_uuid=True)), seen)


@dataclass(frozen=True)
class PeopleInReach:
    """The people a scope reaches, as a condition to be put into a command's own statement."""

    scope: Scope

    def covers(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `beneficiary`, is within the scope."""
        return visible(row, "beneficiary", self.scope)

    def covers_event(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `conditionality_event`, is."""
        return visible(row, "conditionality_event", self.scope)


def scope_values(caller: Caller) -> dict[str, Any]:
    """The values the predicates bind for this caller."""
    if caller.scope.kind is GrantScope.SELF:
        return self_values(caller)
    itself = {AGENCY: caller.agency_id, ADMINISTERS: Capability.ADMINISTER in caller.capabilities}
    if caller.scope.single:
        return {
            CENTRES: caller.centres[0] if caller.centres else None,
            MUNICIPALITIES: caller.municipalities[0] if caller.municipalities else None,
            REGIONS: caller.regions[0] if caller.regions else None,
            **itself,
        }
    return {
        CENTRES: list(caller.centres),
        MUNICIPALITIES: list(caller.municipalities),
        REGIONS: list(caller.regions),
        **itself,
    }


def _in_territory(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    areas: dict[GrantScope, tuple[str, str, TypeEngine[Any]]] = {
        GrantScope.CENTRE: ("employment_centre_id", CENTRES, UUID(as_uuid=True)),
        GrantScope.MUNICIPALITY: ("municipality_id", MUNICIPALITIES, UUID(as_uuid=True)),
        GrantScope.REGION: ("region_code", REGIONS, Text()),
    }
    column, name, kind = areas[scope.kind]
    if scope.single:
        return row.c[column] == bindparam(name, type_=kind)
    return row.c[column] == any_(bindparam(name, type_=ARRAY(kind)))


def _beneficiary(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    return _in_territory(row, scope)


def _of_person(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    person = table_of(Beneficiary).alias()
    return exists(select(1).where(person.c.id == row.c.beneficiary_id, _in_territory(person, scope)))


def _household(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    member = table_of(Beneficiary).alias()
    its_members = select(true()).where(member.c.household_id == row.c.id, _in_territory(member, scope))
    if scope.kind is GrantScope.CENTRE:  # a centre's territory holds people; households have no centre
        return exists(its_members)
    # NOTE a value, not EXISTS: beside `OR` that may become a hash of all people of the territory.
    return or_(_in_territory(row, scope), its_members.limit(literal_column("1")).scalar_subquery())


def _pact(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    person, household = table_of(Beneficiary).alias(), table_of(Household).alias()
    of_person = select(_in_territory(person, scope)).where(person.c.id == row.c.beneficiary_id)
    of_household = select(_household(household, scope)).where(household.c.id == row.c.household_id)
    return case(
        (row.c.beneficiary_id.is_(None), of_household.scalar_subquery()), else_=of_person.scalar_subquery()
    )


def _household_listed(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    return _among(row.c.id, _households_of(scope))


def _pact_listed(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    person = table_of(Beneficiary).alias()
    people = select(person.c.id).where(_in_territory(person, scope))
    return or_(
        _among(row.c.beneficiary_id, people),
        and_(row.c.beneficiary_id.is_(None), _among(row.c.household_id, _households_of(scope))),
    )


def _delivery_listed(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    person = table_of(Beneficiary).alias()
    return _among(row.c.beneficiary_id, select(person.c.id).where(_in_territory(person, scope)))


def _households_of(scope: Scope) -> Select[Any] | CompoundSelect[Any]:
    """The keys of the households `_household` lets through, from the territory's own rows; some more than once."""
    household, member = table_of(Household).alias(), table_of(Beneficiary).alias()
    members = select(member.c.household_id).where(_in_territory(member, scope))
    if scope.kind is GrantScope.CENTRE:
        return members
    return union_all(select(household.c.id).where(_in_territory(household, scope)), members)


def _among(column: ColumnElement[Any], keys: Select[Any] | CompoundSelect[Any]) -> ColumnElement[bool]:
    # NOTE an array, not IN: read once, then an index is entered at each key; IN may become a join that reads a whole table.
    return column == any_(func.array(keys.scalar_subquery(), type_=ARRAY(UUID(as_uuid=True))))


def _of_event(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    event = table_of(Event).alias()
    return exists(select(1).where(event.c.id == row.c.event_id, _of_person(event, scope)))


def _published(row: FromClause, _scope: Scope) -> ColumnElement[bool]:
    return row.c.source_agency_id == bindparam(AGENCY, type_=UUID(as_uuid=True))


def _told_of(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    if scope.kind is GrantScope.SELF:
        return false()
    # NOTE a comparison: `false OR …` is cut by PostgreSQL, which plans for the values it is given.
    administers = literal_column("true", Boolean) == bindparam(ADMINISTERS, type_=Boolean)
    return or_(
        administers, and_(row.c.is_told, row.c.agency_id == bindparam(AGENCY, type_=UUID(as_uuid=True)))
    )


def _none(_row: FromClause, _scope: Scope) -> ColumnElement[bool]:
    return false()


NOBODY = frozenset({GrantScope.AGGREGATE, GrantScope.OWN})
"""Scopes that reach no row of a person."""

RECORDED = frozenset({"conditionality_event"})
"""Tables whose rows name by `agency_id` who recorded them."""

RULES: Mapping[str, Rule] = {
    "beneficiary": _beneficiary,
    "household": _household,
    "pact": _pact,
    "conditionality_event": _of_person,
    "activity": _of_person,
    "convocation": _of_person,
    "puc_assignment": _of_person,
    "feed_entry": _of_event,
    "event_outcome": _of_event,
    "event_evidence": _of_event,
    "delivery": _of_person,
}

OF_AGENCIES: Mapping[str, Rule] = {"quarantined_record": _told_of}
"""Tables of what agencies sent, told without the people in it: to an agency its own, where it may be told; to who administers all of it."""

OWN: Mapping[str, Rule] = {"job_offer": _published, "training_course": _published, "puc_project": _none}
"""The rules of public tables for the scope OWN."""

LISTED: Mapping[str, Rule] = {
    "household": _household_listed,
    "pact": _pact_listed,
    "delivery": _delivery_listed,
}
"""The rules with two ways, and one of a table that may be another territory's from end to end, by the keys of the territory's own rows."""
