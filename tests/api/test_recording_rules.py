# SPDX-License-Identifier: EUPL-1.2
"""What speaks against an event: its type, its measure, its pact, the benefit's days, and the same fact recorded before."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from hub.plan import runner
from hub.plan.runner import Lane
from hub.store.vocabulary import ConditionalityEventType

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

RECORD = """
  mutation ($input: RecordConditionalityEventInput!) {
    recordConditionalityEvent(input: $input) { event { type occurredAt } userErrors { code message path } }
  }
"""
_numbers = count(1)

Input = dict[str, Any]


def _input(hub: Service, person: str = "north", **changes: Any) -> Input:
    number = next(_numbers)
    given = {
        "idempotencyKey": f"rule-{number}",
        "fiscalCode": hub.world.people[person].fiscal_code,
        "type": "CONVOCATION_MISSED",
        "occurredAt": f"2026-05-20T10:00:00.{number:06}Z",
        **changes,
    }
    if "pactId" in given:
        given["pactId"] = f"pct_{hub.world.pacts[given['pactId']].hex}"
    return given


async def _outcome(hub: Service, given: Input, as_: str = "centre") -> list[tuple[str, str]]:
    """The codes and paths it is refused with; none, and the event is there."""
    before = await hub.owner.fetchval("SELECT count(*) FROM conditionality_event")
    done = (await hub(RECORD, as_=as_, input=given)).data["recordConditionalityEvent"]
    errors = [(error["code"], error["path"][-1]) for error in done["userErrors"]]
    added = await hub.owner.fetchval("SELECT count(*) FROM conditionality_event") - before
    assert (added, done["event"] is not None) == ((0, False) if errors else (1, True))
    assert all(error["message"].endswith(".") or ": " in error["message"] for error in done["userErrors"])
    return errors


@pytest.mark.parametrize(
    ("as_", "kind", "refused"),
    [
        (
            "centre",
            "AVAILABILITY_NOT_DECLARED",
            "TYPE_NOT_OF_MEASURE",
        ),  # of RdC alone, and by the labour services
        ("municipality", "AVAILABILITY_NOT_DECLARED", "TYPE_NOT_YOURS"),
        ("centre", "FIRST_APPOINTMENT_MISSED", "TYPE_NOT_YOURS"),
        ("municipality", "FIRST_APPOINTMENT_MISSED", None),
        ("centre", "PARTICIPATION_CONFIRMED", "TYPE_NOT_OF_MEASURE"),
        ("centre", "POSITION_NOT_UPDATED", None),
        ("centre", "EVENT_WITHDRAWN", "TYPE_NOT_YOURS"),
        ("centre", "CONTENT_ERASED", "TYPE_NOT_YOURS"),
    ],
)
async def test_a_type_has_its_recorders_and_its_measures(
    as_: str, kind: str, refused: str | None, writable: Service
) -> None:
    found = await _outcome(writable, _input(writable, type=kind), as_)
    assert found == ([] if refused is None else [(refused, "type")])


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"type": "HIRED_THROUGH_SUITABLE_OFFER"}, "PACT_NEEDED"),
        ({"type": "HIRED_THROUGH_SUITABLE_OFFER", "pactId": "work"}, None),
        (
            {"type": "INCLUSION_COMMITMENT_BREACHED", "pactId": "work", "as_": "municipality"},
            "PACT_OF_ANOTHER_KIND",
        ),
        ({"type": "INCLUSION_COMMITMENT_BREACHED", "pactId": "inclusion", "as_": "municipality"}, None),
        ({"type": "ACTIVITY_ATTENDED", "pactId": "digital"}, "PACT_NOT_FOUND"),
    ],
)
async def test_what_is_under_a_pact(changes: Input, refused: str | None, writable: Service) -> None:
    as_ = changes.get("as_", "centre")
    given = _input(writable, **{name: value for name, value in changes.items() if name != "as_"})
    assert await _outcome(writable, given, as_) == ([] if refused is None else [(refused, "pactId")])


@pytest.mark.parametrize(
    ("kind", "moment", "refused"),
    [
        # The pact was signed on 3 March; a day is one of Rome.
        ("ACTIVITY_ATTENDED", "2026-03-02T22:59:59Z", "BEFORE_PACT"),
        ("ACTIVITY_ATTENDED", "2026-03-02T23:00:00Z", None),
        ("CONVOCATION_MISSED", "2026-03-01T09:00:00Z", None),
    ],
)
async def test_before_the_pact_is_signed(
    kind: str, moment: str, refused: str | None, writable: Service
) -> None:
    found = await _outcome(writable, _input(writable, type=kind, occurredAt=moment, pactId="work"))
    assert found == ([] if refused is None else [(refused, "occurredAt")])


@pytest.mark.parametrize(
    ("kind", "moment", "refused"),
    [
        ("CONVOCATION_MISSED", "2025-12-31T22:59:59Z", "BEFORE_BENEFIT"),
        ("CONVOCATION_MISSED", "2025-12-31T23:00:00Z", None),
        ("PACT_SIGNED", "2025-11-30T09:00:00Z", None),
        ("CONVOCATION_MISSED", "2026-06-29T21:59:59Z", None),
        ("CONVOCATION_MISSED", "2026-06-29T22:00:00Z", "AFTER_BENEFIT"),  # half-open: 30 June is not of it
        ("PACT_SIGNED", "2026-07-02T09:00:00Z", "AFTER_BENEFIT"),
    ],
)
async def test_outside_the_benefit(kind: str, moment: str, refused: str | None, writable: Service) -> None:
    given = _input(writable, "crowd-0", type=kind, occurredAt=moment)
    assert await _outcome(writable, given) == ([] if refused is None else [(refused, "occurredAt")])


async def test_a_benefit_that_is_gone(open_hub: Opener) -> None:
    async with open_hub("no-benefit", sequencer=False) as hub:
        for status, ends, refused in (
            ("SUSPENDED", None, None),
            ("FORFEITED", None, "NO_ACTIVE_BENEFIT"),
            ("FORFEITED", date(2026, 7, 1), None),
            ("FORFEITED", date(2026, 2, 1), "AFTER_BENEFIT"),
            ("REVOKED", date(2026, 7, 1), "NO_ACTIVE_BENEFIT"),
        ):
            await hub.owner.execute(
                "UPDATE benefit SET status = $1, period = daterange('2026-01-01', $2) WHERE household_id = $3",
                status,
                ends,
                hub.world.households["mixed"],
            )
            found = await _outcome(hub, _input(hub))
            assert [code for code, _ in found] == ([] if refused is None else [refused]), (status, ends)


async def test_another_benefit_than_the_present_one_may_cover_the_day(open_hub: Opener) -> None:
    async with open_hub("two-benefits", sequencer=False) as hub:
        await hub.owner.execute(
            "INSERT INTO benefit (household_id, measure, period, status, monthly_amount)"
            " VALUES ($1, 'ADI', '[2025-01-01,2025-06-01)', 'ENDED', 500)",
            hub.world.households["mixed"],
        )
        for moment, refused in (
            ("2025-03-01T09:00:00Z", []),
            ("2025-08-01T09:00:00Z", ["AFTER_BENEFIT"]),
            ("2024-08-01T09:00:00Z", ["BEFORE_BENEFIT"]),
        ):
            found = await _outcome(hub, _input(hub, occurredAt=moment))
            assert [code for code, _ in found] == refused, moment


async def test_the_same_fact_is_recorded_once(writable: Service) -> None:
    first = _input(writable)
    assert await _outcome(writable, first) == []
    again = {**_input(writable), "occurredAt": first["occurredAt"]}
    assert await _outcome(writable, again) == [("ALREADY_RECORDED", "occurredAt")]
    assert await _outcome(writable, again, "municipality") == [("ALREADY_RECORDED", "occurredAt")]
    for other in (
        {"type": "CONVOCATION_ATTENDED"},
        {"fiscalCode": writable.world.people["scattered-rome"].fiscal_code},
    ):
        assert await _outcome(writable, {**again, **other, "idempotencyKey": f"other-{next(_numbers)}"}) == []


async def test_one_fact_from_twenty_desks_at_once_is_one_event(writable: Service) -> None:
    fact = _input(writable)["occurredAt"]
    given = [{**_input(writable), "occurredAt": fact} for _ in range(20)]
    answers = await asyncio.gather(*(writable(RECORD, input=one) for one in given))
    done = [answer.data["recordConditionalityEvent"] for answer in answers]
    codes = sorted(error["code"] for one in done for error in one["userErrors"])
    assert codes == ["ALREADY_RECORDED"] * 19
    assert len([one for one in done if one["event"]]) == 1


async def test_every_type_is_met_by_a_rule(writable: Service) -> None:
    """Whatever is sent, the answer is an event or a refusal: no type falls through to the database's own constraint."""
    for kind in ConditionalityEventType:
        await _outcome(writable, _input(writable, type=kind.value))


async def test_recordings_that_wait_go_together_and_each_meets_its_own_end(
    open_hub: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement for all that waited; those that cannot go together go again alone; each has its own line and its own event."""
    monkeypatch.setattr(runner, "SLICE", 60.0)  # however slow the machine: as many together as wait
    monkeypatch.setattr(runner, "PATIENCE", 60.0)  # and no further connection is taken for relief
    sent: list[str] = []
    fetch = Lane.fetch

    async def on_lane(self: Lane, statement: str, *given: Any) -> Any:
        sent.append(statement)
        return await fetch(self, statement, *given)

    query = "mutation Joined" + RECORD.strip().removeprefix("mutation").replace("type occurredAt", "note")
    lines = "SELECT count(*) FROM access_log WHERE operation = 'Joined' AND outcome = 'ANSWERED' AND cardinality(subjects) = 1"
    async with open_hub("joined", sequencer=False) as hub:
        assert await _outcome(hub, _input(hub)) == []
        assert (await hub(query, input=_input(hub))).data["recordConditionalityEvent"]["event"]
        for same in (False, True):
            before = await hub.owner.fetchval(lines)
            asked = [_input(hub, note=f"n{number}") for number in range(12)]
            asked.append(_input(hub, "torino"))  # beyond the caller's reach
            if same:  # two desks' one fact among them: their statement fails, and each goes alone
                asked[5]["occurredAt"] = asked[4]["occurredAt"]
            monkeypatch.setattr(Lane, "fetch", on_lane)
            sent.clear()
            transaction = hub.owner.transaction()
            await transaction.start()
            await hub.owner.execute("LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(hub(query, input=one)) for one in asked]
            await asyncio.sleep(0.5)
            await transaction.rollback()
            done = [(await one).data["recordConditionalityEvent"] for one in waiting]
            monkeypatch.setattr(Lane, "fetch", fetch)
            refused = [[error["code"] for error in one["userErrors"]] for one in done]
            assert refused.pop() == ["PERSON_NOT_FOUND"]
            assert sorted(code for codes in refused for code in codes) == ["ALREADY_RECORDED"] * same
            notes = [one["event"]["note"] for one in done if one["event"]]
            assert notes == [f"n{number}" for number in range(12) if not refused[number]]
            # Who is told that the fact is recorded is told of its person.
            assert await hub.owner.fetchval(lines) - before == 12
            assert any("unnest($" in statement for statement in sent)
            if not same:
                assert len(sent) < len(asked)
