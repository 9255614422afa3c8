# SPDX-License-Identifier: EUPL-1.2
"""Row predicates: every table of people has one, no value is ever part of a statement's text."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hub.access.caller import Caller, Scope
from hub.access.rows import IMPLIED, PUBLIC, RULES, scope_values, visible
from hub.errors import Forbidden
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
        assert name in PUBLIC or name in RULES or name in reached_only, name
    assert not PUBLIC & RULES.keys()


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


@pytest.mark.parametrize(("reached_from", "table"), sorted(IMPLIED))
def test_implied_steps_have_no_predicate(reached_from: str, table: str) -> None:
    row = metadata.tables[table].alias("asked")
    scope = Scope(GrantScope.CENTRE, single=True)
    assert (
        Statement(select(row.c[0]).where(visible(row, table, scope, reached_from=reached_from))).names == ()
    )


def test_values_of_one_area_and_of_several() -> None:
    centre, other = uuid4(), uuid4()
    one = scope_values(_caller(Scope(GrantScope.CENTRE, single=True), centres=(centre,)))
    assert one["caller_centres"] == centre
    many = scope_values(_caller(Scope(GrantScope.CENTRE, single=False), centres=(centre, other)))
    assert many["caller_centres"] == [centre, other]
    assert scope_values(_caller(Scope(GrantScope.REGION, single=False)))["caller_regions"] == []


def test_a_capability_is_asked_for_by_name() -> None:
    caller = _caller(Scope(GrantScope.REGION, single=False), capabilities=frozenset({Capability.READ_FEED}))  # type: ignore[arg-type]
    caller.require(Capability.READ_FEED)
    with pytest.raises(Forbidden) as refused:
        caller.require(Capability.RECORD_EVENTS)
    assert refused.value.extensions == {"requires": "RECORD_EVENTS"}
