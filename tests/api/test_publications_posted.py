# SPDX-License-Identifier: EUPL-1.2
"""`POST /opportunities` over real HTTP: a line each, done as the mutations do it; what is wrong with a line harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from structlog.testing import capture_logs

from hub.http.publication_lines import LONGEST_LINE
from hub.http.publications import MOST_LINES
from tests.api.looks import looks
from tests.api.test_demands import demanding
from tests.api.test_publications import FISCAL_CODE, REFUSED, course, offer, placement, versions

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

NDJSON = "application/x-ndjson"
_numbers = count(1)


@pytest.fixture(scope="module")
async def desk(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("posted", sequencer=False, max_body_bytes=2_000_000) as service:
        yield service


def reference() -> str:
    """One that no mutation's test has."""
    return f"REST-{next(_numbers)}"


def line(mutation: str, given: Mapping[str, Any]) -> bytes:
    return orjson.dumps({mutation: given})


async def post(
    hub: Service, *lines: bytes, as_: str | None = "accredited", media: str = NDJSON, **more: str
) -> Answer:
    headers = {"content-type": media, **more}
    if as_ is not None:
        headers["authorization"] = f"Bearer {hub.token(as_)}"
    return await hub.send(path="/opportunities", content=b"\n".join(lines), headers=headers)


async def told(hub: Service, *lines: bytes) -> list[Any]:
    """What the answer says of each line."""
    answer = await post(hub, *lines)
    assert (answer.status, answer.headers["content-type"]) == (200, NDJSON), answer.body
    found = [orjson.loads(one) for one in answer.body.splitlines()]
    assert [one.pop("line") for one in found] == list(range(1, len(found) + 1))
    return found


async def test_each_line_is_done_and_told_of(desk: Service) -> None:
    job, stage, lesson = (reference() for _ in range(3))
    async with looks(desk) as found:
        done = await told(
            desk,
            line("publishJobOffer", offer(reference=job)),
            line("publishPlacement", placement(reference=stage)),
            b"no JSON",
            line("publishJobOffer", offer(places=0)),
            line("publishTrainingCourse", course(reference=lesson)),
            line("publishJobOffer", offer(reference=job)),
            line("publishJobOffer", offer(reference=job, places=7)),
            line("withdrawOpportunity", {"kind": "PLACEMENT", "reference": stage}),
            line("withdrawOpportunity", {"kind": "PLACEMENT", "reference": "never"}),
        )
    assert found.lines == [], "there is no person in it"
    assert [(one.get("reference"), one.get("change")) for one in done] == [
        (job, "PUBLISHED"), (stage, "PUBLISHED"), (None, None), (None, None), (lesson, "PUBLISHED"),
        (job, "UNCHANGED"), (job, "CHANGED"), (stage, "WITHDRAWN"), (None, None),
    ]  # fmt: skip
    assert [[(error["code"], error["path"]) for error in one.get("errors", [])] for one in done] == [
        [], [], [("LINE_INVALID", [])], [("PLACES_OUT_OF_RANGE", ["places"])], [], [], [], [],
        [("OPPORTUNITY_NOT_FOUND", ["reference"])],
    ]  # fmt: skip
    assert done[0]["id"] == done[5]["id"] == done[6]["id"]
    assert [one["version"] for one in await versions(desk, done[0]["id"])] == [1, 2]
    query = "query ($id: ID!) { node(id: $id) { __typename ... on JobOffer { status places } } }"
    for node, seen in (
        (done[0]["id"], {"__typename": "JobOffer", "status": "OPEN", "places": 7}),
        (done[1]["id"], {"__typename": "JobOffer", "status": "WITHDRAWN", "places": 1}),
        (done[4]["id"], {"__typename": "TrainingCourse"}),
    ):
        assert (await desk(query, as_="centre", id=node)).data == {"node": seen}


async def test_it_is_the_row_of_the_mutation(desk: Service) -> None:
    given = offer(reference=reference())
    [posted] = await told(desk, line("publishJobOffer", given))
    query = "mutation ($input: PublishJobOfferInput!) { publishJobOffer(input: $input) { jobOffer { id } } }"
    answer = await desk(query, as_="accredited", input=given)
    assert answer.data == {"publishJobOffer": {"jobOffer": {"id": posted["id"]}}}
    assert len(await versions(desk, posted["id"])) == 1


async def test_every_refusal_is_the_mutation_s(desk: Service) -> None:
    before = await desk.owner.fetchval("SELECT count(*) FROM job_offer")
    done = await told(desk, *(line("publishJobOffer", offer(**change)) for change, _, _ in REFUSED))
    assert [
        [(error["code"], error["path"]) for error in one["errors"]] for one in done
    ] == [[(code, [member])] for _, code, member in REFUSED]  # fmt: skip
    assert FISCAL_CODE not in str(done)
    assert await desk.owner.fetchval("SELECT count(*) FROM job_offer") == before


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


UNREADABLE: dict[str, tuple[bytes, list[list[str]]]] = {
    "nothing": (b"", [[]]),
    "a list": (b"[]", [[]]),
    "no mutation": (b'{"recordHire": {}}', [[]]),
    "no object below": (b'{"publishJobOffer": null}', [[]]),
    "two in one": (b'{"publishJobOffer": {}, "withdrawOpportunity": {}}', [[]]),
    "a member twice": (
        b'{"withdrawOpportunity": {"kind": "JOB_OFFER", "reference": "a", "reference": "b"}}', [[]],
    ),
    "Latin-1": ('{"publishJobOffer": {"title": "Perché"}}'.encode("latin-1"), [[]]),
    "half of a surrogate pair": (rb'{"publishJobOffer": {"title": "\ud800"}}', [[]]),
    "no number": (b'{"publishJobOffer": {"places": NaN}}', [[]]),
    "too deep": (b'{"publishJobOffer": ' + b"[" * 4_000 + b"]" * 4_000 + b"}", [[]]),
    "too long": (line("publishJobOffer", offer(title="x" * LONGEST_LINE)), [[]]),
    "an unknown member": (line("publishJobOffer", offer(**{FISCAL_CODE: 1})), [[]]),
    "what is missing": (
        line("publishJobOffer", without(offer(), "title", "places")), [["title"], ["places"]],
    ),
    "null where something must be": (line("publishTrainingCourse", course(enrolled=None)), [["enrolled"]]),
    "other types": (
        line("publishJobOffer", offer(title=1, places="2", weeklyHours=37.5, publishedOn="2026-W36-2")),
        [["title"], ["weeklyHours"], ["places"], ["publishedOn"]],
    ),
    "true for a number": (line("publishJobOffer", offer(places=True)), [["places"]]),
    "more than 32 bits": (line("publishJobOffer", offer(places=10**12)).replace(b"0" * 12, b"0" * 30), [["places"]]),
    "no finite number": (line("publishJobOffer", offer(weeklyHours="NaN")), [["weeklyHours"]]),
    "no such word": (line("publishTrainingCourse", course(mode="AT_SEA")), [["mode"]]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "paths"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_line_that_cannot_be_read_says_why(
    content: bytes, paths: list[list[str]], desk: Service
) -> None:
    mine = reference()
    refused, done = await told(desk, content, line("publishJobOffer", offer(reference=mine)))
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("LINE_INVALID", at) for at in paths]
    for inside in (FISCAL_CODE, "Traceback", "orjson", "Undefined"):
        assert inside not in str(refused)
    assert done["change"] == "PUBLISHED", "another line is none the worse"


async def test_a_nul_is_no_text(desk: Service) -> None:
    given = offer(title="Sar\0ta", reference="a\0", municipality="H50\0", professionCode="1\0")
    [refused] = await told(desk, line("publishJobOffer", given))
    assert [error["code"] for error in refused["errors"]] == [
        "REFERENCE_INVALID", "TEXT_INVALID", "MUNICIPALITY_UNKNOWN", "PROFESSION_CODE_INVALID",
    ]  # fmt: skip


async def test_a_thousand_lines_are_taken_and_no_more(desk: Service) -> None:
    lines = [line("publishTrainingCourse", course(reference=reference())) for _ in range(MOST_LINES)]
    rows = "SELECT count(*) FROM training_course"
    before = await desk.owner.fetchval(rows)
    name = 'snodo_posted_documents_total{door="opportunities",outcome="TOO_MANY_LINES"}'
    counted = await desk.counted(name)
    with capture_logs() as logged:
        refused = await post(desk, *lines, b"{}")
    assert await desk.counted(name) == counted + 1
    [said] = [one for one in logged if one["event"] == "request.refused"]
    assert (said["door"], said["code"]) == ("/opportunities", "TOO_MANY_LINES")
    assert said.keys() == {"event", "log_level", "door", "agency", "code"}
    assert (refused.status, refused.json["code"]) == (400, "TOO_MANY_LINES")
    assert await desk.owner.fetchval(rows) == before
    done = await told(desk, *lines, b"")  # the last line ends, too
    assert len({one["id"] for one in done}) == MOST_LINES
    assert await desk.owner.fetchval(rows) == before + MOST_LINES


async def test_batches_of_one_publisher_at_once_make_one_row_of_each(desk: Service) -> None:
    names = [reference() for _ in range(20)]
    batches = [
        [line("publishJobOffer", offer(reference=name, places=places)) for name in order]
        for places, order in ((1, names), (2, names[::-1]), (3, names), (4, names[::-1]))
    ]
    done = await asyncio.gather(*(told(desk, *lines) for lines in batches))
    keys = {one["id"] for answer in done for one in answer}
    assert len(keys) == len(names)
    for key in keys:
        assert [one["version"] for one in await versions(desk, key)] == [1, 2, 3, 4]


async def test_only_a_purpose_that_may_publish_does(desk: Service) -> None:
    given = line("publishJobOffer", offer(reference=reference()))
    before = await desk.owner.fetchval("SELECT count(*) FROM job_offer")
    for caller, status, code in (
        (None, 401, "UNAUTHENTICATED"), ("centre", 403, "FORBIDDEN"), ("region", 403, "FORBIDDEN"),
        ("inps", 403, "FORBIDDEN"), ("citizen", 403, "FORBIDDEN"), ("revoked", 403, "FORBIDDEN"),
    ):  # fmt: skip
        for content in (given, b"no JSON"):
            answer = await post(desk, content, as_=caller)
            assert (answer.status, answer.json["code"]) == (status, code), caller
            assert answer.headers["content-type"] == "application/problem+json"
    assert await desk.owner.fetchval("SELECT count(*) FROM job_offer") == before


@pytest.mark.parametrize(
    "media", ["application/json", "application/x-ndjson; charset=iso-8859-1", "", "text/plain"]
)
async def test_another_media_type_is_not_taken(media: str, desk: Service) -> None:
    answer = await post(desk, line("publishJobOffer", offer()), media=media)
    assert (answer.status, answer.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_beyond_the_limit_is_not_read(desk: Service) -> None:
    answer = await post(desk, b" " * 2_000_001)
    assert (answer.status, answer.json["code"]) == (413, "BODY_TOO_LARGE")


async def test_what_it_takes_is_described_to_everybody(desk: Service) -> None:
    answer = await desk.send("GET", "/opportunities/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.body == (Path(__file__).parents[2] / "schema" / "opportunities.openapi.json").read_bytes()


async def test_nothing_comes_of_nothing(desk: Service) -> None:
    assert await told(desk) == []


async def test_it_is_posted_and_nothing_else(desk: Service) -> None:
    headers = {"authorization": f"Bearer {desk.token('accredited')}"}
    assert (await desk.send("GET", "/opportunities", headers=headers)).status == 405


async def test_a_signature_is_demanded_and_checked_here_too(desk: Service) -> None:
    content = line("publishJobOffer", offer(reference=reference()))
    async with demanding(desk, "SIGNATURE", of="accredited"):
        answer = await post(desk, content)
    assert (answer.status, answer.json["demand"]) == (401, "SIGNATURE")
    answer = await post(desk, content, digest="SHA-256=" + "A" * 43 + "=")
    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED"), "of another body"
