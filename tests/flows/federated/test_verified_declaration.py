# SPDX-License-Identifier: EUPL-1.2
"""A declaration verified by ANPR, who ANPR says a person is, and whether an ISEE is below a threshold: as a municipality asks for them."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.pdnd import issue_voucher
from tests.flows.federated.conftest import Scene

VERIFY = """query ($code: FiscalCode!, $declared: DeclaredInput!) { beneficiary(fiscalCode: $code) { givenName
  verifiedDeclaration(declared: $declared) { statements { number name answer } asOf source freshness unverified } } }"""
IDENTITY = """query ($code: FiscalCode!, $age: Int) { beneficiary(fiscalCode: $code) { givenName familyName birthDate sex
  registeredIdentity(maxAge: $age) { fiscalCode isFiscalCodeValid givenName familyName birthDate sex asOf source freshness unverified } } }"""
STANDING = """query ($code: FiscalCode!, $threshold: String!, $age: Int) { beneficiary(fiscalCode: $code) { household {
  isee { isee } iseeStanding(threshold: $threshold, maxAge: $age) { isBelow indicator dsuProtocol isIrregular asOf source freshness unverified } } } }"""


@pytest.fixture
def call_timeout() -> float:
    """Patience: a busy machine."""
    return 10.0


async def verify(scene: Scene, **declared: Any) -> dict[str, Any]:
    answer = await scene.ask(VERIFY, "municipality", code=scene.fiscal_code, declared=declared)
    assert "errors" not in answer, answer
    told: dict[str, Any] = answer["data"]["beneficiary"]["verifiedDeclaration"]
    return told


async def test_who_somebody_says_to_be(scene: Scene) -> None:
    person = scene.simulation.world.person
    right = {"familyName": person.family_name, "birthDate": person.birth_date.isoformat()}
    told = await verify(scene, identity=right)
    assert (told["source"], told["freshness"], told["unverified"]) == ("ANPR", "LIVE", True)
    assert [one["answer"] for one in told["statements"]] == ["YES"]
    assert all(one["name"] for one in told["statements"])
    told = await verify(scene, identity={**right, "givenName": "Nessuno"})
    assert [one["answer"] for one in told["statements"]] == ["NO"]
    assert scene.simulation.faults["anpr"].calls("C003") == 2


async def test_a_citizenship_and_a_residence(scene: Scene) -> None:
    assert {
        one["answer"] for one in (await verify(scene, citizenship={"stateCode": "100"}))["statements"]
    } == {"YES"}
    assert {
        one["answer"] for one in (await verify(scene, citizenship={"stateCode": "201"}))["statements"]
    } == {"NO"}
    there = scene.simulation.world.anpr.lookup(scene.fiscal_code)
    assert there is not None
    told = await verify(scene, residence={"municipalityIstatCode": there.addresses[0].municipality_istat})
    assert "YES" in {one["answer"] for one in told["statements"]}
    told = await verify(
        scene, residence={"municipalityIstatCode": "001272", "postalCode": "10100", "number": "999"}
    )
    assert "NO" in {one["answer"] for one in told["statements"]}
    faults = scene.simulation.faults["anpr"]
    assert (faults.calls("C006"), faults.calls("C008"), faults.calls("C030")) == (2, 2, 1), "the id is kept"


async def test_no_answer_is_kept_and_what_was_declared_stands_in_the_access_log_alone(
    scene: Scene, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    await verify(scene, identity={"familyName": "Zzyzx"})
    await verify(scene, identity={"familyName": "Zzyzx"})
    assert scene.simulation.faults["anpr"].calls("C003") == 2
    kept = await owner.fetch("SELECT operation, answer FROM agency_answer WHERE agency = 'ANPR'")
    assert [row["operation"] for row in kept] == ["C030"]
    assert "Zzyzx" not in repr(kept)
    assert await owner.fetchval("SELECT count(*) FROM access_log AS one WHERE one::text ILIKE '%zzyzx%'") == 2


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({}, "one declaration"),
        ({"identity": None, "citizenship": None}, "one declaration"),
        ({"identity": {"sex": "F"}, "citizenship": {"stateCode": "100"}}, "one declaration"),
        ({"identity": {}}, "declares nothing"),
        ({"identity": {"familyName": " "}}, "`declared.identity.familyName` is a name"),
        ({"identity": {"givenName": "x" * 101}}, "`declared.identity.givenName` is a name"),
        ({"identity": {"givenName": "a\nb"}}, "`declared.identity.givenName` is a name"),
        ({"citizenship": {"stateCode": ""}}, "`declared.citizenship.stateCode`"),
        ({"citizenship": {"stateCode": "1; 2"}}, "`declared.citizenship.stateCode`"),
        ({"residence": {"municipalityIstatCode": "H501"}}, "six digits"),
        ({"residence": {"municipalityIstatCode": "058091", "province": "rm"}}, "two letters"),
        ({"residence": {"municipalityIstatCode": "058091", "postalCode": "1"}}, "five digits"),
        ({"residence": {"municipalityIstatCode": "058091", "street": ""}}, "`declared.residence.street`"),
    ],
)
async def test_what_is_no_declaration_is_told_and_anpr_is_not_asked(
    scene: Scene, declared: dict[str, Any], words: str
) -> None:
    answer = await scene.ask(VERIFY, "municipality", code=scene.fiscal_code, declared=declared)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert words in error["message"]
    assert answer["data"]["beneficiary"]["verifiedDeclaration"] is None
    assert answer["data"]["beneficiary"]["givenName"]
    assert scene.simulation.faults["anpr"].calls("C030") == 0


async def test_anpr_that_does_not_answer_is_said_so_and_nothing_older_is_given(scene: Scene) -> None:
    await verify(scene, citizenship={"stateCode": "100"})
    scene.simulation.faults["anpr"].set("C006", Fault(FaultKind.UNAVAILABLE))
    answer = await scene.ask(
        VERIFY, "municipality", code=scene.fiscal_code, declared={"citizenship": {"stateCode": "100"}}
    )
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert answer["data"]["beneficiary"]["verifiedDeclaration"] is None


@pytest.mark.parametrize("who", ["centre", "region", "inps", "ministry"])
async def test_it_is_for_who_makes_the_checks(scene: Scene, who: str) -> None:
    token = issue_voucher(scene.simulation.registry, scene.simulation.keys, who)
    for query, given in (
        (VERIFY, {"declared": {"citizenship": {"stateCode": "100"}}}),
        (IDENTITY, {}),
        (STANDING, {"threshold": "SNOD01"}),
    ):
        answer = await scene.http.post(
            f"{scene.address}/graphql",
            json={"query": query, "variables": {"code": scene.fiscal_code, **given}},
            headers={"authorization": f"Bearer {token}"},
        )
        assert {one["extensions"]["code"] for one in answer.json()["errors"]} == {"FORBIDDEN_FIELD"}, (
            who,
            answer.text,
        )
    assert scene.simulation.faults["anpr"].calls("C030") == 0


async def test_who_anpr_says_a_person_is(scene: Scene) -> None:
    answer = await scene.ask(IDENTITY, "municipality", code=scene.fiscal_code)
    person = answer["data"]["beneficiary"]
    told = person["registeredIdentity"]
    for name in ("givenName", "familyName", "birthDate", "sex"):
        assert told[name].upper() == person[name].upper(), "in capitals, as ANPR writes names"
    assert (told["fiscalCode"], told["isFiscalCodeValid"]) == (scene.fiscal_code, True)
    assert (told["source"], told["freshness"], told["unverified"]) == ("ANPR", "LIVE", True)
    again = (await scene.ask(IDENTITY, "municipality", code=scene.fiscal_code, age=600))["data"][
        "beneficiary"
    ]
    assert again["registeredIdentity"] == {**told, "freshness": "CACHED"}
    assert scene.simulation.faults["anpr"].calls("C015") == 1
    scene.simulation.faults["anpr"].set("C015", Fault(FaultKind.UNAVAILABLE))
    stale = (await scene.ask(IDENTITY, "municipality", code=scene.fiscal_code))["data"]["beneficiary"]
    assert stale["registeredIdentity"] == {**told, "freshness": "STALE"}


async def test_whether_an_isee_is_below_a_threshold(scene: Scene) -> None:
    answer = await scene.ask(STANDING, "municipality", code=scene.fiscal_code, threshold="SNOD01")
    household = answer["data"]["beneficiary"]["household"]
    told = household["iseeStanding"]
    assert told["isBelow"] is (float(household["isee"]["isee"]) < 10_140)
    assert (told["source"], told["freshness"], told["unverified"]) == ("INPS", "LIVE", True)
    again = await scene.ask(STANDING, "municipality", code=scene.fiscal_code, threshold="SNOD01", age=600)
    assert again["data"]["beneficiary"]["household"]["iseeStanding"] == {**told, "freshness": "CACHED"}
    answer = await scene.ask(STANDING, "municipality", code=scene.fiscal_code, threshold="NONE01", age=600)
    assert answer["data"]["beneficiary"]["household"]["iseeStanding"] is None
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["UPSTREAM_REFUSED"], (
        "another is not the same question"
    )


@pytest.mark.parametrize("threshold", ["", "10140", "SNOD1", "SNOD011", "SNÒD01"])
async def test_what_is_no_threshold_is_told(scene: Scene, threshold: str) -> None:
    answer = await scene.ask(STANDING, "municipality", code=scene.fiscal_code, threshold=threshold)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "four letters and two digits" in error["message"]
