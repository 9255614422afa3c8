# SPDX-License-Identifier: EUPL-1.2
"""Spans as tests look at them: those the witness hears in the whole suite of the API, and those a test gathers for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.spans import SPANS
from hub.tracing.otlp import OtelSpans, provider_of
from hub.tracing.parts import Tracing

PATIENCE = 10.0
"""Seconds a span may take to end, after the answer that it is about."""


class Heard(SpanExporter):
    """Takes spans and keeps none: for whoever listens to `export`."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return SpanExportResult.SUCCESS


def tracing_to(exporter: SpanExporter) -> Tracing:
    """Spans that are given to an exporter as they end."""
    return Tracing(OtelSpans(provider_of(SimpleSpanProcessor(exporter))))


HEARD = tracing_to(Heard())
"""For hubs whose spans nobody but the witness wants."""


class Gathered:
    """The spans that ended since it began."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracing = tracing_to(self._exporter)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def clear(self) -> None:
        self._exporter.clear()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Have the spans of the block's own work gathered."""
        token = SPANS.set(self.tracing.spans)
        try:
            yield
        finally:
            SPANS.reset(token)

    async def until(self, name: str, most: float = PATIENCE) -> ReadableSpan:
        """The first span of that name, once it has ended."""
        async with asyncio.timeout(most):
            while True:
                for span in self.spans:
                    if span.name == name:
                        return span
                await asyncio.sleep(0.01)

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name, in the order they began."""
        return sorted((one for one in self.spans if one.name == name), key=lambda one: one.start_time or 0)

    def tree(self, root: ReadableSpan) -> Any:
        """A span and those below it, as `(name, [children …])`, in the order they began."""
        assert root.context is not None
        below = sorted(
            (
                one
                for one in self.spans
                if one.parent is not None
                and one.parent.span_id == root.context.span_id
                and one.context is not None
                and one.context.trace_id == root.context.trace_id
            ),
            key=lambda one: one.start_time or 0,
        )
        return root.name, [self.tree(one) for one in below]


def said_by(span: ReadableSpan) -> Iterator[str]:
    """All that a span says in words."""
    yield span.name
    yield span.status.description or ""
    attributes = [
        span.attributes,
        *(event.attributes for event in span.events),
        *(link.attributes for link in span.links),
    ]
    for each in attributes:
        for name, value in (each or {}).items():
            if not isinstance(value, (bool, int, float)):
                yield f"{name}={value}"
    for event in span.events:
        yield event.name
