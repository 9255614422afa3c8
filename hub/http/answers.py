# SPDX-License-Identifier: EUPL-1.2
"""Answers as bytes: GraphQL responses, and the errors in them. Only what the hub says on purpose reaches a client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import structlog
from graphql import GraphQLError

from hub.errors import ClientError, InvalidInput, SnodoError, Unavailable, UpstreamError
from hub.http.problems import challenges
from hub.plan.permission import ForbiddenFields

log = structlog.get_logger()

LONGEST_MESSAGE = 500
"""Characters of a message that may quote the request."""
_INSIDE = re.compile(r"Variable '\$(\w+)' has invalid value at ([.\w\[\]]+): ")
"""How graphql-core begins what it says of a value inside a variable."""
BAD_VALUES = (asyncpg.DataError, asyncpg.exceptions._base.DataError)  # noqa: SLF001 (asyncpg has two of one name)
"""A value PostgreSQL refuses, and one asyncpg cannot even send."""
DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, or starting up
    asyncpg.ObjectNotInPrerequisiteStateError,  # closed to connections by its administrator
    asyncpg.InvalidCatalogNameError,  # gone, for the length of a restore
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    OSError,
)


class ResponseTooLarge(InvalidInput):
    """The answer is larger than this hub gives; ask for fewer rows or fields, or by pages."""

    code = "RESPONSE_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over HTTP; `status` as the draft of August 2026 has it, 422 and 294 included."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    gives_data: bool = True
    """Whether something is given, and not errors alone."""


def with_extensions(body: bytes, extensions: dict[str, Any]) -> bytes:
    """A response with `extensions` beside what it has."""
    # NOTE a body is one JSON object with members, none of them `extensions`: its last byte is that object's brace.
    return b"".join((body[:-1], b',"extensions":', orjson.dumps(extensions), b"}"))


def error_reply(
    status: int, errors: Iterable[dict[str, Any]], headers: Sequence[tuple[bytes, bytes]] = ()
) -> Reply:
    """A request error: no `data` at all (GraphQL over HTTP, section 6.4)."""
    return Reply(status, orjson.dumps({"errors": list(errors)}), headers)


def refusal(error: ClientError) -> Reply:
    """A refusal of the whole request."""
    headers: list[tuple[bytes, bytes]] = []
    if error.status == 401:
        headers += challenges(error)
    if isinstance(seconds := error.extensions.get("retryAfter"), int):
        headers.append((b"retry-after", b"%d" % seconds))
    told = [formatted(one) for one in error.errors] if isinstance(error, ForbiddenFields) else [said(error)]
    return error_reply(error.status, told, headers)


def unprocessable(error: ClientError) -> Reply:
    """The refusal of a request that was well formed: what it asks cannot be done as it asks it."""
    return error_reply(422, [said(error)]) if error.status == 400 else refusal(error)


def fault(error: Exception) -> Reply:
    """The reply to a request that failed as a whole."""
    if isinstance(error, ClientError):
        return refusal(error)
    status, told = explained(error)
    return error_reply(status, [told])


def explained(error: Exception) -> tuple[int, dict[str, Any]]:
    """What went wrong inside, and the status it means: logged by its kind, told as little as helps."""
    if isinstance(error, UpstreamError):
        return 503, said(error)
    if isinstance(error, Unavailable):
        return error.status, said(error)
    if isinstance(error, asyncpg.QueryCanceledError):
        return 503, coded("The statement took longer than allowed; ask for less.", "DEADLINE_EXCEEDED")
    if isinstance(error, BAD_VALUES):
        return 400, coded("A value in the request cannot be stored or compared.", "BAD_USER_INPUT")
    # NOTE an asyncpg message may quote a row: only its class and code are logged.
    log.error("request.failed", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
    if isinstance(error, DATABASE_AWAY):
        return 503, coded("The database does not answer; ask again in a moment.", "DATABASE_UNAVAILABLE")
    return 500, coded("Something went wrong inside the hub; it has been logged.", "INTERNAL_ERROR")


def coded(message: str, code: str, **extensions: Any) -> dict[str, Any]:
    """An error with its code."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def said(error: SnodoError) -> dict[str, Any]:
    """An error of the hub's own tree."""
    # NOTE the code is its own: an agency's refusal may have one, too.
    said = {name: value for name, value in error.extensions.items() if value is not None and name != "code"}
    return {"message": error.message, "extensions": {"code": error.code, **said}}


def _cut(message: str) -> str:
    """What graphql-core says quotes the request, whose names and values may be as long as itself."""
    return message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…"


def formatted(error: GraphQLError) -> dict[str, Any]:
    """A GraphQL error as a client may see it: with its place, and nothing of the inside."""
    original = error.original_error
    if isinstance(original, GraphQLError):
        original = original.original_error
    found: dict[str, Any]
    if isinstance(original, SnodoError):
        found = said(original)
    elif original is None or (isinstance(original, (TypeError, ValueError)) and error.path is None):
        found = {
            "message": _cut(error.message),
            "extensions": {"code": "BAD_USER_INPUT", **(error.extensions or {})},
        }
    else:
        _, found = explained(original)
    if (place := _INSIDE.match(error.message)) is not None:
        found["extensions"]["at"] = "".join(place.groups())
    if error.locations:
        found["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        found["path"] = error.path
    return found
