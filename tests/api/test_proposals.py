# SPDX-License-Identifier: EUPL-1.2
"""What is proposed because of an entry, as its readers get it: in the line's bytes, and in GraphQL, the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hub.ledger.sequencer import sequence
from tests.api.test_feed_parts import lines_of
from tests.api.world import NORTH_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

PROPOSAL = (
    "breach count effect months monthlyCut atMostMonths retroactive article sentence unverified edition"
)
FEED = f"""{{ conditionalityFeed(first: 100) {{ entries {{ position event {{ type }} erasedAt proposal {{ {PROPOSAL} }} }} }} }}"""
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { id } userErrors { code } } }"""


async def test_the_bytes_and_graphql_say_the_same(ask: Service) -> None:
    entries = (await ask(FEED, as_="inps")).data["conditionalityFeed"]["entries"]
    lines = [json.loads(line) for line in (await lines_of(ask)).body.splitlines()]
    assert [one["entry"]["position"] for one in lines] == [one["position"] for one in entries]
    told = 0
    for line, entry in zip(lines, entries, strict=True):
        content = line["content"]
        assert line["entry"]["version"] == 2
        assert entry["proposal"] == (content and content["proposal"])
        told += entry["proposal"] is not None
    assert told >= 5
    assert any(one["proposal"] is None for one in entries)


async def test_what_is_recorded_is_told_with_its_proposal_and_erased_with_it(open_hub: Opener) -> None:
    async with open_hub("proposals", sequencer=False) as hub:
        told = list[Any]()
        for day in (3, 4):
            given = {
                "idempotencyKey": f"p-{day}",
                "fiscalCode": NORTH_CODE,
                "type": "CONVOCATION_MISSED",
                "occurredAt": f"2026-08-{day:02}T09:00:00Z",
            }
            done = (await hub(RECORD, input=given)).data["recordConditionalityEvent"]
            assert done["userErrors"] == []
            async with hub.hub.database.write.acquire() as connection:
                assert await sequence(connection) == 1
            told.append(await _last(hub))
        first, last = told
        assert (last["count"], last["breach"], last["effect"]) == (
            first["count"] + 1,
            "CONVOCATION",
            "FORFEITED",
        )
        assert last["article"] == "DL 48/2023 art. 8 c. 6 lett. a"
        await hub.owner.fetchval(
            "SELECT erase_feed_content((SELECT max(position) FROM feed_entry), (SELECT id FROM agency WHERE code = 'inps'), 'dpo', 'x')"
        )
        assert await _last(hub) is None


async def _last(hub: Service) -> Any:
    entries = (await hub(FEED, as_="inps")).data["conditionalityFeed"]["entries"]
    return entries[-1]["proposal"]


async def test_who_is_told(ask: Service) -> None:
    """Who reads entries, and a region; to whoever has no feed there is none."""
    query = "{ conditionalityFeed(first: 20) { entries { position proposal { effect } } } }"
    for purpose in ("inps", "municipality", "region"):
        assert (await ask(query, as_=f"of-{purpose}")).data["conditionalityFeed"]["entries"]
    for purpose in ("employment-centre", "citizen", "accredited", "ministry", "public"):
        answer = await ask(query, as_=f"of-{purpose}")
        codes = {error["extensions"]["code"] for error in answer.json["errors"]}
        assert codes == {"FORBIDDEN_FIELD"}, purpose
    assert (await ask(query, as_="centre")).json["errors"][0]["extensions"]["code"] == "FORBIDDEN"
