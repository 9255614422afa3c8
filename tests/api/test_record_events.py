# SPDX-License-Identifier: EUPL-1.2
"""Recording many events at once: each with its result, in its order, all or nothing or one by one, and nothing half-written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from hub.ledger.batch import MOST_EVENTS
from hub.settings import Settings
from hub.store.fiscal_code import check_letter

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

RECORD = """
  mutation Batch($input: RecordConditionalityEventsInput!) {
    recordConditionalityEvents(input: $input) {
      results { event { id type occurredAt note beneficiary { fiscalCode } } userErrors { code message path } }
      userErrors { code message path }
    }
  }
"""
ONE = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) {
      event { id type occurredAt note beneficiary { fiscalCode } } userErrors { code message path }
    }
  }
"""
NOBODY = "ZZZZZZ80A01H501"
TABLES = ("conditionality_event", "idempotency_key", "access_log")
_numbers = count(1)

Input = dict[str, Any]
Payload = dict[str, Any]


def event(hub: Service, person: str = "north", **changes: Any) -> Input:
    """A good event, another fact each time."""
    number = next(_numbers)
    given = {
        "idempotencyKey": f"many-{number}",
        "fiscalCode": hub.world.people[person].fiscal_code,
        "type": "CONVOCATION_MISSED",
        "occurredAt": (datetime(2026, 4, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat(),
        **changes,
    }
    if "pactId" in given:
        given["pactId"] = f"pct_{hub.world.pacts[given['pactId']].hex}"
    return given


def nobody(hub: Service) -> Input:
    return event(hub, fiscalCode=NOBODY + check_letter(NOBODY))


async def record(hub: Service, *events: Input, as_: str = "centre", **more: Any) -> Payload:
    answer = await hub(RECORD, as_=as_, input={"events": events, **more})
    payload: Payload = answer.data["recordConditionalityEvents"]
    return payload


def codes(payload: Payload) -> list[str | None]:
    """The code each event was refused with; None, and it was recorded."""
    found = []
    for place, one in enumerate(payload["results"]):
        (code,) = [error["code"] for error in one["userErrors"]] or [None]
        assert (one["event"] is None) is (code is not None)
        assert [error["path"][:3] for error in one["userErrors"]] in ([], [["input", "events", str(place)]])
        found.append(code)
    assert [error["path"] for error in payload["userErrors"]] == [["input", "events"]] * any(found)
    return found


async def _rows(hub: Service) -> list[int]:
    return [await hub.owner.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES]


@asynccontextmanager
async def added(hub: Service, events: int, lines: int = 1) -> AsyncIterator[None]:
    """How many events, with their keys, the block adds, and how many lines of the access log."""
    before = await _rows(hub)
    yield
    assert [now - then for now, then in zip(await _rows(hub), before, strict=True)] == [events, events, lines]


async def test_each_event_has_its_result_in_its_order(writable: Service) -> None:
    people = ["north", "scattered-rome", "north", "crowd-0"]
    given = [event(writable, name, note=f"n{place}") for place, name in enumerate(people)]
    async with added(writable, 4):
        payload = await record(writable, *given)
    assert codes(payload) == [None] * 4
    assert payload["userErrors"] == []
    events = [one["event"] for one in payload["results"]]
    assert [one["note"] for one in events] == [f"n{place}" for place in range(4)]
    assert [one["beneficiary"]["fiscalCode"] for one in events] == [one["fiscalCode"] for one in given]
    assert [one["id"] for one in events] == sorted(one["id"] for one in events), "keys in their order"


async def test_the_feed_has_them_in_their_order(writable: Service) -> None:
    payload = await record(
        writable, *(event(writable, "north", occurredAt=f"2026-04-0{9 - day}T08:00:00Z") for day in range(9))
    )
    ids = [one["event"]["id"] for one in payload["results"]]
    query = "query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { position } } }"
    for _ in range(1_000):
        places = [(await writable(query, id=one)).data["node"]["position"] for one in ids]
        if None not in places:
            break
        await asyncio.sleep(0.01)
    assert places == sorted(places)


FAULTS: list[tuple[Input, str, str]] = [
    ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
    ({"note": "x" * 2_001}, "NOTE_TOO_LONG", "note"),
    ({"occurredAt": "2226-01-01T00:00:00Z"}, "OCCURRED_IN_FUTURE", "occurredAt"),
    ({"type": "FIRST_APPOINTMENT_MISSED"}, "TYPE_NOT_YOURS", "type"),
    ({"type": "AVAILABILITY_NOT_DECLARED"}, "TYPE_NOT_OF_MEASURE", "type"),
    ({"type": "HIRED_THROUGH_SUITABLE_OFFER"}, "PACT_NEEDED", "pactId"),
    ({"fiscalCode": NOBODY + check_letter(NOBODY)}, "PERSON_NOT_FOUND", "fiscalCode"),
    ({"person": "torino"}, "PERSON_NOT_FOUND", "fiscalCode"),
    ({"pactId": "service"}, "PACT_NOT_FOUND", "pactId"),
    ({"type": "ACTIVITY_ATTENDED", "occurredAt": "2026-03-02T22:59:59Z", "pactId": "work"}, "BEFORE_PACT", "occurredAt"),
    ({"person": "crowd-0", "occurredAt": "2025-12-31T22:59:59Z"}, "BEFORE_BENEFIT", "occurredAt"),
    ({"person": "crowd-0", "occurredAt": "2026-06-29T22:00:00Z"}, "AFTER_BENEFIT", "occurredAt"),
]  # fmt: skip
"""What is wrong with one event, by what alone it is refused with: all there is but what follows from other events."""


@pytest.mark.parametrize(("fault", "code", "member"), FAULTS, ids=[code for _, code, _ in FAULTS])
@pytest.mark.parametrize("atomic", [False, True])
async def test_one_that_is_refused(
    fault: Input, code: str, member: str, atomic: bool, writable: Service
) -> None:
    wrong = event(writable, **fault)
    given = [event(writable), wrong, event(writable, "scattered-rome")]
    alone = (await writable(ONE, input=wrong)).data["recordConditionalityEvent"]["userErrors"]
    async with added(writable, 0 if atomic else 2):
        payload = await record(writable, *given, atomic=atomic)
    around = "OTHERS_REFUSED" if atomic else None
    assert codes(payload) == [around, code, around]
    (told,) = payload["results"][1]["userErrors"]
    assert told == {**alone[0], "path": ["input", "events", "1", member]}, "as it is told alone"
    (batch,) = payload["userErrors"]
    assert batch["code"] == "EVENTS_REFUSED"
    assert batch["message"].startswith("Refused: 1 of 3 events")


async def test_all_faults_are_told_at_once(writable: Service) -> None:
    given = [event(writable, **fault) for fault, _, _ in FAULTS] + [event(writable)]
    expected = [code for _, code, _ in FAULTS]
    async with added(writable, 0):
        assert codes(await record(writable, *given, atomic=True)) == [*expected, "OTHERS_REFUSED"]
    async with added(writable, 1):
        assert codes(await record(writable, *given)) == [*expected, None]


@pytest.mark.parametrize("atomic", [False, True])
async def test_two_of_one_batch_with_one_key(atomic: bool, writable: Service) -> None:
    one = event(writable)
    async with added(writable, 1):
        payload = await record(writable, one, dict(one), atomic=atomic)
    assert codes(payload) == [None, None]
    assert payload["results"][0] == payload["results"][1], "both are told the one event"
    other = event(writable)
    async with added(writable, 0 if atomic else 1):
        payload = await record(writable, other, {**other, "note": "another"}, atomic=atomic)
    assert codes(payload) == ["OTHERS_REFUSED" if atomic else None, "IDEMPOTENCY_KEY_REUSED"]
    assert "earlier event of this batch" in payload["results"][1]["userErrors"][0]["message"]


@pytest.mark.parametrize("atomic", [False, True])
async def test_two_of_one_batch_that_are_one_fact(atomic: bool, writable: Service) -> None:
    one = event(writable)
    again = event(writable, occurredAt=one["occurredAt"])
    async with added(writable, 0 if atomic else 1):
        payload = await record(writable, one, again, atomic=atomic)
    assert codes(payload) == ["OTHERS_REFUSED" if atomic else None, "ALREADY_RECORDED"]
    assert "earlier event of this batch" in payload["results"][1]["userErrors"][0]["message"]


async def test_whose_key_or_fact_was_taken_by_one_that_is_refused_itself(writable: Service) -> None:
    """Of a key, and of a fact, the first that can be recorded is."""
    same_key, same_fact = event(writable), event(writable)
    given = [
        {**same_key, "fiscalCode": NOBODY + check_letter(NOBODY)},
        same_key,
        event(writable, occurredAt=same_fact["occurredAt"], pactId="service"),
        same_fact,
    ]
    async with added(writable, 2):
        payload = await record(writable, *given)
    assert codes(payload) == ["PERSON_NOT_FOUND", None, "PACT_NOT_FOUND", None]


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_batch_sent_again_gives_the_first_answer(atomic: bool, writable: Service) -> None:
    given = [event(writable, name) for name in ("north", "scattered-rome", "north")]
    first = await record(writable, *given, atomic=atomic)
    async with added(writable, 0):
        assert await record(writable, *given, atomic=atomic) == first
    async with added(writable, 0):
        turned = await record(writable, *reversed(given), atomic=atomic)
    assert turned["results"] == [*reversed(first["results"])]


async def test_a_key_is_the_same_alone_and_in_company(writable: Service) -> None:
    alone, many = event(writable), event(writable)
    first = (await writable(ONE, input=alone)).data["recordConditionalityEvent"]
    async with added(writable, 2):
        payload = await record(writable, event(writable), alone, many)
    assert codes(payload) == [None] * 3
    assert payload["results"][1] == first
    async with added(writable, 0):
        again = (await writable(ONE, input=many)).data["recordConditionalityEvent"]
        assert again == payload["results"][2]
    async with added(writable, 0):
        refused = await record(writable, {**alone, "note": "another"})
    assert codes(refused) == ["IDEMPOTENCY_KEY_REUSED"]
    assert "batch" not in refused["results"][0]["userErrors"][0]["message"]


async def test_what_was_recorded_before_stands_where_the_batch_is_undone(writable: Service) -> None:
    before = event(writable)
    first = (await writable(ONE, input=before)).data["recordConditionalityEvent"]
    async with added(writable, 0):
        payload = await record(writable, before, event(writable), nobody(writable), atomic=True)
    assert payload["results"][0] == first
    assert [one["userErrors"][0]["code"] for one in payload["results"][1:]] == [
        "OTHERS_REFUSED",
        "PERSON_NOT_FOUND",
    ]


async def test_a_fact_recorded_before(writable: Service) -> None:
    before = event(writable)
    await writable(ONE, input=before)
    fact = event(writable, occurredAt=before["occurredAt"])
    async with added(writable, 1):
        payload = await record(writable, fact, event(writable))
    assert codes(payload) == ["ALREADY_RECORDED", None]
    assert "batch" not in payload["results"][0]["userErrors"][0]["message"]


async def test_a_person_outside_is_as_one_who_does_not_exist(writable: Service) -> None:
    bodies = set()
    for one in (nobody(writable), event(writable, "east"), event(writable, "torino")):
        async with added(writable, 0):
            bodies.add((await writable(RECORD, input={"events": [one]})).body)
    assert len(bodies) == 1


async def test_how_many_events(writable: Service) -> None:
    async with added(writable, 0):
        none = await record(writable)
    assert [error["code"] for error in none["userErrors"]] == ["NO_EVENTS"]
    many = [event(writable) for _ in range(MOST_EVENTS + 1)]
    async with added(writable, 0):
        payload = await record(writable, *many)
    assert payload["results"] == []
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("TOO_MANY_EVENTS", ["input", "events"])
    assert "1,000" in error["message"]
    async with added(writable, 0, lines=0):
        answer = await writable(RECORD, input={"events": many * 2})
    assert answer.codes == ["MAX_ITEMS_LIMIT"]


async def test_a_full_batch_fits_into_the_limits_of_one_request(open_hub: Opener) -> None:
    """With the default settings: a thousand events, each member as long as it may be."""
    people = ("north", "scattered-rome", "crowd-0", "mixed-adult")
    async with open_hub("full-batch", sequencer=False) as hub:
        known = [name for name in people if name in hub.world.people]
        given = [
            event(hub, known[place % len(known)], note="n" * 2_000, idempotencyKey=f"{place:0200}")
            for place in range(MOST_EVENTS)
        ]
        body = orjson.dumps({"query": RECORD, "variables": {"input": {"events": given, "atomic": True}}})
        assert len(body) < Settings().max_body_bytes
        async with added(hub, MOST_EVENTS):
            payload = await record(hub, *given, atomic=True)
        assert codes(payload) == [None] * MOST_EVENTS
        subjects = await hub.owner.fetchval(
            "SELECT cardinality(subjects) FROM access_log WHERE operation = 'Batch' AND outcome = 'ANSWERED'"
        )
        assert subjects == len({one["fiscalCode"] for one in given})
