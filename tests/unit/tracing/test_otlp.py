# SPDX-License-Identifier: EUPL-1.2
"""What becomes of spans on their way to a collector: they arrive; and one that is slow, broken or gone holds nobody up."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from structlog.testing import capture_logs

from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.spans import NOBODY, SPANS, noted_by, span
from hub.tracing import otlp
from hub.tracing.otlp import MOST_WAITING, TOGETHER, OtelSpans, Sending, exporting, provider_of
from hub.tracing.parts import tracing_of
from hub.tracing.requests import TracedRequests

PATIENCE = 10.0


class Held(SpanExporter):
    """A collector that says nothing until it is let."""

    def __init__(self, result: SpanExportResult = SpanExportResult.SUCCESS) -> None:
        self.let = threading.Event()
        self.asked = threading.Event()
        self.result = result
        self.took = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked.set()
        self.let.wait()
        self.took += len(spans)
        return self.result

    def shutdown(self) -> None:
        self.let.set()


def _until(condition: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        waited.wait(0.01)
    raise AssertionError("not in time")


@pytest.fixture
def held() -> Iterator[Held]:
    exporter = Held()
    yield exporter
    exporter.let.set()


def test_a_collector_that_says_nothing_costs_spans_and_they_are_counted(held: Held) -> None:
    sending = Sending(held, pause=0.01)
    spans = OtelSpans(provider_of(sending))
    many = MOST_WAITING + 2 * TOGETHER
    for _ in range(many):
        with spans.begin("work"):
            pass
    assert held.took == 0, "all of them ended while it held its breath"
    assert sending.ended == many
    assert sending.dropped >= TOGETHER
    held.let.set()
    _until(lambda: sending.sent + sending.dropped == many)
    assert held.took == sending.sent
    assert sending.lost == 0
    with spans.begin("work"):
        pass
    _until(lambda: sending.sent + sending.dropped == many + 1)
    sending.shutdown()
    counted = {metric.name: metric.samples[0].value for metric in sending.collect()}
    assert counted == {
        "snodo_spans_ended": many + 1,
        "snodo_spans_sent": sending.sent,
        "snodo_spans_lost": 0,
        "snodo_spans_dropped": sending.dropped,
    }


def test_a_collector_that_fails_is_one_line_of_the_log_until_it_is_well() -> None:
    exporter = Held(SpanExportResult.FAILURE)
    exporter.let.set()
    sending = Sending(exporter, pause=0.01)
    spans = OtelSpans(provider_of(sending))

    def end_one(outcome: Callable[[], int]) -> None:
        before = outcome()
        with spans.begin("work"):
            pass
        _until(lambda: outcome() == before + 1)

    with capture_logs() as lines:
        end_one(lambda: sending.lost)
        end_one(lambda: sending.lost)
        exporter.result = SpanExportResult.SUCCESS
        end_one(lambda: sending.sent)
        _until(lambda: len(lines) == 2)
    sending.shutdown()
    assert [line["event"] for line in lines] == ["spans.lost", "spans.sent_again"]


def test_an_end_does_not_wait_for_a_collector_that_says_nothing(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "PATIENCE", 0.05)
    sending = Sending(held, pause=0.01)
    with OtelSpans(provider_of(sending)).begin("work"):
        pass
    assert held.asked.wait(PATIENCE)
    assert not held.let.is_set()
    sending.shutdown()
    assert held.let.is_set(), "it was told to give up, by nobody else"


def test_only_sampled_traces_are_told_of(held: Held) -> None:
    held.let.set()
    sending = Sending(held, pause=0.01)
    spans = OtelSpans(provider_of(sending, ratio=0.0))
    with spans.begin("work"):
        place = spans.place()
        assert place is not None, "the trace has an id, for the log"
        assert place.flags == 0
        with spans.begin("below"):
            pass
    sending.shutdown()
    assert sending.ended == 0


def test_what_is_forgotten_is_not_told_of(held: Held) -> None:
    held.let.set()
    sending = Sending(held, pause=0.01)
    spans = OtelSpans(provider_of(sending))
    with spans.begin("work") as one:
        one.forget()
    assert sending.ended == 0
    assert spans.place() is None
    sending.shutdown()


class Collector:
    """Takes OTLP over HTTP on loopback, or plays a broken one: `silent` never answers, `refuses` answers 503, `moved` sends elsewhere."""

    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.asked = asyncio.Event()
        self.names: list[str] = []
        self.fields: dict[bytes, bytes] = {}
        self._closing = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            self.fields = fields
            body = await reader.readexactly(int(fields[b"content-length"]))
            self.asked.set()
            if self.behaviour == "silent":
                await self._closing.wait()
            elif self.behaviour == "refuses":
                writer.write(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            elif self.behaviour == "moved":
                writer.write(
                    b"HTTP/1.1 308 Moved\r\nlocation: /v1/traces\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
            else:
                assert head.startswith(b"POST /v1/traces ")
                assert fields[b"content-encoding"] == b"gzip"
                told = ExportTraceServiceRequest.FromString(gzip.decompress(body))
                self.names += [
                    one.name
                    for resource in told.resource_spans
                    for scope in resource.scope_spans
                    for one in scope.spans
                ]
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        finally:
            writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/v1/traces"
        finally:
            self._closing.set()
            server.close()
            await server.wait_closed()


async def test_spans_arrive_the_last_of_them_when_the_hub_ends() -> None:
    collector = Collector("well")
    async with collector.open() as endpoint:
        async with exporting(endpoint, 1.0) as tracing:
            with tracing.spans.begin("outer"), tracing.spans.begin("inner"):
                pass
        assert sorted(collector.names) == ["inner", "outer"]


async def test_what_the_environment_says_of_proxies_and_passwords_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Spans go to the address of the settings, and to no other."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password of-somebody\n")
    monkeypatch.setenv("NETRC", str(netrc))
    collector = Collector("well")
    async with collector.open() as endpoint:
        async with exporting(endpoint, 1.0) as tracing:
            with tracing.spans.begin("work"):
                pass
        assert collector.names == ["work"]
        assert b"authorization" not in collector.fields


async def test_a_collector_that_sends_elsewhere_has_taken_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "PATIENCE", PATIENCE)
    collector = Collector("moved")
    async with collector.open() as endpoint:
        async with exporting(endpoint, 1.0) as tracing:
            with tracing.spans.begin("work"):
                pass
        assert isinstance(tracing.metrics, Sending)
        assert collector.asked.is_set()
        assert (tracing.metrics.sent, tracing.metrics.lost) == (0, 1)


@pytest.mark.parametrize("behaviour", ["silent", "refuses", "gone"])
async def test_a_broken_collector_neither_delays_nor_fails_what_is_traced(
    behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "PAUSE", 0.01)
    monkeypatch.setattr(otlp, "PATIENCE", 0.2)
    collector = Collector(behaviour)
    async with collector.open() as open_endpoint:
        endpoint = "http://127.0.0.1:9/v1/traces" if behaviour == "gone" else open_endpoint
        async with exporting(endpoint, 1.0) as tracing:
            for _ in range(100):
                with tracing.spans.begin("work"):
                    await asyncio.sleep(0)
            if behaviour != "gone":
                await asyncio.wait_for(collector.asked.wait(), PATIENCE)
            assert isinstance(tracing.metrics, Sending)
            assert tracing.metrics.ended == 100
            assert tracing.metrics.sent == 0
    # The block has ended: nothing waited for what the collector never said.


async def test_without_an_endpoint_nothing_is_traced() -> None:
    async with tracing_of(Settings()) as tracing:
        assert tracing.spans is NOBODY
        assert tracing.metrics is None

        async def app(*_: object) -> None: ...

        assert tracing.requests(app) is app, "a request meets none of it"


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "collector:4317",
        "grpc://collector:4317",
        "http://",
        "http:///v1/traces",
        "http://[::1/",
        "http://collector:much/",
    ],
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_TRACES_ENDPOINT"):
        tracing_of(Settings(traces_endpoint=endpoint))


def test_a_hub_without_an_endpoint_needs_none_of_the_extra() -> None:
    found = "import sys, hub.app, hub.cli.serving, hub.cli.data; print([one for one in sys.modules if one.startswith('opentelemetry')])"
    asked = subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True)
    assert asked.stdout == "[]\n"


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hub.tracing.otlp", None)
    with pytest.raises(ConfigurationError, match=r"snodo\[traces\]"):
        tracing_of(Settings(traces_endpoint="http://127.0.0.1:4318/v1/traces"))


def test_where_nobody_takes_note_nothing_is_made() -> None:
    with span("work", attributes={"a": 1}) as one, span("other") as other:
        one.note({"b": 2})
        one.fail("ValueError")
        one.forget()
    assert one is other is NOBODY
    assert NOBODY.place() is None


async def test_a_background_task_has_spans_of_its_own(held: Held) -> None:
    held.let.set()
    spans = OtelSpans(provider_of(Sending(held)))

    async def found() -> object:
        return SPANS.get()

    assert await asyncio.create_task(found(), context=noted_by(spans)) is spans
    assert await found() is NOBODY


async def test_a_request_s_context_is_its_own_whatever_the_server_gives_it(held: Held) -> None:
    held.let.set()
    spans = OtelSpans(provider_of(Sending(held)))
    seen: list[object] = []

    async def app(*_: object) -> None:
        seen.append(SPANS.get())

    async def nothing(*_: object) -> None: ...

    scope = {"type": "websocket", "headers": []}
    await asyncio.create_task(TracedRequests(app, spans)(scope, nothing, nothing))  # type: ignore[arg-type]
    assert seen == [spans]
