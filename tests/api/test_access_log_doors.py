# SPDX-License-Identifier: EUPL-1.2
"""Every way an answer leaves, or a refusal: each has its line in the access log, and the line names whoever it told of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from connectors.anpr import FamilyMember
from tests.api.looks import looks
from tests.api.test_access_log import DEFERRED, PERSON, RECORD, _event
from tests.api.test_federated_beside_stored import FakeAnpr, anpr
from tests.api.test_subscriptions import FOLLOW, _end_of, following, last_position, pages, record
from tests.api.test_websocket import welcomed

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service
    from tests.api.looks import Line
    from tests.api.world import World

__all__ = ["anpr"]  # the fixture

BEYOND = "{ beneficiaries { totalCount nodes { givenName } } }"
OPERATOR = "{ accessChanges(first: 1) { nodes { at operator } } }"


async def _partly(ask: Service, query: str, as_: str, **variables: Any) -> Answer:
    return await ask.send(
        json={"query": query, "variables": variables, "extensions": {"partial": True}},
        headers={"authorization": f"Bearer {ask.token(as_)}"},
    )


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "as_"), [(BEYOND.replace("totalCount ", ""), "of-ministry"), (PERSON, "of-public")]
)
async def test_a_part_of_which_nothing_is_left_is_refused_in_the_log(
    query: str, as_: str, ask: Service, world: World
) -> None:
    variables = {"code": world.people["north"].fiscal_code} if "$code" in query else {}
    async with looks(ask) as found:
        answer = await _partly(ask, query, as_, **variables)
    assert answer.status == 403
    assert (found.only.outcome, found.only.subjects, found.only.asked) == ("REFUSED", set(), variables)
    async with looks(ask) as whole:
        await ask(query, as_=as_, **variables)
    assert found.only.coordinates == whole.only.coordinates, (
        "the line says what was asked, not what is permitted of it"
    )


async def test_a_command_refused_in_part_is_refused_in_the_log(writable: Service, world: World) -> None:
    given = _event(world, "part-1")
    async with looks(writable) as found:
        answer = await _partly(writable, RECORD, "of-public", input=given)
    assert answer.status == 403
    assert (found.only.outcome, found.only.asked["input"]["idempotencyKey"]) == ("REFUSED", "part-1")


async def test_a_permitted_part_has_a_line_of_what_was_answered(ask: Service) -> None:
    async with looks(ask) as found:
        answer = await _partly(ask, BEYOND, "of-ministry")
    assert answer.json["data"]["beneficiaries"].keys() == {"totalCount"}
    assert (found.only.outcome, found.only.coordinates) == (
        "ANSWERED", ["BeneficiaryConnection.totalCount", "Query.beneficiaries"],
    )  # fmt: skip


# ── what takes a capability ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "as_", "other"),
    [
        (OPERATOR, "dpo", "admin"),
        ("{ agencies { code } }", "admin", "dpo"),
        ('{ agency(code: "inps") { name } jobOffers { totalCount } }', "admin", "centre"),
        ("{ fieldSets { name } }", "admin", "ministry"),
    ],
)
async def test_what_takes_a_capability_leaves_a_line(query: str, as_: str, other: str, ask: Service) -> None:
    for caller, status, outcome in ((as_, 200, "ANSWERED"), (other, 403, "REFUSED")):
        async with looks(ask) as found:
            assert (await ask(query, as_=caller)).status == status
        assert (found.only.outcome, found.only.subjects) == (outcome, set())


async def test_a_command_that_changed_nothing_has_told_all_the_same(ask: Service) -> None:
    limits = 'mutation { setCallLimits(input: {agencyCode: "inps"}) { limits { usedToday } } }'
    for caller, status, outcome in (("admin", 200, "ANSWERED"), ("dpo", 403, "REFUSED")):
        async with looks(ask) as found:
            assert (await ask(limits, as_=caller)).status == status
        assert (found.only.outcome, found.only.coordinates) == (
            outcome, ["CallLimits.usedToday", "CallLimitsPayload.limits", "Mutation.setCallLimits"],
        )  # fmt: skip


async def test_without_a_line_nothing_is_told_of_changes(open_hub: Opener) -> None:
    async with open_hub("untold", sequencer=False) as hub:
        await hub.owner.execute("ALTER TABLE access_log RENAME TO access_log_gone")
        for query, as_ in ((OPERATOR, "dpo"), ("{ agencies { code } }", "admin")):
            answer = await hub(query, as_=as_)
            assert (answer.status, answer.codes) == (503, ["ACCESS_LOG_UNAVAILABLE"])
            assert "data" not in answer.json


async def test_who_sat_at_the_desk_is_personal(ask: Service) -> None:
    assert (await ask(OPERATOR, as_="of-protection-officer")).data["accessChanges"].keys() == {"nodes"}
    answer = await ask(OPERATOR, as_="of-inps")
    assert (answer.status, answer.codes) == (403, ["FORBIDDEN_FIELD"])
    assert answer.json["errors"][0]["extensions"]["coordinate"] == "AccessChange.operator"


# ── what was asked with ───────────────────────────────────────────────────────────────────────────────


async def test_a_default_is_asked_with_and_an_undeclared_variable_is_not(ask: Service, world: World) -> None:
    code, other = (world.people[name].fiscal_code for name in ("torino-only", "east"))
    query = f'query ($code: FiscalCode! = "{code}") {{ beneficiary(fiscalCode: $code) {{ id }} }}'
    async with looks(ask) as found:
        assert (await ask(query, noise="x" * 7_000, **{"$code": other})).status == 200
    assert found.only.asked == {"$code": code}
    async with looks(ask) as found:
        assert (await ask(query, code=other)).status == 200
    assert found.only.asked == {"code": other, "$code": code}


async def test_no_default_hides_behind_the_length_of_another(ask: Service, world: World) -> None:
    code = world.people["torino-only"].fiscal_code
    query = f"""query ($bytes: FiscalCode! = "{code}", $r: [_Any!]!) {{
      beneficiary(fiscalCode: $bytes) {{ id }} _entities(representations: $r) {{ __typename }} }}"""
    many = [{"__typename": "Beneficiary", "fiscalCode": "12345678903"}] * 500
    async with looks(ask) as found:
        assert (await ask(query, r=many)).status == 200
    assert found.only.asked.keys() == {"r", "$bytes", "$.bytes"}
    assert found.only.asked["$bytes"] == code


# ── the doors ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "accept",
    ["application/json", "application/graphql-response+json", "text/event-stream", "multipart/mixed"],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_one_line_whatever_the_answer_is_sent_as(
    accept: str, method: str, ask: Service, world: World
) -> None:
    person = world.people["north"]
    headers = {"authorization": f"Bearer {ask.token('centre')}", "accept": accept}
    if method == "POST":
        content = {"query": PERSON, "variables": {"code": person.fiscal_code}}
        request: dict[str, Any] = {"json": content}
    else:
        request = {"params": {"query": PERSON, "variables": json.dumps({"code": person.fiscal_code})}}
    async with looks(ask) as found:
        answer = await ask.send(method, headers=headers, **request)
    assert b'"familyName"' in answer.body
    assert (found.only.outcome, found.only.subjects) == ("ANSWERED", {person.id})


@pytest.mark.parametrize("query", [PERSON, DEFERRED])
async def test_one_line_for_an_operation_of_a_socket(query: str, ask: Service, world: World) -> None:
    person = world.people["north"]
    async with looks(ask) as found, welcomed(ask) as client:
        messages = await client.ask("1", query, code=person.fiscal_code)
    assert messages[0]["payload"]["data"]["beneficiary"]["familyName"]
    assert person.id in found.only.subjects


async def test_each_page_of_a_subscription_has_its_line(open_hub: Opener) -> None:
    """On a hub of its own: who has left a subscription may be written down a little later, among another test's lines."""
    async with open_hub("pages", sequencer=False) as hub:
        first = await _three_pages(hub, "Plain", FOLLOW)
        assert [line.keys for line in first] == [[], [], []], "places stand for people"
        live = FOLLOW.replace("event { id }", "event { id beneficiary { residence { source } } }")
        again = await _three_pages(hub, "Live", live)
        assert [line.subjects for line in again] == [line.subjects for line in first]
        async with looks(hub) as found, welcomed(hub, "inps") as client:
            await client.subscribe("1", _named("Socket", FOLLOW), first=1)
            for _ in range(3):
                assert (await client.hear())["type"] == "next"
        by_socket = [line.subjects for line in found.lines if line.row["operation"] == "Socket"]
        assert by_socket[:3] == [line.subjects for line in first]


def _named(name: str, query: str) -> str:
    """A subscription by a name of its own: another whose client has left may still be writing."""
    return query.replace("subscription ", f"subscription {name} ")


async def _three_pages(ask: Service, name: str, query: str) -> list[Line]:
    async with looks(ask) as found, following(ask, _named(name, query), first=1) as events:
        for _ in range(3):
            kind, response = await asyncio.wait_for(anext(events), 10)
            assert kind == "next"
            assert response["data"]["conditionalityFeed"]["entries"]
    # The client may have gone before the hub gave what it had read: never the other way round.
    lines = [line for line in found.lines if line.row["operation"] == name][:3]
    assert [(line.outcome, len(line.subjects)) for line in lines] == [("ANSWERED", 1)] * 3
    return lines


async def test_a_subscription_whose_fields_are_taken_away_is_refused_in_the_log(open_hub: Opener) -> None:
    async with open_hub("taken-fields") as hub:
        there = await last_position(hub)
        async with looks(hub) as found, following(hub) as events:
            await pages(events, there)
            await hub.owner.execute(
                "UPDATE access_grant SET field_set = 'public' WHERE purpose_id = $1",
                UUID(hub.registry.consumer("inps").purpose_for("hub").purpose_id),
            )
            await record(hub)
            assert set(await _end_of(events)) == {"FORBIDDEN_FIELD"}
    assert [line.outcome for line in found.lines if line.agency == "inps"][-1] == "REFUSED"


# ── whom a line names ─────────────────────────────────────────────────────────────────────────────────


async def test_a_refusal_that_tells_of_a_person_names_it(writable: Service, world: World) -> None:
    """That the pact is not the person's says that the person is there."""
    given = _event(world, "told-1", pactId="pct_" + "0" * 32)
    async with looks(writable) as found:
        payload = (await writable(RECORD, input=given)).data["recordConditionalityEvent"]
    assert [error["code"] for error in payload["userErrors"]] == ["PACT_NOT_FOUND"]
    assert found.only.subjects == {world.people["north"].id}


async def test_that_a_person_has_left_is_told_of_that_person(open_hub: Opener, world: World) -> None:
    person = world.people["north"]
    async with open_hub("left", sequencer=False) as hub:
        given = _event(world, "left-1")
        assert (await hub(RECORD, input=given)).data["recordConditionalityEvent"]["event"]
        await hub.owner.execute(
            """UPDATE beneficiary SET employment_centre_id = (SELECT id FROM employment_centre WHERE code = 'L219C900001')
               WHERE id = $1""",
            person.id,
        )
        async with looks(hub) as found:
            payload = (await hub(RECORD, input=given)).data["recordConditionalityEvent"]
    assert [error["code"] for error in payload["userErrors"]] == ["PERSON_NOT_FOUND"]
    assert "no longer" in json.dumps(payload) or payload["event"] is None
    assert found.only.subjects == {person.id}


UNKNOWN = "BNCLRA80A41F205X"
REGISTERED = "registeredFamily { members { fiscalCode } }"


@pytest.fixture
async def family(anpr: FakeAnpr, open_hub: Opener, world: World) -> AsyncIterator[tuple[Service, set[UUID]]]:
    """A hub whom ANPR tells of a family: the person, somebody of another household, and a third whom the hub does not know."""
    known = [world.people["north"], world.people["torino"]]
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(FamilyMember))

    async def registered_family(_code: str, _operator: Any, **_more: Any) -> list[Any]:
        codes = [*(one.fiscal_code for one in known), UNKNOWN]
        return [FamilyMember(**{**nothing, "fiscal_code": code}) for code in codes]

    anpr.registered_family = registered_family  # type: ignore[attr-defined]
    async with open_hub("family") as hub:
        yield hub, {one.id for one in known}


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("deferred", ["... {", "... @defer {"])
async def test_a_registered_family_is_about_all_of_it(
    accept: str, deferred: str, family: tuple[Service, set[UUID]], world: World
) -> None:
    ask, expected = family
    person = world.people["north"]
    query = (
        f"query ($code: FiscalCode!) {{ beneficiary(fiscalCode: $code) {{ id {deferred} {REGISTERED} }} }} }}"
    )
    async with looks(ask) as found:
        answer = await ask.send(
            json={"query": query, "variables": {"code": person.fiscal_code}},
            headers={"authorization": f"Bearer {ask.token('centre')}", "accept": accept},
        )
    assert UNKNOWN.encode() in answer.body
    assert set[UUID]().union(*(line.subjects for line in found.lines)) == expected
    async with looks(ask) as found:
        await ask(query.replace("members { fiscalCode }", "asOf"), code=person.fiscal_code)
    assert found.only.subjects == {person.id}, "of the others nothing was shown"


async def test_a_registered_family_that_a_command_reads_back(
    family: tuple[Service, set[UUID]], world: World
) -> None:
    hub, expected = family
    query = RECORD.replace("household { members { id } }", REGISTERED)
    async with looks(hub) as found:
        data = (await hub(query, input=_event(world, "family-1"))).data
    members = data["recordConditionalityEvent"]["event"]["beneficiary"]["registeredFamily"]["members"]
    assert len(members) == 3
    assert set[UUID]().union(*(line.subjects for line in found.lines)) == expected


async def test_commands_side_by_side_have_a_line_each(writable: Service, world: World) -> None:
    both = """mutation ($a: RecordConditionalityEventInput!, $b: RecordConditionalityEventInput!) {
      a: recordConditionalityEvent(input: $a) { event { id } userErrors { code } }
      b: recordConditionalityEvent(input: $b) { userErrors { code } } }"""
    async with looks(writable) as found:
        await writable(both, a=_event(world, "both-1"), b=_event(world, "both-2"))
    assert [line.subjects for line in found.lines] == [{world.people["north"].id}] * 2
