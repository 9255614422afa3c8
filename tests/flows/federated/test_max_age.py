# SPDX-License-Identifier: EUPL-1.2
"""`maxAge`: who says how old an answer may be is given one that is kept, and the agency is not asked."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from graphql import GraphQLObjectType

from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.isee import OPERATION as ISEE_SERVICE
from schema.build import build_schema
from tests.flows.federated.conftest import Scene

FIELDS = {
    "residence": ("anpr", "C020"),
    "registeredFamily": ("anpr", "C021"),
    "registryCheck RESIDENCE": ("anpr", "C029"),
    "registryCheck STAY": ("anpr", "C018"),
    "payments": ("inps", "stato-pagamento"),
    "isee": ("isee", ISEE_SERVICE),
    "registeredIdentity": ("anpr", "C015"),
    "iseeStanding": ("isee", ISEE_SERVICE),
}
"""Every federated field, and what its agency is asked for it."""
OF_HOUSEHOLDS = ("payments", "isee", "iseeStanding")


def query(field: str, argument: str) -> str:
    name, _, kind = field.partition(" ")
    if kind:
        argument = argument.replace("(", f"(kind: {kind}, measure: ADI, ")
    if name == "iseeStanding":
        argument = argument.replace("(", '(threshold: "SNOD01", ')
    asked = f"{name}{argument} {{ asOf source freshness }}"
    if field in OF_HOUSEHOLDS:
        asked = f"household {{ {asked} }}"
    return f"query ($code: FiscalCode!, $age: Int) {{ beneficiary(fiscalCode: $code) {{ {asked} }} }}"


async def ask(scene: Scene, field: str, age: int | None) -> dict[str, Any]:
    answer = await scene.ask(query(field, "(maxAge: $age)"), "municipality", code=scene.fiscal_code, age=age)
    assert "errors" not in answer
    person = answer["data"]["beneficiary"]
    if field in OF_HOUSEHOLDS:
        person = person["household"]
    found: dict[str, Any] = person[field.partition(" ")[0]]
    return found


def test_no_field_that_takes_an_age_is_left_out() -> None:
    takes = {
        name
        for kind in build_schema()[0].type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if "maxAge" in field.args
    }
    assert takes == {field.partition(" ")[0] for field in FIELDS}


@pytest.mark.parametrize("field", FIELDS)
async def test_a_kept_answer_is_given_as_long_as_it_is_young_enough(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record], field: str
) -> None:
    agency, operation = FIELDS[field]
    faults = scene.simulation.faults[agency]
    first = await ask(scene, field, 3_600)
    assert (first["freshness"], faults.calls(operation)) == ("LIVE", 1), "nothing is kept yet"
    again = await ask(scene, field, 3_600)
    assert again == {**first, "freshness": "CACHED"}
    assert faults.calls(operation) == 1, "the agency is not asked"

    assert (await ask(scene, field, 0))["freshness"] == "LIVE"
    assert (await ask(scene, field, None))["freshness"] == "LIVE"
    assert faults.calls(operation) == 3
    await owner.execute("UPDATE agency_answer SET answered_at = answered_at - interval '2 hours'")
    older = await ask(scene, field, 3 * 3_600)
    assert older["freshness"] == "CACHED"
    assert older["asOf"] < first["asOf"], "when the agency gave it"
    assert (await ask(scene, field, 3_600))["freshness"] == "LIVE", "it is too old for that"


async def test_a_kept_answer_needs_no_agency_and_one_too_old_is_stale_where_policy_allows_it(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await ask(scene, "residence", None)
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.UNAVAILABLE))
    assert (await ask(scene, "residence", 60))["freshness"] == "CACHED"
    await owner.execute("UPDATE agency_answer SET answered_at = answered_at - interval '2 hours'")
    assert (await ask(scene, "residence", 60))["freshness"] == "STALE"


async def test_that_an_agency_knew_nothing_is_kept_too(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    stranger = "PRVGNN90R10H501Q"
    await owner.execute(
        "UPDATE beneficiary SET fiscal_code = $1 WHERE fiscal_code = $2", stranger, scene.fiscal_code
    )
    asked = query("residence", "(maxAge: 60)").replace(", $age: Int", "")
    for _ in range(2):
        answer = await scene.ask(asked, code=stranger)
        assert answer == {"data": {"beneficiary": {"residence": None}}}
    assert scene.simulation.faults["anpr"].calls("C030") == 1


async def test_a_list_is_found_in_one_statement_and_only_those_not_kept_are_asked_for(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    people = "{ beneficiaries(first: 20) { nodes { fiscalCode residence(maxAge: 600) { freshness } } } }"
    nodes = (await scene.ask(people))["data"]["beneficiaries"]["nodes"]
    assert {one["residence"]["freshness"] for one in nodes} == {"LIVE"}
    await owner.execute(
        "DELETE FROM agency_answer WHERE beneficiary_id = (SELECT id FROM beneficiary WHERE fiscal_code = $1)",
        nodes[0]["fiscalCode"],
    )
    before = scene.simulation.faults["anpr"].calls("C020")
    again = (await scene.ask(people))["data"]["beneficiaries"]["nodes"]
    assert [one["residence"]["freshness"] for one in again] == ["LIVE"] + ["CACHED"] * (len(nodes) - 1)
    assert scene.simulation.faults["anpr"].calls("C020") == before + 1


async def test_two_places_may_want_two_ages(scene: Scene) -> None:
    await ask(scene, "residence", None)
    both = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
      a: residence(maxAge: 600) { freshness } b: residence { freshness } c: residence(maxAge: 600) { source } } }"""
    person = (await scene.ask(both, code=scene.fiscal_code))["data"]["beneficiary"]
    assert (person["a"]["freshness"], person["b"]["freshness"], person["c"]["source"]) == (
        "CACHED",
        "LIVE",
        "ANPR",
    )


@pytest.mark.parametrize("age", [-1, 86_401, 2_147_483_647])
async def test_an_age_that_cannot_be_is_refused_and_nobody_is_asked(scene: Scene, age: int) -> None:
    answer = await scene.ask(query("residence", "(maxAge: $age)"), code=scene.fiscal_code, age=age)
    assert answer["data"]["beneficiary"]["residence"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["beneficiary", "residence"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "limit": 86_400}
    assert "from 0 to 86400" in error["message"]
    assert scene.simulation.faults["anpr"].calls("C020") == 0
