# SPDX-License-Identifier: EUPL-1.2
"""Citizens: at which door they are let in, what they see of themselves and of their household, and that nothing else is told."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from connectors.simulators.identity_provider import ISSUER, issue_citizen_token
from connectors.simulators.jws import sign
from connectors.simulators.keys import IDENTITY_PROVIDER, PDND
from hub.errors import ConfigurationError
from hub.store.reference.agency_codes import CITIZENS_PURPOSE_ID
from tests.api.conftest import CITIZENS
from tests.api.world import EAST_CODE, NORTH_CODE, UNKNOWN_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Agree, Answer, Opener, Service
    from tests.api.world import World

QUERY = "{ me { fiscalCode } }"


async def _with(ask: Service, token: str, query: str = QUERY, **headers: str) -> Answer:
    return await ask.send(json={"query": query}, headers={"authorization": f"Bearer {token}", **headers})


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


# ── the door ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("level", [2, 3])
async def test_a_citizen_is_let_in(level: int, ask: Service) -> None:
    token = issue_citizen_token(ask.keys, NORTH_CODE, level=level)
    for _ in range(2):  # verified, then remembered
        assert (await _with(ask, token)).data == {"me": {"fiscalCode": NORTH_CODE}}


async def test_who_is_remembered_is_not_another(ask: Service) -> None:
    for code in (NORTH_CODE, EAST_CODE, NORTH_CODE):
        answer = await _with(ask, issue_citizen_token(ask.keys, code))
        assert answer.data == {"me": {"fiscalCode": code}}


def _signed(
    ask: Service, claims: dict[str, Any], key: str, *, named: str | None = None, **header: str
) -> str:
    members = {"alg": "RS256", "typ": "at+jwt", "kid": ask.keys.kid(named or key), **header}
    return sign(members, claims, ask.keys.private[key])


async def _refused(ask: Service, token: str, check: str, claim: str) -> None:
    for _ in range(2):
        answer = await _with(ask, token)
        assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
        extensions = answer.json["errors"][0]["extensions"]
        assert (extensions["check"], extensions["claim"]) == (check, claim)
        assert NORTH_CODE not in answer.body.decode()
        assert token.rpartition(".")[2] not in answer.body.decode()


async def test_a_level_too_low(ask: Service) -> None:
    await _refused(ask, issue_citizen_token(ask.keys, NORTH_CODE, level=1), "assurance", "acr")


async def test_an_id_token(ask: Service) -> None:
    claims = {**_claims(issue_citizen_token(ask.keys, NORTH_CODE)), "nonce": "n", "at_hash": "h"}
    await _refused(ask, _signed(ask, claims, IDENTITY_PROVIDER, typ="JWT"), "type", "typ")
    await _refused(ask, _signed(ask, claims, IDENTITY_PROVIDER), "type", "nonce")


async def test_an_expired_token(ask: Service) -> None:
    token = issue_citizen_token(ask.keys, NORTH_CODE, now=time.time() - 700)
    await _refused(ask, token, "expired", "exp")


async def test_a_token_for_another_api(ask: Service) -> None:
    token = issue_citizen_token(ask.keys, NORTH_CODE, audience="https://other.example")
    await _refused(ask, token, "audience", "aud")


async def test_a_token_of_another_issuer(ask: Service) -> None:
    """It goes to PDND's door, as all that is nobody's does; signed by whomever, it is none of PDND's."""
    claims = {**_claims(issue_citizen_token(ask.keys, NORTH_CODE)), "iss": "https://evil.example"}
    await _refused(ask, _signed(ask, claims, IDENTITY_PROVIDER), "key", "kid")
    await _refused(ask, _signed(ask, claims, PDND), "issuer", "iss")


async def test_pdnds_voucher_at_the_citizens_door(ask: Service) -> None:
    claims = {**_claims(ask.token("centre")), "iss": ISSUER}
    await _refused(ask, _signed(ask, claims, PDND), "key", "kid")
    await _refused(ask, _signed(ask, claims, PDND, named=IDENTITY_PROVIDER), "signature", "signature")


async def test_a_citizens_token_at_pdnds_door(ask: Service) -> None:
    claims = {**_claims(issue_citizen_token(ask.keys, NORTH_CODE)), "iss": "interop.pagopa.it"}
    await _refused(ask, _signed(ask, claims, IDENTITY_PROVIDER), "key", "kid")
    await _refused(ask, _signed(ask, claims, IDENTITY_PROVIDER, named=PDND), "signature", "signature")


async def test_a_voucher_signed_by_the_citizens_provider(ask: Service) -> None:
    """An identity provider that is broken into lets nobody in as an agency."""
    await _refused(ask, _signed(ask, _claims(ask.token("inps")), IDENTITY_PROVIDER), "key", "kid")
    own = {**_claims(ask.token("inps")), "iss": ISSUER, "acr": "https://www.spid.gov.it/SpidL2"}
    # Issued now: the caller's own may be as old as the tests that run before this one take.
    own["iat"] = own["nbf"] = int(time.time())
    own["exp"] = own["iat"] + 600
    await _refused(
        ask, _signed(ask, own, IDENTITY_PROVIDER), "subject", "https://attributes.eid.gov.it/fiscal_number"
    )


@pytest.mark.parametrize(
    "header", ["Agid-JWT-TrackingEvidence", "Agid-JWT-Tracking-Evidence", "Agid-JWT-Signature"]
)
async def test_a_citizen_sits_at_nobodys_desk(header: str, ask: Service) -> None:
    answer = await _with(ask, ask.token("citizen"), **{header: "a.b.c"})
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert "nobody's desk" in answer.json["errors"][0]["message"]


async def test_a_hub_that_lets_no_citizens_in(open_hub: Opener) -> None:
    settings = {"citizen_issuer": None, "citizen_audience": None, "citizen_jwks": None}
    async with open_hub("no_citizens", sequencer=False, **settings) as closed:
        await _refused(closed, closed.token("citizen"), "key", "kid")
        assert (await closed("{ me { id } }", as_="centre")).data == {"me": None}


async def test_settings_that_contradict_each_other_stop_the_hub(open_hub: Opener) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_CITIZEN_ISSUER"):
        async with open_hub("contradiction", sequencer=False, citizen_issuer="interop.pagopa.it"):
            pass


# ── what it may ask ───────────────────────────────────────────────────────────────────────────────────


async def test_mutations_are_refused(ask: Service) -> None:
    for code in (NORTH_CODE, EAST_CODE):
        answer = await ask(
            "mutation ($i: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $i) { event { id } } }",
            as_="citizen",
            i={
                "idempotencyKey": "k",
                "fiscalCode": code,
                "type": "CONVOCATION_MISSED",
                "occurredAt": "2026-09-01T09:00:00Z",
            },
        )
        assert answer.codes == ["FORBIDDEN"]
        assert answer.json["errors"][0]["extensions"]["requires"] == "RECORD_EVENTS"


async def test_the_feed_is_refused(ask: Service) -> None:
    answer = await ask("{ conditionalityFeed { entries { fiscalCode } } }", as_="citizen")
    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
    followed = await ask.send(
        json={"query": "subscription { conditionalityFeed { endCursor } }"},
        headers={"authorization": f"Bearer {ask.token('citizen')}", "accept": "text/event-stream"},
    )
    assert (followed.status, followed.codes) == (403, ["FORBIDDEN"])


async def test_a_grant_that_has_ended_closes_the_door(writable: Service) -> None:
    door = writable.hub._graphql._authenticator._citizens
    assert door is not None
    for change, status in (
        ("UPDATE access_grant SET revoked_at = now() WHERE purpose_id = $1", 403),
        ("UPDATE access_grant SET revoked_at = NULL WHERE purpose_id = $1", 200),
    ):
        await writable.owner.execute(change, CITIZENS_PURPOSE_ID)
        door._known.clear()
        assert (await writable(QUERY, as_="citizen")).status == status, change


# ── what it sees ──────────────────────────────────────────────────────────────────────────────────────

PAGE = """
query Me {
  me {
    fiscalCode givenName familyName birthDate obligation nextConvocationAt
    employmentCentre { code beneficiaries { totalCount } }
    household {
      inpsProtocol caseManager benefit { monthlyAmount }
      pacts { kind beneficiary { fiscalCode } activities { title } conditionalityEvents { totalCount } }
      conditionalityEvents { nodes { type beneficiary { fiscalCode } } }
      members {
        fiscalCode birthDate nextConvocationAt employmentCentre { code }
        pacts { id } activities { title } convocations { scheduledAt } pucAssignments { status }
        conditionalityEvents { totalCount nodes { note } }
        household { inpsProtocol }
      }
    }
    pacts { kind goals { description } household { inpsProtocol } }
    activities { title pact { kind } beneficiary { fiscalCode } }
    convocations { scheduledAt outcome }
    pucAssignments { status project { title assignments { totalCount } } }
    conditionalityEvents { nodes { type note pact { kind } position } }
  }
}"""


@pytest.mark.parametrize("caller", sorted(CITIZENS))
async def test_its_own_page(caller: str, agree: Agree) -> None:
    data = await agree(PAGE, caller)
    if caller == "citizen-unknown":
        assert data == {"me": None}
        return
    me = data["me"]
    assert me["fiscalCode"] == CITIZENS[caller]
    assert me["household"]["benefit"], "its household's benefit"
    assert len(me["household"]["members"]) > 1, "the others of its household"
    others = [one for one in me["household"]["members"] if one["fiscalCode"] != me["fiscalCode"]]
    for one in others:
        assert [one[name] for name in ("pacts", "activities", "convocations", "pucAssignments")] == [[]] * 4
        assert one["conditionalityEvents"] == {"totalCount": 0, "nodes": []}
        assert (one["nextConvocationAt"], one["employmentCentre"]) == (None, None)
        assert one["household"] == {"inpsProtocol": me["household"]["inpsProtocol"]}
    named = [pact["beneficiary"] for pact in me["household"]["pacts"]]
    assert all(one is None or one["fiscalCode"] == me["fiscalCode"] for one in named)
    assert all(
        event["beneficiary"]["fiscalCode"] == me["fiscalCode"]
        for event in me["household"]["conditionalityEvents"]["nodes"]
    )


async def test_it_sees_what_is_its_own(agree: Agree) -> None:
    """Nothing inside is withheld: the person with a path of every kind has it all."""
    me = (await agree(PAGE, "citizen"))["me"]
    assert {pact["kind"] for pact in me["household"]["pacts"]} == {"INCLUSION", "WORK"}
    assert [pact["kind"] for pact in me["pacts"]] == ["WORK"]
    assert len(me["activities"]) == 3
    assert len(me["convocations"]) == 3
    assert len(me["conditionalityEvents"]["nodes"]) == 2
    assert me["pucAssignments"]
    assert me["employmentCentre"]["beneficiaries"]["totalCount"] == 1


LISTS = """{
  beneficiaries { totalCount nodes { fiscalCode } } households { totalCount nodes { inpsProtocol } }
  pacts { totalCount } conditionalityEvents { totalCount }
  municipality(belfioreCode: "H501") { beneficiaries { totalCount } households { totalCount } }
  employmentCentre(code: "H501C900032") { beneficiaries { totalCount nodes { fiscalCode } } }
  trainingCourses { nodes { participations { totalCount } } } pucProjects { nodes { assignments { totalCount } } }
}"""


@pytest.mark.parametrize("caller", sorted(CITIZENS))
async def test_lists_hold_its_household_and_no_more(caller: str, agree: Agree) -> None:
    data = await agree(LISTS, caller)
    if caller == "citizen-unknown":
        assert data["beneficiaries"]["totalCount"] == data["households"]["totalCount"] == 0
    assert data["households"]["totalCount"] <= 1


async def test_others_are_as_if_they_were_not(ask: Service, world: World) -> None:
    outside = [world.people["latina"], world.people["torino-only"]]
    query = "query ($c: FiscalCode!, $n: ID!) { beneficiary(fiscalCode: $c) { id } node(id: $n) { id } me { fiscalCode } }"
    for code, node in [*((one.fiscal_code, one.node) for one in outside), (UNKNOWN_CODE, f"ben_{'0' * 32}")]:
        answer = await ask(query, as_="citizen", c=code, n=node)
        assert answer.data == {"beneficiary": None, "node": None, "me": {"fiscalCode": NORTH_CODE}}


async def test_what_is_another_members_is_not_found_by_its_id(ask: Service, world: World) -> None:
    for node in (f"pct_{world.pacts['digital'].hex}", f"evt_{world.events[2].hex}"):
        assert (await ask("query ($n: ID!) { node(id: $n) { id } }", as_="citizen", n=node)).data == {
            "node": None
        }
    own = f"pct_{world.pacts['inclusion'].hex}"
    assert (await ask("query ($n: ID!) { node(id: $n) { id } }", as_="citizen", n=own)).data == {
        "node": {"id": own}
    }


@pytest.mark.parametrize(
    "condition",
    [
        "pacts: { some: {} }",
        "pacts: { some: { kinds: [DIGITAL_ACTIVATION] } }",
        "not: { pacts: { none: {} } }",
        "convocations: { some: {} }",
        "conditionalityEvents: { some: {} }",
        "conditionalityEvents: { some: { types: [CONVOCATION_MISSED] } }",
        "nextConvocation: {}",
        'nextConvocation: { from: "2000-01-01T00:00:00Z" }',
        'employmentCentre: "H501C900032"',
        "household: { pacts: { some: { kinds: [DIGITAL_ACTIVATION] } } }",
    ],
)
async def test_filters_do_not_tell_of_other_members(condition: str, agree: Agree) -> None:
    """Of what another member has, a filter finds no trace: `east` has a pact, an event, a convocation and a centre."""
    query = f"{{ beneficiaries(filter: {{ fiscalCode: {json.dumps(EAST_CODE)}, {condition} }}) {{ totalCount }} }}"
    assert await agree(query, "citizen") == {"beneficiaries": {"totalCount": 0}}
    assert (await agree(query, "inps"))["beneficiaries"] is not None


async def test_orders_do_not_tell_of_other_members(agree: Agree) -> None:
    """Those whose next convocation is hidden come by their key alone, wherever a page begins."""
    query = "query ($a: String) { beneficiaries(orderBy: [NEXT_CONVOCATION_ASC], first: 1, after: $a) { edges { cursor node { fiscalCode nextConvocationAt } } } }"
    after, found = None, []
    for _ in range(4):
        edges = (await agree(query, "citizen", **({} if after is None else {"a": after})))["beneficiaries"][
            "edges"
        ]
        if not edges:
            break
        after = edges[0]["cursor"]
        assert "infinity" in base64.b64decode(after).decode() or edges[0]["node"]["fiscalCode"] == NORTH_CODE
        found.append(edges[0]["node"])
    assert len(found) == 3
    assert all(one["nextConvocationAt"] is None for one in found if one["fiscalCode"] != NORTH_CODE)


async def test_entities_are_those_it_sees(ask: Service, world: World) -> None:
    named = [
        {"__typename": "Beneficiary", "fiscalCode": world.people[name].fiscal_code}
        for name in ("north", "east", "latina")
    ]
    answer = await ask(
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Beneficiary { fiscalCode pacts { kind } } } }",
        as_="citizen",
        r=named,
    )
    assert answer.data == {
        "_entities": [
            {"fiscalCode": NORTH_CODE, "pacts": [{"kind": "WORK"}]},
            {"fiscalCode": EAST_CODE, "pacts": []},
            None,
        ]
    }


@pytest.mark.parametrize("caller", ["centre", "inps", "nowhere"])
async def test_an_agency_is_nobody(caller: str, agree: Agree) -> None:
    assert await agree("{ me { id } again: me { __typename } }", caller) == {"me": None, "again": None}


async def test_citizens_share_their_plans(ask: Service) -> None:
    query = "{ me { fiscalCode household { members { fiscalCode } } __typename } }"
    before = None
    for caller in ("citizen", "citizen-of-many", "citizen-unknown"):
        assert (await ask(query, as_=caller)).status == 200
        plans = await ask.metric("snodo_plans_made_total")
        assert before is None or plans == before
        before = plans


async def test_registers_are_asked_about_itself_alone(ask: Service) -> None:
    """No agency is connected here: who is asked about has an error, who is not is null without one."""
    query = "{ household: me { household { members { fiscalCode residence { address } registeredFamily { asOf } } } } }"
    answer = await ask(query, as_="citizen")
    members = answer.json["data"]["household"]["household"]["members"]
    asked = {tuple(error["path"][:4]) for error in answer.json["errors"]}
    own = next(index for index, one in enumerate(members) if one["fiscalCode"] == NORTH_CODE)
    assert asked == {("household", "household", "members", own)}
    assert {error["path"][4] for error in answer.json["errors"]} == {"residence", "registeredFamily"}
    assert all(one["residence"] is None for one in members)


async def test_a_citizen_over_a_socket(ask: Service) -> None:
    address = ask.url.replace("http", "ws") + "/graphql"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        payload = {"Authorization": f"Bearer {ask.token('citizen')}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": QUERY}}))
        answer = json.loads(await socket.recv())
        assert answer["payload"] == {"data": {"me": {"fiscalCode": NORTH_CODE}}}


async def test_over_http_as_any_client(ask: Service) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        found = await http.get(
            f"{ask.url}/graphql",
            params={"query": QUERY},
            headers={
                "authorization": f"bearer  {ask.token('citizen')}",
                "accept": "application/graphql-response+json",
                "apollo-require-preflight": "1",
            },
        )
    assert found.json() == {"data": {"me": {"fiscalCode": NORTH_CODE}}}
