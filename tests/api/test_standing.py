# SPDX-License-Identifier: EUPL-1.2
"""Where a person stands: from the facts the tables hold, by the rules of its household's measure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from asyncpg import Range

from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.standing import standing
from tests.api.world import NORTH, NORTH_CODE, ROMA, Builder

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

STANDING = """conditionalityStanding {
  measure asOf count undetermined gravest { ...P } breaches { breach count last { ...P } next { ...P } } }"""
PROPOSED = """
  fragment P on ProposedConsequence { effect months monthlyCut atMostMonths article sentence unverified }"""
ONE = f"query ($code: FiscalCode!) {{ beneficiary(fiscalCode: $code) {{ {STANDING} }} }} {PROPOSED}"
Placed = tuple[str, datetime]


class Ledgers:
    """A hub of its own, to which people with facts are added."""

    def __init__(self, hub: Service) -> None:
        self.hub = hub
        self._b = Builder(hub.owner)
        self._b.world = deepcopy(hub.world)
        self._b.numbers, self._b.codes = count(20_000), islice(self._b.codes, 500, None)
        self._names = count(1)

    async def person(
        self, measure: str, *facts: Placed, renewed: date | None = None, household: str | None = None
    ) -> str:
        """Somebody with these facts, as their name."""
        name = f"ledger-{next(self._names)}"
        if household is None:
            household = name
            await self._b.household(name, ROMA, measure, manager=None, ends=None)
        await self._b.person(name, household, ROMA, NORTH, ("Ada", name))
        key = self._b.world.households[household]
        if measure == "RDC":
            # Of a day when there was one, and its eighteen months.
            since = (
                Range(date(2021, 4, 1), None)
                if renewed is None
                else Range(date(2019, 4, 1), date(2020, 10, 1))
            )
            await self.hub.owner.execute(
                "UPDATE benefit SET period = $2 WHERE household_id = $1 AND lower(period) > '2023-12-31'",
                key,
                since,
            )
        if renewed is not None:
            await self._b.add(
                "benefit",
                household_id=key,
                measure=measure,
                period=Range(renewed, None),
                status="ACTIVE",
                monthly_amount=1,
            )
        for kind, at in facts:
            await self._b.event(name, kind, at, pact=None, note=None, queued=False)
        return name

    async def withdraw_last(self, name: str) -> None:
        """What the person's latest event says is taken back."""
        event = self._b.world.events[-1]
        at = datetime(2026, 9, 20, tzinfo=UTC)
        await self._b.event(name, "EVENT_WITHDRAWN", at, pact=None, note="x", queued=False, withdraws=event)

    async def of(self, name: str, as_: str = "centre") -> Any:
        answer = await self.hub(ONE, as_=as_, code=self._b.world.people[name].fiscal_code)
        return answer.data["beneficiary"]["conditionalityStanding"]


@pytest.fixture(scope="module")
async def ledgers(open_hub: Opener) -> AsyncIterator[Ledgers]:
    async with open_hub("standing", sequencer=False) as hub:
        # The tables of the ledger are append-only; here its past is made up.
        await hub.owner.execute("SET session_replication_role = replica")
        yield Ledgers(hub)


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def rung(found: Any, breach: str) -> Any:
    (one,) = (row for row in found["breaches"] if row["breach"] == breach)
    return one


async def test_two_absences_under_the_rdc(ledgers: Ledgers) -> None:
    name = await ledgers.person(
        "RDC", ("CONVOCATION_MISSED", at(2022, 3, 1)), ("CONVOCATION_MISSED", at(2022, 4, 1))
    )
    found = await ledgers.of(name)
    assert (found["measure"], found["count"], found["undetermined"]) == ("RDC", 2, 0)
    assert date.fromisoformat(found["asOf"]) >= date(2026, 1, 1)
    assert (
        found["gravest"]
        == rung(found, "CONVOCATION")["last"]
        == {
            "effect": "REDUCED",
            "months": 2,
            "monthlyCut": "0",
            "atMostMonths": None,
            "article": "DL 4/2019 art. 7 c. 7 lett. b",
            "sentence": "Proposed to INPS, which decides: 2 monthly payments less (decurtazione).",
            "unverified": False,
        }
    )
    assert rung(found, "CONVOCATION")["next"]["effect"] == "FORFEITED"
    assert rung(found, "ORIENTATION") == {
        "breach": "ORIENTATION",
        "count": 0,
        "last": None,
        "next": {
            "effect": "REDUCED",
            "months": 2,
            "monthlyCut": "0",
            "atMostMonths": None,
            "article": "DL 4/2019 art. 7 c. 8",
            "sentence": "Proposed to INPS, which decides: 2 monthly payments less (decurtazione).",
            "unverified": True,
        },
    }


async def test_what_was_withdrawn_does_not_count(ledgers: Ledgers) -> None:
    name = await ledgers.person(
        "RDC", ("CONVOCATION_MISSED", at(2022, 3, 1)), ("CONVOCATION_MISSED", at(2022, 4, 1))
    )
    await ledgers.withdraw_last(name)
    found = await ledgers.of(name)
    assert (found["count"], found["gravest"]["months"]) == (1, 1)


async def test_the_day_is_that_of_rome(ledgers: Ledgers) -> None:
    """Half past eleven at night by UTC on the last day of 2021 is 2022 in Italy: another law."""
    before = await ledgers.of(await ledgers.person("RDC", ("SUITABLE_OFFER_REFUSED", at(2021, 12, 31, 22))))
    after = await ledgers.of(await ledgers.person("RDC", ("SUITABLE_OFFER_REFUSED", at(2021, 12, 31, 23))))
    assert (rung(before, "OFFER")["last"]["effect"], before["gravest"]) == ("NONE", None)
    assert rung(after, "OFFER")["last"] == after["gravest"]
    assert (after["gravest"]["effect"], after["gravest"]["monthlyCut"]) == ("REDUCED", "5")


async def test_a_benefit_that_was_renewed(ledgers: Ledgers) -> None:
    refused = ("SUITABLE_OFFER_REFUSED", at(2021, 2, 1))
    plain = await ledgers.of(await ledgers.person("RDC", refused, renewed=date(2021, 2, 2)))
    renewed = await ledgers.of(await ledgers.person("RDC", refused, renewed=date(2021, 2, 1)))
    assert (plain["gravest"], renewed["gravest"]["effect"]) == (None, "FORFEITED")


async def test_the_kind_of_pact_tells_a_suspension_from_a_forfeiture(ledgers: Ledgers) -> None:
    name = await ledgers.person("SFL")
    await ledgers._b.pact("pad", name, name, "DIGITAL_ACTIVATION", 3, signed=False)
    await ledgers._b.event(name, "PACT_NOT_SIGNED", at(2026, 4, 1), pact="pad", note=None, queued=False)
    assert (await ledgers.of(name))["gravest"]["effect"] == "SUSPENDED"
    await ledgers._b.event(name, "PACT_NOT_SIGNED", at(2026, 4, 2), pact=None, note=None, queued=False)
    found = await ledgers.of(name)
    assert (found["count"], found["undetermined"], found["gravest"]["effect"]) == (2, 1, "SUSPENDED")
    await ledgers._b.pact("psp", name, name, "SERVICE", 3, signed=False)
    await ledgers._b.event(name, "PACT_NOT_SIGNED", at(2026, 4, 3), pact="psp", note=None, queued=False)
    assert (await ledgers.of(name))["gravest"]["effect"] == "FORFEITED"


async def test_under_the_draft_what_follows_is_undetermined(ledgers: Ledgers) -> None:
    found = await ledgers.of(await ledgers.person("MIA", ("CONVOCATION_MISSED", at(2026, 3, 1))))
    assert (found["count"], found["undetermined"], found["gravest"], found["breaches"]) == (1, 1, None, [])


async def test_facts_of_others_and_of_other_applications_do_not_count(ledgers: Ledgers) -> None:
    name = await ledgers.person(
        "ADI", ("CONVOCATION_MISSED", at(2026, 3, 1)), ("CONVOCATION_MISSED", at(2026, 3, 2))
    )
    other = await ledgers.person("ADI", ("ACTIVITY_NOT_ATTENDED", at(2026, 3, 3)), household=name)
    assert ((await ledgers.of(name))["count"], (await ledgers.of(other))["count"]) == (2, 1)
    await ledgers.hub.owner.execute(
        "UPDATE conditionality_event SET inps_protocol = 'INPS-ADI-2024-earlier' WHERE beneficiary_id = $1 AND occurred_at < $2",
        ledgers._b.world.people[name].id,
        at(2026, 3, 2),
    )
    assert (await ledgers.of(name))["count"] == 1
    await ledgers.hub.owner.execute(
        "UPDATE conditionality_event SET measure = 'SFL' WHERE beneficiary_id = $1",
        ledgers._b.world.people[name].id,
    )
    assert (await ledgers.of(name))["count"] == 0


async def test_a_fact_from_before_the_law_is_told_and_the_rest_is_answered(ledgers: Ledgers) -> None:
    name = await ledgers.person("ADI", ("CONVOCATION_MISSED", at(2023, 12, 31)))
    code = ledgers._b.world.people[name].fiscal_code
    answer = await ledgers.hub(ONE.replace("{ condition", "{ familyName condition", 1), code=code)
    assert answer.json["data"] == {"beneficiary": {"familyName": name, "conditionalityStanding": None}}
    assert answer.codes == ["BEFORE_THE_LAW"]


async def test_of_a_list_each_has_its_own(ask: Service) -> None:
    """Every person of the world, by the rules asked directly."""
    query = f"{{ beneficiaries(first: 50) {{ nodes {{ fiscalCode {STANDING} }} }} }} {PROPOSED}"
    nodes = (await ask(query, as_="of-region")).data["beneficiaries"]["nodes"]
    rows = await ask.owner.fetch(
        """SELECT person.fiscal_code, household.measure, event.id, event.type, event.occurred_at, pact.kind, event.measure AS under,
                  EXISTS (SELECT FROM conditionality_event w WHERE w.withdraws_event_id = event.id) AS withdrawn
           FROM beneficiary person JOIN household ON household.id = person.household_id
           LEFT JOIN conditionality_event event ON event.beneficiary_id = person.id AND event.inps_protocol = household.inps_protocol
           LEFT JOIN pact ON pact.id = event.pact_id"""
    )
    assert len(nodes) > 5
    for node in nodes:
        own = [row for row in rows if row["fiscal_code"] == node["fiscalCode"]]
        facts = [
            Fact(
                f"{row['occurred_at'].isoformat()}{row['id']}",
                row["type"],
                row["occurred_at"].astimezone(ZoneInfo("Europe/Rome")).date(),
                Measure(row["under"]),
                withdrawn=row["withdrawn"],
                pact=row["kind"],
            )
            for row in own
            if row["id"] is not None
        ]
        found = node["conditionalityStanding"]
        told = standing(Measure(own[0]["measure"]), facts, date.fromisoformat(found["asOf"]))
        assert (found["measure"], found["count"], found["undetermined"]) == (
            told.measure,
            told.count,
            len(told.undetermined),
        )
        assert {row["breach"]: row["count"] for row in found["breaches"]} == {
            one.breach: one.count for one in told.rungs
        }
        assert [row["next"]["article"] for row in found["breaches"]] == [
            one.reason.article for one in told.rungs
        ]
    assert any(node["conditionalityStanding"]["count"] for node in nodes)


async def test_a_citizen_is_told_of_itself_alone(ask: Service) -> None:
    query = "{ me { conditionalityStanding { count } household { members { fiscalCode conditionalityStanding { count } } } } }"
    found = (await ask(query, as_="citizen")).data["me"]
    assert found["conditionalityStanding"]["count"] >= 1
    told = {one["fiscalCode"]: one["conditionalityStanding"] for one in found["household"]["members"]}
    assert len(told) > 1
    assert {code for code, one in told.items() if one is not None} == {NORTH_CODE}


async def test_it_is_there_with_the_event_just_recorded(ledgers: Ledgers) -> None:
    query = """
      mutation ($input: RecordConditionalityEventInput!) {
        recordConditionalityEvent(input: $input) {
          event { type beneficiary { conditionalityStanding { count gravest { effect } } } } userErrors { code } } }"""
    name = await ledgers.person("ADI")
    given = {
        "idempotencyKey": "standing",
        "fiscalCode": ledgers._b.world.people[name].fiscal_code,
        "type": "CONVOCATION_MISSED",
        "occurredAt": (datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=1)).isoformat(),
    }
    done = (await ledgers.hub(query, input=given)).data["recordConditionalityEvent"]
    assert done == {
        "event": {
            "type": "CONVOCATION_MISSED",
            "beneficiary": {"conditionalityStanding": {"count": 1, "gravest": {"effect": "FORFEITED"}}},
        },
        "userErrors": [],
    }
