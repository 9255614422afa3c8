# SPDX-License-Identifier: EUPL-1.2
"""Live fields beside stored ones: what is stored stands as it is, whether or not an agency answers."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from connectors.anpr import Residence
from hub.errors import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service
    from tests.api.oracle import Oracle

LIVE = re.compile(r"\b(residence|registeredFamily|payments|isee) \{[^}]*\}")


def _stored(query: str) -> str:
    """The query with each live field in the place of a stored word the reference can answer."""
    return LIVE.sub(lambda found: f"{found[1]}: __typename", query)


def _same_but_live(found: Any, expected: Any) -> bool:
    match found, expected:
        case dict(), dict():
            return list(found) == list(expected) and all(
                found[key] is None
                if key in ("residence", "registeredFamily", "payments", "isee")
                else _same_but_live(found[key], expected[key])
                for key in found
            )
        case list(), list():
            return len(found) == len(expected) and all(map(_same_but_live, found, expected))
        case _:
            return bool(found == expected)


QUERIES = {
    "a person": '{ beneficiary(fiscalCode: "RSSMRA80A11H010L") { id residence { source } givenName household { id payments { state } members { id } } pacts { goals { ordinal } } } }',
    "a household's ISEE": "{ households(first: 2) { nodes { isee { isee } id members { id household { isee { source } } } } } }",
    "a list": "{ beneficiaries(first: 3) { totalCount nodes { residence { source } id household { members { id } } } pageInfo { hasNextPage } __typename } }",
    "edges": "{ beneficiaries(first: 3) { edges { node { id registeredFamily { source } } __typename } nodes { sex } } }",
    "deep": "{ households { nodes { id members { id residence { source } household { payments { state } id } } pacts { id } } } jobOffers { totalCount nodes { title } } }",
    "two places of one fragment": "{ households(first: 2) { nodes { ...H } } pacts { nodes { household { ...H } id beneficiary { ...B } } } } fragment H on Household { id payments { state } members { ...B } } fragment B on Beneficiary { id sex }",
    "one fragment twice under one root": "{ beneficiaries(first: 1) { nodes { ...F } edges { node { ...F } } } } fragment F on Beneficiary { givenName residence { source } }",
    "one fragment under two aliases": "{ households(first: 2) { nodes { members { ...F a: household { ...H } b: household { ...H } } } } } fragment H on Household { id payments { state } } fragment F on Beneficiary { residence { source } }",
    "one fragment below two relationships": "{ households(first: 2) { nodes { members { ...F } pacts { beneficiary { ...F } } } } } fragment F on Beneficiary { sex residence { source } }",
    "a node": '{ node(id: "NODE") { __typename id ... on Beneficiary { residence { source } household { id payments { state } } } ... on Node { again: id } } }',
    "an event's person": "{ conditionalityEvents(first: 4) { nodes { id type beneficiary { id residence { source } conditionalityEvents(first: 1) { nodes { id } } } pact { id } } } }",
    "a pact without a person": "{ pacts(filter: { kinds: [INCLUSION] }) { nodes { id beneficiary { residence { source } } household { members { residence { source } } } } } }",
    "nobody": '{ beneficiary(fiscalCode: "RSSMRA80A12H011P") { id residence { source } } household(id: "hsh_00000000000000000000000000000000") { payments { state } } }',
    "no rows": "{ beneficiaries(first: 0) { nodes { residence { source } } totalCount } }",
    "introspection": "{ __schema { queryType { name } } beneficiaries(first: 1) { nodes { id residence { source } } } }",
}


@pytest.mark.parametrize("name", QUERIES)
async def test_an_agency_that_is_not_connected(name: str, ask: Service, oracle: Oracle) -> None:
    from tests.api.conftest import SIGHTS

    query = QUERIES[name].replace("NODE", ask.world.people["north"].node)
    for _ in range(2):
        answer = await ask(query)
        expected = oracle.answer(_stored(query), SIGHTS["centre"])
        assert answer.status == 200
        assert _same_but_live(answer.json["data"], expected), answer.body
        assert b'"$' not in answer.body, "what a resolver needs is not for the client"
        errors = answer.json.get("errors", [])
        for error in errors:
            assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
            assert error["extensions"]["agency"] == (
                "INPS" if error["path"][-1] in ("payments", "isee") else "ANPR"
            )
            assert error["locations"]
        assert bool(errors) is (name not in ("nobody", "no rows"))


async def test_the_feed_with_live_fields(ask: Service) -> None:
    query = "{ conditionalityFeed(first: 2) { endCursor entries { position event { id beneficiary { residence { source } } } } hasMore } }"
    answer = await ask(query, as_="inps")
    assert [error["path"][:5] for error in answer.json["errors"]] == [
        ["conditionalityFeed", "entries", n, "event", "beneficiary"] for n in (0, 1)
    ]
    assert [entry["position"] for entry in answer.json["data"]["conditionalityFeed"]["entries"]] == [1, 2]
    assert (await ask(query)).codes == ["FORBIDDEN"]


async def test_live_fields_that_are_skipped_are_not_asked(ask: Service) -> None:
    query = "query ($live: Boolean!) { beneficiaries(first: 1) { nodes { id residence @include(if: $live) { source } } } }"
    for live in (False, True, False):
        answer = await ask(query, live=live)
        assert ("errors" in answer.json) is live
        assert ("residence" in answer.json["data"]["beneficiaries"]["nodes"][0]) is live


class FakeAnpr:
    """Answers with the fiscal code it was asked about, or raises."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None

    async def residence(self, fiscal_code: str, _operator: Any, **_more: Any) -> Residence | None:
        self.asked.append(fiscal_code)
        if self.error is not None:
            raise self.error
        known = dict.fromkeys((field.name for field in fields(Residence)), None)
        told: Any = {**known, "street": f'Via "{fiscal_code}" \\ 🦊', "municipality_name": "Roma"}
        return Residence(**told)


@pytest.fixture
def anpr(monkeypatch: pytest.MonkeyPatch) -> FakeAnpr:
    import hub.app
    from connectors.connected import ConnectedAgencies

    fake = FakeAnpr()
    agencies: Any = ConnectedAgencies(anpr=fake)  # type: ignore[arg-type]
    monkeypatch.setattr(hub.app, "connect_agencies", lambda *_: agencies)
    return fake


async def _asked(hub: Service, query: str, **variables: Any) -> Answer:
    return await hub(query, as_="municipality", **variables)


async def test_an_agency_that_answers(anpr: FakeAnpr, open_hub: Opener) -> None:
    query = """
      query ($id: ID!) {
        household(id: $id) {
          members { fiscalCode residence { address freshness source municipalityName since } live: residence { a: address } }
          inpsProtocol
        }
      }
    """
    async with open_hub("live", sequencer=False) as hub:
        id_ = f"hsh_{hub.world.households['mixed'].hex}"
        members = (await _asked(hub, query, id=id_)).data["household"]["members"]
        assert len(members) == 3
        for member in members:
            address = f'Via "{member["fiscalCode"]}" \\ 🦊'
            assert member["residence"]["address"] == member["live"]["a"] == address
            assert (member["residence"]["freshness"], member["residence"]["since"]) == ("LIVE", None)
        assert sorted(anpr.asked) == sorted(member["fiscalCode"] for member in members), "each person once"

        anpr.error = UpstreamUnavailable(agency="ANPR", retry_after=3)
        stale = (await _asked(hub, query, id=id_)).data["household"]["members"]
        assert {member["residence"]["freshness"] for member in stale} == {"STALE"}

        anpr.error = UpstreamRefused("No.", agency="ANPR")
        refused = await _asked(hub, query, id=id_)
        assert set(refused.codes) == {"UPSTREAM_REFUSED"}
        assert refused.json["data"]["household"]["inpsProtocol"] == "INPS-ADI-2026-mixed"

        anpr.error = RuntimeError("secret")
        broken = await _asked(hub, query, id=id_)
        assert set(broken.codes) == {"INTERNAL_ERROR"}
        assert b"secret" not in broken.body


async def test_a_live_field_of_an_event_just_recorded(anpr: FakeAnpr, open_hub: Opener) -> None:
    query = """
      mutation ($input: RecordConditionalityEventInput!) {
        recordConditionalityEvent(input: $input) {
          event { id beneficiary { residence { address } household { members { id } } } }
          same: event { type beneficiary { sex } }
        }
      }
    """
    async with open_hub("live-event", sequencer=False) as hub:
        code = hub.world.people["north"].fiscal_code
        given = {
            "idempotencyKey": "k",
            "fiscalCode": code,
            "type": "PACT_SIGNED",
            "occurredAt": "2026-09-01T00:00:00Z",
        }
        done = (await _asked(hub, query, input=given)).data["recordConditionalityEvent"]
        assert done["event"]["beneficiary"]["residence"]["address"].startswith("Via")
        assert len(done["event"]["beneficiary"]["household"]["members"]) == 3
        assert done["same"] == {"type": "PACT_SIGNED", "beneficiary": {"sex": "F"}}
        anpr.error = UpstreamUnavailable(agency="ANPR")
        given |= {"idempotencyKey": "k2", "occurredAt": "2026-09-02T00:00:00Z"}
        later = await _asked(hub, query, input=given)
        assert later.json["data"]["recordConditionalityEvent"]["event"]["id"].startswith("evt_")
