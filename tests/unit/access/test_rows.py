# SPDX-License-Identifier: EUPL-1.2
"""Row predicates: every table of people has one, no value is ever part of a statement's text."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.sql.elements import False_

from hub.access.caller import Caller, Scope
from hub.access.rows import (
    GUARDED,
    IMPLIED,
    OF_AGENCIES,
    OWN,
    PUBLIC,
    RULES,
    counted,
    is_rounded,
    of_oneself,
    read_as,
    scope_values,
    visible,
)
from hub.access.self_rows import HIDDEN, SELF_IMPLIED, SELF_RULES
from hub.errors import Forbidden
from hub.plan.catalogue import node_type_name
from hub.plan.declare import Pages
from hub.plan.positions import ToOne
from hub.store.statement import Statement
from hub.store.tables import metadata
from hub.store.vocabulary import AgencyKind, Capability, GrantScope
from schema.build import build_schema

LIMITED = [GrantScope.CENTRE, GrantScope.MUNICIPALITY, GrantScope.REGION]


def _caller(scope: Scope, **areas: tuple[object, ...]) -> Caller:
    one = UUID(int=1)
    return Caller(one, "a", AgencyKind.REGION, one, one, scope, **areas)  # type: ignore[arg-type]


def test_every_table_the_schema_reaches_is_public_or_has_a_rule() -> None:
    _, catalogue = build_schema()
    for stored in catalogue.types.values():
        name = stored.table.name
        reached_only = {to for _, to in IMPLIED}
        # Lines of the access log are read as one person's report alone, which says whose (`hub.plan.report`).
        assert (
            name in PUBLIC | GUARDED | OF_AGENCIES.keys()
            or name in RULES
            or name in reached_only
            or name == "access_log"
        ), name
    assert not PUBLIC & RULES.keys()
    assert SELF_RULES.keys() == RULES.keys()


def test_a_guarded_table_is_reached_from_roots_that_ask_for_a_capability() -> None:
    schema, catalogue = build_schema()
    guarded = {one.name for one in catalogue.types.values() if one.table.name in GUARDED}
    for stored in catalogue.types.values():
        assert not {getattr(source, "type_name", None) for source in stored.fields.values()} & guarded
    assert schema.query_type is not None
    for name, root in catalogue.roots.items():
        if isinstance(root.source, Pages) and node_type_name(schema.query_type.fields[name]) in guarded:
            assert root.requires is not None, name
    assert not any(one.prefix or one.keys for one in map(catalogue.stored, guarded)), "no id or key names one"


@pytest.mark.parametrize(
    "table", ["idempotency_key", "outbox_message", "access_log", "agency_answer", "benefit", "pact_goal"]
)
def test_a_table_without_a_rule_cannot_be_asked_for(table: str) -> None:
    with pytest.raises(KeyError):
        visible(metadata.tables[table], table, Scope(GrantScope.REGION, single=True))


@pytest.mark.parametrize("kind", LIMITED)
@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("table", RULES)
def test_a_rule_binds_the_territory_and_nothing_else(table: str, kind: GrantScope, *, single: bool) -> None:
    row = metadata.tables[table].alias("asked")
    statement = Statement(select(row.c[0]).where(visible(row, table, Scope(kind, single=single))))
    bound = {
        GrantScope.CENTRE: "caller_centres",
        GrantScope.MUNICIPALITY: "caller_municipalities",
        GrantScope.REGION: "caller_regions",
    }
    assert set(statement.names) == {bound[kind]}
    assert (" ANY (" in statement.text.upper()) is not single


@pytest.mark.parametrize("table", RULES)
def test_the_whole_country_has_no_predicate(table: str) -> None:
    row = metadata.tables[table].alias("asked")
    statement = Statement(
        select(row.c[0]).where(visible(row, table, Scope(GrantScope.NATIONAL, single=False)))
    )
    assert "EXISTS" not in statement.text
    assert statement.names == ()


@pytest.mark.parametrize("kind", [kind for kind in GrantScope if kind is not GrantScope.SELF])
@pytest.mark.parametrize("table", OF_AGENCIES)
def test_what_agencies_sent_is_told_to_each_its_own_in_every_scope(table: str, kind: GrantScope) -> None:
    row = metadata.tables[table].alias("asked")
    statement = Statement(select(row.c[0]).where(visible(row, table, Scope(kind, single=False))))
    assert set(statement.names) == {"caller_agency", "caller_administers"}
    assert "is_told" in statement.text
    assert not is_rounded(table, Scope(kind, single=False))


@pytest.mark.parametrize("table", OF_AGENCIES)
def test_no_citizen_is_told_what_an_agency_sent(table: str) -> None:
    row = metadata.tables[table].alias("asked")
    assert isinstance(visible(row, table, SELF), False_)


@pytest.mark.parametrize(("reached_from", "table"), sorted(IMPLIED))
def test_implied_steps_have_no_predicate(reached_from: str, table: str) -> None:
    row = metadata.tables[table].alias("asked")
    scope = Scope(GrantScope.CENTRE, single=True)
    assert (
        Statement(select(row.c[0]).where(visible(row, table, scope, reached_from=reached_from))).names == ()
    )


# ── citizens ──────────────────────────────────────────────────────────────────────────────────────────

SELF = Scope(GrantScope.SELF, single=True)


@pytest.mark.parametrize("table", SELF_RULES)
def test_a_citizens_rule_binds_who_it_is_and_nothing_else(table: str) -> None:
    row = metadata.tables[table].alias("asked")
    statement = Statement(select(row.c[0]).where(visible(row, table, SELF)))
    assert statement.names
    assert set(statement.names) <= {"caller_person", "caller_household"}


@pytest.mark.parametrize(
    "table", ["idempotency_key", "outbox_message", "access_log", "agency_answer", "benefit", "pact_goal"]
)
def test_a_table_without_a_rule_is_no_citizens_either(table: str) -> None:
    with pytest.raises(KeyError):
        visible(metadata.tables[table], table, SELF)


def test_what_is_implied_for_a_citizen_is_implied_for_all() -> None:
    assert SELF_IMPLIED < IMPLIED
    asked = {to for origin, to in IMPLIED - SELF_IMPLIED if origin == "beneficiary"}
    assert asked == {"conditionality_event", "pact", "activity", "convocation", "puc_assignment"}


@pytest.mark.parametrize(("reached_from", "table"), sorted(IMPLIED - SELF_IMPLIED))
def test_steps_that_are_not_implied_have_a_citizens_predicate(reached_from: str, table: str) -> None:
    row = metadata.tables[table].alias("asked")
    there = Statement(select(row.c[0]).where(visible(row, table, SELF, reached_from=reached_from)))
    assert "caller_person" in there.names


def test_whatever_is_never_null_is_visible_to_a_citizen_who_comes_to_it() -> None:
    """A step to one row that GraphQL says is there needs no predicate, or the rules say so: the person's own pact has its household."""
    _, catalogue = build_schema()
    for stored in catalogue.types.values():
        for name, source in stored.fields.items():
            if isinstance(source, ToOne) and not source.nullable and source.link.target not in PUBLIC:
                assert (stored.table.name, source.link.target) in SELF_IMPLIED, f"{stored.name}.{name}"


def test_what_is_hidden_is_hidden_wherever_the_row_is_read() -> None:
    for table, columns in HIDDEN.items():
        read = read_as(metadata.tables[table], "asked", SELF)
        assert list(read.c.keys()) == list(metadata.tables[table].c.keys())
        for name in columns:
            assert "caller_person" in Statement(select(read.c[name])).names
            assert type(read.c[name].type) is type(metadata.tables[table].c[name].type)
    region = Scope(GrantScope.REGION, single=True)
    assert Statement(select(read_as(metadata.tables["beneficiary"], "asked", region))).names == ()


def test_a_citizen_asks_about_itself_alone() -> None:
    me, other = uuid4(), uuid4()
    citizen = replace(_caller(SELF), person_id=me)
    assert of_oneself(citizen, str(me))
    assert not of_oneself(citizen, str(other))
    assert not of_oneself(_caller(SELF), str(other))
    assert of_oneself(_caller(Scope(GrantScope.REGION, single=True)), str(other))


def test_values_of_a_citizen() -> None:
    me, home = uuid4(), uuid4()
    known = replace(_caller(SELF), person_id=me, household_id=home)
    assert scope_values(known) == {"caller_person": me, "caller_household": home}
    assert scope_values(_caller(SELF)) == {"caller_person": None, "caller_household": None}


@pytest.mark.parametrize("kind", [GrantScope.AGGREGATE, GrantScope.OWN])
@pytest.mark.parametrize("table", RULES)
def test_who_is_granted_no_person_sees_none(table: str, kind: GrantScope) -> None:
    row = metadata.tables[table].alias("asked")
    assert isinstance(visible(row, table, Scope(kind, single=False)), False_)


@pytest.mark.parametrize("table", sorted(PUBLIC))
def test_of_public_tables_own_narrows_those_with_a_source(table: str) -> None:
    row = metadata.tables[table].alias("asked")
    statement = Statement(select(row.c[0]).where(visible(row, table, Scope(GrantScope.OWN, single=False))))
    assert statement.names == (("caller_agency",) if "source_agency_id" in row.c else ())
    assert ("false" in statement.text) is (table == "puc_project")
    assert (table in OWN) is (bool(statement.names) or table == "puc_project")


def test_only_who_counts_the_country_counts_beyond_what_it_sees() -> None:
    for kind in GrantScope:
        scope = Scope(kind, single=False)
        assert counted(scope).kind is (GrantScope.NATIONAL if kind is GrantScope.AGGREGATE else kind)
        assert is_rounded("beneficiary", scope) is (kind is GrantScope.AGGREGATE)
        assert not is_rounded("job_offer", scope)


def test_values_of_one_area_and_of_several() -> None:
    centre, other = uuid4(), uuid4()
    one = scope_values(_caller(Scope(GrantScope.CENTRE, single=True), centres=(centre,)))
    assert one["caller_centres"] == centre
    many = scope_values(_caller(Scope(GrantScope.CENTRE, single=False), centres=(centre, other)))
    assert one["caller_administers"] is many["caller_administers"] is False
    assert many["caller_centres"] == [centre, other]
    assert scope_values(_caller(Scope(GrantScope.REGION, single=False)))["caller_regions"] == []


def test_a_capability_is_asked_for_by_name() -> None:
    caller = _caller(Scope(GrantScope.REGION, single=False), capabilities=frozenset({Capability.READ_FEED}))  # type: ignore[arg-type]
    caller.require(Capability.READ_FEED)
    with pytest.raises(Forbidden) as refused:
        caller.require(Capability.RECORD_EVENTS)
    assert refused.value.extensions["requires"] == "RECORD_EVENTS"
    assert refused.value.extensions["check"] == "capability"
