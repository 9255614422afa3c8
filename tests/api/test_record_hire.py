# SPDX-License-Identifier: EUPL-1.2
"""`recordHire`: a hire recorded by a desk that has the communication before it, read back as asked, once for each code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from hub.store.identifiers import decode_id
from tests.api.looks import looks
from tests.api.world import UNKNOWN_CODE
from tests.unit.connectors.communication_documents import unilav

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service
    from tests.api.world import World

HIRE = """mutation Hire($input: RecordHireInput!) { recordHire(input: $input) {
  event { id type occurredAt pact { id } beneficiary { id } } userErrors { code message path } } }"""
ANNUL = """mutation Annul($input: AnnulHireInput!) { annulHire(input: $input) {
  withdrawal { id type withdraws { id } note } userErrors { code message path } } }"""
ACCEPT = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code } } }"""
_codes, _others = count(1), count(1)

Input = dict[str, Any]


@pytest.fixture(scope="module")
async def desk(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("hires", sequencer=False) as service:
        yield service


def new_code() -> str:
    return f"17{next(_others):014}"


def hire(world: World, who: str = "north", **changes: Any) -> Input:
    number = next(_codes)
    code = world.people[who].fiscal_code if who in world.people else who
    base = {
        "communicationCode": f"14{number:014}",
        "kind": "UNILAV",
        "fiscalCode": code,
        "employerCode": "12345678903",
        # Another day for each: one hire of a person a day.
        "startsOn": str((datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=number)).date()),
    }
    return {**base, **changes}


async def hired(hub: Service, given: Input, **more: Any) -> Any:
    return (await hub(HIRE, input=given, **more)).data["recordHire"]


async def test_a_hire_is_read_back_as_it_was_recorded(desk: Service, world: World) -> None:
    given = hire(world, startsOn="2026-06-01", endsOn="2026-12-31", contractType="A.02.00")
    async with looks(desk) as found:
        done = await hired(desk, given)
    assert done["userErrors"] == []
    assert done["event"] == {
        "id": done["event"]["id"],
        "type": "HIRED",
        "occurredAt": "2026-05-31T22:00:00+00:00",
        "pact": None,
        "beneficiary": {"id": world.people["north"].node},
    }
    assert (found.only.outcome, found.only.subjects) == ("ANSWERED", {world.people["north"].id})
    again = await asyncio.gather(*(hired(desk, given) for _ in range(4)))
    assert again == [done] * 4


async def test_a_hire_after_an_accepted_offer_is_through_it(desk: Service, world: World) -> None:
    pact = f"pct_{world.pacts['work'].hex}"
    accepted = {
        "idempotencyKey": "accepted", "fiscalCode": world.people["north"].fiscal_code, "type": "SUITABLE_OFFER_ACCEPTED",
        "occurredAt": "2026-04-01T10:00:00+02:00", "pactId": pact,
    }  # fmt: skip
    assert (await desk(ACCEPT, input=accepted)).data["recordConditionalityEvent"]["event"]
    done = await hired(desk, hire(world, startsOn="2026-04-10"))
    assert (done["event"]["type"], done["event"]["pact"]) == ("HIRED_THROUGH_SUITABLE_OFFER", {"id": pact})
    assert (await hired(desk, hire(world, startsOn="2026-04-11")))["event"]["type"] == "HIRED"


async def test_what_was_posted_is_not_recorded_again(desk: Service, world: World) -> None:
    given = hire(world)
    document = unilav(
        code=given["communicationCode"], worker=given["fiscalCode"], begins=given["startsOn"], more=""
    )
    headers = {"authorization": f"Bearer {desk.token('region')}", "content-type": "application/xml"}
    posted = await desk.send(path="/communications", content=document.encode(), headers=headers)
    assert posted.status == 200
    done = await hired(desk, given)
    assert done["event"]["type"] == "HIRED"
    sql = "SELECT count(*) FROM idempotency_key WHERE key = $1"
    assert await desk.owner.fetchval(sql, f"communication {given['communicationCode']}") == 1


async def test_a_correction_takes_the_place_of_the_earlier_one(desk: Service, world: World) -> None:
    given = hire(world)
    first = await hired(desk, given)
    changes = {
        "communicationCode": new_code(),
        "earlierCode": given["communicationCode"],
    }
    same_day = {**given, **changes, "employerCode": "RSSMRA80A01H501U"}
    assert await hired(desk, same_day) == first, "the day is the same, and so is the event"
    another = {
        **same_day,
        "communicationCode": new_code(),
        "earlierCode": same_day["communicationCode"],
        "startsOn": "2026-05-02",
    }
    async with looks(desk) as found:
        done = await hired(desk, another)
    assert (done["event"]["type"], done["event"]["occurredAt"]) == ("HIRED", "2026-05-01T22:00:00+00:00")
    assert found.only.subjects == {world.people["north"].id}
    withdrawn = "SELECT count(*) FROM conditionality_event WHERE withdraws_event_id = $1"
    assert await desk.owner.fetchval(withdrawn, decode_id(first["event"]["id"], "evt")[1]) == 1
    assert await hired(desk, another) == done
    refused = await hired(desk, {**same_day, "communicationCode": new_code()})
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("COMMUNICATION_REPLACED", ["input", "earlierCode"])
    ]


def annulment(given: Input, world: World, **changes: Any) -> Input:
    """Of what was communicated so."""
    return {
        "communicationCode": new_code(), "kind": given["kind"], "fiscalCode": given["fiscalCode"],
        "earlierCode": given["communicationCode"], **changes,
    }  # fmt: skip


async def test_an_annulment_shows_the_withdrawal_of_the_event(desk: Service, world: World) -> None:
    given = hire(world, startsOn="2026-05-12")
    first = await hired(desk, given)
    told = annulment(given, world)
    async with looks(desk) as found:
        done = (await desk(ANNUL, input=told)).data["annulHire"]
    assert done == {
        "withdrawal": {
            "id": done["withdrawal"]["id"],
            "type": "EVENT_WITHDRAWN",
            "withdraws": {"id": first["event"]["id"]},
            "note": f"Annulled by communication {told['communicationCode']}.",
        },
        "userErrors": [],
    }
    assert (found.only.outcome, found.only.subjects) == ("ANSWERED", {world.people["north"].id})
    assert (await desk(ANNUL, input=told)).data["annulHire"] == done
    again = hire(world, startsOn="2026-05-12")
    assert (await hired(desk, again))["event"]["id"] != first["event"]["id"], (
        "the day is free for another hire"
    )


async def test_an_annulment_of_what_came_to_nothing_shows_nothing(desk: Service, world: World) -> None:
    given = hire(world, UNKNOWN_CODE)
    await hired(desk, given)
    done = (await desk(ANNUL, input=annulment(given, world))).data["annulHire"]
    assert done == {"withdrawal": None, "userErrors": []}


@pytest.mark.parametrize(
    ("change", "code", "member"),
    [
        ({"earlierCode": "9" * 16}, "COMMUNICATION_UNKNOWN", "earlierCode"),
        ({"earlierCode": "x"}, "COMMUNICATION_CODE_INVALID", "earlierCode"),
        ({"communicationCode": "0" * 16}, "COMMUNICATION_CODE_INVALID", "communicationCode"),
    ],
)
async def test_an_annulment_that_cannot_be_says_why(
    change: Input, code: str, member: str, desk: Service, world: World
) -> None:
    done = (await desk(ANNUL, input=annulment(hire(world), world, **change))).data["annulHire"]
    assert done["withdrawal"] is None
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [(code, ["input", member])]


async def test_a_desk_beyond_its_days_is_told_the_last(open_hub: Opener, world: World) -> None:
    async with open_hub("late-annulments", sequencer=False, withdrawal_days=0) as late:
        given = hire(world)
        await hired(late, given)
        await late.owner.execute(
            "SET session_replication_role = replica;"
            " UPDATE conditionality_event SET recorded_at = recorded_at - interval '3 days' WHERE type = 'HIRED';"
            " SET session_replication_role = origin"
        )
        [error] = (await late(ANNUL, input=annulment(given, world))).data["annulHire"]["userErrors"]
        assert (error["code"], error["path"]) == ("WITHDRAWAL_TOO_LATE", ["input", "earlierCode"])


TOMORROW = str((datetime.now(ZoneInfo("Europe/Rome")) + timedelta(days=2)).date())
REFUSED: list[tuple[str, Input, str, str]] = [
    ("north", {"communicationCode": "x"}, "COMMUNICATION_CODE_INVALID", "communicationCode"),
    ("north", {"communicationCode": "0" * 16}, "COMMUNICATION_CODE_INVALID", "communicationCode"),
    ("north", {"employerCode": "12345678900"}, "EMPLOYER_CODE_INVALID", "employerCode"),
    ("north", {"contractType": "permanent"}, "CONTRACT_TYPE_INVALID", "contractType"),
    ("north", {"endsOn": "2026-01-01"}, "HIRE_PERIOD_INVALID", "endsOn"),
    ("north", {"startsOn": TOMORROW}, "OCCURRED_IN_FUTURE", "startsOn"),
    ("north", {"startsOn": "2025-12-31"}, "BEFORE_BENEFIT", "occurredAt"),
    ("torino", {}, "PERSON_NOT_FOUND", "fiscalCode"),
    (UNKNOWN_CODE, {}, "PERSON_NOT_FOUND", "fiscalCode"),
]


@pytest.mark.parametrize(("who", "change", "code", "member"), REFUSED)
async def test_a_hire_that_cannot_be_recorded_says_why(
    who: str, change: Input, code: str, member: str, desk: Service, world: World
) -> None:
    events = "SELECT count(*) FROM conditionality_event"
    before = await desk.owner.fetchval(events)
    done = await hired(desk, hire(world, who, **change))
    assert done["event"] is None
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [(code, ["input", member])]
    assert await desk.owner.fetchval(events) == before


async def test_the_same_code_with_other_content_is_refused_and_logged(desk: Service, world: World) -> None:
    given = hire(world)
    await hired(desk, given)
    async with looks(desk) as found:
        done = await hired(desk, {**given, "employerCode": "RSSMRA80A01H501U"})
    assert [error["code"] for error in done["userErrors"]] == ["COMMUNICATION_CHANGED"]
    assert found.only.subjects == {world.people["north"].id}


@pytest.mark.parametrize("as_", ["inps", "ministry", "citizen", "municipality"])
async def test_who_may_not_record_hires_does_not(as_: str, desk: Service, world: World) -> None:
    answer = await desk(HIRE, as_=as_, input=hire(world))
    if as_ == "municipality":  # which records events, but none of this type
        [error] = answer.data["recordHire"]["userErrors"]
        assert (error["code"], error["path"]) == ("TYPE_NOT_YOURS", ["input"])
    else:
        assert answer.codes == ["FORBIDDEN"]


async def test_the_executor_says_the_same(desk: Service, world: World) -> None:
    """A field that is asked of an agency has the executor call the command."""
    live = HIRE.replace("beneficiary { id }", "beneficiary { id residence { source } }")
    given = hire(world)
    plain = await hired(desk, given)
    answer = await desk(live, input=given)
    event = answer.json["data"]["recordHire"]["event"]
    assert {**event, "beneficiary": {"id": event["beneficiary"]["id"]}} == plain["event"]
