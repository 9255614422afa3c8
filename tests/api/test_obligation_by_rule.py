# SPDX-License-Identifier: EUPL-1.2
"""Whether the law binds a person, beside what an agency said: by what was declared of it, or not known, and to whom that is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_entitlement import Declared
from tests.api.world import NORTH_CODE
from tests.declared import PLAIN

if TYPE_CHECKING:
    from tests.api.conftest import Opener

RULE = """measure on obligation agrees missing reasons { code article sentence value limit unverified } schooling { code }"""
ONE = f"""query ($code: FiscalCode!, $on: Date!) {{ beneficiary(fiscalCode: $code) {{
  obligation obligationByRule(on: $on) {{ {RULE} }} }} }}"""
ON = "2026-06-01"


@pytest.fixture(scope="module")
async def declared(open_hub: Opener) -> AsyncIterator[Declared]:
    async with open_hub("bound", sequencer=False) as hub:
        yield Declared(hub)


async def of(declared: Declared, name: str, on: str = ON, as_: str = "municipality") -> Any:
    code = declared.hub.world.people[name].fiscal_code
    return (await declared.hub(ONE, as_=as_, code=code, on=on)).data["beneficiary"]


@pytest.mark.parametrize(
    ("told", "obligation", "reason"),
    [
        ({}, "OBLIGED", "OBLIGED"),
        ({"employed": True}, "EXCLUDED", "EMPLOYED"),
        ({"direct_pension": True}, "EXCLUDED", "DIRECT_PENSION"),
        ({"disabled": True}, "EXCLUDED", "DISABLED"),
        ({"disabled": True, "volunteers": True}, "VOLUNTARY", "DISABLED_VOLUNTEER"),
        ({"grave_illness": True}, "EXCLUDED", "GRAVE_ILLNESS"),
        ({"protected_from_violence": True}, "EXCLUDED", "PROTECTED_FROM_VIOLENCE"),
        ({"regular_studies": True}, "EXCLUDED", "REGULAR_STUDIES"),
        ({"caring_for_severely_disabled": True}, "EXCLUDED", "SEVERE_DISABILITY_IN_CARE"),
        ({"parental_responsibility": False}, "EXCLUDED", "NO_PARENTAL_RESPONSIBILITY"),
    ],
)
async def test_who_is_bound_and_by_which_rule(
    told: dict[str, Any], obligation: str, reason: str, declared: Declared
) -> None:
    await declared.tell(
        "mixed", {"north": {**PLAIN, **told, "applicant": True}, "east": PLAIN, "child": PLAIN}
    )
    found = await of(declared, "north")
    rule = found["obligationByRule"]
    assert (rule["measure"], rule["on"], rule["obligation"]) == ("ADI", ON, obligation)
    assert [one["code"] for one in rule["reasons"]] == [reason]
    assert rule["reasons"][0]["article"].startswith("DL 48/2023 art. 6")
    # What the agency said stays, and the difference shows.
    assert found["obligation"] == "OBLIGED"
    assert rule["agrees"] is (obligation == "OBLIGED")


async def test_children_in_care_are_those_of_the_household(declared: Declared) -> None:
    cares = {**PLAIN, "applicant": True, "cares_for_minors": True}
    await declared.tell("mixed", {"north": cares, "east": PLAIN, "child": PLAIN})
    assert (await of(declared, "north"))["obligationByRule"]["obligation"] == "OBLIGED"
    await declared.hub.owner.execute(
        "UPDATE beneficiary SET birth_date = '2024-01-01' WHERE id = $1", declared.person("child")
    )
    try:
        found = (await of(declared, "north"))["obligationByRule"]
        assert (found["obligation"], found["reasons"][0]["code"]) == ("EXCLUDED", "CHILD_UNDER_THREE")
        assert (await of(declared, "east"))["obligationByRule"]["obligation"] == "OBLIGED"
    finally:
        await declared.hub.owner.execute(
            "UPDATE beneficiary SET birth_date = '2019-05-01' WHERE id = $1", declared.person("child")
        )


async def test_what_is_missing_is_named_and_nothing_else(declared: Declared) -> None:
    told = {**PLAIN, "grave_illness": None, "parental_responsibility": None, "applicant": True}
    await declared.tell("mixed", {"north": told, "east": PLAIN, "child": PLAIN})
    found = (await of(declared, "north"))["obligationByRule"]
    assert (found["obligation"], found["agrees"]) == (None, None)
    assert found["missing"] == ["graveIllness", "parentalResponsibility"]
    assert [one["code"] for one in found["reasons"]] == [
        "GRAVE_ILLNESS",
        "NO_PARENTAL_RESPONSIBILITY",
        "OBLIGED",
    ]
    # A minor's illness is not asked for.
    await declared.tell("mixed", {"north": told})
    child = (await of(declared, "child"))["obligationByRule"]
    assert (child["obligation"], child["missing"], child["agrees"]) == ("EXCLUDED", [], True)


async def test_the_hubs_own_word_for_work_serves_from_the_day_it_was_told(declared: Declared) -> None:
    told = {**PLAIN, "employed": None, "applicant": True}
    await declared.tell("mixed", {"north": told, "east": PLAIN, "child": PLAIN})
    key = declared.person("north")
    await declared.hub.owner.execute(
        "UPDATE beneficiary SET updated_at = '2026-05-01T22:00:00Z', employment_status = 'EMPLOYED' WHERE id = $1",
        key,
    )
    try:
        # Ten at night by UTC is the next day in Italy.
        assert (await of(declared, "north", "2026-05-01"))["obligationByRule"]["missing"] == ["employed"]
        assert (await of(declared, "north", "2026-05-02"))["obligationByRule"]["obligation"] == "EXCLUDED"
        await declared.hub.owner.execute(
            "UPDATE beneficiary SET employment_status = 'OTHER' WHERE id = $1", key
        )
        assert (await of(declared, "north"))["obligationByRule"]["missing"] == ["employed"]
    finally:
        await declared.hub.owner.execute(
            "UPDATE beneficiary SET employment_status = 'UNEMPLOYED' WHERE id = $1", key
        )


async def test_under_the_rdc_little_work_does_not_free(declared: Declared) -> None:
    at_work = {**PLAIN, "employed": True, "applicant": True}
    year = {"starts_on": date(2023, 1, 1), "ends_on": date(2023, 12, 31)}
    for income, obligation in (("8145.00", "OBLIGED"), ("8145.01", "EXCLUDED")):
        await declared.tell("crowd", {"crowd-0": {**at_work, "work_income": Decimal(income)}}, **year)
        found = (await of(declared, "crowd-0", "2023-06-01", as_="inps"))["obligationByRule"]
        assert found["obligation"] == obligation
    await declared.tell("crowd", {"crowd-0": at_work}, pension_of_citizenship=True, **year)
    found = (await of(declared, "crowd-0", "2023-06-01", as_="inps"))["obligationByRule"]
    assert found["reasons"][0]["code"] == "PENSION_OF_CITIZENSHIP"


async def test_of_whom_nothing_is_declared_nothing_is_decided(declared: Declared) -> None:
    await declared.tell("mixed", {"east": PLAIN})
    found = (await of(declared, "north"))["obligationByRule"]
    assert found["obligation"] is None
    assert {"directPension", "disabled", "graveIllness", "caringFor"} <= set(found["missing"])


@pytest.mark.parametrize(("on", "code"), [("2023-12-31", "BEFORE_THE_LAW"), ("2200-01-01", "DATE_TOO_FAR")])
async def test_a_day_that_cannot_be_asked_about(on: str, code: str, declared: Declared) -> None:
    answer = await declared.hub(ONE, as_="municipality", code=NORTH_CODE, on=on)
    assert answer.json["data"] == {"beneficiary": {"obligation": "OBLIGED", "obligationByRule": None}}
    assert answer.codes == [code]


async def test_before_its_birth_a_person_is_bound_by_nothing(declared: Declared) -> None:
    await declared.hub.owner.execute(
        "UPDATE beneficiary SET birth_date = '2026-06-02' WHERE id = $1", declared.person("child")
    )
    try:
        assert (await of(declared, "child"))["obligationByRule"] is None
        assert (await of(declared, "child", "2026-06-02"))["obligationByRule"]["obligation"] == "EXCLUDED"
    finally:
        await declared.hub.owner.execute(
            "UPDATE beneficiary SET birth_date = '2019-05-01' WHERE id = $1", declared.person("child")
        )


async def test_a_citizen_is_told_of_itself_alone(declared: Declared) -> None:
    await declared.tell("mixed", {"north": {**PLAIN, "applicant": True}, "east": PLAIN, "child": PLAIN})
    query = """query ($on: Date!) { me { obligationByRule(on: $on) { obligation } household { members {
      fiscalCode obligationByRule(on: $on) { obligation } } } } }"""
    me = (await declared.hub(query, as_="citizen", on=ON)).data["me"]
    assert me["obligationByRule"] == {"obligation": "OBLIGED"}
    told = {one["fiscalCode"]: one["obligationByRule"] for one in me["household"]["members"]}
    assert len(told) == 3
    assert {code for code, one in told.items() if one is not None} == {NORTH_CODE}


FORBIDDEN = {
    "of-municipality": set[str](),
    "of-citizen": set[str](),
    "of-inps": {"ObligationByRule.reasons", "ObligationByRule.schooling"},
    "of-employment-centre": {"ObligationByRule.reasons", "ObligationByRule.schooling"},
}


@pytest.mark.parametrize("caller", [*FORBIDDEN, "of-region", "of-public"])
async def test_who_may_know_why(caller: str, declared: Declared) -> None:
    answer = await declared.hub(ONE, as_=caller, code=NORTH_CODE, on=ON)
    if caller in FORBIDDEN and not FORBIDDEN[caller]:
        assert answer.data["beneficiary"]["obligationByRule"]["measure"] == "ADI"
        return
    refused = {error["extensions"]["coordinate"] for error in answer.json["errors"]}
    assert answer.status == 403
    if caller in FORBIDDEN:
        assert refused == FORBIDDEN[caller]
    else:
        assert "Beneficiary.obligationByRule" in refused
