# SPDX-License-Identifier: EUPL-1.2
"""Parts of the one feed: a region's, a municipality's, and what a filter leaves; by page, by subscription and as lines."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

import hub.plan.feed_part
from hub.store.reference.demo import demo_key
from tests.api.test_subscriptions import following, positions

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

PAGE = """query ($after: String, $first: Int! = 500, $filter: ConditionalityFeedFilter) {
  conditionalityFeed(after: $after, first: $first, filter: $filter) {
    entries { position measure event { type } } endCursor hasMore } }"""
FOLLOW = """subscription ($after: String, $first: Int! = 500, $filter: ConditionalityFeedFilter) {
  conditionalityFeed(after: $after, first: $first, filter: $filter) { entries { position event { id } } endCursor hasMore } }"""


async def lines_of(
    hub: Service, as_: str = "inps", *, headers: dict[str, str] | None = None, **parameters: Any
) -> Answer:
    return await hub.send(
        "GET", "/feeds/conditionality", params=parameters,
        headers={"authorization": f"Bearer {hub.token(as_)}", **(headers or {})},
    )  # fmt: skip


def read(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.body == b"" or answer.body.endswith(b"\n")
    return [json.loads(line) for line in answer.body.splitlines()]


def places(answer: Answer) -> list[int]:
    return [line["entry"]["position"] for line in read(answer)]


async def own_parts(hub: Service) -> None:
    """Record, as the region's own agency, an event about somebody of the region; and have it sequenced."""
    key = await hub.owner.fetchval(
        """INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code,
               inps_protocol, measure)
           SELECT type, occurred_at, $1, beneficiary_id, household_id, fiscal_code, inps_protocol, measure
           FROM conditionality_event WHERE beneficiary_id = $2 LIMIT 1 RETURNING id""",
        demo_key("agency", "regione-12"), hub.world.people["latina"].id,
    )  # fmt: skip
    from hub.ledger.sequencer import sequence

    await hub.owner.execute("INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", key)
    await sequence(hub.owner)


async def expected(hub: Service, where: str) -> list[int]:
    rows = await hub.owner.fetch(
        f"""SELECT position FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id
            JOIN beneficiary b ON b.id = e.beneficiary_id JOIN agency a ON a.id = e.agency_id
            JOIN municipality m ON m.id = b.municipality_id WHERE {where} ORDER BY position"""
    )
    return [row["position"] for row in rows]


MINE = {
    "region": "f.region_code = '12' AND b.region_code = '12' AND a.code <> 'regione-12'",
    "municipality": "f.municipality_code = 'H501' AND m.belfiore_code = 'H501'",
    "inps": "true",
}


@pytest.mark.parametrize("caller", MINE)
async def test_each_reads_its_part_by_every_way(caller: str, open_hub: Opener) -> None:
    async with open_hub(f"part-{caller}", sequencer=False) as hub:
        await own_parts(hub)
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        mine = await expected(hub, MINE[caller])
        assert mine
        assert (len(mine) == last) is (caller == "inps")
        page = (await hub(PAGE, as_=caller)).data["conditionalityFeed"]
        assert positions([page]) == mine
        assert (page["endCursor"], page["hasMore"]) == (str(last), False)
        found: list[int] = []
        after = "0"
        while True:  # by twos
            page = (await hub(PAGE, as_=caller, first=2, after=after)).data["conditionalityFeed"]
            found += positions([page])
            after = page["endCursor"]
            if not page["hasMore"]:
                break
        assert found == mine
        assert places(await lines_of(hub, caller)) == mine
        assert places(await lines_of(hub, caller, first=1_000)) == mine
        async with following(hub, FOLLOW, token=hub.token(caller), first=3) as events:
            followed: list[int] = []
            while len(followed) < len(mine):
                _, response = await asyncio.wait_for(anext(events), 10)
                followed += positions([response["data"]["conditionalityFeed"]])
        assert followed == mine


async def test_nothing_of_anothers_by_any_cursor_or_filter(open_hub: Opener) -> None:
    async with open_hub("anothers", sequencer=False) as hub:
        await own_parts(hub)
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        mine = set(await expected(hub, MINE["region"]))
        rng = random.Random(7)
        for _ in range(60):
            filter_ = {
                name: value
                for name, value in {
                    "measures": rng.sample(["RDC", "MIA", "ADI", "SFL"], 2),
                    "types": rng.sample(["CONVOCATION_MISSED", "PACT_SIGNED", "ABSENCE_JUSTIFIED"], 2),
                    "occurredFrom": f"2026-09-{rng.randint(1, 12):02}T00:00:00Z",
                    "occurredBefore": f"2026-09-{rng.randint(1, 12):02}T00:00:00Z",
                }.items()
                if rng.random() < 0.4
            }
            after, first = rng.randint(0, last), rng.randint(0, 6)
            page = (await hub(PAGE, as_="region", filter=filter_, after=str(after), first=first)).data
            found = positions([page["conditionalityFeed"]])
            assert set(found) <= mine
            assert all(position > after for position in found)
        for position in range(1, last + 1):  # one by one
            page = (await hub(PAGE, as_="region", after=str(position - 1), first=1)).data[
                "conditionalityFeed"
            ]
            at = [one for one in positions([page]) if one == position]
            assert bool(at) is (position in mine)


async def test_filters_agree_with_the_rows(ask: Service) -> None:
    rows = await ask.owner.fetch(
        "SELECT position, f.measure, f.type, occurred_at FROM feed_entry f JOIN conditionality_event e ON e.id = event_id ORDER BY 1"
    )
    for filter_, query, holds in (
        ({"measures": ["RDC"]}, {"measure": ["RDC"]}, lambda r: r["measure"] == "RDC"),
        ({"measures": []}, None, lambda r: False),
        ({"types": ["PACT_SIGNED", "CONVOCATION_MISSED"]}, {"type": ["PACT_SIGNED", "CONVOCATION_MISSED"]},
         lambda r: r["type"] in ("PACT_SIGNED", "CONVOCATION_MISSED")),
        ({"occurredFrom": "2026-09-04T09:00:00Z", "occurredBefore": "2026-09-10T09:00:00.1Z"},
         {"occurredFrom": "2026-09-04T09:00:00Z", "occurredBefore": "2026-09-10T09:00:00.1Z"},
         lambda r: "2026-09-04T09:00:00" <= r["occurred_at"].isoformat() < "2026-09-10T09:00:00.1"),
    ):  # fmt: skip
        wanted = [row["position"] for row in rows if holds(row)]
        page = (await ask(PAGE, as_="inps", filter=filter_)).data["conditionalityFeed"]
        assert positions([page]) == wanted
        assert (page["hasMore"], page["endCursor"]) == (False, str(rows[-1]["position"]))
        if query is not None:
            assert places(await lines_of(ask, **query)) == wanted


async def test_a_page_examines_so_many_positions(open_hub: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends there with what it found, nothing perhaps, and says that the feed goes on."""
    monkeypatch.setattr(hub.plan.feed_part, "EXAMINED", 3)
    async with open_hub("examined", sequencer=False) as service:
        last = await service.owner.fetchval("SELECT max(position) FROM feed_entry")
        types = await service.owner.fetch("SELECT position, type FROM feed_entry ORDER BY 1")
        rare = types[-1]["type"]
        wanted = [row["position"] for row in types if row["type"] == rare]
        found, after, empty = [], 0, 0
        while True:
            page = (await service(PAGE, as_="inps", filter={"types": [rare]}, after=str(after))).data[
                "conditionalityFeed"
            ]
            assert int(page["endCursor"]) == min(after + 3, last)
            assert page["hasMore"] is (after + 3 < last)
            found += positions([page])
            empty += not page["entries"]
            after = int(page["endCursor"])
            if not page["hasMore"]:
                break
        assert found == wanted
        assert empty
        assert places(await lines_of(service, type=rare)) == wanted
        piece = await lines_of(service, type=rare, first=1)
        assert places(piece) == wanted[:1]
        assert piece.headers["feed-cursor"] == str(wanted[0])
        read_up_to = await service.owner.fetchval("SELECT max(feed_reached) FROM access_log")
        assert read_up_to == last


async def test_a_line_is_the_stored_bytes(ask: Service) -> None:
    stored = await ask.owner.fetch(
        "SELECT entry, content FROM feed_entry JOIN feed_content USING (position) ORDER BY position"
    )
    answer = await lines_of(ask)
    assert answer.body == b"".join(
        f'{{"content":{row["content"] or "null"},"entry":{row["entry"]}}}\n'.encode() for row in stored
    )
    for line in read(answer):
        canonical = json.dumps(line["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert line["entry"]["contentHash"] == hashlib.sha256(canonical.encode()).hexdigest()


async def test_it_resumes_and_says_where_the_next_begins(ask: Service) -> None:
    all_ = places(await lines_of(ask))
    assert places(await lines_of(ask, after=4)) == all_[4:]
    found, url = [], "/feeds/conditionality?first=5&measure=ADI&measure=RDC"
    while url:
        answer = await ask.send("GET", url, headers={"authorization": f"Bearer {ask.token('inps')}"})
        found += places(answer)
        link = answer.headers.get("link", "")
        assert link == "" or link.endswith('>; rel="next"')
        url = link.removeprefix("<").partition(">")[0]
    wanted = places(await lines_of(ask, measure=["ADI", "RDC"]))
    assert found == wanted
    assert places(await lines_of(ask, after=all_[-1])) == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"after": "x"}, "INVALID_CURSOR"),
        ({"after": "-1"}, "INVALID_CURSOR"),
        ({"after": "999999"}, "CURSOR_AHEAD"),
        ({"after": "999999", "measure": "ADI"}, "CURSOR_AHEAD"),
        ({"first": "-1"}, "INVALID_PAGE"),
        ({"first": "0"}, "INVALID_PAGE"),
        ({"first": "many"}, "INVALID_PAGE"),
        ({"type": "NO_SUCH_TYPE"}, "BAD_USER_INPUT"),
        ({"measure": "XYZ"}, "BAD_USER_INPUT"),
        ({"occurredFrom": "yesterday"}, "BAD_USER_INPUT"),
        ({"limit": "5"}, "BAD_USER_INPUT"),
        ({"after": ["1", "2"]}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_asked(parameters: dict[str, Any], code: str, ask: Service) -> None:
    answer = await lines_of(ask, **parameters)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.json["code"]) == (400, code)
    assert answer.json["detail"].rstrip("'\"").endswith((".", "?", "enum", ")")), answer.json


async def test_who_may_read_lines(ask: Service) -> None:
    """The voucher, the capability, and every field of a line."""
    assert (await ask.send("GET", "/feeds/conditionality")).status == 401
    for caller, code in (
        ("centre", "FORBIDDEN"),
        ("of-employment-centre", "FORBIDDEN_FIELD"),
        ("of-region", "FORBIDDEN_FIELD"),
    ):
        answer = await lines_of(ask, caller)
        assert (answer.status, answer.json["code"]) == (403, code)
    assert (await lines_of(ask, "of-municipality")).status == 200
    assert (await ask.send("POST", "/feeds/conditionality")).status == 405
    assert "x-ratelimit-remaining" in (await lines_of(ask)).headers


@pytest.mark.parametrize(("caller", "whole"), [("inps", True), ("region", False)])
async def test_lines_are_in_the_log_by_their_places(caller: str, whole: bool, open_hub: Opener) -> None:
    async with open_hub(f"lines-{caller}", sequencer=False) as hub:
        mine = places(await lines_of(hub, caller))
        rows = await hub.owner.fetch(
            "SELECT operation, subjects, feed_reached, positions::text AS places FROM access_log ORDER BY at"
        )
        assert {row["operation"] for row in rows} == {"ConditionalityFeedLines"}
        assert all(row["subjects"] == [] for row in rows)
        logged = await hub.owner.fetch(
            "SELECT p FROM access_log, generate_series(1, 100) AS p WHERE positions @> p::bigint ORDER BY p"
        )
        assert [row["p"] for row in logged] == mine
        last = await hub.owner.fetchval("SELECT max(position) FROM feed_entry")
        assert rows[-1]["feed_reached"] == last
        report = "query ($code: FiscalCode!) { accessReport(fiscalCode: $code) { nodes { operation } } }"
        person = hub.world.people["latina"]
        told = (await hub(report, as_="dpo", code=person.fiscal_code)).data["accessReport"]["nodes"]
        assert {"operation": "ConditionalityFeedLines"} in told
        away = hub.world.people["scattered-torino"]  # of another region's feed
        told = (await hub(report, as_="dpo", code=away.fiscal_code)).data["accessReport"]["nodes"]
        assert ({"operation": "ConditionalityFeedLines"} in told) is whole


async def test_a_reader_at_a_position_never_skips(open_hub: Opener) -> None:
    """By page, by lines and by subscription, against writers whose transactions commit late, in any order."""
    async with open_hub("never-skips") as service:
        rng, numbers = random.Random(11), itertools.count()
        start = await service.owner.fetchval("SELECT max(position) FROM feed_entry")
        aim = start + 3 + 60  # what waits in the world is sequenced, too
        source = await service.owner.fetchrow("SELECT * FROM conditionality_event LIMIT 1")
        assert source is not None
        pool = service.hub.database.write

        async def write(delays: list[float]) -> None:
            for delay in delays:
                async with pool.acquire() as connection, connection.transaction():
                    key = await connection.fetchval(
                        """INSERT INTO conditionality_event (type, occurred_at, agency_id, beneficiary_id, household_id,
                               fiscal_code, inps_protocol, measure, note)
                           SELECT type, occurred_at, agency_id, beneficiary_id, household_id, fiscal_code, inps_protocol,
                               measure, $2 FROM conditionality_event WHERE id = $1 RETURNING id""",
                        source["id"], str(next(numbers)),
                    )  # fmt: skip
                    await connection.execute(
                        "INSERT INTO outbox_message (topic, subject_id) VALUES ('feed', $1)", key
                    )
                    await asyncio.sleep(delay)

        async def by_page(first: int) -> list[int]:
            found: list[int] = []
            after = start
            while after < aim_now():
                page = (await service(PAGE, as_="inps", first=first, after=str(after))).data[
                    "conditionalityFeed"
                ]
                found += positions([page])
                after = int(page["endCursor"])
                await asyncio.sleep(0)
            return found

        async def by_lines() -> list[int]:
            found: list[int] = []
            while (found[-1] if found else start) < aim_now():
                found += places(await lines_of(service, after=found[-1] if found else start))
            return found

        async def by_subscription() -> list[int]:
            found: list[int] = []
            async with following(service, FOLLOW, after=str(start), first=7) as events:
                while not found or found[-1] < aim_now():
                    name, response = await asyncio.wait_for(anext(events), 20)
                    if name == "next":
                        found += positions([response["data"]["conditionalityFeed"]])
            return found

        waiting = await service.owner.fetchval("SELECT count(*) FROM outbox_message WHERE topic = 'feed'")

        def aim_now() -> int:
            return int(start + 60 + waiting)

        writers = [write([rng.choice((0.0, 0.0, 0.01, 0.05)) for _ in range(15)]) for _ in range(4)]
        async with asyncio.timeout(60):
            writing = asyncio.gather(*writers)
            read_ = await asyncio.gather(by_page(1), by_page(9), by_lines(), by_subscription())
            await writing
        assert aim_now() <= aim
        for found in read_:
            assert found == list(range(start + 1, start + 1 + len(found)))
            assert len(found) >= 60
