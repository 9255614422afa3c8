# SPDX-License-Identifier: EUPL-1.2
"""Every federated field × every fault of its agency, and of PDND: the answer stays well-formed, what is stored stands as it was,
nothing is left under way; and the breaker opens and closes as docs/reference/calling-agencies.md says."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from connectors.breaker import BreakerPolicy
from connectors.exchange import Policy
from connectors.simulators.faults import EVERY, Fault, FaultKind
from connectors.simulators.isee import OPERATION as ISEE_SERVICE
from tests.flows.federated.agencies import HURRIED, PATIENT, Ways
from tests.flows.federated.conftest import Scene
from tests.flows.federated.test_max_age import FIELDS as AGED

UNAVAILABLE, REFUSED, INVALID = "UPSTREAM_UNAVAILABLE", "UPSTREAM_REFUSED", "UPSTREAM_INVALID"
EXPECTED: dict[FaultKind, str | None] = {
    FaultKind.SLOW: None,
    FaultKind.ERROR: UNAVAILABLE,
    FaultKind.UNAVAILABLE: UNAVAILABLE,
    FaultKind.OVER_LIMIT: UNAVAILABLE,
    FaultKind.DROP: UNAVAILABLE,
    FaultKind.RESET: UNAVAILABLE,
    FaultKind.HANG: UNAVAILABLE,
    FaultKind.HTML: INVALID,
    FaultKind.WRONG_TYPE: INVALID,
    FaultKind.TRUNCATED: INVALID,
    FaultKind.HUGE: INVALID,
    FaultKind.GZIP_TRUNCATED: INVALID,
    FaultKind.WRONG_CHARSET: INVALID,
    FaultKind.DUPLICATE_KEYS: INVALID,
    FaultKind.ENTITIES: INVALID,
    FaultKind.SOAP_FAULT: UNAVAILABLE,
    FaultKind.KEY_ROTATED: REFUSED,
}
"""The code of the error; None where the answer comes."""
FIELDS = {
    "residence": ("anpr", "residence { source freshness }"),
    "registeredFamily": ("anpr", "registeredFamily { source freshness }"),
    "registryCheck RESIDENCE": (
        "anpr",
        "registryCheck(kind: RESIDENCE, measure: ADI) { outcome source freshness }",
    ),
    "registryCheck STAY": ("anpr", "registryCheck(kind: STAY, measure: ADI) { outcome source freshness }"),
    "payments": ("inps", "household { payments { source freshness } }"),
    "isee": ("isee", "household { isee { source freshness } }"),
    "registeredIdentity": ("anpr", "registeredIdentity { source freshness }"),
    "verifiedDeclaration": (
        "anpr",
        'verifiedDeclaration(declared: { citizenship: { stateCode: "100" } }) { source freshness }',
    ),
    "iseeStanding": ("isee", 'household { iseeStanding(threshold: "SNOD01") { source freshness } }'),
}
"""Every federated field: whose, and how it is asked for; where a field asks by its kind, each kind of it."""
TABLES = ("beneficiary", "household", "benefit", "pact", "conditionality_event", "agency_answer")
NAMES = {"anpr": "ANPR", "inps": "INPS", "isee": "INPS", "pdnd": "PDND"}
"""Of the agency each simulator plays, as errors say it."""


def test_the_matrix_has_every_fault_and_every_field() -> None:
    assert set(EXPECTED) == set(FaultKind)
    # The one that takes no age is asked anew each time.
    assert {field: agency for field, (agency, _) in FIELDS.items()} == {
        "verifiedDeclaration": "anpr",
        **{field: agency for field, (agency, _) in AGED.items()},
    }


async def stored(owner: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """What stands in each table."""
    return [
        await owner.fetchval(
            f"SELECT coalesce(md5(string_agg(t::text, '' ORDER BY t.id)), '') FROM {table} t"
        )
        for table in TABLES
    ]


async def ask(scene: Scene, selection: str) -> tuple[Any, list[dict[str, Any]]]:
    """The person, and the errors; the response is checked to be one of GraphQL's."""
    query = f"query ($code: FiscalCode!) {{ beneficiary(fiscalCode: $code) {{ givenName {selection} stands: household {{ measure }} }} }}"
    answer = await scene.ask(query, "municipality", code=scene.fiscal_code)
    assert answer.keys() <= {"data", "errors"}
    person = answer["data"]["beneficiary"]
    assert person["givenName"] == scene.simulation.world.person.given_name
    assert person["stands"] == {"measure": "ADI"}
    errors: list[dict[str, Any]] = answer.get("errors", [])
    for error in errors:
        assert error.keys() == {"message", "locations", "path", "extensions"}
        assert scene.fiscal_code not in error["message"]
    return person, errors


@pytest.mark.parametrize("trouble", ["agency", "pdnd"])
@pytest.mark.parametrize("field", FIELDS)
async def test_whatever_an_agency_does_the_answer_is_well_formed_and_nothing_is_left(
    scene: Scene,
    owner: asyncpg.Connection[asyncpg.Record],
    subtests: pytest.Subtests,
    field: str,
    trouble: str,
) -> None:
    agency, selection = FIELDS[field]
    failing = "pdnd" if trouble == "pdnd" else agency
    faults = scene.simulation.faults[failing]
    _, errors = await ask(scene, selection)  # PDND's keys are known, and the connections are there
    assert errors == []
    await owner.execute("DELETE FROM agency_answer")
    ways, before = Ways(scene), await stored(owner)
    for kind, code in EXPECTED.items():
        with subtests.test(kind.value):
            ways.begin(HURRIED if kind is FaultKind.HANG else PATIENT)
            ways.forget_vouchers()
            faults.set("token" if trouble == "pdnd" else EVERY, Fault(kind, latency=0.01))
            _, errors = await ask(scene, selection)
            await ways.left_nothing()
            if code is None:
                assert errors == []
                await owner.execute("DELETE FROM agency_answer")
            else:
                (error,) = errors
                assert error["path"][-1] == field.partition(" ")[0]
                told = error["extensions"]
                assert (told["code"], told["agency"]) == (code, NAMES[failing])
                assert await stored(owner) == before
            faults.clear()
            ways.begin(PATIENT)
            _, errors = await ask(scene, selection)
            assert errors == [], "as soon as the agency is well, so is the field"
            await owner.execute("DELETE FROM agency_answer")
    await ways.left_nothing()


@pytest.mark.parametrize("ahead", [7_200.0, -120.0])
@pytest.mark.parametrize("agency", ["pdnd", "anpr", "inps", "isee"])
async def test_an_agency_whose_clock_goes_wrong_refuses_and_is_asked_again_when_it_goes_right(
    scene: Scene, agency: str, ahead: float
) -> None:
    selection = FIELDS[{"inps": "payments", "isee": "isee"}.get(agency, "residence")][1]
    _, errors = await ask(scene, selection)
    assert errors == []
    ways = Ways(scene)
    ways.forget_vouchers()
    scene.simulation.faults[agency].set_clock(ahead)
    _, (error,) = await ask(scene, selection)
    assert (error["extensions"]["code"], error["extensions"]["agency"]) == (REFUSED, NAMES[agency])
    scene.simulation.faults[agency].clear()
    _, errors = await ask(scene, selection)
    assert errors == []
    await ways.left_nothing()


STATUS = """{ connectorStatus { agency retryBudget inUse waiting operations {
  operation state since windowCalls failureRate lastSuccessAt lastFailureAt } } }"""


async def told(scene: Scene, agency: str, operation: str) -> dict[str, Any]:
    """How an operation does, as the hub tells everybody."""
    answer = await scene.ask(STATUS)
    assert "errors" not in answer
    (one,) = (one for one in answer["data"]["connectorStatus"] if one["agency"] == agency)
    assert (one["inUse"], one["waiting"]) == (0, 0)
    (found,) = (found for found in one["operations"] if found["operation"] == operation)
    return dict(found)


@pytest.mark.parametrize(
    ("agency", "name", "operation", "path", "field"),
    [
        ("anpr", "ANPR", "C030", "C030", "residence"),
        ("inps", "INPS", "stato-pagamento", "stato-pagamento", "payments"),
        ("isee", "INPS ISEE", "ConsultazioneAttestazione", ISEE_SERVICE, "isee"),
    ],
)
async def test_the_breaker_opens_spares_the_agency_tries_and_closes(
    scene: Scene,
    owner: asyncpg.Connection[asyncpg.Record],
    agency: str,
    name: str,
    operation: str,
    path: str,
    field: str,
) -> None:
    selection, faults = FIELDS[field][1], scene.simulation.faults[agency]
    policy = BreakerPolicy()
    _, errors = await ask(scene, selection)
    assert errors == []
    await owner.execute("DELETE FROM agency_answer")
    ways = Ways(scene)
    ways.begin(Policy(attempts=1, attempt_timeout=4.0, deadline=8.0))
    before = faults.calls(path)
    faults.set(path, Fault(FaultKind.UNAVAILABLE))
    for failed in range(1, policy.least_calls + 1):
        _, (error,) = await ask(scene, selection)
        assert "HTTP 503" in error["message"]
        state = (await told(scene, name, operation))["state"]
        assert state == ("CLOSED" if failed < policy.least_calls else "OPEN")
    _, (error,) = await ask(scene, selection)
    assert "too often" in error["message"]
    assert 0 < error["extensions"]["retryAfter"] <= policy.open_for
    assert faults.calls(path) == before + policy.least_calls, "an open breaker does not call"
    opened = await told(scene, name, operation)
    assert (opened["state"], opened["windowCalls"], opened["failureRate"]) == (
        "OPEN",
        policy.least_calls,
        1.0,
    )
    assert opened["lastFailureAt"] is not None
    metrics = (await scene.http.get(f"{scene.address}/metrics")).text
    assert f'snodo_agency_breaker{{agency="{name}",operation="{operation}",state="open"}} 1.0' in metrics

    faults.clear()
    ways.skipped += policy.open_for
    assert (await told(scene, name, operation))["state"] == "HALF_OPEN"
    for _ in range(policy.trials):
        _, errors = await ask(scene, selection)
        assert errors == []
        await owner.execute("DELETE FROM agency_answer")  # a national id that is kept is not asked for
    closed = await told(scene, name, operation)
    assert (closed["state"], closed["failureRate"]) == ("CLOSED", 0.0)
    assert closed["lastSuccessAt"] >= opened["lastFailureAt"]
    await ways.left_nothing()
