# SPDX-License-Identifier: EUPL-1.2
"""Registry checks as a municipality asks for them: conclusion, reasons, evidence; one call for each person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.people import SimulatedPerson
from tests.flows.federated.conftest import Scene

CHECK = """query ($code: FiscalCode!, $kind: RegistryCheckKind!, $measure: Measure!, $on: Date) {
  beneficiary(fiscalCode: $code) { givenName registryCheck(kind: $kind, measure: $measure, on: $on) {
    kind measure on outcome source freshness asOf unverified
    findings { outcome code article sentence value limit unverified }
    evidence { operationId struckOffOn
      registrations { recordType register since until municipalityIstatCode municipalityName }
      citizenships { stateCode stateName since } permit { typeCode issuedOn expiresOn } } } } }"""


@pytest.fixture
def call_timeout() -> float:
    """Patience: a page of people on a busy machine."""
    return 10.0


async def check(
    scene: Scene, kind: str = "RESIDENCE", *, measure: str = "ADI", on: str | None = None
) -> dict[str, Any]:
    return await scene.ask(CHECK, "municipality", code=scene.fiscal_code, kind=kind, measure=measure, on=on)


def found(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer, answer
    checked: dict[str, Any] = answer["data"]["beneficiary"]["registryCheck"]
    return checked


def registered(scene: Scene) -> SimulatedPerson:
    person = scene.simulation.world.anpr.lookup(scene.fiscal_code)
    assert person is not None
    return person


@pytest.fixture
def change(scene: Scene) -> Callable[..., None]:
    """Let ANPR hold something else of the person; the demo's world is made anew for each test."""

    def changing(**more: Any) -> None:
        person = replace(registered(scene), **more)
        population = scene.simulation.world.anpr
        population._by_code[person.fiscal_code] = population._by_id[person.id_anpr] = person

    return changing


async def test_residence_with_its_reasons_and_evidence(scene: Scene) -> None:
    checked = found(await check(scene))
    assert (checked["kind"], checked["measure"], checked["outcome"]) == ("RESIDENCE", "ADI", "PROVEN")
    assert (checked["source"], checked["freshness"], checked["unverified"]) == ("ANPR", "LIVE", True)
    years, last = checked["findings"]
    assert (years["code"], years["outcome"], years["article"]) == (
        "RESIDENCE",
        "PROVEN",
        "DL 48/2023 art. 2 c. 2 lett. a n. 2",
    )
    assert int(years["value"]) >= int(years["limit"])
    assert (last["code"], last["outcome"]) == ("CONTINUOUS_RESIDENCE", "PROVEN")
    evidence = checked["evidence"]
    assert evidence["operationId"].isdigit()
    assert [one["since"] for one in evidence["registrations"]] == [
        one.since.isoformat() for one in registered(scene).registrations
    ]
    assert {one["register"] for one in evidence["registrations"]} == {"RESIDENTS"}
    assert (evidence["citizenships"], evidence["permit"]) == ([], None)
    assert scene.simulation.faults["anpr"].calls("C029") == 1
    assert scene.simulation.faults["anpr"].calls("C018") == 0


async def test_the_title_to_stay(scene: Scene) -> None:
    checked = found(await check(scene, "STAY"))
    assert (checked["outcome"], [one["code"] for one in checked["findings"]]) == ("PROVEN", ["STAY"])
    assert checked["evidence"]["citizenships"] == [{"stateCode": "100", "stateName": "ITALIA", "since": None}]
    assert checked["evidence"]["registrations"] == []
    assert scene.simulation.faults["anpr"].calls("C029") == 0


async def test_a_break_is_disproven_and_a_thin_history_left_open(
    scene: Scene, change: Callable[..., None]
) -> None:
    (now, *_) = registered(scene).registrations
    today = datetime.now(UTC).date()
    change(registrations=(replace(now, since=today - timedelta(days=60)),))
    checked = found(await check(scene))
    assert checked["outcome"] == "DISPROVEN"
    assert [one["outcome"] for one in checked["findings"]] == ["NOT_DETERMINABLE", "DISPROVEN"]
    change(registrations=(replace(now, since=today - timedelta(days=900)),))
    checked = found(await check(scene))
    assert checked["outcome"] == "NOT_DETERMINABLE"
    assert "municipality of former residence" in checked["findings"][0]["sentence"]


async def test_the_law_is_that_of_the_measure_and_the_day(scene: Scene, change: Callable[..., None]) -> None:
    (now, *_) = registered(scene).registrations
    change(registrations=(replace(now, since=date(2016, 1, 1), until=None),), birth_date=date(1980, 1, 1))
    rdc = found(await check(scene, measure="RDC", on="2023-06-01"))
    assert (rdc["on"], rdc["outcome"]) == ("2023-06-01", "NOT_DETERMINABLE")  # ten years
    assert found(await check(scene, measure="ADI", on="2024-06-01"))["outcome"] == "PROVEN"  # five


@pytest.mark.parametrize(
    ("measure", "on", "code"),
    [
        ("MIA", "2023-10-01", "NOT_REQUIRED"),
        ("ADI", "2023-12-31", "BEFORE_THE_LAW"),
        ("RDC", "2024-01-01", "AFTER_THE_LAW"),
        ("ADI", "2999-01-01", "DATE_IN_FUTURE"),
    ],
)
async def test_where_there_is_nothing_to_check_nobody_is_looked_up(
    scene: Scene, measure: str, on: str, code: str
) -> None:
    answer = await check(scene, measure=measure, on=on)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code
    assert error["path"] == ["beneficiary", "registryCheck"]
    assert answer["data"]["beneficiary"]["registryCheck"] is None
    assert scene.simulation.faults["anpr"].calls("C030") == 0


async def test_a_page_of_people_costs_one_voucher_and_a_call_each(scene: Scene) -> None:
    query = """{ beneficiaries(first: 50) { nodes { fiscalCode
      adi: registryCheck(kind: RESIDENCE, measure: ADI) { outcome }
      sfl: registryCheck(kind: RESIDENCE, measure: SFL) { outcome freshness } } } }"""
    issued = scene.simulation.faults["pdnd"].calls("token")
    answer = await scene.ask(query, "municipality")
    assert "errors" not in answer
    people = answer["data"]["beneficiaries"]["nodes"]
    assert len(people) > 20
    outcomes = {person["adi"]["outcome"] for person in people}
    assert outcomes == {"PROVEN", "DISPROVEN", "NOT_DETERMINABLE"}
    assert scene.simulation.faults["anpr"].calls("C029") == len(people), "once for two measures"
    assert scene.simulation.faults["pdnd"].calls("token") <= issued + 1


async def test_while_anpr_is_down_what_it_said_last_is_checked_again(scene: Scene) -> None:
    live = found(await check(scene))
    scene.simulation.faults["anpr"].set(EVERY, Fault(FaultKind.UNAVAILABLE))
    assert found(await check(scene)) == {**live, "freshness": "STALE"}
    answer = await check(scene, "STAY")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert answer["data"]["beneficiary"]["givenName"] is not None


async def test_what_anpr_said_is_kept_as_evidence(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    checked = found(await check(scene))
    kept = await owner.fetchrow(
        "SELECT a.answer::jsonb->>'operation_id' AS operation_id, a.answered_at FROM agency_answer a "
        "JOIN beneficiary b ON b.id = a.beneficiary_id WHERE b.fiscal_code = $1 AND a.operation = 'C029'",
        scene.fiscal_code,
    )
    assert kept is not None
    assert kept["operation_id"] == checked["evidence"]["operationId"]


async def test_the_deceased_are_an_error_of_their_own(scene: Scene, change: Callable[..., None]) -> None:
    change(deceased_on=date(2026, 1, 1))
    (error,) = (await check(scene))["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_SUBJECT_DECEASED"


async def test_inps_is_told_what_came_of_it_and_not_what_anpr_said(scene: Scene) -> None:
    query = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
      registryCheck(kind: RESIDENCE, measure: ADI) { outcome findings { outcome sentence } %s } } }"""
    answer = await scene.ask(query % "asOf", "inps", code=scene.fiscal_code)
    assert answer["data"]["beneficiary"]["registryCheck"]["outcome"] == "PROVEN"
    for text, who in ((query % "evidence { operationId }", "inps"), (query % "asOf", "centre")):
        refused = await scene.http.post(
            f"{scene.address}/graphql",
            json={"query": text, "variables": {"code": scene.fiscal_code}},
            headers={"authorization": f"Bearer {_voucher(scene, who)}"},
        )
        assert refused.status_code == 403
        assert {one["extensions"]["code"] for one in refused.json()["errors"]} == {"FORBIDDEN_FIELD"}


def _voucher(scene: Scene, who: str) -> str:
    return issue_voucher(scene.simulation.registry, scene.simulation.keys, who)


async def test_what_is_concluded_is_not_given_without_its_evidence(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    asked = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { givenName residence { source }
      registryCheck(kind: RESIDENCE, measure: ADI) { source } } }"""
    await owner.execute("ALTER TABLE agency_answer RENAME TO gone")
    try:
        answer = await scene.ask(asked, "municipality", code=scene.fiscal_code)
    finally:
        await owner.execute("ALTER TABLE gone RENAME TO agency_answer")
    assert answer["data"]["beneficiary"]["registryCheck"] is None
    assert answer["data"]["beneficiary"]["residence"] == {"source": "ANPR"}, "which rests on nothing else"
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "DATABASE_UNAVAILABLE"
    assert "could not be kept as evidence" in error["message"]


async def test_one_query_looks_a_person_up_once(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    everything = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) {
      residence { source } registeredFamily(maxAge: 60) { source }
      years: registryCheck(kind: RESIDENCE, measure: ADI) { source }
      stay: registryCheck(kind: STAY, measure: ADI, maxAge: 60) { source } } }"""
    answer = await scene.ask(everything, "municipality", code=scene.fiscal_code)
    assert "errors" not in answer, answer
    faults = scene.simulation.faults["anpr"]
    calls = {one: faults.calls(one) for one in ("C030", "C020", "C021", "C029", "C018")}
    assert calls == {"C030": 1, "C020": 1, "C021": 1, "C029": 1, "C018": 1}
    await scene.ask(everything, "municipality", code=scene.fiscal_code)
    assert faults.calls("C030") == 1, "what it said is kept"
    # What came of it is for all who waited.
    await owner.execute("DELETE FROM agency_answer WHERE operation = 'C030'")
    faults.set("C030", Fault(FaultKind.HTML))
    answer = await scene.ask(everything, "municipality", code=scene.fiscal_code)
    assert {tuple(one["path"][1:]) for one in answer["errors"]} == {("residence",), ("years",)}
    assert faults.calls("C030") == 2
