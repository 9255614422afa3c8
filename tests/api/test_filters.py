# SPDX-License-Identifier: EUPL-1.2
"""Filters composed of filters, of related rows, of names and periods: each as a literal and as a variable, held against the reference."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from hub.plan.filter_extent import MOST_CONDITIONS, MOST_LEVELS

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service

CALLERS = ("centre", "two-centres", "municipality", "region", "inps", "nowhere")
ACTIVE: dict[str, Any] = {"statuses": ["ACTIVE"]}
PEOPLE: dict[str, tuple[dict[str, Any], int]] = {
    "no condition": ({}, 24),
    "nothing is all of": ({"and": []}, 24),
    "nothing is one of": ({"or": []}, 0),
    "not anything": ({"not": {}}, 0),
    "not not anything": ({"not": {"not": {}}}, 24),
    "null members": ({"and": None, "or": None, "not": None, "measure": None, "name": None, "pacts": None}, 24),
    "one of two": ({"or": [{"measure": "SFL"}, {"measure": "MIA"}]}, 3),
    "both of two": ({"and": [{"measure": "RDC"}, {"obligation": "EXEMPT"}]}, 4),
    "beside each other": ({"measure": "RDC", "not": {"obligation": "EXEMPT"}, "or": [{"municipality": "H501"}]}, 11),
    "not of what is NULL": ({"not": {"employmentCentre": "H501C900031"}}, 11),
    "with an active pact": ({"pacts": {"some": ACTIVE}}, 3),
    "without an active pact": ({"pacts": {"none": ACTIVE}}, 21),
    "without any pact": ({"pacts": {"none": {}}}, 19),
    "some and none": ({"pacts": {"some": {}, "none": ACTIVE}}, 2),
    "neither some nor none": ({"pacts": {}}, 24),
    "pacts not begun": ({"pacts": {"some": {"not": {"statuses": ["ACTIVE", "COMPLETED"]}}}}, 2),
    "not with an active pact": ({"not": {"pacts": {"some": ACTIVE}}}, 21),
    "of a household with an inclusion pact": ({"household": {"pacts": {"some": {"kinds": ["INCLUSION"]}}}}, 6),
    "of a household": ({"household": {"or": [{"measure": "MIA"}, {"inpsProtocol": "INPS-ADI-2026-scattered"}]}}, 3),
    "with an event": ({"conditionalityEvents": {"some": {"occurredFrom": "2026-09-08T00:00:00Z"}}}, 4),
    "without an event": ({"conditionalityEvents": {"none": {}}}, 15),
    "whose convocation was missed": ({"convocations": {"some": {"outcomes": ["ABSENT_UNJUSTIFIED"]}}}, 2),
    "with a next convocation": ({"nextConvocation": {}}, 2),
    "with none": ({"not": {"nextConvocation": {}}}, 22),
    "with one before": ({"nextConvocation": {"before": "2026-09-04T00:00:00Z"}}, 2),
    "with one later": ({"nextConvocation": {"from": "2026-09-04T00:00:00Z"}}, 0),
    "by family name": ({"name": {"family": "de l"}}, 3),
    "by both names": ({"name": {"family": "rOSSI", "given": "I"}}, 5),
    "without an apostrophe": ({"name": {"family": "dang"}}, 1),
    "with another apostrophe": ({"name": {"family": "D’ANG"}}, 1),
    "without accents": ({"name": {"family": "e acc", "given": "back"}}, 1),
    "of Iceland": ({"name": {"family": "Thórd"}}, 1),
    "any name": ({"name": {"family": ""}}, 24),
    "a name that is no pattern": ({"name": {"family": "%"}}, 0),
}  # fmt: skip
"""A filter of people, and how many there are in the whole country."""


def literal(value: Any) -> str:
    """The value as GraphQL writes it; words of an enum stand bare."""
    text = re.sub(r'"(\w+)": ', r"\1: ", json.dumps(value, ensure_ascii=False))
    return re.sub(
        r"(measure|obligation): \"(\w+)\"|\"((?:[A-Z]+_?)+)\"(?=[\],])",
        lambda m: f"{m[1]}: {m[2]}" if m[1] else m[3],
        text,
    )


@pytest.mark.parametrize("name", PEOPLE)
async def test_people(name: str, agree: Agree) -> None:
    given, everywhere = PEOPLE[name]
    query = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount nodes { id familyName nextConvocationAt } } }"
    written = query.replace("($f: BeneficiaryFilter)", "").replace("$f", literal(given))
    for caller in CALLERS:
        found = await agree(query, caller, f=given)
        assert await agree(written, caller) == found
    assert (await agree(query, "inps", f=given))["beneficiaries"]["totalCount"] == everywhere


@pytest.mark.parametrize(
    ("name", "kind", "given", "everywhere"),
    [
        ("pacts", "PactFilter", {"expiringBefore": "9999-12-31"}, 0),
        ("pacts", "PactFilter", {"not": {"expiringBefore": "2026-12-31"}, "statuses": ["ACTIVE"]}, 6),
        ("households", "HouseholdFilter", {"pacts": {"none": {"kinds": ["INCLUSION"]}}}, 3),
        ("households", "HouseholdFilter", {"pacts": {"some": ACTIVE}}, 3),
        ("jobOffers", "JobOfferFilter", {"profession": "5.2"}, 5),
        ("jobOffers", "JobOfferFilter", {"profession": "5.2.1"}, 5),
        ("jobOffers", "JobOfferFilter", {"profession": "5.2.10"}, 0),
        ("jobOffers", "JobOfferFilter", {"near": {"municipality": "H501", "withinKm": 100}}, 6),
        ("trainingCourses", "TrainingCourseFilter", {"near": {"municipality": "H501", "withinKm": 1}}, 4),
        ("pucProjects", "PucProjectFilter", {"near": {"municipality": "L219", "withinKm": 1500}}, 9),
        ("pucProjects", "PucProjectFilter", {"near": {"municipality": "Z999", "withinKm": 1500}}, 0),
        ("conditionalityEvents", "ConditionalityEventFilter", {"or": [{"types": ["PACT_SIGNED"]}, {"occurredBefore": "2026-09-02T00:00:00Z"}]}, 2),
    ],
)  # fmt: skip
async def test_other_lists(
    name: str, kind: str, given: dict[str, Any], everywhere: int, agree: Agree
) -> None:
    query = f"query ($f: {kind}) {{ {name}(filter: $f) {{ totalCount nodes {{ id }} }} }}"
    for caller in CALLERS:
        await agree(query, caller, f=given)
    assert (await agree(query, "inps", f=given))[name]["totalCount"] == everywhere


async def test_a_filter_with_variables_inside(agree: Agree) -> None:
    query = """
      query Inside($m: Measure, $one: BeneficiaryFilter!, $kinds: [PactKind!], $from: DateTime, $family: String!, $given: String) {
        beneficiaries(filter: { or: [{ measure: $m }, $one, { pacts: { some: { kinds: $kinds } } }],
          not: { nextConvocation: { from: $from }, name: { family: $family, given: $given } } }) { nodes { id } }
      }
    """
    for m in ("SFL", None, "MIA"):
        for one in ({"obligation": "EXEMPT"}, {}, {"obligation": "EXCLUDED"}):
            for kinds in (["WORK"], None, [], ["DIGITAL_ACTIVATION"]):
                await agree(query, "inps", m=m, one=one, kinds=kinds, family="e", given=None)
    for moment in ("2026-09-01T00:00:00Z", None):
        for given in ("b", None, "x"):
            await agree(query, "region", one={}, **{"from": moment, "family": "", "given": given})


async def test_one_filter_stands_for_a_list_of_one(agree: Agree) -> None:
    query = "query ($m: Measure) { beneficiaries(filter: { or: { measure: $m } }) { nodes { id } } }"
    for measure in ("SFL", "RDC", None):
        await agree(query, "inps", m=measure)


async def test_a_filter_of_a_list_in_a_list(agree: Agree) -> None:
    query = """
      query ($f: ConditionalityEventFilter) {
        beneficiaries(filter: { conditionalityEvents: { some: $f } }) {
          nodes { conditionalityEvents(filter: { not: $f }) { totalCount nodes { id type } } }
        }
      }
    """
    filters: tuple[dict[str, Any], ...] = (
        {"types": ["PACT_SIGNED", "CONVOCATION_MISSED"]},
        {},
        {"not": {"types": []}},
    )
    for given in filters:
        await agree(query, "inps", f=given)


def _nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels - 1):
        found = {"not": found}
    return found


ASK = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }"


@pytest.mark.parametrize(
    "given",
    [
        _nested(MOST_LEVELS + 1),
        _nested(60),
        {"or": [{}] * MOST_CONDITIONS},
        {"or": [{"measure": "ADI"}] * 50_000},
        {"and": [{"or": [{"measure": "ADI"}] * 40}] * 3},
    ],
    ids=["a level too deep", "very deep", "a condition too many", "very many", "many of few"],
)
async def test_filters_that_are_too_much(given: dict[str, Any], ask: Service) -> None:
    answer = await ask(ASK, f=given)
    assert (answer.status, answer.codes) == (400, ["INVALID_FILTER"])


async def test_filters_as_large_as_may_be(agree: Agree) -> None:
    await agree(ASK, "inps", f=_nested(MOST_LEVELS))
    await agree(ASK, "inps", f={"or": [{"measure": "ADI"}] * 49})


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 60, 120, 200, 240])
async def test_a_literal_that_is_too_deep(levels: int, ask: Service) -> None:
    answer = await ask(f"{{ beneficiaries(filter: {literal(_nested(levels))}) {{ totalCount }} }}")
    assert answer.status == 400
    assert answer.codes[0] in ("INVALID_FILTER", "MAX_DEPTH_LIMIT", "GRAPHQL_PARSE_FAILED")


async def test_a_variable_many_times_over(ask: Service) -> None:
    """What a request may hold is counted where it stands, not where it is sent."""
    query = f"query ($f: BeneficiaryFilter!) {{ beneficiaries(filter: {{ or: [{'$f ' * 60}] }}) {{ totalCount }} }}"
    answer = await ask(query, f={"obligation": "OBLIGED"})
    assert (answer.status, answer.codes) == (400, ["INVALID_FILTER"])
    lists = " ".join(f"e{i}: conditionalityEvents(filter: $f) {{ totalCount }}" for i in range(30))
    query = f"query ($f: ConditionalityEventFilter) {{ beneficiaries {{ nodes {{ {lists} }} }} }}"
    answer = await ask(query, f={"or": [{"types": []}, {"types": []}]})
    assert (answer.status, answer.codes) == (400, ["INVALID_FILTER"])


@pytest.mark.parametrize("km", [0, -1, 1500.1, 1e308])
async def test_distances_that_are_none(km: float, ask: Service) -> None:
    query = "query ($f: JobOfferFilter) { jobOffers(filter: $f) { totalCount } }"
    answer = await ask(query, f={"near": {"municipality": "H501", "withinKm": km}})
    assert (answer.status, answer.codes) == (400, ["INVALID_FILTER"])


@pytest.mark.parametrize("code", ["", "5.", ".5", "5.2%", "Idraulico", "5\n", "٥"])
async def test_professions_that_are_none(code: str, ask: Service) -> None:
    query = "query ($c: String) { jobOffers(filter: { profession: $c }) { totalCount } }"
    answer = await ask(query, c=code)
    assert (answer.status, answer.codes) == (400, ["INVALID_FILTER"])


async def test_related_rows_beyond_the_territory_do_not_count(ask: Service) -> None:
    """A household has members in two centres: each centre knows of the pacts of its own people only."""
    query = "{ households(filter: { pacts: { some: { kinds: [DIGITAL_ACTIVATION] } } }) { totalCount } }"
    assert (await ask(query, as_="centre")).data["households"]["totalCount"] == 0
    assert (await ask(query, as_="east")).data["households"]["totalCount"] == 1
