# SPDX-License-Identifier: EUPL-1.2
"""Recording an event over HTTP: read back as asked, once for each key, and nothing written where it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hub.store.fiscal_code import check_letter

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { id } userErrors { code message path } }
  }
"""
TABLES = ("conditionality_event", "idempotency_key", "outbox_message", "feed_entry")
NOTHING = {"conditionality_event": 0, "idempotency_key": 0, "outbox_message": 0, "feed_entry": 0}
_keys = count(1)

Input = dict[str, Any]


@pytest.fixture
def wanted(writable: Service) -> Callable[..., Input]:
    """A good input for the person of the caller's own, with some members changed."""

    def make(**changes: Any) -> Input:
        number = next(_keys)
        base = {
            "idempotencyKey": f"key-{number}",
            "fiscalCode": writable.world.people["north"].fiscal_code,
            "type": "CONVOCATION_MISSED",
            "occurredAt": f"2026-09-20T10:00:00.{number:06}+02:00",  # another fact each time
        }
        return {**base, **changes}

    return make


async def _rows(hub: Service) -> dict[str, int]:
    return {name: await hub.owner.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}


async def _sequenced(hub: Service) -> None:
    """Wait until no event waits for its position."""
    for _ in range(400):
        if not await hub.owner.fetchval("SELECT count(*) FROM outbox_message"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the sequencer does not run")


@asynccontextmanager
async def _added(hub: Service, **expected: int) -> AsyncIterator[None]:
    """How many rows the block adds to each table, once the sequencer has come by."""
    await _sequenced(hub)
    before = await _rows(hub)
    yield
    await _sequenced(hub)
    after = await _rows(hub)
    assert {name: after[name] - before[name] for name in TABLES} == {**NOTHING, **expected}


ONE = {"conditionality_event": 1, "idempotency_key": 1, "feed_entry": 1}


async def test_an_event_is_read_back_as_it_was_asked_for(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    pact = f"pct_{writable.world.pacts['work'].hex}"
    note = 'Non «venuto» "\\ \n\t🦊</script>'
    query = """
      mutation Record($input: RecordConditionalityEventInput!, $short: Boolean!) {
        done: recordConditionalityEvent(input: $input) {
          __typename
          event { id kind: type note }
          again: event { ...Whole }
          event { occurredAt ... @skip(if: $short) { beneficiary { givenName household { members { id } } } } }
          userErrors { code }
        }
      }
      fragment Whole on ConditionalityEvent {
        __typename pact { id goals { ordinal } } source { code } position @include(if: $short) recordedAt
        beneficiary { conditionalityEvents(first: 1, orderBy: RECORDED_AT_DESC) { nodes { id } totalCount } }
      }
    """
    for short in (True, False):
        async with _added(writable, **ONE):
            answer = await writable(query, input=wanted(pactId=pact, note=note), short=short)
        done = answer.data["done"]
        event, again = done["event"], done["again"]
        assert done["__typename"] == "RecordConditionalityEventPayload"
        assert done["userErrors"] == []
        assert (event["kind"], event["note"]) == ("CONVOCATION_MISSED", note)
        assert event["occurredAt"].startswith("2026-09-20T08:00:00.")
        assert again["pact"] == {"id": pact, "goals": [{"ordinal": 1}, {"ordinal": 2}]}
        assert again["source"] == {"code": "cpi-h501c900031"}
        assert again["beneficiary"]["conditionalityEvents"]["nodes"] == [{"id": event["id"]}]
        assert ("position" in again) is short
        assert ("beneficiary" in event) is not short
        if not short:
            north = writable.world.people["north"].node
            assert event["beneficiary"]["household"] == {"members": [{"id": north}]}
        await _sequenced(writable)
        stored = await writable(
            "query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { note position } } }",
            id=event["id"],
        )
        assert stored.data["node"]["note"] == note
        assert stored.data["node"]["position"] > 0


async def test_nothing_but_the_errors_may_be_asked(writable: Service, wanted: Callable[..., Input]) -> None:
    query = "mutation ($i: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $i) { userErrors { code } __typename } }"
    async with _added(writable, **ONE):
        assert (await writable(query, i=wanted())).data["recordConditionalityEvent"]["userErrors"] == []


async def test_several_mutations_of_one_document_run_one_after_the_other(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    query = """
      mutation ($a: RecordConditionalityEventInput!, $b: RecordConditionalityEventInput!) {
        first: recordConditionalityEvent(input: $a) { event { id } userErrors { code } }
        second: recordConditionalityEvent(input: $b) { event { id } userErrors { code } }
        third: recordConditionalityEvent(input: $a) { event { id } userErrors { code } }
      }
    """
    async with _added(writable, conditionality_event=2, idempotency_key=2, feed_entry=2):
        found = (await writable(query, a=wanted(), b=wanted(type="PACT_SIGNED"))).data
    assert found["first"] == found["third"]
    assert found["first"]["event"] != found["second"]["event"]


async def test_the_same_key_and_input_give_the_first_answer_again(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    same = wanted(note="x", occurredAt="2026-09-20T10:00:00+02:00")
    written = {**same, "fiscalCode": same["fiscalCode"].lower(), "occurredAt": "2026-09-20T08:00:00Z"}
    async with _added(writable, **ONE):
        answers = [await writable(RECORD, input=one) for one in (same, same, written)]
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"type": "PACT_SIGNED"},
        {"note": "y"},
        {"occurredAt": "2026-09-20T10:00:01+02:00"},
        {"fiscalCode": "other"},
        {"pactId": "work"},
    ],
)
async def test_the_same_key_with_another_input_is_refused(
    change: Input, writable: Service, wanted: Callable[..., Input]
) -> None:
    world = writable.world
    if "fiscalCode" in change:
        change = {"fiscalCode": world.people["scattered-rome"].fiscal_code}
    if "pactId" in change:
        change = {"pactId": f"pct_{world.pacts['work'].hex}"}
    same = wanted()
    first = await writable(RECORD, input=same)
    async with _added(writable):
        answer = await writable(RECORD, input={**same, **change})
    refused = answer.data["recordConditionalityEvent"]
    assert refused["event"] is None
    assert [error["code"] for error in refused["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert refused["userErrors"][0]["path"] == ["input", "idempotencyKey"]
    assert (await writable(RECORD, input=same)).body == first.body


async def test_a_key_is_an_agencys_own(writable: Service, wanted: Callable[..., Input]) -> None:
    same = wanted()
    async with _added(writable, conditionality_event=2, idempotency_key=2, feed_entry=2):
        centre = await writable(RECORD, input=same)
        town = await writable(
            RECORD, as_="municipality", input={**same, "occurredAt": "2026-09-20T11:00:00Z"}
        )
    assert (
        centre.data["recordConditionalityEvent"]["event"] != town.data["recordConditionalityEvent"]["event"]
    )


async def test_twenty_at_once_with_one_key_are_one_event(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    same = wanted()
    async with _added(writable, **ONE):
        answers = await asyncio.gather(*(writable(RECORD, input=same) for _ in range(20)))
    assert {answer.body for answer in answers} == {answers[0].body}
    assert answers[0].data["recordConditionalityEvent"]["event"]["id"].startswith("evt_")


async def test_two_inputs_at_once_with_one_key(writable: Service, wanted: Callable[..., Input]) -> None:
    same = wanted()
    async with _added(writable, **ONE):
        answers = await asyncio.gather(
            *(writable(RECORD, input={**same, "note": f"n{number % 2}"}) for number in range(12))
        )
    found = [answer.data["recordConditionalityEvent"] for answer in answers]
    assert len({one["event"]["id"] for one in found if one["event"]}) == 1
    assert {error["code"] for one in found for error in one["userErrors"]} == {"IDEMPOTENCY_KEY_REUSED"}


async def _refused(hub: Service, ask: Awaitable[Answer], code: str, *path: str) -> bytes:
    async with _added(hub):
        answer = await ask
    refused = answer.data["recordConditionalityEvent"]
    assert refused["event"] is None
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [(code, ["input", *path])]
    return answer.body


async def test_an_event_of_tomorrow(writable: Service, wanted: Callable[..., Input]) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await _refused(
        writable,
        writable(RECORD, input=wanted(occurredAt=tomorrow.isoformat())),
        "OCCURRED_IN_FUTURE",
        "occurredAt",
    )
    async with _added(writable, **ONE):  # the desk's clock may run a little ahead
        ahead = datetime.now(UTC) + timedelta(seconds=20)
        await writable(RECORD, input=wanted(occurredAt=ahead.isoformat()))


async def test_a_person_outside_is_as_one_who_does_not_exist(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    first = "ZZZZZZ80A01H501"
    bodies = {
        await _refused(
            writable, writable(RECORD, input=wanted(fiscalCode=code)), "PERSON_NOT_FOUND", "fiscalCode"
        )
        for code in (
            first + check_letter(first),
            writable.world.people["east"].fiscal_code,
            writable.world.people["torino"].fiscal_code,
        )
    }
    assert len(bodies) == 1
    nowhere = writable(RECORD, as_="nowhere", input=wanted())
    assert {await _refused(writable, nowhere, "PERSON_NOT_FOUND", "fiscalCode")} == bodies


async def test_a_pact_of_someone_else_is_as_one_that_does_not_exist(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    pacts = writable.world.pacts
    bodies = {
        await _refused(
            writable, writable(RECORD, input=wanted(pactId=f"pct_{key}")), "PACT_NOT_FOUND", "pactId"
        )
        for key in ("0" * 32, pacts["digital"].hex, pacts["service"].hex, pacts["inclusion-empty"].hex)
    }
    assert len(bodies) == 1
    async with _added(writable, **ONE):
        own = await writable(RECORD, input=wanted(pactId=f"pct_{pacts['inclusion'].hex}"))
    assert own.data["recordConditionalityEvent"]["userErrors"] == []


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "\u2028", "a\x7f"])
async def test_a_key_that_is_none(key: str, writable: Service, wanted: Callable[..., Input]) -> None:
    ask = writable(RECORD, input=wanted(idempotencyKey=key))
    await _refused(writable, ask, "IDEMPOTENCY_KEY_INVALID", "idempotencyKey")


async def test_a_note_too_long(writable: Service, wanted: Callable[..., Input]) -> None:
    await _refused(writable, writable(RECORD, input=wanted(note="🦊" * 2001)), "NOTE_TOO_LONG", "note")
    async with _added(writable, conditionality_event=2, idempotency_key=2, feed_entry=2):
        for note in ("🦊" * 2000, ""):
            assert (await writable(RECORD, input=wanted(note=note))).data["recordConditionalityEvent"][
                "event"
            ]


@pytest.mark.parametrize("pact", ["", "work", "pct_", "ben_" + "0" * 32, "pct_" + "0" * 32 + " "])
async def test_an_id_of_a_pact_that_is_none(
    pact: str, writable: Service, wanted: Callable[..., Input]
) -> None:
    async with _added(writable):
        answer = await writable(RECORD, input=wanted(pactId=pact))
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_without_the_capability(writable: Service, wanted: Callable[..., Input]) -> None:
    for caller in ("inps", "two-towns"):
        async with _added(writable):
            answer = await writable(RECORD, as_=caller, input=wanted())
        assert answer.codes == ["FORBIDDEN"]
        assert answer.json["errors"][0]["path"] == ["recordConditionalityEvent"]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "LATE"},
        {"occurredAt": "yesterday"},
        {"occurredAt": "2026-09-20"},
        {"fiscalCode": "RSSMRA80A01H501X"},
        {"idempotencyKey": None},
        {"surprise": 1},
        {"note": 7},
    ],
)
async def test_inputs_of_the_wrong_kind(
    change: Input, writable: Service, wanted: Callable[..., Input]
) -> None:
    async with _added(writable):
        answer = await writable(RECORD, input=wanted(**change))
    assert answer.status == 400
    assert answer.codes in (["BAD_USER_INPUT"], ["INVALID_FISCAL_CODE"])


async def test_a_nul_in_a_literal(writable: Service) -> None:
    code = writable.world.people["north"].fiscal_code
    query = (
        'mutation { recordConditionalityEvent(input: { idempotencyKey: "nul", type: PACT_SIGNED, note: "a\\u{0}", '
        f'fiscalCode: "{code}", occurredAt: "2026-09-01T00:00:00Z" }}) {{ event {{ id }} }} }}'
    )
    async with _added(writable):
        answer = await writable(query)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_a_read_back_that_cannot_be_leaves_nothing(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    """The event and what is read of it are one transaction."""
    query = """
      mutation ($i: RecordConditionalityEventInput!, $n: Int!) {
        recordConditionalityEvent(input: $i) { event { beneficiary { conditionalityEvents(first: $n) { totalCount } } } }
      }
    """
    async with _added(writable):
        assert (await writable(query, i=wanted(), n=-1)).codes == ["INVALID_PAGE"]
    async with _added(writable, **ONE):
        assert (await writable(query, i=wanted(), n=1)).data


async def test_a_replay_about_a_person_who_has_left_says_so(
    writable: Service, wanted: Callable[..., Input]
) -> None:
    sent = wanted()
    assert (await writable(RECORD, input=sent)).data["recordConditionalityEvent"]["userErrors"] == []
    centre = await writable.owner.fetchval(
        "SELECT employment_centre_id FROM beneficiary WHERE fiscal_code = $1", sent["fiscalCode"]
    )
    move = "UPDATE beneficiary SET employment_centre_id = $1 WHERE fiscal_code = $2"
    await writable.owner.execute(move, None, sent["fiscalCode"])
    try:
        async with _added(writable):
            payload = (await writable(RECORD, input=sent)).data["recordConditionalityEvent"]
    finally:
        await writable.owner.execute(move, centre, sent["fiscalCode"])
    assert payload["event"] is None
    assert [error["code"] for error in payload["userErrors"]] == ["PERSON_NOT_FOUND"]
