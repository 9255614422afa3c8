# SPDX-License-Identifier: EUPL-1.2
"""Where time goes: spans of work, noted by whoever traces, and by nobody where no one does.

Work begins a span here, and knows no tracing library; `hub.tracing` makes them and sends them. Nothing noted is about a person:
names and values are the hub's own words, counts, hashes of statements, codes of agencies (docs/adr/0046).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import Context, ContextVar, copy_context
from enum import Enum
from typing import Final, NamedTuple, Protocol, TypeAlias

Value: TypeAlias = str | int | float | bool


class Kind(Enum):
    """Whose work a span stands for."""

    INTERNAL = "internal"
    SERVER = "server"
    """Somebody asked for it, from outside."""
    CLIENT = "client"
    """Somebody else was asked, and waited for."""


class Place(NamedTuple):
    """Where in which trace a span stands (W3C Trace Context): what another may be its child by."""

    trace_id: int
    span_id: int
    flags: int
    """1 where the trace is sampled, else 0."""


class Span(Protocol):
    """Work under way."""

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Say more of it."""

    def fail(self, kind: str) -> None:
        """It failed: the class of an exception, or a status; never a message."""

    def forget(self) -> None:
        """Nothing came of it: it is not told of."""


class Spans(Protocol):
    """Whoever takes note of spans."""

    def begin(
        self,
        name: str,
        kind: Kind = Kind.INTERNAL,
        attributes: Mapping[str, Value] | None = None,
        *,
        under: Sequence[Place] = (),
    ) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block; what is raised in it is noted by its class.

        `under`: whose work it is, where that is not the span under way: the child of the first, linked to the others.
        """

    def place(self) -> Place | None:
        """Where the span under way stands; None where there is none."""


class _Nobody(Span, Spans):
    """Takes no note, and makes nothing."""

    def begin(self, *_: object, **__: object) -> AbstractContextManager[Span]:
        return _NOTHING

    def place(self) -> Place | None:
        return None

    def note(self, attributes: Mapping[str, Value]) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass

    def forget(self) -> None:
        pass


class _Nothing(AbstractContextManager[Span]):
    """The one block in which nothing is noted."""

    def __enter__(self) -> Span:
        return NOBODY

    def __exit__(self, *_: object) -> None:
        pass


NOBODY: Final = _Nobody()
_NOTHING: Final = _Nothing()
SPANS: ContextVar[Spans] = ContextVar("spans", default=NOBODY)
"""Who takes note in this context: a request, a background task, a command."""


def span(
    name: str, kind: Kind = Kind.INTERNAL, attributes: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span]:
    """A span of the work in the block, noted by whoever does so here."""
    return SPANS.get().begin(name, kind, attributes)


def noted_by(spans: Spans) -> Context:
    """A context of its own, for a background task whose spans these take note of."""
    context = copy_context()
    context.run(SPANS.set, spans)
    return context
