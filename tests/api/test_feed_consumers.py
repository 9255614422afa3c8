# SPDX-License-Identifier: EUPL-1.2
"""What consumers of the feed say back: how far they dealt with it, what was decided; and how far each is."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.api.conftest import SIGHTS, with_named_cursors

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

PAGE = """query ($after: String, $first: Int! = 500) {
  conditionalityFeed(after: $after, first: $first) { entries { position } endCursor hasMore } }"""
ACKNOWLEDGE = """mutation ($upTo: String!) { acknowledgeConditionalityFeed(upTo: $upTo) {
  consumer { agencyCode acknowledgedUpTo acknowledgedAt readUpTo behind oldestUnacknowledgedAt secondsBehind }
  userErrors { code message path } } }"""
STATUS = """{ feedStatus { lastPosition lastPublishedAt
  consumer { readUpTo acknowledgedUpTo behind secondsBehind oldestUnacknowledgedAt } } }"""
REPORT = """mutation ($input: ReportOutcomeInput!) { reportOutcome(input: $input) {
  outcome { outcome reference decidedOn months source { code } event { id outcomes { reference } beneficiary { id } } }
  userErrors { code path } } }"""

_keys = itertools.count()


async def acknowledge(hub: Service, up_to: str, as_: str = "inps") -> Any:
    return (await hub(ACKNOWLEDGE, as_=as_, upTo=up_to)).data["acknowledgeConditionalityFeed"]


async def refused(hub: Service, up_to: str) -> str:
    answer = await acknowledge(hub, up_to)
    assert answer["consumer"] is None
    [error] = answer["userErrors"]
    assert error["path"] == ["upTo"]
    assert error["message"].endswith((".", "`endCursor`."))
    code: str = error["code"]
    return code


async def test_what_was_read_is_acknowledged_and_nothing_else(open_hub: Opener) -> None:
    async with open_hub("acknowledging", sequencer=False) as hub:
        last = (await hub(STATUS, as_="inps")).data["feedStatus"]["lastPosition"]
        assert last > 6
        assert await refused(hub, "1") == "NOT_READ"
        await hub(PAGE, as_="inps", first=4)
        assert await refused(hub, "5") == "NOT_READ"
        done = (await acknowledge(hub, "3"))["consumer"]
        assert (done["acknowledgedUpTo"], done["readUpTo"], done["behind"]) == (3, 4, last - 3)
        fourth = await hub.owner.fetchval("SELECT sequenced_at FROM feed_entry WHERE position = 4")
        assert done["oldestUnacknowledgedAt"][:19] == fourth.isoformat()[:19]
        assert await refused(hub, "3") == "ALREADY_ACKNOWLEDGED"
        assert await refused(hub, "2") == "GOES_BACK"
        assert await refused(hub, "0") == "GOES_BACK"
        assert await refused(hub, str(last + 1)) == "CURSOR_AHEAD"
        for no_cursor in ("", "x", "-1", "1.5", "9" * 30):
            assert await refused(hub, no_cursor) == "INVALID_CURSOR"
        await hub(PAGE, as_="inps", after="4")
        assert (await acknowledge(hub, str(last)))["consumer"]["behind"] == 0
        status = (await hub(STATUS, as_="inps")).data["feedStatus"]
        assert status["consumer"] == {
            "readUpTo": last, "acknowledgedUpTo": last, "behind": 0, "secondsBehind": 0.0, "oldestUnacknowledgedAt": None,
        }  # fmt: skip
        kept = await hub.owner.fetch(
            "SELECT up_to, client_id FROM feed_acknowledgement ORDER BY acknowledged_at"
        )
        assert [row["up_to"] for row in kept] == [3, last]  # the history
        assert all(row["client_id"] for row in kept)


WHERE_IT_IS = "{ conditionalityEvents(first: 50) { nodes { id position publishedAt acknowledgedAt } } }"


async def test_an_office_is_told_when_inps_had_what_it_recorded(open_hub: Opener) -> None:
    """By INPS alone, whichever of its purposes, and the first time: what it says later changes nothing."""

    async def told(name: str) -> dict[int | None, str | None]:
        answer = with_named_cursors((await hub(WHERE_IT_IS, as_=name)).data)
        assert answer == (await hub.oracle()).answer(WHERE_IT_IS, SIGHTS[name])
        nodes = answer["conditionalityEvents"]["nodes"]
        assert all((one["position"] is None) is (one["publishedAt"] is None) for one in nodes)
        return {one["position"] and int(one["position"]): one["acknowledgedAt"] for one in nodes}

    async with open_hub("had_by_inps", sequencer=False) as hub:
        await hub(PAGE, as_="region")
        await acknowledge(hub, "4", as_="region")
        found = await told("region")
        assert set(found.values()) == {None}
        assert {None} < found.keys(), "some have no place yet"
        await hub(PAGE, as_="inps")
        await acknowledge(hub, "3")
        first = await told("region")
        assert {position for position, at in first.items() if at} == {
            one for one in first if one and one <= 3
        }
        await acknowledge(hub, "6")
        again = await told("region")
        assert {one: at for one, at in again.items() if one and one <= 3} == {
            one: at for one, at in first.items() if one and one <= 3
        }
        assert {one for one, at in again.items() if at} == {one for one in again if one and one <= 6} > set()
        [again_at] = {at for one, at in again.items() if one and 3 < one <= 6}
        # Another purpose of INPS's may have got there first.
        await hub.owner.execute(
            """
            SET session_replication_role = replica;
            INSERT INTO purpose (purpose_id, agency_id, description) SELECT '00000000-0000-7000-8000-0000000000aa', id, 'x' FROM agency WHERE code = 'inps';
            INSERT INTO feed_acknowledgement (agency_id, purpose_id, up_to, acknowledged_at)
                SELECT id, '00000000-0000-7000-8000-0000000000aa', 5, '2026-01-01 00:00Z' FROM agency WHERE code = 'inps';
            RESET session_replication_role;
            """
        )
        last = await told("inps")
        assert {at for one, at in last.items() if one and one <= 5} == {"2026-01-01T00:00:00+00:00"}
        assert {at for one, at in last.items() if one and one >= 6} == {again_at, None}
        assert await told("citizen-unknown") == {}


async def test_what_was_not_shown_was_not_read(open_hub: Opener) -> None:
    """A page without its entries, an answer that was refused, and another purpose's reading are no reading."""
    async with open_hub("unread", sequencer=False) as hub:
        await hub("{ conditionalityFeed { endCursor hasMore } }", as_="inps")
        await hub(PAGE, as_="of-inps")
        assert (
            await hub("{ conditionalityFeed(first: -1) { entries { position } } }", as_="inps")
        ).status != 200
        assert await refused(hub, "1") == "NOT_READ"


async def test_acknowledgements_at_once_leave_one_order(open_hub: Opener) -> None:
    async with open_hub("at-once", sequencer=False) as hub:
        await hub(PAGE, as_="inps")
        answers = await asyncio.gather(*(acknowledge(hub, str(1 + number % 6)) for number in range(24)))
        codes = [[error["code"] for error in one["userErrors"]] for one in answers]
        kept = await hub.owner.fetch("SELECT up_to FROM feed_acknowledgement ORDER BY acknowledged_at, up_to")
        ups = [row["up_to"] for row in kept]
        assert ups == sorted(set(ups))
        assert ups[-1] == 6
        assert codes.count([]) == len(ups)
        assert {code for one in codes for code in one} <= {"ALREADY_ACKNOWLEDGED", "GOES_BACK"}


async def test_who_waited_for_their_turn_is_dated_by_it(open_hub: Opener) -> None:
    """A transaction that began before the other one's, and acknowledged after it, stands after it."""
    async with open_hub("their-turn", sequencer=False) as hub:
        await hub(PAGE, as_="inps")
        async with hub.owner.transaction():
            await hub.owner.fetchval("SELECT now()")
            assert (await acknowledge(hub, "1"))["userErrors"] == []
            await hub.owner.execute(
                """INSERT INTO feed_acknowledgement (agency_id, purpose_id, up_to)
                SELECT agency_id, purpose_id, 2 FROM access_log WHERE feed_reached IS NOT NULL LIMIT 1"""
            )
        kept = await hub.owner.fetch("SELECT up_to FROM feed_acknowledgement ORDER BY acknowledged_at")
        assert [row["up_to"] for row in kept] == [1, 2]


async def test_the_database_keeps_it_itself(open_hub: Opener) -> None:
    """Whoever writes past the hub, under its role or as owner, meets the same rules."""
    async with open_hub("kept", sequencer=False) as hub:
        await hub(PAGE, as_="inps", first=2)
        insert = """INSERT INTO feed_acknowledgement (agency_id, purpose_id, up_to)
            SELECT agency_id, purpose_id, $1 FROM access_log WHERE feed_reached IS NOT NULL LIMIT 1"""
        with pytest.raises(asyncpg.CheckViolationError) as violated:
            await hub.owner.execute(insert, 3)
        assert violated.value.constraint_name == "feed_acknowledgement_read"
        await hub.owner.execute(insert, 2)
        with pytest.raises(asyncpg.CheckViolationError) as violated:
            await hub.owner.execute(insert, 1)
        assert violated.value.constraint_name == "feed_acknowledgement_forward"
        for change in ("UPDATE feed_acknowledgement SET up_to = 1", "DELETE FROM feed_acknowledgement",
                       "DELETE FROM event_outcome", "UPDATE event_outcome SET reference = 'x'"):  # fmt: skip
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await hub.owner.execute(change)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await hub.hub.database.write.execute(change)


async def test_who_may_not_read_the_feed_has_no_standing(ask: Service) -> None:
    for query in (STATUS, ACKNOWLEDGE.replace("$upTo: String!", '$upTo: String! = "1"')):
        answer = await ask(query, as_="centre")
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])


async def test_all_consumers_are_told_to_who_runs_the_hub(ask: Service) -> None:
    query = "{ feedConsumers { agencyCode purposeId readUpTo acknowledgedUpTo behind secondsBehind } }"
    assert (await ask(query, as_="inps")).codes == ["FORBIDDEN"]
    found = (await ask(query, as_="admin")).data["feedConsumers"]
    codes = [one["agencyCode"] for one in found]
    assert {"inps", "comune-h501", "regione-12"} <= set(codes)
    assert codes == sorted(codes)
    assert all(one["behind"] >= 0 for one in found)
    assert not any(code.startswith("cpi-") for code in codes)


async def test_metrics_name_no_consumer(open_hub: Opener) -> None:
    async with open_hub("watched", sequencer=False) as hub:
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        async with asyncio.timeout(10):
            while await hub.metric("snodo_feed_last_position") != last:
                await asyncio.sleep(0.02)
        assert await hub.metric("snodo_feed_behind_positions") == last
        assert await hub.metric("snodo_feed_behind_seconds") > 0
        assert "inps" not in await hub.metrics_of_callers()


def given(position: int, /, **more: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": f"outcome-{next(_keys)}",
        "position": position,
        "outcome": "FORFEITED",
        "reference": "INPS.7400.2026.0001",
        "decidedOn": "2026-10-01",
        **more,
    }


async def report(hub: Service, input_: dict[str, Any], as_: str = "inps") -> Any:
    return (await hub(REPORT, as_=as_, input=input_)).data["reportOutcome"]


async def test_an_outcome_is_seen_by_whoever_sees_the_event(open_hub: Opener) -> None:
    async with open_hub("outcomes", sequencer=False) as hub:
        person = hub.world.people["latina"]
        position = await hub.owner.fetchval(
            "SELECT min(position) FROM feed_entry JOIN conditionality_event e ON e.id = event_id WHERE beneficiary_id = $1",
            person.id,
        )
        first = given(position, outcome="REDUCED", months=2, reference="A")
        told = await report(hub, first)
        assert told["userErrors"] == []
        assert told["outcome"]["event"]["outcomes"] == [{"reference": "A"}]
        assert (told["outcome"]["months"], told["outcome"]["source"]["code"]) == (2, "inps")
        again = await report(hub, first)
        assert again["outcome"] == told["outcome"]
        await report(hub, given(position, outcome="NONE", reference="B"))
        query = """query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { conditionalityEvents(first: 50) { nodes {
            position outcomes { outcome reference months decidedOn source { code } } } } } }"""
        for caller in ("region", "two-towns", "inps"):
            events = (await hub(query, as_=caller, code=person.fiscal_code)).data["beneficiary"]
            [event] = [one for one in events["conditionalityEvents"]["nodes"] if one["position"] == position]
            assert [one["reference"] for one in event["outcomes"]] == ["A", "B"]
        # Of whom it was is in the log; who reported is kept with it.
        line = await hub.owner.fetchrow(
            "SELECT subjects FROM access_log WHERE asked::text LIKE '%outcome-%' ORDER BY at DESC LIMIT 1"
        )
        assert line is not None
        assert line["subjects"] == [person.id]
        assert (
            await hub.owner.fetchval(
                "SELECT count(*) FROM event_outcome WHERE client_id IS NOT NULL AND purpose_id IS NOT NULL"
            )
            == 2
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"position": 999_999}, "ENTRY_NOT_FOUND"),
        ({"position": 0}, "ENTRY_NOT_FOUND"),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_INVALID"),
        ({"reference": ""}, "REFERENCE_INVALID"),
        ({"reference": "x" * 201}, "REFERENCE_INVALID"),
        ({"decidedOn": "2999-01-01"}, "DECIDED_IN_FUTURE"),
        ({"decidedOn": "2000-01-01"}, "DECIDED_BEFORE_EVENT"),
        ({"months": 1}, "MONTHS_INVALID"),
        ({"outcome": "REDUCED"}, "MONTHS_INVALID"),
        ({"outcome": "REDUCED", "months": 0}, "MONTHS_INVALID"),
        ({"outcome": "SUSPENDED", "months": 19}, "MONTHS_INVALID"),
        ({"outcome": "NONE", "months": 1}, "MONTHS_INVALID"),
    ],
)
async def test_an_outcome_that_cannot_be(change: dict[str, Any], code: str, writable: Service) -> None:
    before = await writable.owner.fetchval("SELECT count(*) FROM event_outcome")
    answer = await report(writable, given(1, **change))
    assert answer["outcome"] is None
    [error] = answer["userErrors"]
    assert error["code"] == code
    assert error["path"][0] == "input"
    assert await writable.owner.fetchval("SELECT count(*) FROM event_outcome") == before


async def test_a_key_used_for_another_outcome(writable: Service) -> None:
    first = given(1)
    await report(writable, first)
    [error] = (await report(writable, {**first, "reference": "another"}))["userErrors"]
    assert (error["code"], error["path"]) == ("IDEMPOTENCY_KEY_REUSED", ["input", "idempotencyKey"])


@pytest.mark.parametrize("caller", ["centre", "region", "municipality", "ministry"])
async def test_only_inps_reports_outcomes(caller: str, writable: Service) -> None:
    assert (await writable(REPORT, as_=caller, input=given(1))).codes == ["FORBIDDEN"]
