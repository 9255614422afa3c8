# SPDX-License-Identifier: EUPL-1.2
"""What could not land, as each caller is told: an agency of what it sent, who runs the hub of everything, nobody of what is in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLObjectType, build_schema

from schema.build import sdl
from tests.api.conftest import SIGHTS, with_named_cursors
from tests.api.looks import looks

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service

TOLD = "id source { code } flow field reason receivedAt resolvedAt"
ASIDE = (
    "query ($filter: QuarantineFilter, $first: Int, $after: String) { quarantine(filter: $filter, first: $first, after: $after) {"
    f" totalCount nodes {{ {TOLD} KEYS }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
WHOLE, PUBLIC = ASIDE.replace("KEYS", "recordKey dismissedBecause"), ASIDE.replace("KEYS", "")
SENDERS = [name for name, sight in SIGHTS.items() if sight.agency]


@pytest.fixture(scope="module")
async def hub(open_hub: Opener) -> AsyncIterator[Service]:
    async with open_hub("quarantine", sequencer=False) as service:
        yield service


async def told(hub: Service, name: str, query: str = WHOLE, **given: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await hub(query, as_=name, **given)).data["quarantine"]["nodes"]
    return nodes


@pytest.mark.parametrize("name", SENDERS)
async def test_an_agency_is_told_what_of_its_own_waits_and_nothing_of_another(
    hub: Service, name: str
) -> None:
    answer = with_named_cursors((await hub(WHOLE, as_=name)).data)
    assert answer == (await hub.oracle()).answer(WHOLE, SIGHTS[name])
    found = answer["quarantine"]["nodes"]
    assert {one["source"]["code"] for one in found} == {SIGHTS[name].agency}
    assert len(found) == answer["quarantine"]["totalCount"] == 3
    assert {one["resolvedAt"] for one in found} == {None}


async def test_what_would_tell_an_agency_of_somebody_is_told_to_who_runs_the_hub_alone(hub: Service) -> None:
    for name in SENDERS:
        assert "communications" not in {one["flow"] for one in await told(hub, name)}
    told_to_all = await told(hub, "admin", PUBLIC, first=500)
    untold = [one for one in told_to_all if one["flow"] == "communications"]
    senders = await hub.owner.fetchval("SELECT count(DISTINCT agency_id) FROM quarantined_record")
    assert len(untold) == len({one["source"]["code"] for one in untold}) == senders
    node = "query ($id: ID!) { node(id: $id) { ... on QuarantinedRecord { id } } }"
    [own] = [one for one in untold if one["source"]["code"] == "regione-12"]
    assert (await hub(node, as_="admin", id=own["id"])).data == {"node": {"id": own["id"]}}
    assert (await hub(node, as_="region", id=own["id"])).data == {"node": None}


async def test_who_runs_the_hub_is_told_of_every_agency_and_of_no_key_it_was_not_granted(
    hub: Service,
) -> None:
    found = with_named_cursors((await hub(PUBLIC, as_="admin", first=100)).data)
    assert found == (await hub.oracle()).answer(
        PUBLIC, replace(SIGHTS["accredited"], administers=True), {"first": 100}
    )
    assert (await hub(WHOLE, as_="admin")).codes == ["FORBIDDEN_FIELD"] * 2
    of_one = await told(hub, "admin", PUBLIC, filter={"source": "regione-12"})
    assert {one["source"]["code"] for one in of_one} == {"regione-12"}
    assert len(of_one) == 4


async def test_one_page_leads_to_the_next_the_oldest_first(hub: Service) -> None:
    pages, after = list[dict[str, Any]](), None
    while True:
        page = (await hub(PUBLIC, as_="admin", first=7, after=after)).data["quarantine"]
        pages += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(pages) == page["totalCount"] > 14
    assert len({one["id"] for one in pages}) == len(pages)
    times = [one["receivedAt"] for one in pages]
    assert times == sorted(times)


@pytest.mark.parametrize("name", ["citizen", "citizen-of-many", "citizen-unknown"])
async def test_no_citizen_is_told_of_any(hub: Service, name: str) -> None:
    ids = [f"qrn_{row['id'].hex}" for row in await hub.owner.fetch("SELECT id FROM quarantined_record")]
    assert await told(hub, name, PUBLIC) == []
    for one in ids[::17]:
        assert (await hub(f'{{ node(id: "{one}") {{ id }} }}', as_=name)).data == {"node": None}


async def test_a_key_the_hub_made_is_no_key_of_the_agencys(hub: Service) -> None:
    by_reason = {one["reason"]: one["recordKey"] for one in await told(hub, "region")}
    assert by_reason == {
        "The code is not in the configured table.": 'P "1" \\ Ω',
        "The record is not an object.": None,
        "It does not answer.": None,
    }


async def test_what_is_settled_is_found_by_its_id_and_says_how(hub: Service) -> None:
    rows = await hub.owner.fetch(
        "SELECT q.id, record_key FROM quarantined_record q JOIN agency a ON a.id = q.agency_id"
        " WHERE a.code = 'inps' AND resolved_at IS NOT NULL"
    )
    query = "query ($id: ID!) { node(id: $id) { ... on QuarantinedRecord { recordKey resolvedAt dismissedBecause } } }"
    said = {
        row["record_key"]: (await hub(query, as_="inps", id=f"qrn_{row['id'].hex}")).data["node"]
        for row in rows
    }
    assert {key: one["dismissedBecause"] for key, one in said.items()} == {
        "landed": None,
        "put-away": "Sent again as 12.",
    }
    assert all(one["resolvedAt"] for one in said.values())


async def test_a_field_set_without_the_keys_gives_the_rest(hub: Service) -> None:
    for name, may in (
        ("of-region", True),
        ("of-inps", True),
        ("of-employment-centre", False),
        ("of-public", False),
    ):
        answer = await hub(WHOLE, as_=name)
        if may:
            assert {one["source"]["code"] for one in answer.data["quarantine"]["nodes"]} == {name}
        else:
            assert {*answer.codes} == {"FORBIDDEN_FIELD"}
            assert len(await told(hub, name, PUBLIC)) == 3


async def test_that_somebody_looked_is_written_down_about_nobody(hub: Service) -> None:
    async with looks(hub) as found:
        await hub(WHOLE, as_="region")
    line = found.only
    assert (line.agency, line.outcome, line.subjects) == ("regione-12", "ANSWERED", set())
    assert {"Query.quarantine", "QuarantinedRecord.recordKey"} <= {*line.coordinates}


def test_nothing_of_what_is_in_a_record_is_a_field() -> None:
    kind = build_schema(sdl()).type_map["QuarantinedRecord"]
    assert isinstance(kind, GraphQLObjectType)
    assert kind.fields.keys() == {
        "id", "source", "flow", "recordKey", "field", "reason", "receivedAt", "resolvedAt", "dismissedBecause",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"first": -1}, "INVALID_PAGE"),
        ({"first": 1_000_000}, "INVALID_PAGE"),
        ({"after": "x"}, "INVALID_CURSOR"),
        ({"filter": {"receivedBefore": "yesterday"}}, "BAD_USER_INPUT"),
        ({"filter": {"payload": "x"}}, "BAD_USER_INPUT"),
        ({"filter": {"source": "x\u0000"}}, "BAD_REQUEST"),
    ],
)
async def test_bad_inputs_are_told(hub: Service, given: dict[str, Any], code: str) -> None:
    answer = await hub(PUBLIC, as_="region", **given)
    assert answer.codes == [code], answer.body
    assert json.loads(answer.body)["errors"][0]["message"]
