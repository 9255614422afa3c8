# SPDX-License-Identifier: EUPL-1.2
"""Whoever could read an entry is told that it was erased, by every way; and the person still reads who had looked at it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from hub.ledger.sequencer import sequence
from tests.api.test_feed_parts import FOLLOW, MINE, PAGE, expected, lines_of, own_parts, places, read
from tests.api.test_subscriptions import following, positions

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

TOLD = """query ($after: String) { conditionalityFeed(after: $after) {
  entries { position measure erases fiscalCode inpsProtocol event { type beneficiary { id } pact { id } source { code } } }
  endCursor hasMore } }"""
REPORT = """query ($code: FiscalCode!) { accessReport(fiscalCode: $code, first: 100) {
  nodes { at operation agency { code } outcome } } }"""


async def erased(hub: Service, place: int, agency: str = "inps") -> int:
    """Erase the content at a place, for an agency; the place of the entry that says so."""
    event = await hub.owner.fetchval(
        "SELECT erase_feed_content($1, (SELECT id FROM agency WHERE code = $2), 'dpo', 'Another person was meant')",
        place,
        agency,
    )
    await sequence(hub.owner)
    found: int = await hub.owner.fetchval("SELECT position FROM feed_entry WHERE event_id = $1", event)
    return found


async def moved_away(hub: Service, place: int) -> None:
    """The person of an entry lives in another region by now."""
    await hub.owner.execute(
        """UPDATE beneficiary SET region_code = '03', employment_centre_id = NULL,
               municipality_id = (SELECT id FROM municipality WHERE belfiore_code = 'F205')
           WHERE id = (SELECT beneficiary_id FROM conditionality_event e JOIN feed_entry f ON f.event_id = e.id WHERE f.position = $1)""",
        place,
    )


async def at(hub: Service, place: int) -> Any:
    return await hub.owner.fetchrow(
        "SELECT f.measure, f.type, e.occurred_at FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id"
        " WHERE f.position = $1",
        place,
    )


@pytest.mark.parametrize(("caller", "own"), [("region", "regione-12"), ("municipality", "comune-h501")])
async def test_a_part_is_told_of_what_was_erased_in_it(caller: str, own: str, open_hub: Opener) -> None:
    async with open_hub(f"erased-{caller}", sequencer=False) as hub:
        await own_parts(hub)
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        first, *_, second = await expected(hub, MINE[caller])
        was = await at(hub, first)
        await moved_away(hub, first)
        told = [await erased(hub, first, "inps"), await erased(hub, second, own)]

        page = (await hub(TOLD, as_=caller, after=str(last))).data["conditionalityFeed"]
        assert positions([page]) == told
        assert [entry["erases"] for entry in page["entries"]] == [first, second]
        for entry in page["entries"]:
            assert (entry["fiscalCode"], entry["inpsProtocol"]) == (None, None)
            assert (entry["event"]["beneficiary"], entry["event"]["pact"]) == (None, None)
            assert entry["event"]["type"] == "CONTENT_ERASED"
        lines = read(await lines_of(hub, caller, after=last))
        assert [line["entry"]["erases"] for line in lines] == [first, second]
        assert places(await lines_of(hub, caller, after=last, first=1)) == told[:1]
        async with following(hub, FOLLOW, token=hub.token(caller), first=1, after=str(last)) as events:
            followed: list[int] = []
            while len(followed) < 2:
                _, response = await asyncio.wait_for(anext(events), 10)
                followed += positions([response["data"]["conditionalityFeed"]])
        assert followed == told

        # Who reads some types of some days hears of what was erased among those.
        day = was["occurred_at"].isoformat()
        for filter_ in (
            {"types": [was["type"]]},
            {"measures": [was["measure"]], "occurredFrom": day, "types": [was["type"]]},
            {"types": ["CONTENT_ERASED"], "occurredFrom": day},
        ):
            page = (await hub(PAGE, as_=caller, after=str(last), filter=filter_)).data["conditionalityFeed"]
            assert told[0] in positions([page]), filter_
        another = "PACT_SIGNED" if was["type"] != "PACT_SIGNED" else "CONVOCATION_MISSED"
        page = (await hub(PAGE, as_=caller, after=str(last), filter={"types": [another]})).data
        assert told[0] not in positions([page["conditionalityFeed"]])
        page = (await hub(PAGE, as_=caller, after=str(last), filter={"occurredBefore": day})).data
        assert told[0] not in positions([page["conditionalityFeed"]])


async def test_nobody_is_told_of_what_it_could_not_read(open_hub: Opener) -> None:
    async with open_hub("erased-others", sequencer=False) as hub:
        await own_parts(hub)
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        everything = set(range(1, last + 1))
        of_others = {caller: everything - set(await expected(hub, MINE[caller])) for caller in MINE}
        # What its own agency recorded is not in a region's feed, nor is its erasure, whoever asked for it.
        own = max(of_others["region"])
        told = {await erased(hub, own, "inps"): own}
        elsewhere = await hub.owner.fetchval(
            "SELECT min(position) FROM feed_entry WHERE municipality_code = 'E472'"
        )
        told[await erased(hub, elsewhere, "inps")] = elsewhere
        for caller in ("region", "municipality"):
            found = places(await lines_of(hub, caller, after=last))
            assert {told[place] for place in found} == set(told.values()) - of_others[caller]
            page = (await hub(PAGE, as_=caller, after=str(last))).data["conditionalityFeed"]
            assert positions([page]) == found
        assert places(await lines_of(hub, "inps", after=last)) == sorted(told)


async def test_the_oracle_reads_the_same(open_hub: Opener) -> None:
    """Every caller's page, by the reference's own words."""
    from tests.api.conftest import SIGHTS, with_named_cursors

    async with open_hub("erased-oracle", sequencer=False) as hub:
        await own_parts(hub)
        for place in (1, 3):
            await erased(hub, place)
        oracle = await hub.oracle()
        for caller in ("inps", "region", "municipality"):
            for given in (
                "",
                "(filter: { types: [CONVOCATION_MISSED, PACT_SIGNED] })",
                '(after: "2", first: 4)',
            ):
                query = TOLD.replace("($after: String)", "").replace("(after: $after)", given)
                answer = await hub(query, as_=caller)
                assert with_named_cursors(answer.data) == oracle.answer(query, SIGHTS[caller])


async def test_who_had_looked_is_told_after_the_erasure(open_hub: Opener) -> None:
    async with open_hub("erased-looks", sequencer=False) as hub:
        (place, person, code), (_, _, another) = await hub.owner.fetch(
            """SELECT min(position), p.id, p.fiscal_code FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id
               JOIN beneficiary p ON p.id = e.beneficiary_id GROUP BY p.id HAVING count(*) = 1 ORDER BY 1 LIMIT 2"""
        )
        await hub("query Pull { conditionalityFeed { entries { position } } }", as_="inps")
        await lines_of(hub, "inps", after=place - 1, first=1)
        await lines_of(hub, "inps", after=place)  # not about the person

        async def report(code: str) -> list[Any]:
            nodes: list[Any] = (await hub(REPORT, as_="dpo", code=code)).data["accessReport"]["nodes"]
            return [node for node in nodes if node["agency"]["code"] == "inps"]

        before, of_another = await report(code), await report(another)
        assert [node["operation"] for node in before] == ["ConditionalityFeedLines", "Pull"]
        await erased(hub, place)
        assert await report(code) == before
        assert await report(another) == of_another
        kept = await hub.owner.fetch("SELECT beneficiary_id FROM erased_look")
        assert [row["beneficiary_id"] for row in kept] == [person] * 2
        # A look at what is left of the entry is about nobody.
        await lines_of(hub, "inps", after=place - 1, first=1)
        assert await report(code) == before
