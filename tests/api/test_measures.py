# SPDX-License-Identifier: EUPL-1.2
"""The law asked over GraphQL: its numbers, and what it says of a household that is told, of which nothing is kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from hub.measures.assessment import Application, assess
from hub.measures.household import Disability, Household, Member, Vehicle, VehicleKind
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.residence import Residence, Stay, StayTitle
from tests.api.conftest import CITIZENS, SIGHTS
from tests.api.looks import looks

if TYPE_CHECKING:
    from tests.api.conftest import Service

REASON = "{ code article sentence value limit unverified }"
ASSESS = f"""query ($input: AssessmentInput!) {{ assessEligibility(input: $input) {{ measure on law verdict unverified
  requirements {{ verdict reason {REASON} }} scale {{ least most }}
  entitlement {{ annual monthly reduced reasons {REASON} }}
  duration {{ months renewal stop extension wait articles unverified }} }} }}"""
RULES = """query ($measure: Measure!, $on: Date!) { measureRules(measure: $measure, on: $on) { measure law first last
  numbers { name value inclusive first last source confidence unverified note reading otherReadings { value words } } } }"""
ON = date(2025, 3, 1)
NONE = {"disability": "NONE", "carer": False, "disadvantaged": False, "inPublicStructure": False}
TOLD: dict[str, Any] = {
    "measure": "ADI",
    "on": "2025-03-01",
    "members": [
        NONE | {"key": "a", "birthDate": "1980-05-05", "applicant": True, "spouse": "b"},
        NONE | {"key": "b", "birthDate": "1982-05-05", "spouse": "a", "carer": True},
        NONE | {"key": "c", "birthDate": "2016-05-05", "disability": "DISABLED", "inChildAllowance": True},
    ],
    "residence": {
        "title": "CITIZEN",
        "stays": [{"since": "1990-01-01", "until": "2004-01-01"}, {"since": "2008-06-01"}],
    },
    "isee": "4200.50",
    "familyIncome": "2345.67",
    "homeValue": "0",
    "otherRealEstate": "1200.00",
    "movableAssets": "900.10",
    "vehicles": [{"kind": "CAR", "displacement": 1200, "firstRegistered": "2012-03-03"}],
    "boatsAndAircraft": 0,
    "annualRent": "4200",
    "annualMortgage": "0",
}
SAME = Household(
    members=(
        Member("a", date(1980, 5, 5), applicant=True, spouse="b"),
        Member("b", date(1982, 5, 5), spouse="a", carer=True),
        Member("c", date(2016, 5, 5), disability=Disability.DISABLED, in_child_allowance=True),
    ),
    residence=Residence(
        StayTitle.CITIZEN, (Stay(date(1990, 1, 1), date(2004, 1, 1)), Stay(date(2008, 6, 1)))
    ),
    isee=Decimal("4200.50"),
    family_income=Decimal("2345.67"),
    home_value=Decimal(0),
    other_real_estate=Decimal("1200.00"),
    movable_assets=Decimal("900.10"),
    vehicles=(Vehicle(VehicleKind.CAR, 1200, date(2012, 3, 3)),),
    boats_and_aircraft=0,
    annual_rent=Decimal(4200),
    annual_mortgage=Decimal(0),
)


def told(**changed: Any) -> dict[str, Any]:
    return TOLD | changed


@pytest.mark.parametrize("caller", sorted({*SIGHTS, *CITIZENS}))
async def test_anybody_who_may_ask_is_told_what_the_law_says(caller: str, ask: Service) -> None:
    answer = await ask(ASSESS, as_=caller, input=TOLD)
    assert answer.status == 200, answer.body
    found, expected = answer.data["assessEligibility"], assess(Application(Measure.ADI, SAME), ON)
    assert expected.entitlement is not None
    assert expected.duration is not None
    assert (found["verdict"], found["on"], found["law"]) == ("SATISFIED", "2025-03-01", expected.law)
    assert [one["verdict"] for one in found["requirements"]] == [f.verdict for f in expected.requirements]
    for one, finding in zip(found["requirements"], expected.requirements, strict=True):
        reason = finding.reason
        assert one["reason"] == {
            "code": reason.code,
            "article": reason.article,
            "sentence": reason.sentence,
            "value": None if reason.value is None else str(reason.value),
            "limit": None if reason.limit is None else str(reason.limit),
            "unverified": reason.unverified,
        }
    assert found["scale"] == {"least": str(expected.scale.least), "most": str(expected.scale.most)}
    assert found["entitlement"]["monthly"] == str(expected.entitlement.monthly)
    assert found["entitlement"]["annual"] == str(expected.entitlement.annual)
    assert found["duration"]["months"] == expected.duration.months == 18


async def test_what_is_left_out_is_not_known(ask: Service) -> None:
    least = {
        "measure": "ADI",
        "on": "2025-03-01",
        "members": [{"key": "a", "birthDate": "1950-01-01", "applicant": True}],
    }
    found = (await ask(ASSESS, input=least)).data["assessEligibility"]
    assert found["verdict"] == "UNDETERMINED"
    assert (found["entitlement"], found["duration"]) == (None, None)
    by_code = {one["reason"]["code"]: one["verdict"] for one in found["requirements"]}
    assert by_code.pop("HOUSEHOLD_GATE") == "SATISFIED"
    assert set(by_code.values()) == {"UNDETERMINED"}


@pytest.mark.parametrize("left_out", ["disability", "disadvantaged"])
async def test_a_condition_that_is_left_out_is_not_denied(left_out: str, ask: Service) -> None:
    """Undetermined is never silently no."""
    applicant = NONE | {"key": "a", "birthDate": "1985-01-01", "applicant": True}
    for one, verdict in ((applicant, "NOT_SATISFIED"), (applicant | {left_out: None}, "UNDETERMINED")):
        found = (await ask(ASSESS, input=told(members=[one]))).data["assessEligibility"]
        by_code = {row["reason"]["code"]: row["verdict"] for row in found["requirements"]}
        assert (by_code["HOUSEHOLD_GATE"], found["verdict"]) == (verdict, verdict)


@pytest.mark.parametrize(
    ("left_out", "least", "reason"),
    [
        ("carer", "1.15", "CARE_DUTIES"),
        ("disadvantaged", "1.15", "DISADVANTAGE"),
        ("inPublicStructure", "1.15", "PUBLIC_STRUCTURE"),
    ],
)
async def test_what_the_scale_asks_of_a_member_and_is_left_out_leaves_it_open(
    left_out: str, least: str, reason: str, ask: Service
) -> None:
    child = NONE | {"key": "a", "birthDate": "2016-05-05"}
    applicant = NONE | {"key": "b", "birthDate": "1980-05-05", "applicant": True}
    other = NONE | {
        "key": "c",
        "birthDate": "1963-05-05" if left_out == "inPublicStructure" else "1982-05-05",
    }
    members = [child, applicant, {name: value for name, value in other.items() if name != left_out}]
    found = (await ask(ASSESS, input=told(members=members))).data["assessEligibility"]
    assert found["scale"]["least"] == least < found["scale"]["most"]
    assert found["verdict"] == "SATISFIED"
    assert found["entitlement"]["monthly"] is None
    assert [one["code"] for one in found["entitlement"]["reasons"]] == [reason]


async def test_what_has_no_right_is_due_nothing(ask: Service) -> None:
    found = (await ask(ASSESS, input=told(isee="10140.01"))).data["assessEligibility"]
    assert found["verdict"] == "NOT_SATISFIED"
    assert found["entitlement"] is None
    [isee] = [one for one in found["requirements"] if one["verdict"] == "NOT_SATISFIED"]
    assert (isee["reason"]["value"], isee["reason"]["limit"]) == ("10140.01", "10140")


@pytest.mark.parametrize(
    ("changed", "code", "path"),
    [
        ({"isee": "-0.01"}, "NEGATIVE_AMOUNT", ["isee"]),
        ({"on": "2023-12-31"}, "BEFORE_THE_LAW", ["on"]),
        ({"measure": "RDC"}, "AFTER_THE_LAW", ["on"]),
        ({"members": []}, "ONE_APPLICANT", ["members"]),
        (
            {"members": [{"key": "a", "birthDate": "2025-03-02", "applicant": True}]},
            "DATE_IN_FUTURE",
            ["members", 0, "birthDate"],
        ),
        (
            {"members": [{"key": "a", "birthDate": "1980-03-02", "applicant": True, "spouse": "a"}]},
            "SAME_PERSON_TWICE",
            ["members", 0, "spouse"],
        ),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    changed: dict[str, Any], code: str, path: list[Any], ask: Service
) -> None:
    answer = (await ask(ASSESS, input=told(**changed))).json
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == (code, path)
    assert "-0.01" not in error["message"]


async def test_nothing_of_it_is_kept(ask: Service) -> None:
    literal = """{ assessEligibility(input: {measure: ADI, on: "2025-03-01", isee: "4321.09",
      members: [{key: "told-apart", birthDate: "1950-01-01", applicant: true}]}) { verdict } }"""
    async with looks(ask) as found:
        assert (await ask(literal)).status == 200
        assert (await ask(ASSESS, input=told(isee="4321.09"))).status == 200
        assert (await ask(ASSESS, input=told(isee="-4321.09"))).json["errors"]
    assert not found.lines


@pytest.mark.parametrize(
    "beside",
    [
        "me { id }",
        "beneficiaries(first: 1) { totalCount }",
        "permittedFields { coordinate }",
        "... @include(if: true) { households { totalCount } }",
    ],
)
async def test_it_is_asked_for_alone(beside: str, ask: Service) -> None:
    query = f"query ($input: AssessmentInput!) {{ assessEligibility(input: $input) {{ verdict }} {beside} }}"
    async with looks(ask) as found:
        answer = await ask(query, input=TOLD)
    assert answer.status == 400
    assert [error["extensions"]["code"] for error in answer.json["errors"]] == ["ASKED_ALONE"]
    assert not found.lines


async def test_two_households_at_once_are_alone_too(ask: Service) -> None:
    query = """query ($input: AssessmentInput!) { __typename one: assessEligibility(input: $input) { verdict }
      other: assessEligibility(input: $input) { verdict } }"""
    answer = await ask(query, input=TOLD)
    assert answer.data == {
        "__typename": "Query",
        "one": {"verdict": "SATISFIED"},
        "other": {"verdict": "SATISFIED"},
    }


@pytest.mark.parametrize("measure", Measure)
async def test_the_numbers_of_a_measure(measure: Measure, ask: Service) -> None:
    on = date(2023, 10, 1) if measure is Measure.RDC else ON
    rules = (await ask(RULES, measure=measure.value, on=on.isoformat())).data["measureRules"]
    expected = parameters(measure, on)
    assert (rules["measure"], rules["law"]) == (measure.value, expected.law)
    assert rules["first"] == expected.first.isoformat()
    assert {one["name"]: one["value"] for one in rules["numbers"]} == {
        name: str(row.value) for name, row in expected.named().items()
    }
    for one in rules["numbers"]:
        row = expected.named()[one["name"]]
        assert (one["source"], one["confidence"], one["unverified"]) == (
            row.source,
            row.confidence.value,
            row.unverified,
        )
        assert len(one["otherReadings"]) == len(row.others)


async def test_there_are_no_numbers_before_the_law(ask: Service) -> None:
    answer = (await ask(RULES, measure="ADI", on="2023-12-31")).json
    [error] = answer["errors"]
    assert error["extensions"] == {
        "code": "BEFORE_THE_LAW",
        "path": ["on"],
        "measure": "ADI",
        "first": "2024-01-01",
    }
    assert (await ask(RULES, measure="REI", on="2024-01-01")).status == 400
