# SPDX-License-Identifier: EUPL-1.2
"""`POST /communications` over real HTTP: a hire is taken, and nothing is told of the worker; every bad document has its own refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from tests.api.looks import looks
from tests.api.world import UNKNOWN_CODE
from tests.unit.connectors.communication_documents import unilav, unisomm

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service
    from tests.api.world import World

PROBLEM = "application/problem+json"
_codes = count(1)


@pytest.fixture(scope="module")
async def intake(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub that is handed communications; nothing is sequenced."""
    async with open_hub("intake", sequencer=False, max_body_bytes=100_000) as service:
        yield service


def new_code() -> str:
    return f"13{next(_codes):014}"


async def post(
    hub: Service, document: str | bytes, *, as_: str | None = "region", media: str = "application/xml"
) -> Answer:
    headers = {"content-type": media}
    if as_ is not None:
        headers["authorization"] = f"Bearer {hub.token(as_)}"
    content = document if isinstance(document, bytes) else document.encode()
    return await hub.send(path="/communications", content=content, headers=headers)


async def rows(hub: Service, code: str) -> list[dict[str, Any]]:
    sql = "SELECT c.*, e.type FROM communication AS c LEFT JOIN conditionality_event AS e ON e.id = c.event_id WHERE code = $1"
    return [dict(row) for row in await hub.owner.fetch(sql, code)]


async def test_a_hire_is_taken_and_recorded(intake: Service, world: World) -> None:
    name = 'snodo_posted_documents_total{door="communications",outcome="answered"}'
    before = await intake.counted(name)
    for write, who in ((unilav, "north"), (unisomm, "scattered-rome")):
        code = new_code()
        document = write(code=code, worker=world.people[who].fiscal_code)
        for _ in range(2):
            answer = await post(intake, document)
            assert (answer.status, answer.json) == (200, {"communicationCode": code, "status": "TAKEN"})
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            assert "x-ratelimit-remaining" in answer.headers
        [row] = await rows(intake, code)
        assert (row["state"], row["type"]) == ("RECORDED", "HIRED")
        assert row["purpose_id"] is not None
    assert await intake.counted(name) == before + 4


async def test_nothing_is_told_of_the_worker(intake: Service, world: World) -> None:
    answers = []
    async with looks(intake) as found:
        for worker in (world.people["east"].fiscal_code, UNKNOWN_CODE, world.people["torino"].fiscal_code):
            code = new_code()
            answer = await post(intake, unilav(code=code, worker=worker))
            answers.append((answer.status, answer.body.replace(code.encode(), b""), set(answer.headers)))
    assert answers[1:] == answers[:1] * 2
    assert found.lines == [], "nobody was looked at"


async def test_a_code_that_says_something_else_is_not_told_and_kept_aside(
    intake: Service, world: World
) -> None:
    code, worker = new_code(), world.people["crowd-0"].fiscal_code
    latina = world.people["latina"].fiscal_code
    codes = []
    for who in (worker, latina):  # whose benefit is over, and whose is not
        own = new_code()
        codes.append(own)
        first = await post(intake, unilav(code=own, worker=who))
        second = await post(intake, unilav(code=own, worker=who, begins="2026-09-11"))
        assert (first.status, first.body) == (second.status, second.body)
        code = own
    kept = await intake.owner.fetch("SELECT * FROM quarantined_record WHERE record_key = ANY($1)", codes)
    assert [(row["flow"], row["record_key"], row["field"]) for row in kept] == [
        ("communications-http", code, "communicationCode")
    ]
    assert latina not in repr([dict(row) for row in kept])


async def test_a_correction_and_an_annulment_are_answered_as_a_hire_is(intake: Service, world: World) -> None:
    answers = set()
    for worker in (world.people["crowd-2"].fiscal_code, UNKNOWN_CODE):
        first, second, third = new_code(), new_code(), new_code()
        for document in (
            unilav(code=first, worker=worker),
            unilav(code=second, earlier=first, worker=worker, kind="03", begins="2026-09-11"),
            unilav(code=third, earlier=second, worker=worker, kind="04"),
            # A second of the same earlier one is not told that it is one.
            unilav(code=new_code(), earlier=first, worker=worker, kind="04"),
        ):
            answer = await post(intake, document)
            assert set(answer.json) == {"communicationCode", "status"}
            answers.add((answer.status, answer.json["status"]))
        assert [(await rows(intake, code))[0]["state"] for code in (first, third)][1] == "ANNULMENT"
    assert answers == {(200, "TAKEN")}


async def test_what_is_not_taken_back_is_not_told_and_kept_aside(intake: Service, world: World) -> None:
    """It is of another worker: whose hire it names, and that it is an event, is nobody's to be told."""
    first, second = new_code(), new_code()
    worker, other = world.people["scattered-rome"].fiscal_code, world.people["north"].fiscal_code
    await post(intake, unilav(code=first, worker=worker, begins="2026-09-08"))
    answer = await post(intake, unilav(code=second, earlier=first, worker=other, kind="04"))
    assert (answer.status, answer.json["status"]) == (200, "TAKEN")
    assert await rows(intake, second) == []
    assert (await rows(intake, first))[0]["type"] == "HIRED"
    sql = (
        "SELECT field, reason FROM quarantined_record WHERE flow = 'communications-http' AND record_key = $1"
    )
    [kept] = await intake.owner.fetch(sql, second)
    assert kept["field"] == "earlierCode"
    assert worker not in kept["reason"]


async def test_only_a_purpose_that_may_send_sends(intake: Service, world: World) -> None:
    code = new_code()
    document = unilav(code=code, worker=world.people["north"].fiscal_code)
    for caller, status, problem in (
        (None, 401, "UNAUTHENTICATED"), ("centre", 403, "FORBIDDEN"), ("municipality", 403, "FORBIDDEN"),
        ("inps", 403, "FORBIDDEN"), ("ministry", 403, "FORBIDDEN"), ("citizen", 403, "FORBIDDEN"),
        ("revoked", 403, "FORBIDDEN"),
    ):  # fmt: skip
        answer = await post(intake, document, as_=caller)
        assert (answer.status, answer.json["code"]) == (status, problem), caller
        assert answer.headers["content-type"] == PROBLEM
    assert await rows(intake, code) == []
    # Of who may not send, nothing is parsed.
    answer = await post(intake, "<!DOCTYPE a><a/>", as_="centre")
    assert answer.json["code"] == "FORBIDDEN"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&l9;</a>"
)
BAD: dict[str, tuple[str | bytes, str, int, str]] = {
    "a bomb": (LAUGHS, "application/xml", 400, "XML_DOCTYPE"),
    "an outside entity": (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "application/xml", 400, "XML_DOCTYPE",
    ),
    "nothing": ("", "application/xml", 400, "XML_NOT_WELL_FORMED"),
    "cut short": (unilav()[:900], "application/xml", 400, "XML_NOT_WELL_FORMED"),
    "UTF-16": (unilav().encode("utf-16"), "text/xml", 400, "XML_CHARSET"),
    "another charset than it says": (unilav(), "application/xml; charset=iso-8859-1", 400, "XML_CHARSET"),
    "too deep": ("<a>" * 100 + "</a>" * 100, "application/xml", 400, "XML_TOO_DEEP"),
    "too large": (" " * 100_001, "application/xml", 413, "BODY_TOO_LARGE"),
    "no communication": ("<a/>", "application/xml", 400, "COMMUNICATION_REFUSED"),
    "an extension": (unilav(kind="02"), "application/xml", 400, "NOT_A_HIRE"),
    "an annulment of nothing": (unilav(kind="04"), "application/xml", 400, "COMMUNICATION_REFUSED"),
    "a correction of what never came": (
        unilav(kind="03", earlier="Z" * 16), "application/xml", 400, "COMMUNICATION_REFUSED",
    ),
    "a wrong fiscal code": (unilav(worker="RSSMRA80A01H501A"), "application/xml", 400, "COMMUNICATION_REFUSED"),
    "a year that is none": (unilav(begins="1900-01-01"), "application/xml", 400, "COMMUNICATION_REFUSED"),
    "JSON": ("{}", "application/json", 415, "UNSUPPORTED_MEDIA_TYPE"),
    "no media type": (unilav(), "", 415, "UNSUPPORTED_MEDIA_TYPE"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "media", "status", "code"), BAD.values(), ids=BAD.keys())
async def test_a_bad_document_is_refused_and_nothing_kept(
    document: str | bytes, media: str, status: int, code: str, intake: Service
) -> None:
    before = await intake.owner.fetchval("SELECT count(*) FROM communication")
    name = f'snodo_posted_documents_total{{door="communications",outcome="{code}"}}'
    refused = await intake.counted(name)
    with capture_logs() as lines:
        answer = await post(intake, document, media=media)
    assert await intake.counted(name) == refused + 1
    known = code not in (
        "BODY_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
    )  # those are said before anybody is asked for
    assert [one for one in lines if one["event"] == "request.refused"] == known * [
        {
            "event": "request.refused",
            "log_level": "warning",
            "door": "/communications",
            "agency": "regione-12",
            "code": code,
        }
    ]
    assert (answer.status, answer.json["status"], answer.json["code"]) == (status, status, code)
    assert answer.headers["content-type"] == PROBLEM
    for inside in (b"RSSMRA", b"ACME", b"Traceback", b"lxml", b"root:"):
        assert inside not in answer.body
    assert await intake.owner.fetchval("SELECT count(*) FROM communication") == before


async def test_it_is_posted_and_nothing_else(intake: Service) -> None:
    answer = await intake.send(
        "GET", "/communications", headers={"authorization": f"Bearer {intake.token('region')}"}
    )
    assert answer.status == 405
