# SPDX-License-Identifier: EUPL-1.2
"""Which rows of which table a scope reaches: the predicates that stand in every statement.

Public tables hold no person. Of the others each has one rule, and the rules agree with each other: whatever GraphQL says is
never null must be visible from wherever it is reached. `IMPLIED` lists the steps where one rule follows from another.

    beneficiary visible  ⇔  the territory holds the person
    household visible    ⇔  the territory holds the household, or one of its members is visible
    pact visible         ⇔  its person is visible (whose household is the pact's: a foreign key keeps it so), or, for an inclusion pact, its household
    event visible        ⇔  its person is visible
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, any_, bindparam, exists, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.types import Text, TypeEngine

from hub.access.caller import Caller, Scope
from hub.store.base import table_of
from hub.store.tables import Beneficiary, Household
from hub.store.tables import ConditionalityEvent as Event
from hub.store.vocabulary import GrantScope

Rule = Callable[[FromClause, Scope], ColumnElement[bool]]

CENTRES, MUNICIPALITIES, REGIONS = "caller_centres", "caller_municipalities", "caller_regions"

PUBLIC = frozenset(
    {
        "region",
        "municipality",
        "municipality_version",
        "employment_centre",
        "agency",
        "job_offer",
        "training_course",
        "puc_project",
    }
)
"""Tables without a person in them: every caller sees every row."""

IMPLIED = frozenset(
    {
        ("beneficiary", "household"),
        ("beneficiary", "conditionality_event"),
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
        ("conditionality_event", "beneficiary"),
        ("conditionality_event", "feed_entry"),
        ("feed_entry", "conditionality_event"),
    }
)
"""(from, to): whoever sees the row one comes from sees the row one comes to."""


def visible(
    row: FromClause, table: str, scope: Scope, *, reached_from: str | None = None
) -> ColumnElement[bool]:
    """The condition under which a caller of this scope sees `row`, an alias of `table`.

    Raises KeyError for a table without a rule: there is no way to ask for one without.
    """
    if table in PUBLIC or (reached_from, table) in IMPLIED or scope.kind is GrantScope.NATIONAL:
        return true()
    return RULES[table](row, scope)


@dataclass(frozen=True)
class PeopleInReach:
    """The people a scope reaches, as a condition to be put into a command's own statement."""

    scope: Scope

    def covers(self, row: FromClause) -> ColumnElement[bool]:
        """The condition under which `row`, of table `beneficiary`, is within the scope."""
        return visible(row, "beneficiary", self.scope)


def scope_values(caller: Caller) -> dict[str, Any]:
    """The values the predicates bind for this caller."""
    if caller.scope.single:
        return {
            CENTRES: caller.centres[0] if caller.centres else None,
            MUNICIPALITIES: caller.municipalities[0] if caller.municipalities else None,
            REGIONS: caller.regions[0] if caller.regions else None,
        }
    return {
        CENTRES: list(caller.centres),
        MUNICIPALITIES: list(caller.municipalities),
        REGIONS: list(caller.regions),
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


def _household(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    member = table_of(Beneficiary).alias()
    has_visible_member = exists(
        select(1).where(member.c.household_id == row.c.id, _in_territory(member, scope))
    )
    if scope.kind is GrantScope.CENTRE:  # a centre's territory holds people; households have no centre
        return has_visible_member
    return or_(_in_territory(row, scope), has_visible_member)


def _of_person(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    person = table_of(Beneficiary).alias()
    return exists(select(1).where(person.c.id == row.c.beneficiary_id, _in_territory(person, scope)))


def _pact(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    household = table_of(Household).alias()
    return or_(
        _of_person(row, scope),
        and_(
            row.c.beneficiary_id.is_(None),
            exists(select(1).where(household.c.id == row.c.household_id, _household(household, scope))),
        ),
    )


def _feed_entry(row: FromClause, scope: Scope) -> ColumnElement[bool]:
    event = table_of(Event).alias()
    return exists(select(1).where(event.c.id == row.c.event_id, _of_person(event, scope)))


RULES: Mapping[str, Rule] = {
    "beneficiary": _beneficiary,
    "household": _household,
    "pact": _pact,
    "conditionality_event": _of_person,
    "activity": _of_person,
    "convocation": _of_person,
    "puc_assignment": _of_person,
    "feed_entry": _feed_entry,
}
