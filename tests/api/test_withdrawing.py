# SPDX-License-Identifier: EUPL-1.2
"""Taking an event back over HTTP: who may, until when, once; and that whoever read the event reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

import schema.withdrawal
from hub.ledger.erasure import erase
from hub.ledger.sequencer import sequence
from hub.plan import runner
from hub.plan.operation import Operation
from hub.plan.runner import Lane
from hub.store.reference.demo import demo_key

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { id } userErrors { code } }
  }
"""
WITHDRAW = """
  mutation ($input: WithdrawConditionalityEventInput!) {
    withdrawConditionalityEvent(input: $input) { withdrawal { id type note } userErrors { code message path } }
  }
"""
WITHDRAWALS = "SELECT count(*) FROM conditionality_event WHERE withdraws_event_id IS NOT NULL"
PATIENCE = 1_000
"""Hundredths of a second that the sequencer is waited for."""
_numbers = count(1)

Input = dict[str, Any]


async def _recorded(hub: Service, person: str = "north", as_: str = "centre", **changes: Any) -> str:
    """The id of a new event."""
    number = next(_numbers)
    given = {
        "idempotencyKey": f"withdrawing-{number}",
        "fiscalCode": hub.world.people[person].fiscal_code,
        "type": "CONVOCATION_MISSED",
        "occurredAt": f"2026-05-21T10:00:00.{number:06}Z",
        **changes,
    }
    done = (await hub(RECORD, as_=as_, input=given)).data["recordConditionalityEvent"]
    assert done["userErrors"] == []
    found: str = done["event"]["id"]
    return found


def _input(of: str, **changes: Any) -> Input:
    return {
        "idempotencyKey": f"withdrawal-{next(_numbers)}",
        "event": of,
        "reason": "Un'altra persona",
        **changes,
    }


def _payload(answer: Answer) -> Any:
    return answer.data["withdrawConditionalityEvent"]


async def _refused(hub: Service, event: str, as_: str = "centre", **changes: Any) -> dict[str, Any]:
    """The one refusal; nothing was written."""
    before = await hub.owner.fetchval(WITHDRAWALS)
    payload = _payload(await hub(WITHDRAW, as_=as_, input=_input(event, **changes)))
    assert payload["withdrawal"] is None
    assert await hub.owner.fetchval(WITHDRAWALS) == before
    [error] = payload["userErrors"]
    assert isinstance(error, dict)
    return error


async def _sequenced(hub: Service) -> None:
    for _ in range(PATIENCE):
        if not await hub.owner.fetchval("SELECT count(*) FROM outbox_message"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the sequencer does not run")


@contextmanager
def _at(hub: Service, moment: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The hub's clock stands at a moment."""
    commands = hub.hub._graphql._operations._commands
    with monkeypatch.context() as patch:
        now = datetime.fromisoformat(moment)
        patch.setattr(commands, "_means", replace(commands._means, now=lambda: now))
        yield


async def test_a_withdrawal_is_an_event_of_its_own_and_the_other_stands(writable: Service) -> None:
    event = await _recorded(writable, pactId=f"pct_{writable.world.pacts['work'].hex}", note="Non venuto")
    standing = "SELECT to_jsonb(e) FROM conditionality_event e WHERE id = $1"
    key = event.removeprefix("evt_")
    before = await writable.owner.fetchval(standing, key)
    payload = _payload(await writable(WITHDRAW, input=_input(event, reason='Era un altro "\\ 🦊')))
    withdrawal = payload["withdrawal"]
    assert payload["userErrors"] == []
    assert (withdrawal["type"], withdrawal["note"]) == ("EVENT_WITHDRAWN", 'Era un altro "\\ 🦊')
    assert await writable.owner.fetchval(standing, key) == before
    query = """query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { type withdraws { id } withdrawnBy { id type }
      beneficiary { fiscalCode } pact { id } source { code } } } }"""
    found = (await writable(query, id=event)).data["node"]
    assert found["withdraws"] is None
    assert found["withdrawnBy"] == {"id": withdrawal["id"], "type": "EVENT_WITHDRAWN"}
    told = (await writable(query, id=withdrawal["id"])).data["node"]
    assert (told["withdraws"], told["withdrawnBy"]) == ({"id": event}, None)
    for same in ("beneficiary", "pact", "source"):
        assert told[same] == found[same] is not None


async def test_what_it_takes_back_may_be_asked_for_at_once(writable: Service) -> None:
    query = WITHDRAW.replace("{ id type note }", "{ withdraws { id withdrawnBy { id } } id }")
    event = await _recorded(writable)
    withdrawal = _payload(await writable(query, input=_input(event)))["withdrawal"]
    assert withdrawal["withdraws"] == {"id": event, "withdrawnBy": {"id": withdrawal["id"]}}


async def test_whoever_reads_the_feed_reads_it(writable: Service) -> None:
    event = await _recorded(writable, "scattered-rome")
    withdrawal = _payload(await writable(WITHDRAW, input=_input(event)))["withdrawal"]["id"]
    await _sequenced(writable)
    row = await writable.owner.fetchrow(
        "SELECT t.entry, t.position, t.region_code, t.municipality_code, w.region_code AS region, w.municipality_code AS place"
        " FROM feed_entry t JOIN feed_entry w ON w.event_id = $2 WHERE t.event_id = $1",
        withdrawal.removeprefix("evt_"),
        event.removeprefix("evt_"),
    )
    assert row is not None
    assert json.loads(row["entry"])["withdraws"] == event
    assert (row["region_code"], row["municipality_code"]) == (row["region"], row["place"])
    query = """query ($after: String!) { conditionalityFeed(after: $after, first: 1) {
      entries { fiscalCode event { id type withdraws { id } } } } }"""
    for reader in ("inps", "municipality", "region"):
        page = (await writable(query, as_=reader, after=str(row["position"] - 1))).data["conditionalityFeed"]
        [entry] = page["entries"]
        assert entry["event"] == {"id": withdrawal, "type": "EVENT_WITHDRAWN", "withdraws": {"id": event}}
        assert entry["fiscalCode"] == writable.world.people["scattered-rome"].fiscal_code


async def test_the_fact_may_be_recorded_again_and_be_withdrawn_again(writable: Service) -> None:
    moment = "2026-05-22T10:00:00Z"
    for edition in (1, 2, 3):
        event = await _recorded(writable, occurredAt=moment)
        given = "SELECT edition FROM conditionality_event WHERE id = $1"
        assert await writable.owner.fetchval(given, event.removeprefix("evt_")) == edition
        again = {
            "idempotencyKey": f"again-{edition}",
            "fiscalCode": writable.world.people["north"].fiscal_code,
            "type": "CONVOCATION_MISSED",
            "occurredAt": moment,
        }
        refused = (await writable(RECORD, input=again)).data["recordConditionalityEvent"]
        assert [error["code"] for error in refused["userErrors"]] == ["ALREADY_RECORDED"]
        assert _payload(await writable(WITHDRAW, input=_input(event)))["userErrors"] == []


async def test_an_event_beyond_reach_is_as_one_that_does_not_exist(writable: Service) -> None:
    elsewhere = f"evt_{writable.world.events[5].hex}"  # of a person of Torino
    bodies = [
        await _refused(writable, event, as_)
        for event, as_ in (
            ("evt_" + "0" * 32, "centre"),
            (elsewhere, "centre"),
            (elsewhere, "nowhere"),
            (elsewhere, "east"),
        )
    ]
    assert bodies == [bodies[0]] * 4
    assert (bodies[0]["code"], bodies[0]["path"]) == ("EVENT_NOT_FOUND", ["input", "event"])


async def test_only_who_recorded_it_withdraws_it(writable: Service) -> None:
    event = await _recorded(writable)
    assert (await _refused(writable, event, "municipality"))["code"] == "EVENT_OF_ANOTHER_AGENCY"
    theirs = await _recorded(writable, as_="municipality")
    assert (await _refused(writable, theirs))["code"] == "EVENT_OF_ANOTHER_AGENCY"
    assert _payload(await writable(WITHDRAW, as_="municipality", input=_input(theirs)))["userErrors"] == []


async def test_once_and_for_all(writable: Service) -> None:
    event = await _recorded(writable)
    withdrawal = _payload(await writable(WITHDRAW, input=_input(event)))["withdrawal"]["id"]
    assert (await _refused(writable, event))["code"] == "ALREADY_WITHDRAWN"
    assert (await _refused(writable, withdrawal))["code"] == "WITHDRAWAL_STANDS"


@pytest.mark.parametrize(
    ("recorded", "now", "until"),
    [
        # On 29 March the clocks went forward: a day of Rome ends an hour earlier by UTC.
        ("2026-03-20T22:59:59.999999Z", "2026-03-30T21:59:59.999999Z", None),
        ("2026-03-20T22:59:59.999999Z", "2026-03-30T22:00:00Z", "2026-03-30"),
        ("2026-03-20T23:00:00Z", "2026-03-30T22:00:00Z", None),
        ("2026-03-20T23:00:00Z", "2026-03-31T22:00:00Z", "2026-03-31"),
        ("2026-10-20T21:59:59Z", "2026-10-30T22:59:59Z", None),
        ("2026-10-20T21:59:59Z", "2026-10-30T23:00:00Z", "2026-10-30"),
    ],
)
async def test_until_the_tenth_day_is_over(
    recorded: str, now: str, until: str | None, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = f"evt_{(await _of_the_past(writable, recorded)).hex}"
    with _at(writable, now, monkeypatch):
        if until is None:
            assert _payload(await writable(WITHDRAW, input=_input(event)))["userErrors"] == []
        else:
            refused = await _refused(writable, event)
            assert refused["code"] == "WITHDRAWAL_TOO_LATE"
            assert f"until {until}:" in refused["message"]


async def test_how_many_days_is_a_setting(open_hub: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_hub("no-days", sequencer=False, withdrawal_days=0) as hub:
        for now, code in (("2026-05-01T21:59:59Z", None), ("2026-05-01T22:00:00Z", "WITHDRAWAL_TOO_LATE")):
            event = f"evt_{(await _of_the_past(hub, '2026-05-01T08:00:00Z')).hex}"
            with _at(hub, now, monkeypatch):
                errors = _payload(await hub(WITHDRAW, input=_input(event)))["userErrors"]
            assert [error["code"] for error in errors] == ([] if code is None else [code])


async def _of_the_past(hub: Service, recorded: str) -> Any:
    """An event of the centre's that was recorded at a moment."""
    return await hub.owner.fetchval(
        "INSERT INTO conditionality_event (type, occurred_at, recorded_at, agency_id, beneficiary_id, household_id, fiscal_code,"
        " inps_protocol, measure) SELECT 'CONVOCATION_MISSED', $1, $1, $2, b.id, h.id, b.fiscal_code, h.inps_protocol, h.measure"
        " FROM beneficiary b JOIN household h ON h.id = b.household_id WHERE b.id = $3 RETURNING id",
        datetime.fromisoformat(recorded),
        demo_key("agency", "cpi-h501c900031"),
        hub.world.people["north"].id,
    )


async def test_what_is_about_nobody_is_not_withdrawn(open_hub: Opener) -> None:
    """Who recorded it is told why; to anybody else it is not there."""
    async with open_hub("withdraw-erased", sequencer=False) as hub:
        event = await _recorded(hub)
        withdrawn = await _recorded(hub)
        withdrawal = _payload(await hub(WITHDRAW, input=_input(withdrawn)))["withdrawal"]["id"]
        await sequence(hub.owner)
        erasing = {}
        for one in (event, withdrawn):
            position = await hub.owner.fetchval(
                "SELECT position FROM feed_entry WHERE event_id = $1", one.removeprefix("evt_")
            )
            erasing[one] = await erase(
                hub.owner, position, agency_code="cpi-h501c900031", operator="dpo", reason="Altri"
            )
        for gone in (event, f"evt_{erasing[event].hex}", withdrawn):
            assert (await _refused(hub, gone))["code"] == "CONTENT_GONE"
            assert (await _refused(hub, gone, "municipality"))["code"] == "EVENT_NOT_FOUND"
        # A withdrawal tells nothing of what was erased to who sees its person alone.
        query = (
            "query ($id: ID!) { node(id: $id) { ... on ConditionalityEvent { type withdraws { id type } } } }"
        )
        told = (await hub(query, id=withdrawal)).data["node"]
        assert told == {"type": "EVENT_WITHDRAWN", "withdraws": None}


@pytest.mark.parametrize(
    ("change", "code", "member"),
    [
        ({"reason": ""}, "REASON_INVALID", "reason"),
        ({"reason": " \n"}, "REASON_INVALID", "reason"),
        ({"reason": "🦊" * 2_001}, "REASON_INVALID", "reason"),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
        ({"idempotencyKey": "a\nb"}, "IDEMPOTENCY_KEY_INVALID", "idempotencyKey"),
    ],
)
async def test_inputs_that_are_refused(change: Input, code: str, member: str, writable: Service) -> None:
    refused = await _refused(writable, await _recorded(writable), **change)
    assert (refused["code"], refused["path"]) == (code, ["input", member])


@pytest.mark.parametrize(
    "change",
    [{"event": "x"}, {"event": "ben_" + "0" * 32}, {"reason": None}, {"reason": 7}, {"surprise": 1}],
)
async def test_inputs_of_the_wrong_kind(change: Input, writable: Service) -> None:
    before = await writable.owner.fetchval(WITHDRAWALS)
    answer = await writable(WITHDRAW, input=_input("evt_" + "0" * 32, **change))
    assert answer.codes == ["BAD_USER_INPUT"]
    assert await writable.owner.fetchval(WITHDRAWALS) == before


async def test_without_the_capability(writable: Service) -> None:
    event = await _recorded(writable)
    for caller in ("inps", "two-towns"):
        assert (await writable(WITHDRAW, as_=caller, input=_input(event))).codes == ["FORBIDDEN"]


async def test_the_same_key_and_input_give_the_first_answer_again(writable: Service) -> None:
    event, other = await _recorded(writable), await _recorded(writable)
    same = _input(event)
    first = await writable(WITHDRAW, input=same)
    assert _payload(first)["userErrors"] == []
    assert (await writable(WITHDRAW, input=same)).body == first.body
    for change in ({"reason": "y"}, {"event": other}):
        refused = _payload(await writable(WITHDRAW, input={**same, **change}))
        assert [error["code"] for error in refused["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    # Keys of recordings are others.
    key = same["idempotencyKey"]
    assert await _recorded(writable, idempotencyKey=key) != _payload(first)["withdrawal"]["id"]


async def test_twenty_at_once_withdraw_it_once(writable: Service) -> None:
    event = await _recorded(writable)
    before = await writable.owner.fetchval(WITHDRAWALS)
    answers = await asyncio.gather(*(writable(WITHDRAW, input=_input(event)) for _ in range(20)))
    codes = sorted(error["code"] for one in answers for error in _payload(one)["userErrors"])
    assert codes == ["ALREADY_WITHDRAWN"] * 19
    same = _input(await _recorded(writable))
    answers = await asyncio.gather(*(writable(WITHDRAW, input=same) for _ in range(20)))
    assert len({answer.body for answer in answers}) == 1
    assert await writable.owner.fetchval(WITHDRAWALS) == before + 2


async def test_a_replay_about_a_person_who_has_left_says_so(writable: Service) -> None:
    person = writable.world.people["scattered-rome"]
    sent = _input(await _recorded(writable, "scattered-rome"))
    assert _payload(await writable(WITHDRAW, input=sent))["userErrors"] == []
    kept = await writable.owner.fetchval(
        "SELECT employment_centre_id FROM beneficiary WHERE id = $1", person.id
    )
    move = "UPDATE beneficiary SET employment_centre_id = $1 WHERE id = $2"
    await writable.owner.execute(move, None, person.id)
    try:
        payload = _payload(await writable(WITHDRAW, input=sent))
    finally:
        await writable.owner.execute(move, kept, person.id)
    assert payload["withdrawal"] is None
    assert [error["code"] for error in payload["userErrors"]] == ["EVENT_NOT_FOUND"]


@pytest.mark.parametrize("executor", [False, True])
async def test_both_ways_answer_alike(
    executor: bool, writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    if executor:
        monkeypatch.setattr(Operation, "_commands", lambda *_: None)
    query = f"{WITHDRAW} # {executor}"
    given = _input(await _recorded(writable))
    done = await writable(query, input=given)
    assert _payload(done)["withdrawal"]["type"] == "EVENT_WITHDRAWN"
    assert (await writable(query, input=given)).body == done.body
    again = _payload(await writable(query, input=_input(given["event"])))
    assert again["withdrawal"] is None
    assert again["userErrors"] == [
        {
            "code": "ALREADY_WITHDRAWN",
            "message": "This event is withdrawn already.",
            "path": ["input", "event"],
        }
    ]


async def test_the_usual_withdrawal_is_one_statement_with_its_line(
    writable: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    async def one_by_one(*_given: Any, **_named: Any) -> Any:
        raise AssertionError("the usual case is not taken apart")

    event = await _recorded(writable)
    monkeypatch.setattr(Lane, "fetch", on_lane)
    monkeypatch.setattr(schema.withdrawal, "withdraw_event", one_by_one)
    query = "mutation TakenBack" + WITHDRAW.strip().removeprefix("mutation")
    assert _payload(await writable(query, input=_input(event)))["userErrors"] == []
    assert [statement.count("INSERT INTO") for statement in sent] == [4]
    subjects = await writable.owner.fetch("SELECT subjects FROM access_log WHERE operation = 'TakenBack'")
    assert [row["subjects"] for row in subjects] == [[writable.world.people["north"].id]]


async def test_a_refusal_that_tells_of_somebody_is_a_look(writable: Service) -> None:
    event = await _recorded(writable, as_="municipality")
    for target, shown in ((event, [writable.world.people["north"].id]), ("evt_" + "0" * 32, [])):
        name = f"Told{next(_numbers)}"
        query = f"mutation {name}" + WITHDRAW.strip().removeprefix("mutation")
        assert _payload(await writable(query, input=_input(target)))["withdrawal"] is None
        found = await writable.owner.fetch("SELECT subjects FROM access_log WHERE operation = $1", name)
        assert [row["subjects"] for row in found] == [shown]


async def test_withdrawals_that_wait_go_together(open_hub: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement for all that waited; one that is refused touches no other."""
    monkeypatch.setattr(runner, "SLICE", 60.0)  # however slow the machine: as many together as wait
    monkeypatch.setattr(runner, "PATIENCE", 60.0)
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    async with open_hub("withdraw-joined", sequencer=False) as hub:
        events = [await _recorded(hub) for _ in range(9)]
        first = _payload(await hub(WITHDRAW, input=_input(events.pop())))  # the plan is made
        asked = [_input(event, reason=f"r{number}") for number, event in enumerate(events)]
        asked.append(_input("evt_" + "0" * 32))
        monkeypatch.setattr(Lane, "fetch", on_lane)
        transaction = hub.owner.transaction()
        await transaction.start()
        await hub.owner.execute("LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE")
        waiting = [asyncio.create_task(hub(WITHDRAW, input=one)) for one in asked]
        await asyncio.sleep(0.5)
        await transaction.rollback()
        done = [_payload(await one) for one in waiting]
    assert [error["code"] for error in done.pop()["userErrors"]] == ["EVENT_NOT_FOUND"]
    assert [one["withdrawal"]["note"] for one in done] == [f"r{number}" for number in range(8)]
    assert len({first["withdrawal"]["id"], *(one["withdrawal"]["id"] for one in done)}) == 9
    assert any("unnest($" in statement for statement in sent)
