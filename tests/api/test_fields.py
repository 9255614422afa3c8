# SPDX-License-Identifier: EUPL-1.2
"""A field that a purpose was not granted: refused before anything runs, over every transport, or left out for who asks for a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hub.plan.trusted import TrustedDocument, registry_bytes
from tests.api.test_websocket import welcomed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import Answer, Opener, Service
    from tests.api.world import World

NAMES = "{ beneficiaries(first: 2) { totalCount nodes { fiscalCode givenName } } }"
BEYOND = (
    "BeneficiaryConnection.nodes",
    "Beneficiary.familyName",
    "Beneficiary.givenName",
    "Beneficiary.fiscalCode",
)
RECORD = """mutation ($input: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $input) { event { type note } userErrors { code } } }"""


async def _partly(ask: Service, query: str, as_: str, **variables: Any) -> Answer:
    return await ask.send(
        json={"query": query, "variables": variables, "extensions": {"partial": True}},
        headers={"authorization": f"Bearer {ask.token(as_)}"},
    )


def _coordinates(answer: Any) -> set[str]:
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN_FIELD"}
    return {error["extensions"]["coordinate"] for error in answer["errors"]}


async def test_one_error_for_each_field(ask: Service) -> None:
    answer = await ask(
        "{ people: beneficiaries { c: totalCount nodes { a: fiscalCode b: fiscalCode } } }", as_="of-ministry"
    )
    assert (answer.status, answer.json.keys()) == (403, {"errors"})
    assert _coordinates(answer.json) == set(BEYOND)
    error = next(
        one for one in answer.json["errors"] if one["extensions"]["coordinate"] == "Beneficiary.fiscalCode"
    )
    assert error["path"] == ["people", "nodes", "a"]
    assert error["locations"] == [{"line": 1, "column": 49}, {"line": 1, "column": 63}]
    assert error["extensions"] == {
        "code": "FORBIDDEN_FIELD",
        "coordinate": "Beneficiary.fiscalCode",
        "level": "PERSONAL",
        "grantedBy": ["Beneficiary.fiscalCode", "Beneficiary.*"],
    }
    assert "Beneficiary.*" in error["message"]


async def test_what_is_special_is_named_in_full(ask: Service, world: World) -> None:
    answer = await ask(
        f'{{ pact(id: "pct_{world.pacts["work"].hex}") {{ goals {{ description }} }} }}', as_="of-region"
    )
    assert [error["extensions"]["grantedBy"] for error in answer.json["errors"]] == [["PactGoal.description"]]
    assert answer.json["errors"][0]["extensions"]["level"] == "SPECIAL"


@pytest.mark.parametrize(
    ("member", "value", "coordinates"),
    [
        ("fiscalCode", "12345678903", {"Beneficiary.fiscalCode"}),
        ("name", {"family": "ro"}, {"Beneficiary.familyName", "Beneficiary.givenName"}),
        ("not", {"or": [{"fiscalCode": "12345678903"}]}, {"Beneficiary.fiscalCode"}),
        ("pacts", {"some": {"expiringBefore": "2026-07-01"}}, {"Pact.expiresOn"}),
        ("convocations", {"some": {"scheduledFrom": "2026-07-01T00:00:00Z"}}, {"Convocation.scheduledAt"}),
        (
            "conditionalityEvents",
            {"none": {"occurredBefore": "2026-07-01T00:00:00Z"}},
            {"ConditionalityEvent.occurredAt"},
        ),
        ("household", {"inpsProtocol": "x"}, {"Household.inpsProtocol"}),
        ("nextConvocation", {}, {"Beneficiary.nextConvocationAt"}),
        ("obligation", "EXEMPT", set()),
        ("pacts", {"none": {"kinds": ["WORK"]}}, set()),
    ],
)
async def test_to_ask_by_a_field_is_to_see_it(
    member: str, value: Any, coordinates: set[str], ask: Service
) -> None:
    query = "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }"
    answer = await ask(query, as_="of-ministry", f={member: value})
    assert (_coordinates(answer.json) if answer.status == 403 else set()) == coordinates
    assert (await ask(query, as_="of-ministry", f={member: None})).status == 200, "a null member asks nothing"
    assert (await ask(query, as_="of-ministry")).status == 200


async def test_a_list_s_own_order_counts_but_for_its_count(ask: Service) -> None:
    assert (await ask("{ beneficiaries { totalCount } }", as_="of-ministry")).status == 200
    ways = {
        "{ household: households { nodes { id members { id } } } }": set(),
        "query { beneficiary(fiscalCode: \"12345678903\") { id household { members { fiscalCode } } } }": set(),
        "{ conditionalityEvents { nodes { beneficiary { fiscalCode } } } }": set(),
        "{ conditionalityEvents(orderBy: []) { nodes { type } pageInfo { endCursor } } }": set(),
        "{ municipality(belfioreCode: \"H501\") { beneficiaries(orderBy: []) { nodes { fiscalCode } } } }":
            {"Municipality.beneficiaries", "Beneficiary.familyName", "Beneficiary.givenName"},
        "{ municipality(belfioreCode: \"H501\") { beneficiaries(orderBy: [FISCAL_CODE_ASC]) { nodes { fiscalCode } } } }":
            {"Municipality.beneficiaries"},
    }  # fmt: skip
    for query, coordinates in ways.items():
        answer = await ask(query, as_="of-inps")
        assert (_coordinates(answer.json) if answer.status == 403 else set()) == coordinates, query


async def test_what_is_skipped_is_not_asked(ask: Service) -> None:
    query = "query ($b: Boolean!) { beneficiaries { totalCount nodes @include(if: $b) { fiscalCode } } }"
    assert (await ask(query, as_="of-ministry", b=False)).status == 200
    assert (await ask(query, as_="of-ministry", b=True)).status == 403
    assert (await ask(query, as_="of-ministry", b=False)).status == 200


async def test_a_fragment_asks_for_what_it_is_within(ask: Service, world: World) -> None:
    node = world.people["north"].node
    for query, refused in (
        ("{ node(id: $id) { ...N } } fragment N on Node { id }", {"Node.id"}),
        ("{ node(id: $id) { ... on Beneficiary { ...N } } } fragment N on Node { id }", set()),
        ("{ node(id: $id) { ... on Beneficiary { ...N } ... on JobOffer { title } } } fragment N on Node { ... on Pact { goals { dueOn } } }", set()),
        ("{ node(id: $id) { ... on Pact { ...N } } } fragment N on Node { ... on Pact { goals { dueOn } } }", {"Pact.goals", "PactGoal.dueOn"}),
    ):  # fmt: skip
        answer = await ask(f"query ($id: ID!) {query}", as_="of-inps", id=node)
        if refused == {"Node.id"}:  # every kind of node has an id that INPS may see
            assert answer.status == 200
            continue
        assert (_coordinates(answer.json) if answer.status == 403 else set()) == refused, query
    assert (await ask("query ($id: ID!) { node(id: $id) { id } }", as_="of-public", id=node)).status == 403


async def test_an_interface_leaves_out_the_types_nothing_is_granted_of(ask: Service) -> None:
    query = "{ beneficiaries(first: 50) { nodes { activities { __typename kind title } } } }"

    async def kinds(as_: str) -> set[str]:
        people = (await ask(query, as_=as_)).data["beneficiaries"]["nodes"]
        return {one["__typename"] for person in people for one in person["activities"]}

    assert "SocialSupportActivity" in await kinds("of-municipality")
    assert await kinds("of-employment-centre") == await kinds("of-municipality") - {"SocialSupportActivity"}
    named = await ask(
        "{ beneficiaries { nodes { activities { ... on SocialSupportActivity { title } } } } }",
        as_="of-employment-centre",
    )
    assert _coordinates(named.json) == {"SocialSupportActivity.title"}


async def test_introspection_stays_open(ask: Service) -> None:
    answer = await ask(
        '{ __type(name: "Beneficiary") { fields { name description } } __typename }', as_="of-public"
    )
    described = {field["name"]: field["description"] for field in answer.data["__type"]["fields"]}
    assert described["obligation"].endswith("Sensitivity: SPECIAL.")


async def test_entities(ask: Service, world: World) -> None:
    query = (
        "query ($given: [_Any!]!) { _entities(representations: $given) { ... on Beneficiary { givenName } } }"
    )
    given = [{"__typename": "Beneficiary", "fiscalCode": world.people["north"].fiscal_code}]
    assert (await ask(query, as_="of-employment-centre", given=given)).status == 200
    assert _coordinates((await ask(query, as_="of-inps", given=given)).json) == {"Beneficiary.givenName"}
    assert _coordinates(
        (await ask("{ _entities(representations: []) { __typename } }", as_="of-accredited")).json
    ) == {"Query._entities"}


async def test_nothing_is_written_where_a_field_of_what_is_read_back_is_refused(
    writable: Service, world: World
) -> None:
    given = {
        "idempotencyKey": "fields-1",
        "fiscalCode": world.people["north"].fiscal_code,
        "type": "PACT_SIGNED",
        "occurredAt": "2026-09-01T00:00:00Z",
    }
    before = await writable.owner.fetchval("SELECT count(*) FROM conditionality_event")
    refused = await writable(RECORD, as_="of-region", input=given)
    assert _coordinates(refused.json) == {"ConditionalityEvent.note"}
    assert _coordinates((await writable(RECORD, as_="of-inps", input=given)).json) == {
        "Mutation.recordConditionalityEvent",
        "RecordConditionalityEventPayload.event",
    }
    for query in (
        "mutation ($input: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $input) { event { note } } }",
    ):
        partly = await _partly(writable, query, "of-region", input=given)
        assert _coordinates(partly.json) == {"ConditionalityEvent.note"}, "a command is never left out"
    assert await writable.owner.fetchval("SELECT count(*) FROM conditionality_event") == before
    partly = await _partly(writable, RECORD, "of-region", input=given)
    assert partly.json["data"]["recordConditionalityEvent"] == {
        "event": {"type": "PACT_SIGNED"},
        "userErrors": [],
    }
    assert [one["path"] for one in partly.json["extensions"]["omittedFields"]] == [
        ["recordConditionalityEvent", "event", "note"]
    ]


# ── every transport ───────────────────────────────────────────────────────────────────────────────────


async def test_over_every_transport(ask: Service) -> None:
    headers = {"authorization": f"Bearer {ask.token('of-ministry')}"}
    got = await ask.send("GET", params={"query": NAMES}, headers=headers)
    assert (got.status, _coordinates(got.json)) == (403, set(BEYOND))
    for accept in ("application/graphql-response+json", "text/event-stream", "multipart/mixed"):
        answer = await ask.send(json={"query": NAMES}, headers={**headers, "accept": accept})
        assert b"FORBIDDEN_FIELD" in answer.body
        assert b'"data":{' not in answer.body
    async with welcomed(ask, "of-ministry") as client:
        [message] = await client.ask("1", NAMES)
        assert message["type"] == "error"
        assert _coordinates({"errors": message["payload"]}) == set(BEYOND)


async def test_deferred(ask: Service) -> None:
    query = "{ beneficiaries { totalCount ... @defer { nodes { residence { address } } } } }"
    for accept in ("application/json", "multipart/mixed;incrementalSpec=v0.2, application/json"):
        answer = await ask.send(
            json={"query": query},
            headers={"authorization": f"Bearer {ask.token('of-ministry')}", "accept": accept},
        )
        assert b"ResidenceRecord.address" in answer.body
        assert b'"data":{' not in answer.body


async def test_a_subscription_ends_where_its_grant_shrinks(open_hub: Opener) -> None:
    query = "subscription { conditionalityFeed(first: 1) { entries { fiscalCode } hasMore } }"
    async with open_hub("fields", sequencer=False) as hub:
        async with welcomed(hub, "of-ministry") as client:
            [message] = await client.ask("1", query)
            assert _coordinates({"errors": message["payload"]}) >= {
                "Subscription.conditionalityFeed",
                "FeedEntry.fiscalCode",
            }
        async with welcomed(hub, "of-inps") as client:
            await client.subscribe("1", query)
            assert (await client.hear())["type"] == "next"
            await hub.owner.execute("UPDATE access_grant SET field_set = 'public' WHERE field_set = 'inps'")
            hub.hub._graphql._authenticator._directory._known.clear()
            messages = [await client.hear()]
            while messages[-1]["type"] == "next":
                messages.append(await client.hear())
            told = (
                messages[-1]["payload"]
                if messages[-1]["type"] == "error"
                else messages[-2]["payload"]["errors"]
            )
            assert "FORBIDDEN_FIELD" in {one["extensions"]["code"] for one in told}


async def test_a_trusted_document(open_hub: Opener, tmp_path: Path) -> None:
    document = TrustedDocument(f"query Names {NAMES}", ("Names",), "names.graphql")
    file = tmp_path / "registry.json"
    file.write_bytes(registry_bytes([document]))
    async with open_hub("fields_trusted", sequencer=False, trusted_documents=file) as hub:
        for as_, status in (("of-ministry", 403), ("of-employment-centre", 200), ("of-ministry", 403)):
            answer = await hub.send(
                json={"documentId": document.id}, headers={"authorization": f"Bearer {hub.token(as_)}"}
            )
            assert answer.status == status


# ── a part of it ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_part_and_what_was_left_out(ask: Service) -> None:
    answer = await _partly(ask, NAMES, "of-ministry")
    assert answer.status == 200
    assert answer.json["data"].keys() == {"beneficiaries"}
    assert answer.json["data"]["beneficiaries"].keys() == {"totalCount"}
    omitted = answer.json["extensions"]["omittedFields"]
    assert {one["coordinate"] for one in omitted} == {
        "BeneficiaryConnection.nodes",
        "Beneficiary.familyName",
        "Beneficiary.givenName",
    }
    assert {tuple(one["path"]) for one in omitted} == {("beneficiaries", "nodes")}
    assert {one["level"] for one in omitted} == {"PERSONAL"}


async def test_all_of_it_where_all_is_granted(ask: Service) -> None:
    whole = await ask(NAMES, as_="of-employment-centre")
    assert (await _partly(ask, NAMES, "of-employment-centre")).body == whole.body


async def test_an_object_of_which_nothing_is_left_goes_too(ask: Service) -> None:
    query = """query ($code: FiscalCode!, $b: Boolean!, $n: Int) { beneficiary(fiscalCode: $code) {
      id municipality { ...P } household { benefit { measure } members { givenName ...M @include(if: $b) } }
      conditionalityEvents(first: $n) { nodes { ...E } } pacts { goals { description } } } }
    fragment P on Municipality { name } fragment M on Beneficiary { familyName }
    fragment E on ConditionalityEvent { type note source { code } }"""
    code = ask.world.people["north"].fiscal_code
    answer = await _partly(ask, query, "of-inps", code=code, b=True, n=2)
    person = answer.json["data"]["beneficiary"]
    assert person.keys() == {"id", "household", "conditionalityEvents"}
    assert person["household"].keys() == {"benefit"}
    assert {
        (one["coordinate"], ".".join(one["path"])) for one in answer.json["extensions"]["omittedFields"]
    } == {
        ("Beneficiary.municipality", "beneficiary.municipality"),
        ("Beneficiary.givenName", "beneficiary.household.members.givenName"),
        ("Beneficiary.familyName", "beneficiary.household.members.familyName"),
        ("Beneficiary.pacts", "beneficiary.pacts"),
    }
    nodes = person["conditionalityEvents"]["nodes"]
    assert all(node.keys() == {"type", "note", "source"} for node in nodes)
    assert nodes
    whole = await ask(
        "query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { conditionalityEvents(first: 2) { nodes { type note source { code } } } } }",
        as_="centre", code=code,
    )  # fmt: skip
    assert whole.data["beneficiary"]["conditionalityEvents"]["nodes"] == nodes


async def test_a_field_whose_filter_is_refused_is_left_out_whole(ask: Service) -> None:
    query = """query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } households { totalCount } }"""
    answer = await _partly(ask, query, "of-ministry", f={"fiscalCode": "12345678903"})
    assert answer.json["data"].keys() == {"households"}
    assert [one["path"] for one in answer.json["extensions"]["omittedFields"]] == [["beneficiaries"]]
    answer = await _partly(ask, query, "of-ministry", f={"obligation": "OBLIGED"})
    assert answer.json["data"].keys() == {"beneficiaries", "households"}
    assert "extensions" not in answer.json


async def test_where_nothing_is_left(ask: Service) -> None:
    code = ask.world.people["north"].fiscal_code
    query = f'{{ beneficiary(fiscalCode: "{code}") {{ givenName household {{ caseManager }} }} }}'
    answer = await _partly(ask, query, "of-inps")
    assert (answer.status, _coordinates(answer.json)) == (
        403,
        {"Beneficiary.givenName", "Household.caseManager"},
    )


async def test_a_part_is_compiled_once_and_its_cost_told_beside(ask: Service) -> None:
    query = "{ people: beneficiaries(first: 3) { totalCount nodes { id } } households { totalCount } }"
    answers = []
    for _ in range(3):
        made = await ask.metric("snodo_plans_made_total")
        answers.append(
            await ask.send(
                json={"query": query, "extensions": {"partial": True, "cost": True}},
                headers={"authorization": f"Bearer {ask.token('of-ministry')}"},
            )
        )
    assert await ask.metric("snodo_plans_made_total") == made, "the third made no plan"
    assert len({answer.body for answer in answers}) == 1
    extensions = answers[0].json["extensions"]
    assert extensions.keys() == {"omittedFields", "cost"}
    assert answers[0].body.count(b'"extensions"') == 1


async def test_a_part_over_a_socket(ask: Service) -> None:
    async with welcomed(ask, "of-ministry") as client:
        await client.say(type="subscribe", id="1", payload={"query": NAMES, "extensions": {"partial": True}})
        message = await client.hear()
        assert message["type"] == "next"
        assert message["payload"]["data"]["beneficiaries"].keys() == {"totalCount"}
        assert message["payload"]["extensions"]["omittedFields"]


# ── what may be asked ─────────────────────────────────────────────────────────────────────────────────


async def test_permitted_fields(ask: Service) -> None:
    query = "{ permittedFields { coordinate level byGrant } }"

    async def listed(as_: str) -> dict[str, tuple[str, str | None]]:
        found = (await ask(query, as_=as_)).data["permittedFields"]
        return {one["coordinate"]: (one["level"], one["byGrant"]) for one in found}

    public, inps = await listed("of-public"), await listed("of-inps")
    assert {level for level, _ in public.values()} == {"PUBLIC"}
    assert public["JobOffer.title"] == ("PUBLIC", None)
    assert inps["FeedEntry.fiscalCode"] == ("PERSONAL", "inps")
    assert inps["Beneficiary.obligation"] == ("SPECIAL", "inps")
    assert "Beneficiary.givenName" not in inps
    assert public.keys() < inps.keys()


async def test_a_grant_adds_to_its_set(open_hub: Opener) -> None:
    async with open_hub("fields_added", sequencer=False) as hub:
        query = "{ beneficiaries(first: 1) { nodes { sex obligation } } }"
        assert (await hub(query, as_="of-public")).status == 403
        await hub.owner.execute(
            "UPDATE access_grant SET fields = '{Query.beneficiaries,BeneficiaryConnection.*,Beneficiary.*}' WHERE field_set = 'public'"
        )
        hub.hub._graphql._authenticator._directory._known.clear()
        assert _coordinates((await hub(query, as_="of-public")).json) == {"Beneficiary.obligation"}
        await hub.owner.execute(
            "UPDATE access_grant SET fields = fields || '{Beneficiary.obligation}' WHERE field_set = 'public'"
        )
        hub.hub._graphql._authenticator._directory._known.clear()
        assert (await hub(query, as_="of-public")).status == 200
        [by] = [
            one["byGrant"]
            for one in (await hub("{ permittedFields { coordinate byGrant } }", as_="of-public")).data[
                "permittedFields"
            ]
            if one["coordinate"] == "Beneficiary.sex"
        ]
        assert by.startswith("grant ")
