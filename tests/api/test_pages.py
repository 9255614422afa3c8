# SPDX-License-Identifier: EUPL-1.2
"""Pages by cursor, forward and backward: together they are the whole list, in every order."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Service

ORDERS = [
    [],
    ["FAMILY_NAME_DESC"],
    ["BIRTH_DATE_ASC", "FISCAL_CODE_DESC"],
    ["FAMILY_NAME_DESC", "BIRTH_DATE_ASC", "FISCAL_CODE_DESC"],
    ["BIRTH_DATE_DESC", "FAMILY_NAME_ASC"],
    ["FAMILY_NAME_ASC", "BIRTH_DATE_ASC", "FAMILY_NAME_DESC"],
    ["NEXT_CONVOCATION_ASC"],
    ["NEXT_CONVOCATION_ASC", "FAMILY_NAME_DESC"],
    ["BIRTH_DATE_DESC", "NEXT_CONVOCATION_ASC"],
    ["BIRTH_DATE_ASC", "BIRTH_DATE_DESC"],
    ["FISCAL_CODE_ASC"],
]
WALK = """
  query ($order: [BeneficiaryOrder!], $first: Int, $after: String, $last: Int, $before: String) {
    beneficiaries(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
      nodes { id } edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
    }
  }
"""


async def _walk(agree: Agree, caller: str, size: int, *, backward: bool, **variables: Any) -> list[str]:
    """The ids of all pages in the order of the list, each page held against the reference."""
    found: list[str] = []
    cursor = None
    for _ in range(100):
        ask = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = (await agree(WALK, caller, **ask, **variables))["beneficiaries"]
        ids = [node["id"] for node in page["nodes"]]
        found = [*ids, *found] if backward else [*found, *ids]
        info = page["pageInfo"]
        cursor = info["startCursor"] if backward else info["endCursor"]
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return found
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "+".join(order) or "its own")
async def test_pages_make_the_list(order: list[str], agree: Agree) -> None:
    whole = (await agree(WALK, "inps", order=order, first=1000))["beneficiaries"]["nodes"]
    for backward in (False, True):
        assert await _walk(agree, "inps", 7, backward=backward, order=order) == [node["id"] for node in whole]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    order=st.lists(
        st.sampled_from(["NEXT_CONVOCATION_ASC", *(f"{column}_{way}" for column in ("FAMILY_NAME", "BIRTH_DATE", "FISCAL_CODE")
                         for way in ("ASC", "DESC"))]),
        max_size=4,
    ),
    size=st.integers(4, 30),
    backward=st.booleans(),
    caller=st.sampled_from(["centre", "two-centres", "municipality", "inps"]),
)  # fmt: skip
async def test_pages_of_any_order(
    order: list[str], size: int, *, backward: bool, caller: str, agree: Agree
) -> None:
    found = await _walk(agree, caller, size, backward=backward, order=order)
    assert len(found) == len(set(found))


async def test_a_page_between_two_cursors(agree: Agree) -> None:
    cursors = [edge["cursor"] for edge in (await agree(WALK, "inps", first=20))["beneficiaries"]["edges"]]
    for first, last in ((3, None), (None, 3), (50, None), (None, 50), (None, None)):
        await agree(WALK, "inps", after=cursors[2], before=cursors[9], first=first, last=last)
    await agree(WALK, "inps", after=cursors[9], before=cursors[2], first=3)


@pytest.mark.parametrize(
    "name", ["households", "pacts", "jobOffers", "trainingCourses", "pucProjects", "conditionalityEvents"]
)
@pytest.mark.parametrize("size", [1, 4])
async def test_every_list_by_pages(name: str, size: int, agree: Agree) -> None:
    query = f"query ($n: Int, $c: String) {{ {name}(first: $n, after: $c) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
    back = f"query ($n: Int, $c: String) {{ {name}(last: $n, before: $c) {{ nodes {{ id }} pageInfo {{ hasPreviousPage startCursor }} }} }}"
    whole = [n["id"] for n in (await agree(query, "inps"))[name]["nodes"]]
    for text, more, end in ((query, "hasNextPage", "endCursor"), (back, "hasPreviousPage", "startCursor")):
        found: list[str] = []
        cursor, going = None, True
        while going:
            page = (await agree(text, "inps", n=size, c=cursor))[name]
            ids = [node["id"] for node in page["nodes"]]
            found = [*found, *ids] if text is query else [*ids, *found]
            going, cursor = page["pageInfo"][more], page["pageInfo"][end]
        assert found == whole


@pytest.mark.parametrize(
    ("name", "order"),
    [("pacts", "EXPIRES_ON_ASC"), ("jobOffers", "EXPIRES_ON_ASC"), ("trainingCourses", "STARTS_ON_ASC")],
)
async def test_pages_of_other_orders(name: str, order: str, agree: Agree) -> None:
    """Past the last date there is, where cursors stand at infinity."""
    query = f"query ($c: String, $n: Int) {{ {name}(first: $n, after: $c, orderBy: {order}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
    whole = (await agree(query, "inps", n=100))[name]["nodes"]
    found: list[Any] = []
    cursor, going = None, True
    while going:
        page = (await agree(query, "inps", n=2, c=cursor))[name]
        found += page["nodes"]
        going, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert found == whole


async def test_events_of_one_moment_by_pages(agree: Agree, ask: Service) -> None:
    query = """
      query ($code: FiscalCode!, $after: String) {
        beneficiary(fiscalCode: $code) {
          conditionalityEvents(first: 1, after: $after, orderBy: [RECORDED_AT_ASC, OCCURRED_AT_DESC]) {
            nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }
          }
        }
      }
    """
    found: list[Any] = []
    code, cursor, going = ask.world.people["crowd-1"].fiscal_code, None, True
    while going:
        page = (await agree(query, code=code, after=cursor))["beneficiary"]["conditionalityEvents"]
        found += page["nodes"]
        going, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert len(found) == 4


PAGE = """
  query ($first: Int, $last: Int, $after: String, $before: String, $order: [BeneficiaryOrder!]) {
    beneficiaries(first: $first, last: $last, after: $after, before: $before, orderBy: $order) { nodes { id } }
  }
"""


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"first": 1, "last": 1}, "INVALID_PAGE"),
        ({"first": -1}, "INVALID_PAGE"),
        ({"last": -1}, "INVALID_PAGE"),
        ({"first": 1001}, "INVALID_PAGE"),
        ({"first": 2**31 - 1}, "INVALID_PAGE"),
        ({"first": 2**31}, "BAD_USER_INPUT"),
        ({"first": "3"}, "BAD_USER_INPUT"),
        ({"after": "tampered"}, "INVALID_CURSOR"),
        ({"after": ""}, "INVALID_CURSOR"),
        ({"before": "🦊"}, "INVALID_CURSOR"),
        ({"after": "W10="}, "INVALID_CURSOR"),
        ({"after": "e30="}, "INVALID_CURSOR"),
        ({"after": "MQ=="}, "INVALID_CURSOR"),
        ({"after": "5"}, "INVALID_CURSOR"),
    ],
)
async def test_pages_that_cannot_be(variables: dict[str, Any], code: str, ask: Service) -> None:
    for _ in range(2):
        answer = await ask(PAGE, **variables)
        assert (answer.status, answer.codes) == (400, [code])
        assert (await ask(PAGE, first=1)).status == 200


async def test_a_cursor_is_good_for_its_own_list_and_order_alone(ask: Service) -> None:
    whole = await ask("{ beneficiaries { edges { cursor } } jobOffers { edges { cursor } } }", as_="inps")
    person, offer = (whole.data[name]["edges"][0]["cursor"] for name in ("beneficiaries", "jobOffers"))
    for variables in (
        {"after": offer},
        {"after": person, "order": ["BIRTH_DATE_ASC"]},
        {"before": person[:-4]},
    ):
        answer = await ask(PAGE, **variables)
        assert (answer.status, answer.codes) == (400, ["INVALID_CURSOR"])


async def test_a_tampered_value_in_a_cursor(ask: Service) -> None:
    cursor = (await ask("{ conditionalityEvents(first: 1) { edges { cursor } } }")).data
    mark, at, key = json.loads(base64.b64decode(cursor["conditionalityEvents"]["edges"][0]["cursor"]))
    query = "query ($after: String) { conditionalityEvents(after: $after) { totalCount } }"
    for values in (
        [mark, "yesterday", key],
        [mark, at, "not-a-key"],
        [mark, at],
        [mark, at, key, key],
        [mark, None, key],
        [mark, 1, key],
        [mark, ["x"], key],
        [mark, "a\x00", key],
        [mark + " ", at, key],
        [[mark], at, key],
    ):
        after = base64.b64encode(json.dumps(values).encode()).decode()
        answer = await ask(query, after=after)
        assert (answer.status, answer.codes) == (400, ["INVALID_CURSOR"]), values
    bytes_of_a_name = base64.b64encode(b'["\xff"]').decode()
    assert (await ask(query, after=bytes_of_a_name)).codes == ["INVALID_CURSOR"]


async def test_nested_pages_have_the_same_limits(ask: Service) -> None:
    query = "query ($n: Int) { beneficiaries { nodes { conditionalityEvents(first: $n) { totalCount } } } }"
    for size in (-1, 1001):
        answer = await ask(query, n=size)
        assert (answer.status, answer.codes) == (400, ["INVALID_PAGE"])


async def test_the_limits_are_those_of_the_settings(open_hub: Any) -> None:
    async with open_hub("limits", sequencer=False, default_page_size=2, max_page_size=3) as hub:
        query = "query ($n: Int) { beneficiaries(first: $n) { nodes { conditionalityEvents(first: $n) { nodes { id } } } } }"
        found = (await hub(query, as_="inps")).data["beneficiaries"]["nodes"]
        assert len(found) == 2
        query = query.replace("beneficiaries(first: $n)", "beneficiaries(first: 3)")
        assert (await hub(query, n=4)).codes == ["INVALID_PAGE"]
        whole = "{ beneficiaries(first: 3, orderBy: FISCAL_CODE_DESC) { nodes { conditionalityEvents { nodes { id } } } } }"
        nested = (await hub(whole, as_="inps")).data["beneficiaries"]["nodes"]
        assert max(len(person["conditionalityEvents"]["nodes"]) for person in nested) <= 2


@pytest.mark.parametrize("after", ["", "-1", "1.0", "٣", "9" * 19, "abc", "1\n", "W10="])
async def test_a_feed_cursor_is_a_position(after: str, ask: Service) -> None:
    answer = await ask(
        "query ($a: String) { conditionalityFeed(after: $a) { endCursor } }", as_="inps", a=after
    )
    assert (answer.status, answer.codes) == (400, ["INVALID_CURSOR"])


@pytest.mark.parametrize("first", [-1, 1001])
async def test_a_feed_page_has_its_limits(first: int, ask: Service) -> None:
    answer = await ask(
        "query ($n: Int!) { conditionalityFeed(first: $n) { endCursor } }", as_="inps", n=first
    )
    assert (answer.status, answer.codes) == (400, ["INVALID_PAGE"])


async def test_the_last_day_there_is_comes_before_no_day(open_hub: Any) -> None:
    """Registries write 31-12-9999 for "no end"; to asyncpg that day is infinity, and pages would leave rows out."""
    query = """
      query ($n: Int, $a: String, $l: Int, $b: String) {
        jobOffers(orderBy: EXPIRES_ON_ASC, first: $n, after: $a, last: $l, before: $b) {
          edges { cursor node { id expiresOn } } pageInfo { hasNextPage hasPreviousPage }
        }
      }
    """
    async with open_hub("lastday", sequencer=False) as hub:
        await hub.owner.execute("UPDATE job_offer SET expires_on = '9999-12-31' WHERE title ~ '[135]'")
        whole = [edge["node"] for edge in (await hub(query)).data["jobOffers"]["edges"]]
        assert [node["expiresOn"] for node in whole].count("9999-12-31") == 3
        assert None in [node["expiresOn"] for node in whole]
        for forward in (True, False):
            found: list[Any] = []
            given: dict[str, Any] = {"n": 1} if forward else {"l": 1}
            while len(found) <= len(whole):
                page = (await hub(query, **given)).data["jobOffers"]
                found += [edge["node"] for edge in page["edges"]]
                if not page["pageInfo"]["hasNextPage" if forward else "hasPreviousPage"]:
                    break
                given["a" if forward else "b"] = page["edges"][0]["cursor"]
            assert found == (whole if forward else whole[::-1])
        before = "query ($d: Date) { pacts(filter: { expiringBefore: $d }) { totalCount } }"
        await hub.owner.execute("UPDATE pact SET period = daterange(lower(period), '9999-12-31', '[]')")
        assert (await hub(before, as_="inps", d="9999-12-31")).data["pacts"]["totalCount"] == 0
