# SPDX-License-Identifier: EUPL-1.2
"""Each answer about people has one line in the access log, with exactly the people and households it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from tests.api.conftest import SIGHTS
from tests.api.looks import looks
from tests.api.operations import Writer
from tests.api.shown import shown

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service
    from tests.api.oracle import Oracle
    from tests.api.world import World

PERSON = "query Who($code: FiscalCode!) { beneficiary(fiscalCode: $code) { familyName household { id } } }"
RECORD = """mutation Record($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id beneficiary { id household { members { id } } } } userErrors { code } } }"""
WRITTEN_AGAIN = """mutation Record($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id pact { conditionalityEvents { nodes { id } } } } userErrors { code } } }"""
FEED = "query { conditionalityFeed(first: 4) { entries { position event { beneficiary { household { id } } } } } }"
DEFERRED = """query ($code: FiscalCode!) {
  beneficiary(fiscalCode: $code) { familyName ... @defer { residence { source } household { members { id } } } } }"""


@pytest.mark.parametrize("chunk", range(4))
async def test_generated_operations_leave_one_line_with_whom_they_show(
    chunk: int, ask: Service, oracle: Oracle, world: World
) -> None:
    logged = 0
    for number in range(60):
        seed = f"looks {chunk} {number}"
        random = Random(seed)
        caller = random.choice(sorted(SIGHTS))
        writer = Writer(random, world.nodes, feed=caller == "inps", composes=caller != "ministry")
        query = writer.operation()
        async with looks(ask) as found:
            answer = await ask(query, as_=caller, **writer.values)
        assert answer.status == 200, (seed, answer.body)
        assert b"\x01" not in answer.body
        assert b"\x02" not in answer.body
        expected = shown(oracle, query, SIGHTS[caller], writer.values)
        assert len(found.lines) == 1 or (not found.lines and not expected), (seed, query)
        for line in found.lines:
            assert line.subjects == expected, (seed, caller, query, writer.values)
            assert len(set(line.keys)) == len(line.keys)
            assert line.outcome == "ANSWERED"
            logged += 1
    assert logged > 20


async def test_a_line_says_who_asked_what_and_for_what(ask: Service, world: World) -> None:
    person = world.people["north"]
    async with looks(ask) as found:
        await ask(PERSON, as_="centre", code=person.fiscal_code)
    line = found.only
    purpose = ask.registry.consumer("centre").purpose_for("hub").purpose_id
    assert (line.agency, line.outcome, str(line.row["purpose_id"])) == (
        "cpi-h501c900031",
        "ANSWERED",
        purpose,
    )
    assert line.subjects == {person.id}, "the person stands for the household it was shown with"
    assert line.asked == {"code": person.fiscal_code}
    assert line.row["operation"] == "Who"
    assert line.coordinates == [
        "Beneficiary.familyName", "Beneficiary.household", "Household.id", "Query.beneficiary",
    ]  # fmt: skip


async def test_a_literal_is_kept_by_its_coordinate(ask: Service, world: World) -> None:
    code = world.people["torino-only"].fiscal_code  # beyond the centre's territory
    async with looks(ask) as found:
        answer = await ask(f'{{ beneficiary(fiscalCode: "{code}") {{ id }} }}', as_="centre")
    assert answer.data == {"beneficiary": None}
    assert found.only.subjects == set()
    assert found.only.asked == {"Query.beneficiary(fiscalCode:)": code}


async def test_what_was_asked_with_is_bounded(ask: Service) -> None:
    many = [{"__typename": "Beneficiary", "fiscalCode": "12345678903"}] * 500
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Beneficiary { id } } }"
    async with looks(ask) as found:
        await ask(query, as_="inps", r=many)
    assert found.only.asked.keys() == {"r", "$.bytes"}
    assert found.only.asked["r"] == "…"


async def test_public_tables_leave_no_line(ask: Service) -> None:
    async with looks(ask) as found:
        assert (await ask("{ jobOffers { totalCount nodes { id title } } __typename }")).data
        assert (await ask("{ __schema { queryType { name } } }")).data
    assert found.lines == []


async def test_a_count_of_people_leaves_a_line_about_nobody(ask: Service) -> None:
    async with looks(ask) as found:
        assert (await ask("{ beneficiaries { totalCount } }")).data
    assert found.only.subjects == set()


async def test_a_cursor_alone_is_about_whoever_it_stands_at(ask: Service, oracle: Oracle) -> None:
    query = "{ beneficiaries(first: 2) { pageInfo { endCursor } } }"
    async with looks(ask) as found:
        assert (await ask(query)).data
    assert found.only.subjects == shown(oracle, query, SIGHTS["centre"], {})
    assert len(found.only.subjects) == 1


async def test_a_page_of_the_whole_feed_keeps_its_places(ask: Service, oracle: Oracle) -> None:
    async with looks(ask) as found:
        assert (await ask(FEED, as_="inps")).data
    assert found.only.keys == []
    assert found.only.subjects == shown(oracle, FEED.removeprefix("query "), SIGHTS["inps"], {})
    async with looks(ask) as found:
        assert (await ask("{ conditionalityFeed { hasMore endCursor } }", as_="inps")).data
    assert found.only.subjects == set(), "no entry was shown"


async def test_entities_are_shown_too(ask: Service, world: World) -> None:
    person = world.people["north"]
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Beneficiary { familyName } } }"
    async with looks(ask) as found:
        await ask(query, as_="inps", r=[{"__typename": "Beneficiary", "id": person.node}])
    assert found.only.subjects == {person.id}


async def test_what_the_executor_answers_is_accounted_for(ask: Service, world: World) -> None:
    person = world.people["north"]
    async with looks(ask) as found:
        answer = await ask(
            "query ($c: FiscalCode!) { beneficiary(fiscalCode: $c) { residence { source } } }",
            c=person.fiscal_code,
        )
    assert b"\x01" not in answer.body
    assert found.only.subjects == {person.id}


@pytest.mark.parametrize("media", ["multipart/mixed", "text/event-stream"])
async def test_a_deferred_answer_has_one_line_before_its_first_part(
    media: str, ask: Service, world: World
) -> None:
    person = world.people["north"]
    async with looks(ask) as found:
        answer = await ask.send(
            json={"query": DEFERRED, "variables": {"code": person.fiscal_code}},
            headers={"authorization": f"Bearer {ask.token('centre')}", "accept": media},
        )
    assert answer.status == 200
    assert b"pending" in answer.body
    assert b"\x01" not in answer.body
    assert person.id in found.only.subjects


async def test_a_refused_capability_is_refused_in_the_log(ask: Service) -> None:
    async with looks(ask) as found:
        answer = await ask(FEED, as_="centre")
    assert answer.status == 403
    assert (found.only.outcome, found.only.subjects) == ("REFUSED", set())


async def test_what_cannot_be_asked_leaves_no_line(ask: Service) -> None:
    async with looks(ask) as found:
        assert (await ask('{ beneficiaries(after: "nonsense") { nodes { id } } }')).status == 400
        assert (await ask("{ beneficiaries { nodes { nothing } } }")).status == 400
    assert found.lines == []


def _event(world: World, key: str, person: str = "north", **more: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": key,
        "fiscalCode": world.people[person].fiscal_code,
        "type": "PACT_SIGNED",
        "occurredAt": f"2026-09-20T10:00:00.{crc32(key.encode()) % 1_000_000:06}Z",
        **more,
    }


async def test_a_recording_writes_its_line_in_its_own_transaction(writable: Service, world: World) -> None:
    person = world.people["north"]
    event = _event(world, "line-1")
    for _ in range(2):  # at once, and again by the steps
        async with looks(writable) as found:
            data = (await writable(RECORD, input=event)).data["recordConditionalityEvent"]
        assert data["userErrors"] == []
        members = data["event"]["beneficiary"]["household"]["members"]
        assert {f"ben_{key.hex}" for key in found.only.subjects} == {one["id"] for one in members}
        assert person.id in found.only.subjects
        assert found.only.row["operation"] == "Record"
        assert found.only.asked["input"]["idempotencyKey"] == "line-1"


async def test_a_recording_that_reads_what_it_writes_has_one_line(writable: Service, world: World) -> None:
    async with looks(writable) as found:
        data = (await writable(WRITTEN_AGAIN, input=_event(world, "line-2"))).data
    assert data["recordConditionalityEvent"]["userErrors"] == []
    assert world.people["north"].id in found.only.subjects


async def test_a_command_that_is_refused_has_a_line_about_nobody(writable: Service, world: World) -> None:
    beyond = _event(world, "line-3", "torino-only")
    async with looks(writable) as found:
        data = (await writable(RECORD, input=beyond)).data["recordConditionalityEvent"]
    assert [error["code"] for error in data["userErrors"]] == ["PERSON_NOT_FOUND"]
    assert (found.only.outcome, found.only.subjects) == ("ANSWERED", set())
    async with looks(writable) as found:
        answer = await writable(RECORD, as_="two-towns", input=_event(world, "line-4"))
    assert answer.codes == ["FORBIDDEN"]
    assert found.only.outcome == "REFUSED"


@pytest.fixture
async def unlogged(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub whose access log cannot be written."""
    async with open_hub("unlogged", sequencer=False) as service:
        await service.owner.execute("ALTER TABLE access_log RENAME TO access_log_gone")
        yield service


async def test_without_a_line_there_is_no_answer(unlogged: Service, world: World) -> None:
    code = world.people["north"].fiscal_code
    bearer = {"authorization": f"Bearer {unlogged.token('centre')}"}
    for query, variables in (
        (PERSON, {"code": code}),
        (DEFERRED, {"code": code}),
        ("{ beneficiaries { nodes { familyName } } }", {}),
    ):
        for accept in ("application/json", "multipart/mixed, application/json", "text/event-stream"):
            answer = await unlogged.send(
                json={"query": query, "variables": variables}, headers={**bearer, "accept": accept}
            )
            assert b"ACCESS_LOG_UNAVAILABLE" in answer.body
            assert b'"data"' not in answer.body
            assert b"familyName" not in answer.body
    answer = await unlogged(PERSON, code=code)
    assert (answer.status, answer.codes) == (503, ["ACCESS_LOG_UNAVAILABLE"])
    assert (await unlogged("{ jobOffers { totalCount } }")).data, "what is public needs no line"


async def test_without_a_line_nothing_is_recorded(unlogged: Service, world: World) -> None:
    before = await unlogged.owner.fetchval("SELECT count(*) FROM conditionality_event")
    for query in (RECORD, WRITTEN_AGAIN):
        answer = await unlogged(query, input=_event(world, f"gone-{len(query)}"))
        assert answer.json["data"] is None
        assert answer.codes != []
    assert await unlogged.owner.fetchval("SELECT count(*) FROM conditionality_event") == before


async def test_many_at_once_go_together_and_each_has_its_line(ask: Service, world: World) -> None:
    people = list(world.people.values())
    log = ask.hub.log
    lines, statements = log.lines, log.statements
    async with looks(ask) as found:
        answers = await asyncio.gather(
            *(ask(PERSON, as_="inps", code=people[n % len(people)].fiscal_code) for n in range(64))
        )
    assert all(json.loads(answer.body)["data"]["beneficiary"] for answer in answers)
    assert len(found.lines) == 64 == log.lines - lines
    assert sorted(line.asked["code"] for line in found.lines) == sorted(
        people[n % len(people)].fiscal_code for n in range(64)
    )
    for line in found.lines:
        assert line.subjects == {one.id for one in people if one.fiscal_code == line.asked["code"]}
    assert log.statements - statements <= 64


REPORT = """query Report($code: FiscalCode, $first: Int, $after: String) {
  accessReport(fiscalCode: $code, first: $first, after: $after) {
    nodes { at agency { code name } purpose userLocation operation coordinates outcome byCitizen }
    pageInfo { hasNextPage endCursor }
    totalCount
  } }"""


@pytest.fixture(scope="session")
async def reported(open_hub: Opener) -> AsyncIterator[Service]:
    """A hub whose national caller is a data protection officer, too."""
    async with open_hub("reported", sequencer=False) as service:
        await service.owner.execute(
            "UPDATE access_grant SET capabilities = capabilities || '{READ_ACCESS_LOG}' WHERE scope = 'NATIONAL'"
        )
        yield service


async def test_an_officer_reads_who_looked_newest_first(reported: Service, world: World) -> None:
    person = world.people["east"]
    household = f"hsh_{person.household_id.hex}"
    await reported(PERSON, as_="inps", code=person.fiscal_code)
    await reported("query Home($id: ID!) { household(id: $id) { inpsProtocol } }", as_="inps", id=household)
    await reported(PERSON, as_="inps", code=world.people["torino-only"].fiscal_code)
    async with looks(reported) as found:
        report = (await reported(REPORT, as_="inps", code=person.fiscal_code)).data["accessReport"]
    assert [node["operation"] for node in report["nodes"][:2]] == ["Home", "Who"]
    assert report["totalCount"] == len(report["nodes"])
    assert report["nodes"][1]["coordinates"] == [
        "Beneficiary.familyName", "Beneficiary.household", "Household.id", "Query.beneficiary",
    ]  # fmt: skip
    assert report["nodes"][1] | {"at": "", "coordinates": []} == {
        "at": "", "agency": {"code": "inps", "name": report["nodes"][1]["agency"]["name"]},
        "purpose": report["nodes"][1]["purpose"], "userLocation": None, "operation": "Who", "coordinates": [],
        "outcome": "ANSWERED", "byCitizen": False,
    }  # fmt: skip
    assert found.only.subjects == {person.id}, "reading it is a look at that person"
    assert found.only.row["operation"] == "Report"


async def test_a_report_is_read_by_pages_to_its_end(reported: Service, world: World) -> None:
    person = world.people["scattered-rome"]
    for _ in range(5):
        await reported(PERSON, as_="inps", code=person.fiscal_code)
    seen: list[str] = []
    after = None
    while True:
        page = (await reported(REPORT, as_="inps", code=person.fiscal_code, first=2, after=after)).data
        nodes = page["accessReport"]["nodes"]
        seen += [node["at"] for node in nodes]
        if not page["accessReport"]["pageInfo"]["hasNextPage"]:
            break
        after = page["accessReport"]["pageInfo"]["endCursor"]
    # Each page is a look itself, newer than all that were there when it was read.
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_a_page_of_the_feed_is_in_the_report_of_those_whose_events_it_had(
    reported: Service, world: World, oracle: Oracle
) -> None:
    first = min(oracle.rows["feed_entry"], key=lambda entry: entry["position"])
    person = oracle.by_id["conditionality_event"][first["event_id"]]["beneficiary_id"]
    code = oracle.by_id["beneficiary"][person]["fiscal_code"]
    await reported("query Pull { conditionalityFeed(first: 1) { entries { position } } }", as_="inps")
    report = (await reported(REPORT, as_="inps", code=code)).data["accessReport"]
    assert report["nodes"][0]["operation"] == "Pull"
    others = [one for one in world.people.values() if one.id != person]
    report = (await reported(REPORT, as_="inps", code=others[0].fiscal_code)).data["accessReport"]
    assert "Pull" not in [node["operation"] for node in report["nodes"]]


async def test_a_citizen_reads_its_own_report_and_nobody_elses(reported: Service, world: World) -> None:
    person = world.people["north"]
    await reported(PERSON, as_="centre", code=person.fiscal_code)
    async with looks(reported) as found:
        report = (await reported(REPORT, as_="citizen")).data["accessReport"]
    assert report["nodes"][0]["agency"]["code"] == "cpi-h501c900031"
    assert found.only.subjects == {person.id}
    assert found.only.row["person_id"] == person.id
    again = (await reported(REPORT, as_="citizen")).data["accessReport"]
    assert again["nodes"][0]["byCitizen"] is True
    answer = await reported(REPORT, as_="citizen", code=world.people["east"].fiscal_code)
    assert answer.codes == ["BAD_USER_INPUT"]
    unknown = (await reported(REPORT, as_="citizen-unknown")).data["accessReport"]
    assert unknown["nodes"] == []


async def test_nobody_else_reads_a_report(reported: Service, world: World) -> None:
    code = world.people["north"].fiscal_code
    for caller in ("centre", "municipality", "region"):
        async with looks(reported) as found:
            answer = await reported(REPORT, as_=caller, code=code)
        assert answer.status == 403
        assert found.only.outcome == "REFUSED"
    answer = await reported(REPORT, as_="inps")
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_an_officer_who_sees_no_person_reads_the_report_of_each(ask: Service, world: World) -> None:
    person = world.people["latina"]
    async with looks(ask) as found:
        answer = await ask(REPORT, as_="dpo", code=person.fiscal_code)
    assert answer.data["accessReport"]["pageInfo"]["hasNextPage"] in (True, False)
    assert found.only.subjects == {person.id}
