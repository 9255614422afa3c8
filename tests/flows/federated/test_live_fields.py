# SPDX-License-Identifier: EUPL-1.2
"""Fields asked of an agency: live, stale, absent; and stored data that never minds."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from connectors.simulators.faults import EVERY, Fault, FaultKind
from tests.flows.federated.conftest import Scene

PERSON = """query ($code: FiscalCode!) {
  beneficiary(fiscalCode: $code) {
    givenName residence { municipalityName since freshness source asOf } household { measure }
  } }"""
LIST = """{ beneficiaries(first: 20) { nodes { fiscalCode residence { freshness } } totalCount } }"""


async def test_a_residence_is_live_and_asked_once_however_often_it_is_selected(scene: Scene) -> None:
    query = """query ($code: FiscalCode!) {
      beneficiary(fiscalCode: $code) { a: residence { source } residence { source freshness } household { members { residence { source } } } }
    }"""
    answer = await scene.ask(query, code=scene.fiscal_code)
    person = answer["data"]["beneficiary"]
    assert person["residence"] == {"source": "ANPR", "freshness": "LIVE"}
    assert person["a"] == {"source": "ANPR"}
    members = person["household"]["members"]
    assert len(members) > 1
    assert scene.simulation.faults["anpr"].calls("C020") == len(members)


async def test_a_list_of_people_costs_one_voucher(scene: Scene) -> None:
    issued_before = scene.simulation.faults["pdnd"].calls("token")
    answer = await scene.ask(LIST)
    people = answer["data"]["beneficiaries"]["nodes"]
    assert len(people) > 5
    assert {person["residence"]["freshness"] for person in people} == {"LIVE"}
    assert scene.simulation.faults["anpr"].calls("C020") == len(people)
    assert scene.simulation.faults["pdnd"].calls("token") <= issued_before + 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(FaultKind.UNAVAILABLE), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.ERROR), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.SLOW, latency=5), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.HANG), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.DROP), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.OVER_LIMIT, retry_after=30), "UPSTREAM_UNAVAILABLE"),
        (Fault(FaultKind.HTML), "UPSTREAM_INVALID"),
        (Fault(FaultKind.TRUNCATED), "UPSTREAM_INVALID"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else value,
)
async def test_when_anpr_fails_its_field_is_null_and_says_so_and_stored_data_stands(
    scene: Scene, fault: Fault, code: str
) -> None:
    scene.simulation.faults["anpr"].set(EVERY, fault)
    started = time.monotonic()
    answer = await scene.ask(PERSON, code=scene.fiscal_code)
    assert time.monotonic() - started < 8
    assert answer["data"]["beneficiary"]["residence"] is None
    assert answer["data"]["beneficiary"]["givenName"] == scene.simulation.world.person.given_name
    assert answer["data"]["beneficiary"]["household"] == {"measure": "ADI"}
    (error,) = answer["errors"]
    assert error["path"] == ["beneficiary", "residence"]
    assert (error["extensions"]["code"], error["extensions"]["agency"]) == (code, "ANPR")
    assert scene.fiscal_code not in error["message"]
    if fault.retry_after is not None:
        assert error["extensions"]["retryAfter"] == pytest.approx(30, abs=5)


async def test_the_last_answer_comes_back_stale_while_anpr_is_down(scene: Scene) -> None:
    live = (await scene.ask(PERSON, code=scene.fiscal_code))["data"]["beneficiary"]["residence"]
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.UNAVAILABLE))
    answer = await scene.ask(PERSON, code=scene.fiscal_code)
    assert "errors" not in answer
    assert answer["data"]["beneficiary"]["residence"] == {**live, "freshness": "STALE"}
    scene.simulation.faults["anpr"].clear()


async def test_a_wrong_answer_is_not_covered_up_with_an_older_one(scene: Scene) -> None:
    await scene.ask(PERSON, code=scene.fiscal_code)
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.HTML))
    answer = await scene.ask(PERSON, code=scene.fiscal_code)
    assert answer["data"]["beneficiary"]["residence"] is None
    assert answer["errors"][0]["extensions"]["code"] == "UPSTREAM_INVALID"


async def test_a_person_anpr_does_not_know_is_null_without_an_error(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    stranger = "PRVGNN90R10H501Q"
    await owner.execute(
        "UPDATE beneficiary SET fiscal_code = $1 WHERE fiscal_code = $2", stranger, scene.fiscal_code
    )
    answer = await scene.ask(PERSON, code=stranger)  # ANPR: 404, EN122
    assert "errors" not in answer
    assert answer["data"]["beneficiary"]["residence"] is None


async def test_stored_questions_never_wait_for_an_agency_that_hangs(scene: Scene) -> None:
    await scene.ask("{ __typename }")  # PDND's keys are known: they are fetched at the first voucher
    for agency in ("anpr", "inps", "region", "pdnd"):
        scene.simulation.faults[agency].set(EVERY, Fault(FaultKind.HANG))
    waiting = asyncio.create_task(scene.ask(LIST))
    await asyncio.sleep(0.05)
    answers = await asyncio.gather(*(scene.ask("{ beneficiaries { totalCount } }") for _ in range(20)))
    assert not waiting.done()
    assert all(answer["data"]["beneficiaries"]["totalCount"] > 5 for answer in answers)
    hung: dict[str, Any] = await waiting
    assert {person["residence"] for person in hung["data"]["beneficiaries"]["nodes"]} == {None}


async def test_payments_come_from_inps_and_say_that_their_shape_is_unverified(scene: Scene) -> None:
    query = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
      household { payments { state lastPaymentOn lastAmount source freshness unverified } } } }"""
    payments = (await scene.ask(query, "municipality", code=scene.fiscal_code))["data"]["beneficiary"][
        "household"
    ]["payments"]
    assert (payments["source"], payments["freshness"], payments["unverified"]) == ("INPS", "LIVE", True)
    assert payments["state"] == "PAID"
    assert payments["lastAmount"].replace(".", "").isdigit()


async def test_a_mutation_reads_back_federated_fields_too(scene: Scene) -> None:
    mutation = """mutation ($input: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $input) {
      event { beneficiary { residence { freshness } registeredFamily { members { fiscalCode } } } } userErrors { code } } }"""
    answer = await scene.ask(
        mutation,
        "municipality",
        input={
            "idempotencyKey": "federated",
            "fiscalCode": scene.fiscal_code,
            "type": "CONVOCATION_MISSED",
            "occurredAt": "2026-11-01T09:00:00+01:00",
        },
    )
    assert "errors" not in answer
    person = answer["data"]["recordConditionalityEvent"]["event"]["beneficiary"]
    assert person["residence"] == {"freshness": "LIVE"}
    assert scene.fiscal_code in [member["fiscalCode"] for member in person["registeredFamily"]["members"]]


async def test_the_malformed_record_of_inps_is_kept_aside_with_its_reason(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    kept = await owner.fetch("SELECT flow, field, reason, resolved_at FROM quarantined_record")
    assert len(kept) == 1
    assert "fisc" in kept[0]["reason"].lower() or "fiscale" in (kept[0]["field"] or "")
    assert kept[0]["resolved_at"] is None
    assert scene.fiscal_code not in kept[0]["reason"]
    assert await owner.fetchval("SELECT count(*) FROM household") == 40
