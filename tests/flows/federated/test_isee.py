# SPDX-License-Identifier: EUPL-1.2
"""`Household.isee`: live from INPS, stale while INPS is down, and of nobody's business for purposes that do not need it."""

from __future__ import annotations

import asyncpg
import pytest

from connectors.simulators.demo_world import ROME_PROTOCOL
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.isee import OPERATION
from tests.flows.federated.conftest import Scene

ISEE = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { household { measure isee {
  dsuProtocol presentedOn validUntil releasedOn isee isp isCurrent currentUntil
  minors { fiscalCode isee } irregularities { kind checkedOn } asOf source freshness } } } }"""
WORKING = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { household { isee {
  isee ise equivalenceScale isr isp } } } }"""


async def test_a_municipality_reads_the_attestation(scene: Scene) -> None:
    declared = scene.simulation.world.isee.by_code[scene.fiscal_code]
    answer = await scene.ask(ISEE, "municipality", code=scene.fiscal_code)
    assert "errors" not in answer
    told = answer["data"]["beneficiary"]["household"]["isee"]
    assert (told["source"], told["freshness"]) == ("INPS", "LIVE")
    assert (told["dsuProtocol"], told["isee"]) == (declared.protocol, str(declared.isee))
    assert told["validUntil"] == declared.valid_until.isoformat()
    assert (told["isCurrent"], told["currentUntil"]) == (False, None)
    people = [one.fiscal_code for one in scene.simulation.world.household(ROME_PROTOCOL).people]
    assert {one["fiscalCode"] for one in told["minors"]} == set(declared.minors) <= set(people)
    assert told["irregularities"] == []


async def test_irregularities_are_told_without_whose_they_are(scene: Scene) -> None:
    query = "{ households(first: 50) { nodes { isee { irregularities { kind checkedOn } } } } }"
    nodes = (await scene.ask(query, "municipality"))["data"]["households"]["nodes"]
    kinds = [one["kind"] for node in nodes if node["isee"] for one in node["isee"]["irregularities"]]
    assert kinds
    assert set(kinds) <= {
        "MOVABLE_ASSETS",
        "INCOME_DEVIATION",
        "MOVABLE_ASSETS_BELOW_THRESHOLD",
        "MOVABLE_ASSETS_ABOVE_THRESHOLD",
    }
    assert any(node["isee"] is None for node in nodes), (
        "one household in seven declared nothing, which is no error"
    )


async def test_it_is_asked_once_however_often_it_is_selected(scene: Scene) -> None:
    query = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { household { isee { isee } a: isee { source }
      members { household { isee { freshness } } } } } }"""
    answer = await scene.ask(query, "municipality", code=scene.fiscal_code)
    assert "errors" not in answer
    assert scene.simulation.faults["isee"].calls(OPERATION) == 1


async def test_the_last_one_comes_back_stale_while_inps_is_down(scene: Scene) -> None:
    live = (await scene.ask(ISEE, "municipality", code=scene.fiscal_code))["data"]["beneficiary"]["household"]
    scene.simulation.faults["isee"].set(EVERY, Fault(FaultKind.SOAP_FAULT))
    answer = await scene.ask(ISEE, "municipality", code=scene.fiscal_code)
    assert "errors" not in answer
    stale = answer["data"]["beneficiary"]["household"]["isee"]
    assert stale == {**live["isee"], "freshness": "STALE"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(FaultKind.SOAP_FAULT), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.HANG), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.TRUNCATED), "UPSTREAM_INVALID"),
        (Fault(FaultKind.HTML), "UPSTREAM_INVALID"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else value,
)
async def test_when_inps_fails_stored_data_stands(scene: Scene, fault: Fault, code: str) -> None:
    scene.simulation.faults["isee"].set(EVERY, fault)
    answer = await scene.ask(ISEE, "municipality", code=scene.fiscal_code)
    assert answer["data"]["beneficiary"]["household"] == {"measure": "ADI", "isee": None}
    (error,) = answer["errors"]
    assert error["path"] == ["beneficiary", "household", "isee"]
    assert (error["extensions"]["code"], error["extensions"]["agency"]) == (code, "INPS")
    assert scene.fiscal_code not in error["message"]


async def test_what_hints_at_a_disability_is_the_citizens_own(scene: Scene) -> None:
    token_holders = {"municipality": {"ise", "equivalenceScale", "isr"}}
    for who, refused in token_holders.items():
        answer = await _refused(scene, WORKING, who)
        assert {one["extensions"]["coordinate"] for one in answer} == {
            f"IseeAttestation.{name}" for name in refused
        }
    centre = await _refused(
        scene,
        "query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { household { isee { isee } } } }",
        "centre",
    )
    assert {one["extensions"]["coordinate"] for one in centre} == {"Household.isee", "IseeAttestation.isee"}


async def test_nobody_but_minors_is_named_in_what_is_kept(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await scene.ask(ISEE, "municipality", code=scene.fiscal_code)
    kept = await owner.fetchval("SELECT answer FROM agency_answer WHERE operation = 'isee'")
    declared = scene.simulation.world.isee.by_code[scene.fiscal_code]
    assert declared.members[0].family_name not in kept
    adults = {one.fiscal_code for one in declared.members} - set(declared.minors)
    assert not any(code in kept for code in adults)


async def _refused(scene: Scene, query: str, who: str) -> list[dict[str, dict[str, str]]]:
    from connectors.simulators.pdnd import issue_voucher

    token = issue_voucher(scene.simulation.registry, scene.simulation.keys, who)
    answer = await scene.http.post(
        f"{scene.address}/graphql",
        json={"query": query, "variables": {"code": scene.fiscal_code}},
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403
    errors: list[dict[str, dict[str, str]]] = answer.json()["errors"]
    return errors
