# SPDX-License-Identifier: EUPL-1.2
"""Spans made by OpenTelemetry, and sent to a collector by OTLP over HTTP.

    request ── span ends ── at most MOST_WAITING wait ── a thread sends them, together ── collector

A collector that is slow, broken or gone costs spans and nothing else: who ends a span never waits, and one too many is dropped and
counted. Who is traced is decided where a trace begins: by who asks, for its own, else by the settings' share.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import Token
from types import TracebackType
from typing import Any, Final

import requests
import structlog
from opentelemetry import trace as otel
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.spans import Kind, Place, Span, Value
from hub.tracing.parts import Tracing

MOST_WAITING = 8_192
"""Spans that wait to be sent; one more is dropped."""
TOGETHER = 512
"""Spans of one request to the collector."""
PAUSE = 1.0
"""Seconds between two requests, while fewer wait."""
LONGEST = 5.0
"""Seconds one request to the collector may take, tried again included."""
PATIENCE = 2.0
"""Seconds a hub that ends gives what still waits."""

log = structlog.get_logger()

_KINDS: Final = {
    Kind.INTERNAL: otel.SpanKind.INTERNAL,
    Kind.SERVER: otel.SpanKind.SERVER,
    Kind.CLIENT: otel.SpanKind.CLIENT,
}
_FAILED: Final = otel.Status(otel.StatusCode.ERROR)
"""NOTE without a description: an exception's message may quote a row."""


class OtelSpan:
    """A span of OpenTelemetry's, under way while its block is."""

    __slots__ = ("_forgotten", "_span", "_token")

    def __init__(self, span: otel.Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None
        self._forgotten = False

    def __enter__(self) -> Span:
        self._token = attach(otel.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        detach(self._token)
        if kind is not None:
            self.fail(kind.__name__)
        if not self._forgotten:
            self._span.end()

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Say more of it."""
        self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        """It failed."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(_FAILED)

    def forget(self) -> None:
        """A span that does not end is not told of."""
        self._forgotten = True


class OtelSpans:
    """Takes note of spans, by a provider of its own: OpenTelemetry's global one is left alone."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("snodo")

    def begin(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        attributes: Mapping[str, Value] | None = None,
        *,
        under: Sequence[Place] = (),
    ) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block."""
        context, links = None, None
        if under:
            parent, *others = map(_context_of, under)
            context = otel.set_span_in_context(otel.NonRecordingSpan(parent))
            links = [otel.Link(other) for other in others]
        return OtelSpan(self._tracer.start_span(name, context, _KINDS[kind], attributes, links))

    def place(self) -> Place | None:
        """Where the span under way stands."""
        found = otel.get_current_span().get_span_context()
        # NOTE of its flags the one that version 00 of the header knows.
        return Place(found.trace_id, found.span_id, found.trace_flags & 1) if found.is_valid else None


def _context_of(place: Place) -> otel.SpanContext:
    return otel.SpanContext(place.trace_id, place.span_id, False, otel.TraceFlags(place.flags))


class Sending(SpanProcessor, Collector):
    """Hands spans that ended to a thread that sends them, as long as few enough wait; counts what becomes of them.

    NOTE `ended` and `dropped` are written by the event loop's thread alone, what `_Counted` has by the sending one alone.
    """

    def __init__(self, exporter: SpanExporter, pause: float = PAUSE) -> None:
        self._counted = _Counted(exporter)
        self._batches = BatchSpanProcessor(
            self._counted,
            max_queue_size=2 * MOST_WAITING,  # never reached: what it would drop, it would not count
            schedule_delay_millis=1_000 * pause,
            max_export_batch_size=TOGETHER,
        )
        self.ended = 0
        self.dropped = 0

    @property
    def sent(self) -> int:
        """Spans the collector took."""
        return self._counted.sent

    @property
    def lost(self) -> int:
        """Spans the collector did not take."""
        return self._counted.taken - self._counted.sent

    def on_end(self, span: ReadableSpan) -> None:
        """Hand on a span, if there is room."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        self.ended += 1
        if self.ended - self.dropped - self._counted.taken > MOST_WAITING:
            self.dropped += 1
        else:
            self._batches.on_end(span)

    def shutdown(self) -> None:
        """Send what waits, within `PATIENCE`; what the collector does not take by then is lost."""
        last = threading.Thread(target=self._batches.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(PATIENCE)
        if last.is_alive():
            self._counted.shutdown()  # ends what it tries again

    def collect(self) -> Iterator[Metric]:
        """Each counter as it stands."""
        for name, meaning, value in (
            ("ended", "Spans of sampled traces that ended", self.ended),
            ("sent", "Spans the collector took", self.sent),
            ("lost", "Spans the collector did not take", self.lost),
            ("dropped", "Spans dropped because too many waited", self.dropped),
        ):
            yield CounterMetricFamily(f"snodo_spans_{name}", meaning, value=value)


class _Counted(SpanExporter):
    """An exporter whose trouble is a line of the log when it begins, and when it ends."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_down = False
        self.taken = self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        try:
            result = self._exporter.export(spans)
        except Exception:
            result = SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
        if self._is_down != (is_down := result is not SpanExportResult.SUCCESS):
            self._is_down = is_down
            (log.warning if is_down else log.info)("spans.lost" if is_down else "spans.sent_again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _session() -> requests.Session:
    """Goes to the collector's address and to no other: what the environment says of proxies and passwords is not taken."""
    session = requests.Session()
    session.trust_env = False
    session.hooks["response"].append(_refuse_another_address)
    return session


def _refuse_another_address(answer: requests.Response, *_: Any, **__: Any) -> None:
    # NOTE the exporter does not go where it is sent, and yet takes a 3xx for a success.
    if 300 <= answer.status_code < 400:
        answer.close()
        raise requests.TooManyRedirects


@asynccontextmanager
async def exporting(endpoint: str, ratio: float) -> AsyncIterator[Tracing]:
    """Spans that go to a collector, until the block ends; further headers for it in OTEL_EXPORTER_OTLP_HEADERS."""
    library = logging.getLogger("opentelemetry")
    library.addHandler(logging.NullHandler())
    library.propagate = False  # what it says of a collector, `spans.lost` and /metrics say
    exporter = OTLPSpanExporter(endpoint, timeout=LONGEST, compression=Compression.Gzip, session=_session())
    sending = Sending(exporter)
    provider = provider_of(sending, ratio)
    try:
        yield Tracing(OtelSpans(provider), sending)
    finally:
        await asyncio.to_thread(provider.shutdown)


def provider_of(processor: SpanProcessor, ratio: float = 1.0) -> TracerProvider:
    """A provider whose spans go to the processor."""
    provider = TracerProvider(
        ParentBased(TraceIdRatioBased(ratio)),
        Resource({"service.name": "snodo", "service.version": importlib.metadata.version("snodo")}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    return provider
