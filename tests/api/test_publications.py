# SPDX-License-Identifier: EUPL-1.2
"""Job offers, placements and courses published by mutations: read back as asked, versioned, withdrawn, seen by whom they are for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hub.store.identifiers import decode_id
from tests.api.looks import looks

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

Input = dict[str, Any]

OFFER = """mutation ($input: PublishJobOfferInput!) { publishJobOffer(input: $input) {
  jobOffer { id title employerName professionCode contractType weeklyHours monthlyPay places municipality { belfioreCode }
    publishedOn expiresOn status source { code } } userErrors { code message path } } }"""
PLACEMENT = """mutation ($input: PublishPlacementInput!) { publishPlacement(input: $input) {
  placement { id employerName contractType monthlyPay status } userErrors { code path } } }"""
COURSE = """mutation ($input: PublishTrainingCourseInput!) { publishTrainingCourse(input: $input) {
  trainingCourse { id title providerName mode startsOn endsOn hours places enrolled status } userErrors { code message path } } }"""
WITHDRAW = """mutation ($input: WithdrawOpportunityInput!) { withdrawOpportunity(input: $input) {
  id status userErrors { code path } } }"""
FISCAL_CODE = "RSSMRA80A01H501U"
_numbers = count(1)


@pytest.fixture(scope="module")
async def desk(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub on which a second agency may publish, too."""
    async with open_hub("publications", sequencer=False) as service:
        purpose = service.registry.consumer("two-towns").purpose_for("hub").purpose_id
        await service.owner.execute(
            "UPDATE access_grant SET capabilities = '{PUBLISH_OPPORTUNITIES}' WHERE purpose_id = $1", purpose
        )
        yield service


def new_reference() -> str:
    return f"GQL-{next(_numbers)}"


def offer(**changes: Any) -> Input:
    return {
        "reference": new_reference(), "title": "Magazziniera", "employerName": "Acme Srl", "municipality": "H501",
        "contractType": "A.02.00", "weeklyHours": "37.5", "places": 2, "publishedOn": "2026-09-01",
        "professionCode": "8.1.3.2.0", "monthlyPay": "1450.50", "expiresOn": "2199-01-31", **changes,
    }  # fmt: skip


def placement(**changes: Any) -> Input:
    return {
        "reference": new_reference(), "title": "Tirocinio in segreteria", "hostName": "Studio Bianchi", "municipality": "E472",
        "weeklyHours": "30", "places": 1, "publishedOn": "2026-09-01", "monthlyAllowance": "600", **changes,
    }  # fmt: skip


def course(**changes: Any) -> Input:
    return {
        "reference": new_reference(), "title": "Saldatura", "providerName": "Ente Formazione", "mode": "ON_SITE",
        "municipality": "H501", "startsOn": "2198-02-01", "endsOn": "2198-04-30", "hours": 120, "places": 15, **changes,
    }  # fmt: skip


async def put(hub: Service, given: Input, query: str = OFFER, *, as_: str = "accredited") -> Any:
    answer = await hub(query, as_=as_, input=given)
    [payload] = answer.data.values()
    return payload


async def versions(hub: Service, node: str) -> list[Any]:
    sql = "SELECT * FROM opportunity_version WHERE $1 IN (job_offer_id, training_course_id) ORDER BY version"
    return [dict(row) for row in await hub.owner.fetch(sql, decode_id(node)[1])]


async def test_an_offer_is_read_back_as_it_was_published(desk: Service) -> None:
    async with looks(desk) as found:
        done = await put(desk, offer())
    assert done == {
        "jobOffer": {
            "id": done["jobOffer"]["id"],
            "title": "Magazziniera",
            "employerName": "Acme Srl",
            "professionCode": "8.1.3.2.0",
            "contractType": "A.02.00",
            "weeklyHours": "37.5",
            "monthlyPay": "1450.50",
            "places": 2,
            "municipality": {"belfioreCode": "H501"},
            "publishedOn": "2026-09-01",
            "expiresOn": "2199-01-31",
            "status": "OPEN",
            "source": {"code": "soggetto-accreditato"},
        },
        "userErrors": [],
    }
    assert found.lines == [], "there is no person in it"
    [version] = await versions(desk, done["jobOffer"]["id"])
    purpose = desk.registry.consumer("accredited").purpose_for("hub").purpose_id
    assert (version["version"], str(version["purpose_id"])) == (1, purpose)


async def test_the_same_again_changes_nothing_and_another_content_is_the_next_version(desk: Service) -> None:
    given = offer()
    first = await put(desk, given)
    before = await desk.owner.fetchval("SELECT max(updated_at) FROM job_offer")
    assert await put(desk, given) == first
    assert await put(desk, {**given, "weeklyHours": "37.50"}) == first, "the same number in another writing"
    assert await desk.owner.fetchval("SELECT max(updated_at) FROM job_offer") == before
    changed = await put(desk, {**given, "places": 5, "monthlyPay": None})
    assert changed["jobOffer"] == {**first["jobOffer"], "places": 5, "monthlyPay": None}
    kept = await versions(desk, first["jobOffer"]["id"])
    assert [one["version"] for one in kept] == [1, 2]
    assert '"places": 2' in kept[0]["content"]
    assert '"places": 5' in kept[1]["content"]


async def test_many_at_once_under_one_reference_make_one_row(desk: Service) -> None:
    given = offer()
    done = await asyncio.gather(*(put(desk, {**given, "places": places}) for places in (1, 2, 3, 4)))
    [node] = {one["jobOffer"]["id"] for one in done}
    assert [one["version"] for one in await versions(desk, node)] == [1, 2, 3, 4]


async def test_a_placement_is_an_offer_of_its_contract_type(desk: Service) -> None:
    done = await put(desk, placement(), PLACEMENT)
    assert {**done["placement"], "id": ""} == {
        "id": "", "employerName": "Studio Bianchi", "contractType": "C.01.00", "monthlyPay": "600.00", "status": "OPEN",
    }  # fmt: skip
    query = "query ($id: ID!) { node(id: $id) { __typename } }"
    answer = await desk(query, as_="centre", id=done["placement"]["id"])
    assert answer.data == {"node": {"__typename": "JobOffer"}}


async def test_a_course_is_read_back_and_its_seats_fill(desk: Service) -> None:
    given = course()
    first = await put(desk, given, COURSE)
    assert (first["trainingCourse"]["enrolled"], first["trainingCourse"]["mode"]) == (0, "ON_SITE")
    done = await put(desk, {**given, "enrolled": 15}, COURSE)
    assert done["trainingCourse"] == {**first["trainingCourse"], "enrolled": 15}


async def test_what_is_withdrawn_stays_and_is_offered_no_more(desk: Service) -> None:
    given = offer()
    node = (await put(desk, given))["jobOffer"]["id"]
    told = {"kind": "JOB_OFFER", "reference": given["reference"]}
    for _ in range(2):
        done = await put(desk, told, WITHDRAW)
        assert done == {"id": node, "status": "WITHDRAWN", "userErrors": []}
    assert len(await versions(desk, node)) == 2
    refused = await put(desk, given)
    assert [(one["code"], one["path"]) for one in refused["userErrors"]] == [
        ("OPPORTUNITY_WITHDRAWN", ["input", "reference"])
    ]
    seen = await desk(
        "query ($id: ID!) { node(id: $id) { ... on JobOffer { status } } }", as_="centre", id=node
    )
    assert seen.data == {"node": {"status": "WITHDRAWN"}}


@pytest.mark.parametrize(
    ("kind", "reference", "code"),
    [
        ("JOB_OFFER", "never", "OPPORTUNITY_NOT_FOUND"),
        ("TRAINING_COURSE", "offer", "OPPORTUNITY_NOT_FOUND"),
        ("PLACEMENT", "offer", "REFERENCE_OF_ANOTHER_KIND"),
        ("JOB_OFFER", "no reference", "REFERENCE_INVALID"),
    ],
)
async def test_what_was_not_published_is_not_withdrawn(
    kind: str, reference: str, code: str, desk: Service
) -> None:
    await put(desk, offer(reference="offer"))
    done = await put(desk, {"kind": kind, "reference": reference}, WITHDRAW)
    assert done == {
        "id": None,
        "status": None,
        "userErrors": [{"code": code, "path": ["input", "reference"]}],
    }


async def test_each_publisher_has_its_own_and_centres_and_citizens_see_all(desk: Service) -> None:
    given = offer()
    mine = (await put(desk, given))["jobOffer"]["id"]
    other = (await put(desk, {**given, "title": "Un'altra"}, as_="two-towns"))["jobOffer"]
    assert (other["id"] != mine, other["source"]["code"]) == (True, "two-towns")
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for caller, node, seen in (
        ("accredited", mine, True),
        ("accredited", other["id"], False),
        ("centre", mine, True),
        ("centre", other["id"], True),
        ("citizen", mine, True),
        ("citizen", other["id"], True),
    ):
        answer = await desk(query, as_=caller, id=node)
        assert answer.data == {"node": {"id": node} if seen else None}, (caller, node)
    refused = await put(desk, {"kind": "JOB_OFFER", "reference": "x"}, WITHDRAW, as_="two-towns")
    assert refused["userErrors"][0]["code"] == "OPPORTUNITY_NOT_FOUND"


YESTERDAY = str(date.today() - timedelta(days=2))  # noqa: DTZ011 (two days: in every zone it is over)
REFUSED: list[tuple[Input, str, str]] = [
    ({"reference": ""}, "REFERENCE_INVALID", "reference"),
    ({"reference": "a/b"}, "REFERENCE_INVALID", "reference"),
    ({"reference": "x" * 101}, "REFERENCE_INVALID", "reference"),
    ({"reference": FISCAL_CODE}, "PERSONAL_DATA", "reference"),
    ({"title": ""}, "TEXT_INVALID", "title"),
    ({"title": " Sarta"}, "TEXT_INVALID", "title"),
    ({"title": "Sar\x01ta"}, "TEXT_INVALID", "title"),
    ({"title": "x" * 201}, "TEXT_INVALID", "title"),
    ({"title": f"Chiamare {FISCAL_CODE.lower()}"}, "PERSONAL_DATA", "title"),
    ({"title": "RSS MRA 80A01-H501U cerca"}, "PERSONAL_DATA", "title"),
    ({"employerName": f"Ditta individuale {FISCAL_CODE}"}, "PERSONAL_DATA", "employerName"),
    ({"professionCode": "addetto"}, "PROFESSION_CODE_INVALID", "professionCode"),
    ({"contractType": "permanent"}, "CONTRACT_TYPE_INVALID", "contractType"),
    ({"contractType": "C.01.00"}, "PLACEMENT_IS_NO_OFFER", "contractType"),
    ({"weeklyHours": "0"}, "HOURS_OUT_OF_RANGE", "weeklyHours"),
    ({"weeklyHours": "60.1"}, "HOURS_OUT_OF_RANGE", "weeklyHours"),
    ({"weeklyHours": "37.25"}, "HOURS_OUT_OF_RANGE", "weeklyHours"),
    ({"weeklyHours": "1E-999999"}, "HOURS_OUT_OF_RANGE", "weeklyHours"),
    ({"monthlyPay": "-0.01"}, "PAY_OUT_OF_RANGE", "monthlyPay"),
    ({"monthlyPay": "100000.01"}, "PAY_OUT_OF_RANGE", "monthlyPay"),
    ({"monthlyPay": "1000.001"}, "PAY_OUT_OF_RANGE", "monthlyPay"),
    ({"places": 0}, "PLACES_OUT_OF_RANGE", "places"),
    ({"places": 100_001}, "PLACES_OUT_OF_RANGE", "places"),
    ({"publishedOn": "1999-12-31"}, "DATE_OUT_OF_RANGE", "publishedOn"),
    ({"expiresOn": "2026-08-31"}, "PERIOD_INVALID", "expiresOn"),
    ({"expiresOn": "9999-12-31"}, "DATE_OUT_OF_RANGE", "expiresOn"),
    ({"publishedOn": "2026-01-01", "expiresOn": YESTERDAY}, "ALREADY_OVER", "expiresOn"),
    ({"municipality": "Z999"}, "MUNICIPALITY_UNKNOWN", "municipality"),
    ({"municipality": "h501"}, "MUNICIPALITY_UNKNOWN", "municipality"),
]


@pytest.mark.parametrize(("change", "code", "member"), REFUSED)
async def test_an_offer_that_cannot_be_published_says_why(
    change: Input, code: str, member: str, desk: Service
) -> None:
    rows = "SELECT count(*) FROM job_offer"
    before = await desk.owner.fetchval(rows)
    done = await put(desk, offer(**change))
    assert done["jobOffer"] is None
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [(code, ["input", member])]
    assert FISCAL_CODE not in str(done)
    assert await desk.owner.fetchval(rows) == before


@pytest.mark.parametrize(
    ("change", "code", "member"),
    [
        ({"endsOn": "2198-01-31"}, "PERIOD_INVALID", "endsOn"),
        ({"startsOn": "2026-01-01", "endsOn": YESTERDAY}, "ALREADY_OVER", "endsOn"),
        ({"hours": 0}, "HOURS_OUT_OF_RANGE", "hours"),
        ({"hours": 10_001}, "HOURS_OUT_OF_RANGE", "hours"),
        ({"enrolled": 16}, "PLACES_OUT_OF_RANGE", "enrolled"),
        ({"enrolled": -1}, "PLACES_OUT_OF_RANGE", "enrolled"),
        ({"providerName": "\u202e"}, "TEXT_INVALID", "providerName"),
    ],
)
async def test_a_course_that_cannot_be_published_says_why(
    change: Input, code: str, member: str, desk: Service
) -> None:
    done = await put(desk, course(**change), COURSE)
    assert done["trainingCourse"] is None
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [(code, ["input", member])]


async def test_every_reason_is_told_at_once(desk: Service) -> None:
    done = await put(desk, placement(reference="/", hostName="", places=0, weeklyHours="61"), PLACEMENT)
    assert [error["path"][1] for error in done["userErrors"]] == [
        "reference", "places", "hostName", "weeklyHours",
    ]  # fmt: skip


async def test_offers_and_placements_share_their_references(desk: Service) -> None:
    given = offer()
    await put(desk, given)
    done = await put(desk, placement(reference=given["reference"]), PLACEMENT)
    assert done["userErrors"] == [{"code": "REFERENCE_OF_ANOTHER_KIND", "path": ["input", "reference"]}]
    beside = await put(desk, course(reference=given["reference"]), COURSE)
    assert beside["userErrors"] == [], "a course has references of its own"


async def test_a_municipality_that_was_closed_holds_nothing_new(desk: Service) -> None:
    await desk.owner.execute("UPDATE municipality SET valid_to = '2026-08-31' WHERE belfiore_code = 'L219'")
    done = await put(desk, offer(municipality="L219"))
    assert [error["code"] for error in done["userErrors"]] == ["MUNICIPALITY_CLOSED"]
    assert (await put(desk, offer(municipality="L219", publishedOn="2026-08-31")))["userErrors"] == []


async def test_what_expired_is_told_again_without_harm(desk: Service) -> None:
    given = offer()
    first = await put(desk, given)
    sql = "UPDATE job_offer SET expires_on = $2, published_on = '2026-01-01' WHERE id = $1"
    over = date.fromisoformat(YESTERDAY)
    await desk.owner.execute(sql, decode_id(first["jobOffer"]["id"])[1], over)
    again = await put(desk, {**given, "expiresOn": YESTERDAY, "publishedOn": "2026-01-01"})
    assert again["userErrors"] == []


@pytest.mark.parametrize("as_", ["centre", "municipality", "region", "inps", "ministry", "citizen", "dpo"])
async def test_who_may_not_publish_does_not(as_: str, desk: Service) -> None:
    told = {"kind": "JOB_OFFER", "reference": "x"}
    for query, given in ((OFFER, offer()), (PLACEMENT, placement()), (COURSE, course()), (WITHDRAW, told)):
        answer = await desk(query, as_=as_, input=given)
        assert answer.codes == ["FORBIDDEN"]
        assert answer.json["errors"][0]["extensions"]["requires"] == "PUBLISH_OPPORTUNITIES"


async def test_the_executor_says_the_same(desk: Service) -> None:
    """What is worked out has the executor call the command."""
    given = offer()
    plain = await put(desk, given)
    live = OFFER.replace("source {", f'suitability(for: "{FISCAL_CODE}") {{ number }} source {{')
    found = await put(desk, given, live)
    assert found["jobOffer"].pop("suitability") is None, "it sees nobody"
    assert found == plain
