# SPDX-License-Identifier: EUPL-1.2
"""The witness of every test (`tests.witness`) hears each way the hub speaks: a person planted in any of them is found."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import structlog
from _pytest.logging import LogCaptureHandler
from prometheus_client import CollectorRegistry, Counter

from connectors.exchange import Exchange, Outgoing, Policy
from hub.errors import InvalidInput, UpstreamUnavailable
from hub.http.operations import Operations
from tests.api.test_websocket import welcomed
from tests.conftest import create_database, drop_database
from tests.personal import Personal
from tests.spans import HEARD
from tests.witness import WITNESS, Witness, listening

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.world import World

PLANTED = "INPS-PLANTED-0001"
"""In no database, so that only the witness made here knows it."""
QUESTION = "{ beneficiaries { totalCount } }"


@pytest.fixture
def witness() -> Iterator[Witness]:
    """One that hears the rest of the test, beside the one that hears all."""
    personal = Personal()
    personal.add_code(PLANTED)
    personal.add_name("Zefirino", "Quartodecimo")
    with listening(found := Witness(personal)):
        yield found


def sources(witness: Witness) -> set[str]:
    return {leak.partition(",")[0] for leak in witness.leaks()}


@pytest.mark.parametrize("way", ["info", "warning", "error", "exception", "critical"])
def test_a_line_of_structlog(way: str, witness: Witness) -> None:
    getattr(structlog.get_logger(), way)("request.failed", subject=PLANTED)
    assert sources(witness) == {"log"}


@pytest.mark.parametrize("name", ["uvicorn.error", "asyncio", "httpx2", "anything"])
def test_a_line_of_the_standard_library(name: str, witness: Witness) -> None:
    try:
        raise ValueError("Key (given_name, family_name)=(Zefirino, Quartodecimo) already exists.")
    except ValueError:
        logging.getLogger(name).critical("Exception in ASGI application", exc_info=True)
    assert sources(witness) == {"log"}


def test_a_logger_that_is_silenced_says_nothing_to_anybody_but_pytest(witness: Witness) -> None:
    silenced = logging.getLogger("snodo.silenced")
    silenced.propagate = False
    silenced.addHandler(LogCaptureHandler())
    silenced.error(PLANTED)
    assert sources(witness) == set()
    silenced.addHandler(logging.NullHandler())
    silenced.error(PLANTED)
    assert sources(witness) == {"log"}


async def test_the_server_s_own_log_of_requests_is_silenced(ask: Service) -> None:
    """It would hold the URL, and so the question, of each GET."""
    access = logging.getLogger("uvicorn.access")
    assert (await ask.send("GET", "/healthz")).status == 200
    assert not access.propagate
    assert all(isinstance(handler, LogCaptureHandler) for handler in access.handlers)


def test_a_metric(witness: Witness) -> None:
    registry = witness.follow(CollectorRegistry())
    Counter("looked_at", "By person", ["who"], registry=registry).labels(PLANTED).inc()
    assert sources(witness) == {"metrics"}


async def test_an_outgoing_url(witness: Witness) -> None:
    async def prepare() -> Outgoing:
        return Outgoing("GET", f"http://127.0.0.1:9/people/{PLANTED}", {})

    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(UpstreamUnavailable):
            await Exchange("ANPR", Policy(attempts=1), http).call("x", prepare, idempotent=True)
    assert sources(witness) == {"url"}


def test_a_span(witness: Witness) -> None:
    def fail() -> None:
        with HEARD.spans.begin("work"):
            raise ValueError(f"{PLANTED} is no date.")

    with pytest.raises(ValueError, match=PLANTED):
        fail()
    assert "error.type=ValueError" in {text for text, _ in witness.heard["span"]}
    assert sources(witness) == set(), "of an exception its class is told, and no word of its message"
    with HEARD.spans.begin(f"look at {PLANTED}", attributes={"snodo.records.received": 1}):
        pass
    assert sources(witness) == {"span"}


def test_an_attribute_of_a_span(witness: Witness) -> None:
    with HEARD.spans.begin("work", attributes={"snodo.agency": f"of {PLANTED}"}):
        pass
    assert sources(witness) == {"span"}


async def test_an_operation_s_own_words_are_in_no_span(ask: Service, witness: Witness) -> None:
    """Its name, its aliases and its literals are its client's, and so is an address."""
    planted = PLANTED.replace("-", "_")
    witness.personal.add_code(planted)
    named = await ask(f"query {planted} {{ {planted}: beneficiaries(first: 1) {{ totalCount }} }}")
    assert named.data.keys() == {planted}
    await ask(f'{{ node(id: "{PLANTED}") {{ id }} }}')
    await ask(f"{{ {planted} }}")
    await ask.send("GET", f"/{PLANTED}?x={PLANTED}")
    said = {text.partition("=")[0] for text, _ in witness.heard["span"]}
    assert {"snodo.selection.hash", "POST /graphql", "GET"} <= said
    assert "span" not in sources(witness)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation is refused by a sentence that names somebody."""

    def refuse(*_: Any) -> Any:
        raise InvalidInput("Not found.", seen=f"Quartodecimo Zefirino, {PLANTED}")

    monkeypatch.setattr(Operations, "_operation", refuse)


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream", "multipart/mixed"])
async def test_an_error_over_http(accept: str, ask: Service, witness: Witness) -> None:
    headers = {"authorization": f"Bearer {ask.token('centre')}", "accept": accept}
    answer = await ask.send(json={"query": QUESTION}, headers=headers)
    assert PLANTED in answer.body.decode()
    assert sources(witness) == {"error"}
    echoed = {"query": f"# Zefirino Quartodecimo {PLANTED}\n" + QUESTION}
    again = Witness(witness.personal)
    with listening(again):
        await ask.send(json=echoed, headers=headers)
    assert again.heard["error"]
    assert again.leaks() == [], "it is what the sender sent"


@pytest.mark.usefixtures("refusing")
async def test_an_error_over_a_websocket(ask: Service, witness: Witness) -> None:
    async with welcomed(ask) as client:
        [message] = await client.ask("1", QUESTION)
    assert message["type"] == "error"
    assert sources(witness) == {"error"}


async def test_a_user_error(writable: Service, witness: Witness) -> None:
    """Not a planted one: that those the hub makes are heard."""
    query = """mutation ($i: RecordConditionalityEventInput!) {
      recordConditionalityEvent(input: $i) { wrong: userErrors { message } userErrors { code message } } }"""
    code = writable.world.people["torino-only"].fiscal_code
    given = {"idempotencyKey": "heard", "fiscalCode": code, "type": "CONVOCATION_MISSED", "occurredAt": "2026-09-01T09:00:00Z"}  # fmt: skip
    await writable(query, i=given)
    assert any("PERSON_NOT_FOUND" in text for text, _ in witness.heard["error"])


async def test_a_page_and_the_metrics_over_http(ask: Service, witness: Witness) -> None:
    for path in ("/metrics", "/status", "/nowhere"):
        await ask.send("GET", path)
    assert {"metrics", "page", "headers"} <= witness.heard.keys()


async def test_the_witness_of_every_test_hears(ask: Service) -> None:
    await ask("{ nothing }")
    await ask("{ municipalities(first: 1) { totalCount } }")
    await ask.send("GET", "/metrics")
    assert {"error", "headers", "metrics", "span"} <= WITNESS.heard.keys()


async def test_it_knows_whoever_was_in_a_database_that_is_gone(
    server_url: str, worker_id: str, world_database: tuple[str, World]
) -> None:
    template, world = world_database
    name = f"snodo_gone_{worker_id}"
    await create_database(server_url, name, template)
    await drop_database(server_url, name)
    for person in world.people.values():
        assert WITNESS.personal.said_in(f"seen: {person.fiscal_code}") == {person.fiscal_code}
    assert WITNESS.personal.said_in("INPS-ADI-2026-mixed De Luca (Ugo)") == {
        "INPS-ADI-2026-MIXED",
        "de luca ugo",
    }
