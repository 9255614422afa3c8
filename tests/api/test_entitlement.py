# SPDX-License-Identifier: EUPL-1.2
"""What the law says of a stored household: by the facts declared of it, to whom may see it, and as of an assessment of the same facts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.api.world import NORTH_CODE
from tests.declared import PLAIN, declare

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

REASON = "code article sentence value limit unverified"
ENTITLEMENT = f"""
  measure on law verdict unverified declaredOn declaredBy
  requirements {{ verdict reason {{ {REASON} }} }} missing {{ code sentence }}
  scale {{ least most }}
  due {{ annual monthly reduced reasons {{ {REASON} }} }}
  duration {{ months renewal stop extension wait articles unverified }}"""
ONE = f"query ($id: ID!, $on: Date!) {{ household(id: $id) {{ entitlement(on: $on) {{ {ENTITLEMENT} }} }} }}"
CALENDAR = """query ($id: ID!, $on: Date!) { household(id: $id) { entitlement(on: $on) {
  verdict calendar { first kind amount extra reasons { code } } } } }"""
ASSESS = f"""query ($input: AssessmentInput!) {{ assessEligibility(input: $input) {{
  measure on law verdict unverified requirements {{ verdict reason {{ {REASON} }} }} scale {{ least most }}
  entitlement {{ annual monthly reduced reasons {{ {REASON} }} }}
  duration {{ months renewal stop extension wait articles unverified }} }} }}"""
ON = "2026-06-01"


class Declared:
    """A hub of its own, whose households are declared of."""

    def __init__(self, hub: Service) -> None:
        self.hub = hub

    def id(self, name: str) -> str:
        return f"hsh_{self.hub.world.households[name].hex}"

    def person(self, name: str) -> UUID:
        return self.hub.world.people[name].id

    async def tell(self, name: str, members: Mapping[str, Mapping[str, Any]], **facts: Any) -> None:
        """One declaration in place of what was told of a household before."""
        key = self.hub.world.households[name]
        await self.hub.owner.execute("DELETE FROM household_declaration WHERE household_id = $1", key)
        told = {self.person(who): known for who, known in members.items()}
        await declare(self.hub.owner, key, told, **facts)

    async def applied(self, name: str, member: str | None) -> None:
        """Whom INPS named as who applied."""
        await self.hub.owner.execute(
            "UPDATE household SET applicant_id = $2 WHERE id = $1",
            self.hub.world.households[name],
            None if member is None else self.person(member),
        )

    async def of(self, name: str, on: str = ON, as_: str = "municipality") -> Any:
        answer = await self.hub(ONE, as_=as_, id=self.id(name), on=on)
        return answer.data["household"]["entitlement"]


MIXED = {
    "north": {**PLAIN, "applicant": True},
    "east": PLAIN,
    "child": {**PLAIN, "in_child_allowance": True},
}


@pytest.fixture(scope="module")
async def declared(open_hub: Opener) -> AsyncIterator[Declared]:
    async with open_hub("declared", sequencer=False) as hub:
        yield Declared(hub)


@pytest.fixture
async def told_by_nobody(declared: Declared) -> AsyncIterator[None]:
    """INPS has named no applicant."""
    await declared.applied("mixed", None)
    yield
    await declared.applied("mixed", "north")


async def test_a_household_of_which_all_is_declared(declared: Declared) -> None:
    await declared.tell("mixed", MIXED, as_of=date(2026, 1, 15))
    found = await declared.of("mixed")
    assert (found["measure"], found["on"], found["verdict"]) == ("ADI", ON, "SATISFIED")
    assert (found["declaredOn"], found["declaredBy"], found["missing"]) == ("2026-01-15", "inps", [])
    # One of 56, one of 55 and a child: 1 + 0.15; 6,500 × 1.15 − 1,000, and the rent.
    assert found["scale"] == {"least": "1.15", "most": "1.15"}
    assert (found["due"]["annual"], found["due"]["monthly"]) == ("9475.00", "789.58")
    assert [one["code"] for one in found["due"]["reasons"]] == ["BENEFIT", "RENT"]
    assert found["due"]["reasons"][0]["limit"] == "7475.00"
    assert found["duration"]["months"] == 18
    isee = next(one for one in found["requirements"] if one["reason"]["code"] == "ISEE")
    assert (isee["verdict"], isee["reason"]["value"], isee["reason"]["limit"]) == (
        "SATISFIED",
        "4000.00",
        "10140",
    )
    assert isee["reason"]["article"] == "L. 207/2024 art. 1 c. 198"


async def test_each_day_has_its_law_and_its_facts(declared: Declared) -> None:
    await declared.tell("mixed", MIXED, starts_on=date(2024, 1, 1), ends_on=date(2025, 12, 31))
    key = declared.hub.world.households["mixed"]
    await declare(
        declared.hub.owner, key, {declared.person("north"): {"applicant": True}}, isee=Decimal("10140.01")
    )
    of_2024, of_2025 = await declared.of("mixed", "2024-12-31"), await declared.of("mixed", "2025-01-01")
    assert (of_2024["due"]["annual"], of_2025["due"]["annual"]) == ("8900.00", "9475.00")
    assert (await declared.of("mixed", "2026-01-01"))["verdict"] == "NOT_SATISFIED"
    nothing = await declared.of("mixed", "2027-01-01")
    assert (nothing["verdict"], nothing["declaredOn"], nothing["declaredBy"]) == ("UNDETERMINED", None, None)


@pytest.mark.parametrize(
    ("facts", "member", "verdict", "missing"),
    [
        ({"isee": None}, {}, "UNDETERMINED", ["ISEE"]),
        ({"family_income": None}, {}, "UNDETERMINED", ["FAMILY_INCOME"]),
        ({"vehicles_known": False}, {}, "UNDETERMINED", ["LARGE_CARS", "LARGE_MOTORCYCLES"]),
        ({"stays": None}, {}, "UNDETERMINED", ["RESIDENCE", "CONTINUOUS_RESIDENCE"]),
        ({"annual_rent": None, "family_income": Decimal(9000)}, {}, "UNDETERMINED", ["FAMILY_INCOME"]),
        # Nothing hangs on the rent but the amount.
        ({"annual_rent": None}, {}, "SATISFIED", ["RENT"]),
        ({}, {"disability": None}, "SATISFIED", ["DISABILITY"]),
    ],
)
async def test_what_is_not_known_is_named(
    facts: dict[str, Any],
    member: dict[str, Any],
    verdict: str,
    missing: list[str],
    declared: Declared,
) -> None:
    members = {**MIXED, "north": {**MIXED["north"], **member}}
    if member.get("disability", "") is None:
        members = {**MIXED, "east": {**PLAIN, **member}}
    await declared.tell("mixed", members, **facts)
    found = await declared.of("mixed")
    assert (found["verdict"], [one["code"] for one in found["missing"]]) == (verdict, missing)
    assert (found["due"] is None) == (verdict == "UNDETERMINED")
    if found["due"] is not None:
        assert (found["due"]["annual"], found["due"]["reasons"]) == (None, [])
        assert all("not known" in one["sentence"] for one in found["missing"])


MATTERS = {**MIXED, "north": {**PLAIN, "disability": "DISABLED"}}
"""A declaration that names no applicant, where it matters: who is disabled counts in the scale, and not as the applicant."""


@pytest.mark.usefixtures("told_by_nobody")
async def test_where_nobody_says_who_applies_it_is_not_known(declared: Declared) -> None:
    await declared.tell("mixed", MATTERS)
    found = await declared.of("mixed")
    assert (found["verdict"], [one["code"] for one in found["missing"]]) == ("UNDETERMINED", ["APPLICANT"])
    assert found["due"] is None


@pytest.mark.parametrize(("applicant", "scale"), [("north", "1.15"), ("east", "1.65")])
async def test_where_a_declaration_does_not_say_who_applies_it_is_whom_inps_named(
    applicant: str, scale: str, declared: Declared
) -> None:
    await declared.tell("mixed", MATTERS)
    await declared.applied("mixed", applicant)
    found = await declared.of("mixed")
    # The day and the agency are the declaration's, with whatever it said.
    assert (found["verdict"], found["scale"]["least"], found["missing"]) == ("SATISFIED", scale, [])
    assert found["declaredBy"] == "inps"
    await declared.tell("mixed", {**MATTERS, "north": {**MATTERS["north"], "applicant": True}})
    assert (await declared.of("mixed"))["scale"]["least"] == "1.15", "who is declared to apply does"
    await declared.applied("mixed", "north")


@pytest.mark.usefixtures("told_by_nobody")
async def test_the_calendar_is_that_of_the_rules(declared: Declared) -> None:
    await declared.tell("mixed", MIXED, ends_on=None)
    answer = await declared.hub(CALENDAR, as_="municipality", id=declared.id("mixed"), on="2026-03-10")
    months = answer.data["household"]["entitlement"]["calendar"]
    assert [one["first"] for one in months] == [
        f"{2026 + (2 + place) // 12}-{(2 + place) % 12 + 1:02}-01" for place in range(18)
    ]
    assert {(one["kind"], one["amount"], one["extra"]) for one in months} == {("PAID", "789.58", "0")}
    await declared.tell("mixed", MATTERS, ends_on=None)
    answer = await declared.hub(CALENDAR, as_="municipality", id=declared.id("mixed"), on="2026-03-10")
    assert answer.data["household"]["entitlement"] == {"verdict": "UNDETERMINED", "calendar": None}


@pytest.mark.parametrize("isee", ["4000.00", "10140.01", None])
async def test_it_is_what_an_assessment_of_the_same_facts_says(isee: str | None, declared: Declared) -> None:
    members = {
        **MIXED,
        "east": {**PLAIN, "disability": "SEVERE", "disadvantaged": None},
        "child": {"in_public_structure": False, "disability": "NONE", "disadvantaged": False},
    }
    await declared.tell(
        "mixed",
        members,
        vehicles=[("CAR", 1_700, date(2024, 5, 1))],
        isee=None if isee is None else Decimal(isee),
        annual_mortgage=None,
        movable_assets=Decimal("5999.99"),
    )
    found = await declared.of("mixed")
    told = {
        "measure": "ADI",
        "on": ON,
        "isee": isee,
        "familyIncome": "1000.00",
        "homeValue": "0.00",
        "otherRealEstate": "0.00",
        "movableAssets": "5999.99",
        "annualRent": "3000.00",
        "annualMortgage": None,
        "boatsAndAircraft": 0,
        "vehicles": [{"kind": "CAR", "displacement": 1_700, "firstRegistered": "2024-05-01"}],
        "residence": {"title": "CITIZEN", "stays": [{"since": "1980-01-01"}]},
        "members": [
            {
                "key": "a", "birthDate": "1970-05-01", "applicant": True, "disability": "NONE", "carer": False,
                "disadvantaged": False, "inChildAllowance": False, "inPublicStructure": False,
            },
            {
                "key": "b", "birthDate": "1971-05-01", "disability": "SEVERE", "carer": False,
                "inChildAllowance": False, "inPublicStructure": False,
            },
            {
                "key": "c", "birthDate": "2019-05-01", "disability": "NONE", "carer": False, "disadvantaged": False,
                "inPublicStructure": False,
            },
        ],
    }  # fmt: skip
    assessed = (await declared.hub(ASSESS, as_="inps", input=told)).data["assessEligibility"]
    due = assessed.pop("entitlement")
    assert {name: found[name] for name in assessed} == assessed
    assert found["due"] == due


async def test_of_a_page_each_has_its_own_by_one_statement(declared: Declared) -> None:
    await declared.tell("mixed", MIXED)
    await declared.tell("crowd", {"crowd-0": {**PLAIN, "applicant": True}})
    nodes = f"""query ($on: Date!) {{ households(first: 30) {{ nodes {{
      id measure first: entitlement(on: "2023-11-01") {{ verdict }} entitlement(on: $on) {{ {ENTITLEMENT} }} }} }} }}"""
    body = (await declared.hub(nodes, as_="inps", on="2025-03-01")).json
    found = {node["id"]: node for node in body["data"]["households"]["nodes"]}
    assert len(found) == len(declared.hub.world.households)
    # Each measure has its days: RdC until 2023, ADI from 2024; of "empty" nobody is known.
    told = {error["path"][-1] + " " + error["extensions"]["code"] for error in body["errors"]}
    assert told == {
        "first BEFORE_THE_LAW",
        "entitlement AFTER_THE_LAW",
        "entitlement NOBODY_IN_HOUSEHOLD",
    }
    for name in ("mixed", "scattered", "latina", "torino-only"):
        alone = await declared.of(name, "2025-03-01", as_="inps")
        assert found[declared.id(name)]["entitlement"] == alone


@pytest.mark.parametrize(
    ("on", "code", "more"),
    [
        ("2023-12-31", "BEFORE_THE_LAW", {"measure": "ADI", "first": "2024-01-01"}),
        ("0001-01-01", "BEFORE_THE_LAW", {"measure": "ADI", "first": "2024-01-01"}),
        ("2200-01-01", "DATE_TOO_FAR", {}),
        ("9999-12-31", "DATE_TOO_FAR", {}),
    ],
)
async def test_a_day_that_cannot_be_asked_about(
    on: str, code: str, more: dict[str, str], declared: Declared
) -> None:
    answer = await declared.hub(CALENDAR.replace("{ household", "{ __typename household"), as_="municipality", id=declared.id("mixed"), on=on)  # fmt: skip
    assert answer.json["data"] == {"__typename": "Query", "household": {"entitlement": None}}
    (error,) = answer.json["errors"]
    assert error["path"] == ["household", "entitlement"]
    assert error["extensions"] == {"code": code, "path": ["on"], **more}


async def test_the_last_day_has_a_calendar(declared: Declared) -> None:
    await declared.tell("mixed", MIXED, ends_on=None)
    answer = await declared.hub(CALENDAR, as_="municipality", id=declared.id("mixed"), on="2199-12-31")
    # By then the child is 180 years old, and so is nobody a minor: all are above sixty.
    assert len(answer.data["household"]["entitlement"]["calendar"]) == 18
    assert (
        await declared.hub(CALENDAR, as_="municipality", id=declared.id("mixed"), on="2026-02-30")
    ).status == 400


async def test_after_its_law_a_measure_is_nobodys(declared: Declared) -> None:
    answer = await declared.hub(ONE, as_="inps", id=declared.id("torino"), on="2024-01-01")
    assert answer.codes == ["AFTER_THE_LAW"]


@pytest.mark.parametrize(
    ("caller", "sees"),
    [
        ("municipality", True),
        ("inps", True),
        ("centre", True),
        ("region", True),
        ("citizen", True),
        ("citizen-of-many", False),
        ("two-centres", True),
        ("accredited", False),
        ("nowhere", False),
    ],
)
async def test_it_is_seen_with_the_household_and_not_without(
    caller: str, sees: bool, declared: Declared
) -> None:
    await declared.tell("mixed", MIXED)
    answer = await declared.hub(ONE, as_=caller, id=declared.id("mixed"), on=ON)
    assert (answer.data["household"] is not None) == sees


FORBIDDEN = {
    "of-municipality": [],
    "of-inps": [],
    "of-citizen": ["HouseholdReason.limit", "HouseholdEntitlement.scale", "HouseholdAmount.reduced"],
    "of-employment-centre": ["Household.entitlement"],
    "of-region": ["Household.entitlement", "Query.household"],
    "of-public": ["Household.entitlement", "Query.household"],
}


@pytest.mark.parametrize("caller", FORBIDDEN)
async def test_who_may_ask_for_what_of_it(caller: str, declared: Declared) -> None:
    await declared.tell("mixed", MIXED)
    answer = await declared.hub(ONE, as_=caller, id=declared.id("mixed"), on=ON)
    if not FORBIDDEN[caller]:
        assert answer.data["household"]["entitlement"]["verdict"] == "SATISFIED"
        return
    assert answer.status == 403
    refused = {error["extensions"]["coordinate"] for error in answer.json["errors"]}
    assert set(FORBIDDEN[caller]) <= refused
    if caller == "of-citizen":
        assert refused == set(FORBIDDEN[caller])


async def test_a_citizen_is_told_of_its_own(declared: Declared) -> None:
    await declared.tell("mixed", MIXED)
    query = """query ($on: Date!) { me { fiscalCode household { entitlement(on: $on) {
      verdict due { annual monthly } requirements { verdict reason { code sentence value } } } } } }"""
    me = (await declared.hub(query, as_="citizen", on=ON)).data["me"]
    assert me["fiscalCode"] == NORTH_CODE
    assert me["household"]["entitlement"]["due"] == {"annual": "9475.00", "monthly": "789.58"}


async def test_it_is_there_beside_what_is_deferred_and_stored(declared: Declared) -> None:
    await declared.tell("mixed", MIXED)
    query = """query ($id: ID!, $on: Date!) { household(id: $id) { inpsProtocol members { birthDate }
      entitlement(on: $on) { verdict } benefit { monthlyAmount } } }"""
    found = (await declared.hub(query, as_="municipality", id=declared.id("mixed"), on=ON)).data["household"]
    assert list(found) == ["inpsProtocol", "members", "entitlement", "benefit"]
    assert (len(found["members"]), found["entitlement"]) == (3, {"verdict": "SATISFIED"})
