# SPDX-License-Identifier: EUPL-1.2
"""Where the time of a request goes, over real HTTP: its spans, what each says, and in whose trace they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from hub.plan.trusted import TrustedDocument, document_id, registry_bytes
from tests.api.test_joined_runs import _together
from tests.api.test_websocket import connected
from tests.spans import Gathered

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from tests.api.conftest import Opener, Service

LIST = "query List($n: Int) { beneficiaries(first: $n) { nodes { id givenName } } }\n"
PERSON = "query Mine($code: FiscalCode!) { beneficiary(fiscalCode: $code) { id givenName } }"
RECORD = """mutation ($i: RecordConditionalityEventInput!) {
  recordConditionalityEvent(input: $i) { event { id } userErrors { code } } }"""
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ANSWERED: Any = ("access_log.commit", [])
STORED: Any = ("POST /graphql", [("query", [("plan", [("SELECT", [])]), ANSWERED])])


@pytest.fixture(scope="module")
def gathering() -> Gathered:
    return Gathered()


@pytest.fixture(scope="module")
async def hub(
    open_hub: Opener, gathering: Gathered, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    file = tmp_path_factory.mktemp("traced") / "registry.json"
    file.write_bytes(registry_bytes([TrustedDocument(LIST, ("List",), "list.graphql")]))
    async with open_hub("traced", tracing=gathering.tracing, trusted_documents=file) as service:
        await service("{ __typename }")  # whoever asks is known
        yield service


@pytest.fixture
def spans(hub: Service, gathering: Gathered) -> Gathered:
    """Those of the test alone."""
    gathering.clear()
    return gathering


async def _post(hub: Service, as_: str = "centre", **headers: str) -> Any:
    return await hub.send(
        json={"query": "{ beneficiaries(first: 1) { nodes { id } } }"},
        headers={"authorization": f"Bearer {hub.token(as_)}", **headers},
    )


def _trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def test_a_stored_query(hub: Service, spans: Gathered) -> None:
    answer = await hub(PERSON, code=hub.world.people["north"].fiscal_code)
    request = await spans.until("POST /graphql")
    assert spans.tree(request) == STORED
    [operation], [plan], [statement], [line] = map(
        spans.named, ("query", "plan", "SELECT", "access_log.commit")
    )
    assert request.kind is SpanKind.SERVER
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    selection = await hub.owner.fetchval("SELECT selection_hash FROM access_log ORDER BY at DESC LIMIT 1")
    assert dict(operation.attributes or {}) == {
        "graphql.operation.type": "query",
        "snodo.selection.hash": selection.hex(),
        "snodo.consumer": "cpi-h501c900031",
        "snodo.consumer.kind": "EMPLOYMENT_CENTRE",
        "snodo.purpose.scope": "CENTRE",
        "snodo.answer.gives_data": True,
        "snodo.answer.bytes": len(answer.body),
    }
    assert plan.attributes is not None
    assert statement.kind is SpanKind.CLIENT
    assert dict(statement.attributes or {}) == {
        "db.system.name": "postgresql",
        "db.operation.name": "SELECT",
        "snodo.statement.hash": plan.attributes["snodo.statement.hash"],
        "snodo.statement.runs": 1,
        "db.response.returned_rows": 1,
    }
    assert dict(line.attributes or {}) == {"snodo.access.outcome": "ANSWERED"}
    assert {one.resource.attributes["service.name"] for one in spans.spans} == {"snodo"}


async def test_the_same_statement_has_the_same_hash_and_another_another(
    hub: Service, spans: Gathered
) -> None:
    for question in (
        "{ beneficiaries(first: 1) { nodes { id } } }",
        "query Other { beneficiaries(first: 2) { nodes { id } } }",
    ):
        await hub(question)
    await hub("{ beneficiaries(first: 1) { totalCount } }")
    await spans.until("plan")
    hashes = [(one.attributes or {})["snodo.statement.hash"] for one in spans.named("plan")]
    assert len(hashes) == 3
    assert hashes[0] == hashes[1] != hashes[2]


async def test_a_trusted_document_is_named(hub: Service, spans: Gathered) -> None:
    await hub.send(
        json={"documentId": document_id(LIST), "variables": {"n": 1}},
        headers={"authorization": f"Bearer {hub.token('centre')}"},
    )
    operation = await spans.until("query List")
    attributes = operation.attributes or {}
    assert attributes["graphql.document.id"] == document_id(LIST)
    assert attributes["graphql.operation.name"] == "List"


async def test_the_trace_of_who_asks_goes_on(hub: Service, spans: Gathered) -> None:
    await _post(hub, traceparent=f"00-{TRACE}-{PARENT}-01", tracestate="theirs=RSSMRA80A01H501U")
    request = await spans.until("POST /graphql")
    assert spans.tree(request) == STORED
    assert {_trace_of(one) for one in spans.spans} == {TRACE}
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert request.context is not None
    assert not request.context.trace_state


async def test_who_does_not_sample_is_not_told_of(hub: Service, spans: Gathered) -> None:
    await _post(hub, traceparent=f"00-{TRACE}-{PARENT}-00")
    await _post(hub)
    await spans.until("POST /graphql")
    assert len(spans.named("POST /graphql")) == 1
    assert TRACE not in map(_trace_of, spans.spans)


@pytest.mark.parametrize("header", ["RSSMRA80A01H501U", f"00-{TRACE}-{'0' * 16}-01", "0" * 5_000])
async def test_what_is_no_trace_begins_one(hub: Service, spans: Gathered, header: str) -> None:
    await _post(hub, traceparent=header)
    request = await spans.until("POST /graphql")
    assert request.parent is None
    assert _trace_of(request) != TRACE


async def test_two_headers_are_no_trace(hub: Service, spans: Gathered) -> None:
    """Which of them holds, nobody knows."""
    ours, other = f"00-{TRACE}-{PARENT}-01", f"00-{'1' * 32}-{PARENT}-01"
    await hub.client.get(f"{hub.url}/healthz", headers=[("traceparent", ours), ("traceparent", other)])
    request = await spans.until("GET")
    assert request.parent is None
    assert _trace_of(request) not in {TRACE, "1" * 32}


async def test_a_refusal_by_its_class(hub: Service, spans: Gathered) -> None:
    answer = await hub("{ beneficiaries(first: 1) { nodes { fiscalCode } } }", as_="of-public")
    assert set(answer.codes) == {"FORBIDDEN_FIELD"}
    await spans.until("POST /graphql")
    [operation] = spans.named("query")
    assert operation.status.status_code is StatusCode.ERROR
    assert operation.status.description is None
    assert operation.events == ()
    assert (operation.attributes or {})["error.type"] == "ForbiddenFields"


async def test_who_is_not_known_asks_nothing(hub: Service, spans: Gathered) -> None:
    await hub.send(json={"query": "{ __typename }"})
    request = await spans.until("POST /graphql")
    assert spans.tree(request) == ("POST /graphql", [])
    assert (request.attributes or {})["http.response.status_code"] == 401
    assert request.status.status_code is StatusCode.UNSET, "it is the client's"


@pytest.mark.parametrize(
    ("path", "about"),
    [
        ("/healthz?who=x", {"http.request.method": "GET", "http.route": "/healthz", "http.response.status_code": 200}),
        ("/RSSMRA80A01H501U", {"http.request.method": "GET", "http.response.status_code": 404}),
    ],
)  # fmt: skip
async def test_of_an_address_the_route_alone(hub: Service, spans: Gathered, path: str, about: Any) -> None:
    await hub.send("GET", path)
    request = await spans.until("GET")
    assert dict(request.attributes or {}) == about


async def test_a_method_nobody_knows_is_not_repeated(hub: Service, spans: Gathered) -> None:
    await hub.send("PROPFIND", "/graphql")
    request = await spans.until("_OTHER /graphql")
    assert (request.attributes or {})["http.request.method"] == "_OTHER"


async def test_runs_that_went_together_are_one_statement_of_the_first_linked_to_the_others(
    hub: Service, spans: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.plan.runner.SLICE", 100.0)
    monkeypatch.setattr("hub.plan.runner.PATIENCE", 100.0)
    question = "query Joined { beneficiaries(first: 3) { nodes { id } } }"
    await hub(question)  # a plan never timed goes alone first
    spans.clear()
    answers = await _together(hub, [(question, "centre", {})] * 3)
    assert {one.status for one in answers} == {200}
    joined = [one for one in spans.named("SELECT") if (one.attributes or {})["snodo.statement.runs"] != 1]
    assert joined
    plans = {one.context.span_id: one for one in spans.named("plan") if one.context is not None}
    for statement in joined:
        runs = (statement.attributes or {})["snodo.statement.runs"]
        assert (statement.attributes or {})["db.response.returned_rows"] == runs
        assert statement.parent is not None
        named = [statement.parent.span_id, *(link.context.span_id for link in statement.links)]
        assert len(set(named)) == runs
        assert set(named) <= plans.keys(), "each is a run's own"


async def test_a_mutation_until_its_position(hub: Service, spans: Gathered) -> None:
    given = {"idempotencyKey": "traced", "fiscalCode": hub.world.people["north"].fiscal_code, "type": "PACT_SIGNED", "occurredAt": "2026-09-01T09:00:00Z"}  # fmt: skip
    answer = await hub(RECORD, i=given)
    assert answer.data["recordConditionalityEvent"]["userErrors"] == []
    request = await spans.until("POST /graphql")
    name, [(operation, below)] = spans.tree(request)
    assert (name, operation) == ("POST /graphql", "mutation")
    assert ("plan", [("SELECT", [])]) in below, "one statement records, reads back, and writes the line"
    turn = await spans.until("sequencer.turn")
    assert (turn.attributes or {}) == {"snodo.events": 1}
    assert turn.parent is None, "it is nobody's request's"
    assert (turn.end_time or 0) >= (spans.named("mutation")[0].start_time or 0)


async def test_a_turn_that_gave_nothing_is_not_told_of(hub: Service, spans: Gathered) -> None:
    for _ in range(20):
        await hub("{ __typename }")
    assert spans.named("sequencer.turn") == []


async def test_operations_of_a_websocket_go_under_who_opened_it(hub: Service, spans: Gathered) -> None:
    headers = {"authorization": f"Bearer {hub.token('centre')}", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with connected(hub, headers=headers) as client:
        await client.say(type="connection_init")
        await client.hear()
        await client.ask("1", "{ beneficiaries(first: 1) { nodes { id } } }")
        await client.ask("2", "{ beneficiaries(first: 1) { nodes { id } } }")
    first, second = spans.named("query")
    for operation in (first, second):
        assert spans.tree(operation) == STORED[1][0]
        assert operation.parent is not None
        assert (_trace_of(operation), f"{operation.parent.span_id:016x}") == (TRACE, PARENT)


async def test_a_subscription_s_pages_go_under_its_request(hub: Service, spans: Gathered) -> None:
    """A stream's span ends with it; what it did meanwhile is below."""
    headers = {"authorization": f"Bearer {hub.token('inps')}", "accept": "text/event-stream"}
    question = {"query": "subscription { conditionalityFeed { entries { position } } }"}
    async with hub.client.stream("POST", f"{hub.url}/graphql", json=question, headers=headers) as response:
        assert response.status_code == 200
        plan = await spans.until("plan")  # what the feed has by now
    request = await spans.until("POST /graphql")
    assert request.context is not None
    assert plan.context is not None
    assert plan.context.trace_id == request.context.trace_id
