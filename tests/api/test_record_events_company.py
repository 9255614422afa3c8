# SPDX-License-Identifier: EUPL-1.2
"""Batches beside each other, and beside all else: who waits for whom, who is written down, and that the executor says the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hub.http.commands import Commands
from hub.http.execution import Execution
from hub.plan.operation import Operation
from tests.api.looks import looks
from tests.api.test_record_events import ONE, RECORD, Input, added, codes, event, nobody, record

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

PATIENCE = 10.0
DOCUMENTS = {
    "plain": RECORD,
    "nothing of the event": "mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) { results { userErrors { code path } } } }",
    "errors alone": "mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) { userErrors { code message } } }",
    "names alone": "mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) { __typename results { __typename } } }",
    "aliases": """mutation ($input: RecordConditionalityEventsInput!) { done: recordConditionalityEvents(input: $input) {
      all: results { one: event { note } again: event { type } wrong: userErrors { code } } others: results { one: event { type pact { kind } } } } }""",
    "fragments": """mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) { ...P results { event { type } } } }
      fragment P on RecordConditionalityEventsPayload { results { ...R } userErrors { ...E } }
      fragment R on RecordConditionalityEventResult { event { ... on Node { __typename } note } userErrors { ...E } }
      fragment E on UserError { code path }""",
    "what was written is read elsewhere": """mutation ($input: RecordConditionalityEventsInput!) { recordConditionalityEvents(input: $input) {
      results { event { beneficiary { conditionalityEvents(first: 1, orderBy: RECORDED_AT_DESC) { nodes { beneficiary { fiscalCode } } } } } } } }""",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("atomic", [False, True])
async def test_the_executor_says_the_same(
    name: str, atomic: bool, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time other events, whose keys and moments are in none of the answers."""
    taken: list[str] = []
    for way, kind, method in (("executor", Execution, "whole"), ("compiled", Commands, "run")):
        run = getattr(kind, method)

        def noted(self: Any, *given: Any, run: Any = run, way: str = way) -> Any:
            taken.append(way)
            return run(self, *given)

        monkeypatch.setattr(kind, method, noted)
    document = DOCUMENTS[name].replace("id type occurredAt note", "type note")
    answers = []
    for way in ("compiled", "executor"):
        if way == "executor":
            monkeypatch.setattr(Operation, "_commands", lambda *_: None)
        for faulty in (False, True):
            events = [event(writable, person, note=person) for person in ("north", "scattered-rome")]
            events += [nobody(writable)] if faulty else []
            text = f"{document} # {way}"  # another document, so that no plan is found
            answer = await writable(text, input={"events": events, "atomic": atomic})
            answers.append(answer.data)
            assert taken.pop() == way
    assert answers[:2] == answers[2:]


async def test_an_input_written_out(writable: Service) -> None:
    one = event(writable)
    text = f"""mutation ($key: String!, $events: [RecordConditionalityEventInput!]!) {{
      a: recordConditionalityEvents(input: {{ events: {{ idempotencyKey: $key, type: PACT_SIGNED, fiscalCode: "{one["fiscalCode"]}",
        occurredAt: "{one["occurredAt"]}" }} }}) {{ results {{ event {{ type }} }} }}
      b: recordConditionalityEvents(input: {{ atomic: true, events: $events }}) {{ results {{ event {{ type }} }} }} }}"""
    for key in ("written-a", "written-b"):  # the second is the same fact
        found = await writable(text, key=key, events=[event(writable), event(writable)])
        assert len(found.data["b"]["results"]) == 2
    assert found.data["a"] == {"results": [{"event": None}]}


async def test_what_a_batch_costs_follows_how_many_events_it_has(writable: Service) -> None:
    headers = {"authorization": f"Bearer {writable.token('centre')}", "graphql-cost": "report"}
    costs = []
    for number in (1, 2, 4):
        variables = {"input": {"events": [event(writable) for _ in range(number)]}}
        answer = await writable.send(json={"query": RECORD, "variables": variables}, headers=headers)
        costs.append(answer.json["extensions"]["cost"]["estimated"])
    assert costs[0] > 10_000
    assert abs((costs[2] - costs[1]) - 2 * (costs[1] - costs[0])) <= 2  # rounded


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"type": "LATE"}, "input.events[1].type"),
        ({"occurredAt": "2026-09-20"}, "input.events[1].occurredAt"),
        ({"fiscalCode": "RSSMRA80A01H501X"}, "input.events[1].fiscalCode"),
        ({"idempotencyKey": None}, "input.events[1].idempotencyKey"),
        ({"pactId": "none"}, "events[1].pactId"),
    ],
)
async def test_a_malformed_event_is_an_error_that_says_where(
    change: Input, where: str, writable: Service
) -> None:
    wrong = {**event(writable), **change}
    async with added(writable, 0, lines=0):
        answer = await writable(RECORD, input={"events": [event(writable), wrong]})
    assert answer.codes in (["BAD_USER_INPUT"], ["INVALID_FISCAL_CODE"])
    (error,) = answer.json["errors"]
    assert where in (error["message"] if "pactId" in change else error["extensions"]["at"])


async def test_without_the_capability(writable: Service) -> None:
    for caller in ("inps", "two-towns"):
        async with added(writable, 0):
            answer = await writable(RECORD, as_=caller, input={"events": [event(writable)]})
        assert answer.codes == ["FORBIDDEN"]
        assert answer.json["errors"][0]["path"] == ["recordConditionalityEvents"]


async def test_one_line_names_everybody_it_tells_of(writable: Service) -> None:
    people = writable.world.people
    before = event(writable, "crowd-0")
    await writable(ONE, input=before)
    fact = event(writable, "crowd-0", occurredAt=before["occurredAt"])
    for document in (RECORD, DOCUMENTS["errors alone"]):
        given = [event(writable), event(writable, "scattered-rome"), fact, nobody(writable)]
        async with looks(writable) as found:
            await writable(document, input={"events": given})
        told = {people[name].id for name in ("north", "scattered-rome", "crowd-0")}
        assert (found.only.outcome, found.only.subjects) == ("ANSWERED", told)
        assert "Mutation.recordConditionalityEvents" in found.only.coordinates
    async with looks(writable) as found:  # that the others would have been recorded tells of them
        await record(writable, event(writable), event(writable, "east"), atomic=True)
    assert found.only.subjects == {people["north"].id}
    async with looks(writable) as found:
        await record(writable, nobody(writable), event(writable, "torino"))
    assert found.only.subjects == set()


async def test_what_was_asked_with_is_told_by_its_length(writable: Service) -> None:
    async with looks(writable) as found:
        await record(writable, *(event(writable) for _ in range(100)))
    assert found.only.asked["input"] == "…"
    assert found.only.asked["$.bytes"] > 8_000


async def test_without_its_line_nothing_is_recorded(open_hub: Opener) -> None:
    async with open_hub("batch-unlogged", sequencer=False) as hub:
        await record(hub, event(hub))
        await hub.owner.execute(
            "ALTER TABLE access_log ADD CONSTRAINT shut CHECK (operation <> 'Batch') NOT VALID"
        )
        answer = await hub(RECORD, input={"events": [event(hub), event(hub)]})
        assert answer.status != 200 or "errors" in answer.json
        assert (
            await hub.owner.fetchval(
                "SELECT count(*) FROM conditionality_event e JOIN idempotency_key k ON k.result_id = e.id"
            )
            == 1
        )


async def test_a_replay_about_a_person_who_has_left_says_so(writable: Service) -> None:
    sent = [event(writable), event(writable, "scattered-rome")]
    await record(writable, *sent)
    move = "UPDATE beneficiary SET employment_centre_id = $1 WHERE fiscal_code = $2"
    code = sent[0]["fiscalCode"]
    centre = await writable.owner.fetchval(
        "SELECT employment_centre_id FROM beneficiary WHERE fiscal_code = $1", code
    )
    await writable.owner.execute(move, None, code)
    try:
        payload = await record(writable, *sent)
    finally:
        await writable.owner.execute(move, centre, code)
    assert [one["event"] is None for one in payload["results"]] == [True, False]
    (left,) = payload["results"][0]["userErrors"]
    assert (left["code"], left["path"]) == ("PERSON_NOT_FOUND", ["input", "events", "0", "fiscalCode"])
    assert "recorded" in left["message"]


@pytest.mark.parametrize("atomic", [False, True])
async def test_batches_at_once_with_the_same_keys_and_facts(atomic: bool, writable: Service) -> None:
    """In every order: each event is recorded once, whoever sends it, and nobody waits in a circle."""
    names = ("north", "scattered-rome", "crowd-0")
    given = [event(writable, names[place % 3]) for place in range(60)]
    orders = [given, [*reversed(given)], given[30:] + given[:30], given[::2] + given[1::2]]
    async with added(writable, 60, lines=8):
        payloads = await asyncio.wait_for(
            asyncio.gather(*(record(writable, *order, atomic=atomic) for order in orders * 2)), 3 * PATIENCE
        )
    ids: dict[str, set[str]] = {}
    for payload, order in zip(payloads, orders * 2, strict=True):
        assert codes(payload) == [None] * 60
        for one, asked in zip(payload["results"], order, strict=True):
            ids.setdefault(asked["idempotencyKey"], set()).add(one["event"]["id"])
    assert {len(found) for found in ids.values()} == {1}


async def test_the_same_facts_at_once_under_other_keys(writable: Service) -> None:
    facts = [event(writable) for _ in range(20)]
    batches = [
        [{**fact, "idempotencyKey": f"{fact['idempotencyKey']}-{desk}"} for fact in facts]
        for desk in range(4)
    ]
    async with added(writable, 20, lines=4):
        payloads = await asyncio.gather(*(record(writable, *batch) for batch in batches))
    found = [code for payload in payloads for code in codes(payload)]
    assert (found.count(None), found.count("ALREADY_RECORDED")) == (20, 60)


async def test_who_records_one_event_meets_a_batch(writable: Service) -> None:
    """A key, and a fact, that a batch is recording: who records one of its events waits, and is told as it would be later."""
    many = [event(writable) for _ in range(40)]
    batch = asyncio.create_task(record(writable, *many))
    alone = await asyncio.gather(*(writable(ONE, input=one) for one in many[::4]))
    payload = await batch
    assert codes(payload) == [None] * 40
    assert [one.data["recordConditionalityEvent"] for one in alone] == payload["results"][::4]


async def test_what_another_holds_is_waited_for(writable: Service) -> None:
    """When it is given up the batch is recorded; when it is kept, all but the one."""
    claim = (
        "INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id) "
        "SELECT id, 'recordConditionalityEvent', $1, $2, uuidv7() FROM agency WHERE code = 'cpi-h501c900031'"
    )
    waits = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query LIKE 'WITH given AS%'"
    )
    for kept, expected in ((False, [None] * 3), (True, [None, "IDEMPOTENCY_KEY_REUSED", None])):
        given = [event(writable) for _ in range(3)]
        transaction = writable.owner.transaction()
        await transaction.start()
        await writable.owner.execute(claim, given[1]["idempotencyKey"], bytes(32))
        asking = asyncio.create_task(record(writable, *given))
        async with asyncio.timeout(PATIENCE):
            while not await writable.owner.fetchval(waits):
                await asyncio.sleep(0.01)
                await writable.owner.execute("SELECT pg_stat_clear_snapshot()")
        assert not asking.done()
        await (transaction.commit() if kept else transaction.rollback())
        assert codes(await asking) == expected
