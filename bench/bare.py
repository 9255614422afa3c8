# SPDX-License-Identifier: EUPL-1.2
"""The limit: an ASGI app that knows each document by heart and passes PostgreSQL's text through.

The SQL, the row predicate and the parameters are those the hub's planner makes; the pools and uvicorn's settings are the hub's. An
event is recorded by the ledger's own statements in one transaction, and read back by the planner's. There is no voucher, no
validation, no limit and no error in it. Run by the bench: `python -m bench.bare --port N --data-dir DIR`, the database in
SNODO_DATABASE_URL.
"""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from starlette.types import Receive, Scope, Send

from bench.bare_record import recording
from bench.questions import questions
from bench.unlogged import leave_marks_out
from connectors.simulators.registry import demo_registry
from hub.access.caller import Caller
from hub.access.directory import Directory
from hub.access.rows import scope_values
from hub.access.voucher import Voucher
from hub.cli.options import run
from hub.cli.serving import http_server, listen
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.settings import Settings
from hub.store.announcements import Word
from hub.store.engine import Pool, database_url, open_database
from schema.build import build_schema


@dataclass(frozen=True, slots=True)
class Known:
    """A statement, what its parameters are read with, and the answer's first words."""

    sql: str
    readers: tuple[Callable[[Mapping[str, Any]], Any], ...]
    before: bytes


Answer = Callable[[Mapping[str, Any]], Awaitable[bytes]]
"""Variables in, body out."""


class Bare:
    """Body in, statement, text out."""

    def __init__(self, known: Mapping[str, Answer]) -> None:
        self._known = known

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every request is one of the known questions."""
        message = await receive()
        content = message["body"]
        while message.get("more_body"):
            message = await receive()
            content += message["body"]
        asked = orjson.loads(content)
        body = await self._known[asked["query"]](asked["variables"])
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def reading(known: Known, read: Pool) -> Answer:
    """A question by heart."""

    async def answer(variables: Mapping[str, Any]) -> bytes:
        async with read.acquire() as connection:
            text = await connection.fetchval(known.sql, *[reads(variables) for reads in known.readers])
        return b"".join((known.before, text, b"}}"))

    return answer


def know(caller: Caller, document: str, example: Mapping[str, Any]) -> Known:
    """What the hub's planner makes of a question with one root field."""
    _, catalogue = build_schema()
    operation = Documents(catalogue, most=10).operation(document, None)
    assert isinstance(operation, Operation)
    variables, _ = operation.variables.coerce(example)
    prepared = operation.prepare(variables, caller.scope)
    [(before, plan)] = prepared.parts
    assert plan is not None
    constants = plan.statement.arguments(dict.fromkeys(plan.binds) | scope_values(caller))

    def always(value: Any) -> Callable[[Mapping[str, Any]], Any]:
        return lambda _variables: value

    readers = [
        plan.binds.get(name) or always(argument)
        for name, argument in zip(plan.statement.names, constants, strict=True)
    ]
    return Known(plan.statement.text, tuple(readers), b'{"data":{' + before)


async def serve(settings: Settings, url: str, port: int) -> None:
    """Serve until a signal."""
    registry = demo_registry()
    async with open_database(url, settings) as database:
        directory = Directory(database.write, lambda: 0.0, build_schema()[1].fields.unseen, Word())
        known: dict[str, Answer] = {}
        for question in questions(["RSSMRA80A01H501U"], ["x"], ["0"]):
            consumer = registry.consumer(question.consumer)
            client, purpose = UUID(consumer.client_id), UUID(consumer.purpose_for("hub").purpose_id)
            caller = await directory.caller(
                Voucher(client, purpose, 0, 0, 0, "", None, None, None, None, None, None)
            )
            if question.writes:
                known[question.document] = recording(caller, question, database.write)
            else:
                known[question.document] = reading(
                    know(caller, question.document, question.asked[0]), database.read
                )
        async with http_server(Bare(known), listen(settings.host, port)) as (server, _):
            await server


def main() -> None:
    """Read the command line, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    given = parser.parse_args()
    leave_marks_out()
    settings = Settings(data_dir=given.data_dir)
    with database_url(settings) as url:
        run(serve(settings, url, given.port))


if __name__ == "__main__":
    main()
