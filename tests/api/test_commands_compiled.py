# SPDX-License-Identifier: EUPL-1.2
"""Mutations that are commands alone are answered without the executor; what it would answer is what they are held to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from zlib import crc32

import httpx2
import pytest

import schema.recording
from hub.http.commands import Commands
from hub.http.execution import Execution
from hub.plan.operation import Operation
from hub.plan.runner import Lane
from hub.store.fiscal_code import check_letter

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

Input = dict[str, Any]

HEAD = "mutation ($a: RecordConditionalityEventInput!, $b: RecordConditionalityEventInput!, $yes: Boolean!, $n: Int!)"


def _document(body: str, rest: str = "") -> str:
    """A mutation in which every variable is used, as validation wants it."""
    uses = "recordConditionalityEvent(input: $a) @skip(if: $yes)"
    return (
        f"{HEAD} {{ {body} no: {uses} {{ event {{ beneficiary {{ conditionalityEvents(first: $n) {{ totalCount }} }} }} }} "
        f"not: recordConditionalityEvent(input: $b) @skip(if: $yes) {{ __typename }} }} {rest}"
    )


CALL = "recordConditionalityEvent(input: $a)"
DOCUMENTS = {
    "plain": f"{CALL} {{ event {{ id type occurredAt note }} userErrors {{ code message path }} }}",
    "aliases": f"one: {CALL} {{ x: event {{ k: type, n: note }} e: userErrors {{ c: code m: message p: path t: __typename }} }}",
    "twice the row": f"{CALL} {{ x: event {{ id }} y: event {{ type }} userErrors {{ code }} }}",
    "merged": f"{CALL} {{ event {{ id }} userErrors {{ code }} }} {CALL} {{ event {{ type }} userErrors {{ path }} }}",
    "fragments": "...Root",
    "inline": f"... on Mutation {{ {CALL} {{ ... {{ event {{ ... on Node {{ id }} ... on ConditionalityEvent {{ note }} }} }} }} }}",
    "include": f"{CALL} @include(if: $yes) {{ event @skip(if: $yes) {{ id }} userErrors @include(if: $yes) {{ code message @skip(if: $yes) }} }}",
    "names alone": f"__typename t: __typename {CALL} {{ __typename }}",
    "errors alone": f"{CALL} {{ userErrors {{ __typename code }} }}",
    "what belongs to it": f"{CALL} {{ event {{ source {{ code }} pact {{ id goals {{ ordinal }} }} beneficiary {{ givenName household {{ measure members {{ id }} }} }} }} }}",
    "its own list": f"{CALL} {{ event {{ beneficiary {{ conditionalityEvents(first: 1, orderBy: RECORDED_AT_DESC) {{ nodes {{ note }} }} }} }} }}",
    "same again": f"{CALL} {{ event {{ note type }} }} second: {CALL} {{ event {{ note type }} userErrors {{ code }} }}",
    "one sees the other": (
        f"{CALL} {{ event {{ note }} }} second: recordConditionalityEvent(input: $b) {{ event {{ beneficiary {{ "
        "conditionalityEvents(first: 2, orderBy: RECORDED_AT_DESC) { nodes { type note } } } } userErrors { code } }"
    ),
    "a cursor that is none": f'{CALL} {{ event {{ beneficiary {{ conditionalityEvents(first: 1, after: "x") {{ totalCount }} }} }} }}',
}
REST = {
    "fragments": f"fragment Root on Mutation {{ {CALL} {{ ...P }} }} fragment P on RecordConditionalityEventPayload {{ event {{ id note }} userErrors {{ ...E }} }} fragment E on UserError {{ code path }}"
}
NOBODY = "ZZZZZZ80A01H501"
INPUTS: dict[str, Input] = {
    "good": {"note": 'Non «venuto» "\\ \n\t🦊</script>'},
    "of a pact": {"pactId": "work"},
    "nulls": {"note": None, "pactId": None},
    "tomorrow": {"occurredAt": "2226-09-20T10:00:00Z"},
    "nobody": {"fiscalCode": NOBODY + check_letter(NOBODY)},
    "another's pact": {"pactId": "service"},
    "no key": {"idempotencyKey": ""},
    "an id that is none": {"pactId": "ben_" + "0" * 32},
}
EVENT_ID = re.compile(rb"evt_[0-9a-f]{32}")
MOMENT = re.compile(rb"2026-09-20T08:00:00\.\d{1,6}")


@contextmanager
def _ways(monkeypatch: pytest.MonkeyPatch, taken: list[str], *, executor: bool) -> Iterator[None]:
    """Note which way each mutation goes; `executor`: have all go by the executor."""
    whole, run = Execution.whole, Commands.run

    def by_executor(self: Execution, *given: Any, **named: Any) -> Any:
        taken.append("executor")
        return whole(self, *given, **named)

    def by_itself(self: Commands, *given: Any) -> Any:
        taken.append("compiled")
        return run(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Execution, "whole", by_executor)
        patch.setattr(Commands, "run", by_itself)
        if executor:
            patch.setattr(Operation, "_commands", lambda *_: None)
        yield


def _inputs(hub: Service, change: Input, word: str) -> Input:
    base = {
        "idempotencyKey": word,
        "fiscalCode": hub.world.people["north"].fiscal_code,
        "type": "CONVOCATION_MISSED",
        # Another fact for each word: its moment follows from it.
        "occurredAt": f"2026-09-20T10:00:00.{crc32(word.encode()) % 1_000_000:06}+02:00",
    }
    if "pactId" in change and change["pactId"] in hub.world.pacts:
        change = {**change, "pactId": f"pct_{hub.world.pacts[change['pactId']].hex}"}
    return {**base, **change}


def _named(answer: Answer) -> bytes:
    """The body, in which each event is named by its turn, and its moment, which is the key's own, is left out."""
    names: dict[bytes, bytes] = {}
    body = MOMENT.sub(b"(moment)", answer.body)
    return EVENT_ID.sub(lambda found: names.setdefault(found[0], b"evt_%d" % len(names)), body)


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_both_ways_answer_alike(
    document: str, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, change in INPUTS.items():
        bodies, taken = [], list[str]()
        for executor in (False, True):
            # A comment makes it another document: plans are remembered by the text.
            text = _document(DOCUMENTS[document], REST.get(document, "")) + f" # {executor}"
            word = f"{document} {name} {executor}"
            a = _inputs(writable, change, word if "idempotencyKey" not in change else "")
            b = _inputs(writable, {"type": "PACT_SIGNED", "note": "b"}, word + " b")
            with _ways(monkeypatch, taken, executor=executor):
                # The second time, the key has been used.
                for _ in range(2):
                    answer = await writable(text, a=a, b=b, yes=True, n=1)
                    bodies.append(_named(answer))
        first, again, reference, reference_again = bodies
        assert (first, again) == (reference, reference_again), name
        assert taken == ["compiled", "compiled", "executor", "executor"]


async def test_what_is_not_a_command_alone_is_the_executors(
    writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"mutation ($a: RecordConditionalityEventInput!) {{ {CALL} {{ event {{ id beneficiary {{ residence {{ source }} }} }} }} }}"
    taken = list[str]()
    with _ways(monkeypatch, taken, executor=False):
        answer = await writable(text, a=_inputs(writable, {}, "an agency is asked"))
    assert taken == ["executor"]
    assert answer.json["data"]["recordConditionalityEvent"]["event"]["id"].startswith("evt_")


async def test_an_input_written_out(writable: Service) -> None:
    code = writable.world.people["north"].fiscal_code
    text = (
        'mutation ($key: String!, $at: DateTime!) { recordConditionalityEvent(input: { idempotencyKey: $key, type: PACT_SIGNED, note: "n", '
        f'fiscalCode: "{code}", occurredAt: $at }}) {{ event {{ note type }} userErrors {{ code }} }} }}'
    )
    for number, key in enumerate(("written out 1", "written out 2")):
        done = (await writable(text, key=key, at=f"2026-08-20T0{number}:00:00Z")).data[
            "recordConditionalityEvent"
        ]
        assert done == {"event": {"note": "n", "type": "PACT_SIGNED"}, "userErrors": []}


async def test_the_usual_recording_is_one_statement(
    writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No transaction is opened, and nothing is looked up first."""
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    async def one_by_one(*_given: Any, **_named: Any) -> Any:
        raise AssertionError("the usual case is not taken apart")

    monkeypatch.setattr(Lane, "fetch", on_lane)
    monkeypatch.setattr(schema.recording, "record_event", one_by_one)
    text = f"mutation ($a: RecordConditionalityEventInput!) {{ {CALL} {{ event {{ id note }} userErrors {{ code }} }} }}"
    a = _inputs(writable, {"pactId": "work"}, "one statement")
    assert (await writable(text, a=a)).data["recordConditionalityEvent"]["userErrors"] == []
    assert len(sent) == 1
    assert (
        sent[0].count("INSERT INTO") == 5
    )  # the event, its key, its documents, its place in the queue, and the line of the access log


@pytest.mark.parametrize("executor", [False, True])
async def test_one_key_from_twenty_connections_is_one_event(
    executor: bool, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"mutation ($a: RecordConditionalityEventInput!) {{ {CALL} {{ event {{ id note }} userErrors {{ code }} }} }} # {executor}"
    key = f"twenty {executor}"
    headers = {"authorization": f"Bearer {writable.token('centre')}"}
    content = {"query": text, "variables": {"a": _inputs(writable, {}, key)}}
    taken = list[str]()
    async with AsyncExitStack() as opened:
        clients = [
            await opened.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=30))
            for _ in range(20)
        ]
        with _ways(monkeypatch, taken, executor=executor):
            answers = await asyncio.gather(
                *(one.post(writable.url + "/graphql", json=content, headers=headers) for one in clients)
            )
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["data"]["recordConditionalityEvent"]["event"]["id"].startswith("evt_")
    assert taken == ["executor" if executor else "compiled"] * 20
    recorded = (
        "SELECT count(*) FROM idempotency_key JOIN conditionality_event e ON e.id = result_id WHERE key = $1"
    )
    assert await writable.owner.fetchval(recorded, key) == 1


async def test_a_key_another_transaction_holds(writable: Service) -> None:
    """The statement waits for it: when it is given up the event is recorded, when it is kept its answer is given."""
    text = f"mutation ($a: RecordConditionalityEventInput!) {{ {CALL} {{ event {{ note }} userErrors {{ code }} }} }}"
    claim = (
        "INSERT INTO idempotency_key (agency_id, operation, key, input_hash, result_id) "
        "SELECT id, 'recordConditionalityEvent', $1, $2, uuidv7() FROM agency WHERE code = 'cpi-h501c900031'"
    )
    for kept, expected in ((False, []), (True, ["IDEMPOTENCY_KEY_REUSED"])):
        key = f"held {kept}"
        transaction = writable.owner.transaction()
        await transaction.start()
        await writable.owner.execute(claim, key, bytes(32))
        asking = asyncio.create_task(writable(text, a=_inputs(writable, {"note": "waited"}, key)))
        await asyncio.sleep(0.1)
        assert not asking.done()
        await (transaction.commit() if kept else transaction.rollback())
        done = (await asking).data["recordConditionalityEvent"]
        assert [error["code"] for error in done["userErrors"]] == expected
        assert done["event"] == (None if kept else {"note": "waited"})
