# SPDX-License-Identifier: EUPL-1.2
"""`@defer`: the parts of a response make what the response in one piece is, wherever something is deferred."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    BooleanValueNode,
    ConstArgumentNode,
    ConstDirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    parse,
    print_ast,
)

from hub.http.streams import EVENTS, PARTS, accepted
from tests.api.test_federated_beside_stored import QUERIES, FakeAnpr, anpr
from tests.incremental import events_of, merged, parts_of

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service

__all__ = ["anpr"]  # the fixture

MULTIPART = "multipart/mixed;incrementalSpec=v0.2, application/json"


class Deferrer:
    """Puts `@defer` on fragments, at places chosen by chance: fields are moved into them, or stand inside and outside."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._labels = 0

    def document(self, query: str) -> str:
        document = parse(query)
        definitions = [
            replace(node, selection_set=self._selection(node.selection_set))  # type: ignore[attr-defined, call-arg]
            for node in document.definitions
        ]
        return print_ast(replace(document, definitions=tuple(definitions)))

    def _selection(self, selection: SelectionSetNode) -> SelectionSetNode:
        kept: list[Any] = []
        for node in selection.selections:
            inner = getattr(node, "selection_set", None)
            deeper = node if inner is None else replace(node, selection_set=self._selection(inner))  # type: ignore[call-arg]
            match self._chance.randrange(4):
                case 0:
                    kept.append(self._deferred(deeper))
                case 1 if isinstance(node, FieldNode):
                    kept += [node, self._deferred(deeper)]  # a label stands once
                case _:
                    kept.append(deeper)
        return SelectionSetNode(selections=tuple(kept))

    def _deferred(self, node: Any) -> InlineFragmentNode | FragmentSpreadNode:
        self._labels += 1
        arguments = [
            ConstArgumentNode(name=NameNode(value="label"), value=StringValueNode(value=f"d{self._labels}"))
        ]
        if self._chance.random() < 0.2:
            arguments.append(
                ConstArgumentNode(
                    name=NameNode(value="if"), value=BooleanValueNode(value=self._chance.random() < 0.5)
                )
            )
        directive = ConstDirectiveNode(name=NameNode(value="defer"), arguments=tuple(arguments))
        if isinstance(node, FragmentSpreadNode):
            return replace(node, directives=(directive,))
        return InlineFragmentNode(directives=(directive,), selection_set=SelectionSetNode(selections=(node,)))


async def _parts(hub: Service, query: str, as_: str = "municipality", **variables: Any) -> Any:
    answer = await hub.send(
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {hub.token(as_)}", "accept": MULTIPART},
    )
    assert answer.status == 200, answer.body
    if answer.headers["content-type"].startswith("application/json"):
        return {"errors": [], **answer.json}, 1
    assert answer.headers["content-type"] == 'multipart/mixed; boundary="-"'
    assert b'"$' not in answer.body, "what a resolver needs is not for the client"
    parts = parts_of(answer.body)
    return merged(parts), len(parts)


def _by_path(errors: list[Any]) -> list[Any]:
    return sorted(([error["path"], error["extensions"]["code"]] for error in errors), key=repr)


@pytest.mark.parametrize("agency", ["answers", "is away"])
async def test_parts_make_the_whole_wherever_something_is_deferred(
    agency: str, anpr: FakeAnpr, open_hub: Opener
) -> None:
    from hub.errors import UpstreamUnavailable

    if agency == "is away":
        anpr.error = UpstreamUnavailable(agency="ANPR")
    several = 0
    async with open_hub(f"defer-{agency.split()[0]}", sequencer=False) as hub:
        for name, written in QUERIES.items():
            query = written.replace("NODE", hub.world.people["north"].node)
            whole = (await hub(query, as_="municipality")).json
            for seed in range(12):
                deferred = Deferrer(random.Random(f"{name}{seed}")).document(query)
                at_once = (await hub(deferred, as_="municipality")).json
                assert at_once["data"] == whole["data"], deferred
                found, count = await _parts(hub, deferred)
                assert found["data"] == whole["data"], deferred
                assert _by_path(found["errors"]) == _by_path(whole.get("errors", [])), deferred
                several += count > 1
    assert several > 40, "most of them came in parts"


PERSON = """query ($code: FiscalCode!, $later: Boolean) { beneficiary(fiscalCode: $code) {
  id ... @defer(if: $later, label: "live") { residence { address } givenName } ...Rest @defer } }
  fragment Rest on Beneficiary { id sex household { measure } }"""


async def test_stored_data_is_first_and_the_label_tells_what_follows(
    anpr: FakeAnpr, open_hub: Opener
) -> None:
    async with open_hub("defer-label", sequencer=False) as hub:
        person = hub.world.people["north"]
        answer = await _deferred(hub, PERSON, MULTIPART, code=person.fiscal_code)
        first, second = parts_of(answer.body)
        assert first["pending"] == [{"id": "0", "path": ["beneficiary"], "label": "live"}]
        assert first["data"]["beneficiary"].keys() == {"id", "sex", "household"}, (
            "what waits for no agency is not deferred"
        )
        assert second["incremental"][0]["data"].keys() == {"residence", "givenName"}
        assert second["completed"] == [{"id": "0"}]
        for later in (True, False):
            answer = await _deferred(hub, PERSON, MULTIPART, code=person.fiscal_code, later=later)
            assert answer.headers["content-type"].startswith("multipart" if later else "application/json")


async def _deferred(
    hub: Service, query: str, accept: str, as_: str = "municipality", **variables: Any
) -> Answer:
    return await hub.send(
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {hub.token(as_)}", "accept": accept},
    )


async def test_what_a_mutation_reads_back_may_be_deferred(anpr: FakeAnpr, open_hub: Opener) -> None:
    query = """mutation ($input: RecordConditionalityEventInput!) { recordConditionalityEvent(input: $input) {
      userErrors { code } event { type }
      ... @defer { event { type beneficiary { sex residence { municipalityName } } } } } }"""
    async with open_hub("defer-mutation", sequencer=False) as hub:
        given = {
            "idempotencyKey": "deferred",
            "fiscalCode": hub.world.people["north"].fiscal_code,
            "type": "PACT_SIGNED",
            "occurredAt": "2026-09-01T00:00:00Z",
        }
        first, *later = parts_of((await _deferred(hub, query, MULTIPART, input=given)).body)
        assert first["data"]["recordConditionalityEvent"]["event"]["type"] == "PACT_SIGNED"
        assert "residence" not in str(first["data"])
        assert len(later) == 1
        event = merged([first, *later])["data"]["recordConditionalityEvent"]["event"]
        assert event["beneficiary"] == {"sex": "F", "residence": {"municipalityName": "Roma"}}
        assert await hub.owner.fetchval(
            "SELECT count(*) FROM conditionality_event WHERE type = 'PACT_SIGNED' AND occurred_at = '2026-09-01T00:00:00Z'"
        ) == 1  # fmt: skip


async def test_a_client_that_takes_no_parts_gets_the_whole(anpr: FakeAnpr, open_hub: Opener) -> None:
    async with open_hub("defer-whole", sequencer=False) as hub:
        code = hub.world.people["north"].fiscal_code
        for accept in ("application/json", "*/*", "multipart/mixed;q=0, application/json", ""):
            answer = await _deferred(hub, PERSON, accept, code=code)
            assert answer.headers["content-type"].startswith("application/json")
            assert answer.data["beneficiary"].keys() == {"id", "residence", "givenName", "sex", "household"}


async def test_what_is_deferred_comes_as_events_too(anpr: FakeAnpr, open_hub: Opener) -> None:
    async with open_hub("defer-events", sequencer=False) as hub:
        code = hub.world.people["north"].fiscal_code
        answer = await _deferred(hub, PERSON, "text/event-stream", code=code)
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        *responses, last = events_of(answer.body)
        assert last == ("complete", None)
        assert {name for name, _ in responses} == {"next"}
        whole = await hub(PERSON, as_="municipality", code=code)
        assert merged(part for _, part in responses)["data"] == whole.data


async def test_a_stored_question_over_events(ask: Service) -> None:
    for method in ("POST", "GET"):
        request = {"query": "{ beneficiaries { totalCount } }"}
        sent: dict[str, Any] = {"json" if method == "POST" else "params": request}
        answer = await ask.send(
            method,
            **sent,
            headers={"authorization": f"Bearer {ask.token('centre')}", "accept": "text/event-stream"},
        )
        ((name, response), last) = events_of(answer.body)
        assert (name, last) == ("next", ("complete", None))
        assert response == (await ask(request["query"])).json


async def test_errors_over_events(ask: Service) -> None:
    wrong = await _deferred(ask, "{ nothing }", "text/event-stream", "centre")
    (_, response), last = events_of(wrong.body)
    assert response["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert last == ("complete", None)
    both = await _deferred(ask, "{ nothing }", "application/json, text/event-stream", "centre")
    assert (both.status, both.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    unknown = await ask.send(json={"query": "{ __typename }"}, headers={"accept": "text/event-stream"})
    assert (unknown.status, unknown.codes) == (401, ["UNAUTHENTICATED"])
    written = await ask.send(
        "GET",
        params={"query": "mutation { __typename }"},
        headers={"authorization": f"Bearer {ask.token('centre')}", "accept": "text/event-stream"},
    )
    assert (written.status, written.codes) == (405, ["METHOD_NOT_ALLOWED"])


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (
            '{ beneficiaries { ... @defer(label: "a") { totalCount } ... @defer(label: "a") { totalCount } } }',
            "label",
        ),
        ("mutation { ... @defer { __typename } }", "root"),
        ("{ beneficiaries @defer { totalCount } }", "defer"),
        ("query ($l: String) { beneficiaries { ... @defer(label: $l) { totalCount } } }", "label"),
        ("{ beneficiaries { nodes @stream { id } } }", "stream"),
    ],
)
async def test_a_defer_that_cannot_be(document: str, where: str, ask: Service) -> None:
    answer = await ask(document)
    assert answer.status == 400
    assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}
    assert where in answer.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("accept", "media", "alone"),
    [
        (b"text/event-stream", EVENTS, True),
        (b"application/json, text/event-stream, multipart/mixed", EVENTS, False),
        (b'multipart/mixed;boundary="-";deferSpec=20220824, application/json', PARTS, False),
        (b"Multipart/Mixed", PARTS, False),
        (b"text/event-stream;q=0, multipart/mixed", PARTS, False),
        (b"text/event-stream; q=0.000, multipart/mixed; Q=0.5", PARTS, False),
    ],
)
def test_what_a_client_accepts(accept: bytes, media: bytes, alone: bool) -> None:
    found = accepted(accept)
    assert found is not None
    assert (found.media, found.alone) == (media, alone)


def test_what_accepts_no_stream() -> None:
    assert accepted(b"application/json") is None
    assert accepted(b"text/event-stream; q=0") is None
    assert accepted(b"text/event-stream; q=0.0") is None
