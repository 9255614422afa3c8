# SPDX-License-Identifier: EUPL-1.2
"""The shipped field sets: each names what there is, by the name that reaches it, and covers what its users ask."""

from __future__ import annotations

import asyncpg
import pytest
from graphql import GraphQLField, get_named_type

from bench.questions import FEED, PAGE, PEOPLE, PERSON, RECORD
from hub.access.caller import Scope
from hub.access.fields import Sensitivity, field_permission
from hub.cli import tour
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

CATALOGUE = build_schema()[1]
POLICY = CATALOGUE.fields
ASKED = {
    "employment-centre": [
        PERSON,
        PAGE,
        PEOPLE,
        RECORD,
        tour.PERSON_PAGE,
        tour.RECORD_EVENT,
        tour.OPPORTUNITIES,
    ],
    "municipality": [tour.HOUSEHOLD_BY_PROTOCOL, tour.HOUSEHOLD_PAGE],
    "accredited": [tour.OWN_OPPORTUNITIES],
    "inps": [FEED, tour.FEED, tour.HOUSEHOLD_BY_PROTOCOL],
}
"""What the demo and the measurements ask, by the set of whom they ask as."""


@pytest.fixture
async def sets(owner: asyncpg.Connection[asyncpg.Record]) -> dict[str, list[str]]:
    return {row["name"]: row["fields"] for row in await owner.fetch("SELECT name, fields FROM field_set")}


async def test_each_coordinate_is_there_and_adds_something(sets: dict[str, list[str]]) -> None:
    assert sets["public"] == sets["accredited"] == []
    for name, fields in sets.items():
        assert len(fields) == len(set(fields)), name
        for coordinate in fields:
            kind, _, field = coordinate.partition(".")
            known = {one: level for one, level in POLICY.levels.items() if one.startswith(f"{kind}.")}
            if field == "*":
                assert Sensitivity.PERSONAL in known.values(), (name, coordinate)
                continue
            assert known.get(coordinate, Sensitivity.PUBLIC) is not Sensitivity.PUBLIC, (name, coordinate)
            assert POLICY.grantable(coordinate) == [coordinate], f"{name} names {coordinate}, of an interface"
            assert known[coordinate] is Sensitivity.SPECIAL or f"{kind}.*" not in fields, (name, coordinate)


async def test_every_set_covers_its_users_questions(sets: dict[str, list[str]]) -> None:
    documents = Documents(CATALOGUE, most=50)
    for name, asked in ASKED.items():
        permission = field_permission((one, name) for one in sets[name])
        for text in asked:
            operation = documents.operation(text, None)
            assert isinstance(operation, Operation)
            values = {
                "fiscalCode": "12345678903",
                "events": 1,
                "first": 1,
                "protocol": "x",
                "id": "hsh_" + "0" * 32,
            }
            values["input"] = {"idempotencyKey": "k", "fiscalCode": "12345678903", "type": "PACT_SIGNED",
                               "occurredAt": "2026-01-01T00:00:00Z"}  # fmt: skip
            known = {one.variable.name.value for one in operation.definition.variable_definitions or ()}
            coerced, errors = operation.variables.coerce(
                {key: one for key, one in values.items() if key in known}
            )
            assert not errors
            prepared = operation.prepare(coerced, Scope(GrantScope.NATIONAL, single=False))
            assert [one.coordinate for one in prepared.fields.refused(permission)] == [], (name, text)


async def test_what_no_set_may_reach(sets: dict[str, list[str]]) -> None:
    reached = {
        name: POLICY.permitted(field_permission((one, name) for one in fields)).keys()
        for name, fields in sets.items()
    }
    assert not [
        one for one in reached["inps"] if "Activity." in one and POLICY.levels[one] is not Sensitivity.PUBLIC
    ]
    assert not [
        one for one in reached["employment-centre"] if one.startswith(("PaymentStatus.", "RegisteredFamily"))
    ]
    assert {name for name in reached if "SocialSupportActivity.title" in reached[name]} == {
        "municipality",
        "citizen",
    }
    assert {name for name in reached if "PaymentStatus.suspensionReason" in reached[name]} == {"citizen"}
    assert {name for name in reached if "Query.conditionalityFeed" in reached[name]} == {
        "inps",
        "municipality",
        "region",
    }
    for one in ("fiscalCode", "givenName", "familyName", "birthDate", "id"):
        assert f"Beneficiary.{one}" not in reached["ministry"]
    told = {one for one in reached["ministry"] if POLICY.levels[one] is not Sensitivity.PUBLIC}
    assert not [one for one in told if _type_of(one) in ("Date", "DateTime")], "a day singles a person out"
    every = set().union(*reached.values())
    assert every == POLICY.levels.keys(), "what no shipped purpose needs would not be there"


def _type_of(coordinate: str) -> str:
    kind, _, name = coordinate.partition(".")
    field: GraphQLField = CATALOGUE.schema.type_map[kind].fields[name]  # type: ignore[attr-defined]
    return get_named_type(field.type).name
