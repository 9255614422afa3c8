# SPDX-License-Identifier: EUPL-1.2
"""A GraphQL request as it comes over HTTP (GraphQL over HTTP, sections 5.2 to 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson

from hub.errors import ClientError, InvalidInput

NUL = "The request holds a NUL character, which no value of this schema may have."


class NotJson(InvalidInput):
    """The body is no JSON object with a `query`."""

    code = "BAD_REQUEST"


class UnsupportedMediaType(ClientError):
    """Send the request as `Content-Type: application/json`, in UTF-8."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status: ClassVar[int] = 415


class MethodNotAllowed(ClientError):
    """A mutation is sent with POST; GET only reads."""

    code = "METHOD_NOT_ALLOWED"
    status: ClassVar[int] = 405


class Interrupted(ClientError):
    """The connection ended before the body did."""


class BodyTooLarge(ClientError):
    """The request's body is larger than this hub takes."""

    code = "BODY_TOO_LARGE"
    status: ClassVar[int] = 413


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What to run."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    reports_cost: bool = False
    """Whether the answer is to say what the operation was estimated to cost."""


def takes(content_type: bytes) -> bool:
    """Whether a POST of this media type is read: JSON, in UTF-8."""
    media, *parameters = (part.strip() for part in content_type.lower().split(b";"))
    return media == b"application/json" and all(
        parameter.partition(b"=")[2].strip(b'"') == b"utf-8"
        for parameter in parameters
        if parameter.startswith(b"charset")
    )


def read_post(body: bytes) -> GraphQLRequest:
    """The request in a JSON body.

    Raises:
        NotJson: it is no JSON, or its members are of other types.

    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson("The body is not JSON.") from error
    if b"\\u0000" in body and _holds_nul(content):
        raise NotJson(NUL)
    if not isinstance(content, dict):
        raise NotJson("The body must be one JSON object; batches are not taken.")
    return _checked(content)


def read_get(query_string: bytes) -> GraphQLRequest:
    """The request in a URL's parameters. Its variables are JSON.

    Raises:
        NotJson: a parameter cannot be read.

    """
    try:
        given = {
            name: values[-1]
            for name, values in parse_qs(query_string.decode(), strict_parsing=bool(query_string)).items()
        }
        content: dict[str, Any] = {"query": given.get("query"), "operationName": given.get("operationName")}
        for name in ("variables", "extensions"):
            if name in given:
                content[name] = orjson.loads(given[name])
    except (ValueError, UnicodeDecodeError) as error:
        raise NotJson(
            "The URL's parameters cannot be read: `query` is text, `variables` a JSON object."
        ) from error
    if _holds_nul(content):
        raise NotJson(NUL)
    return _checked(content)


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\x00" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any(map(_holds_nul, value.values()))
        case _:
            return False


def read_content(content: dict[str, Any]) -> GraphQLRequest:
    """The request in a JSON object that was read from elsewhere than a body.

    Raises:
        NotJson: its members are of other types, or hold a NUL character.

    """
    if _holds_nul(content):
        raise NotJson(NUL)
    return _checked(content)


def _checked(content: dict[str, Any]) -> GraphQLRequest:
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    if not isinstance(query, str) or not query:
        raise NotJson("`query` is missing, or is not a string.")
    if variables is not None and not isinstance(variables, dict):
        raise NotJson("`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise NotJson("`operationName` must be a string.")
    extensions = content.get("extensions")
    if not isinstance(extensions, (dict, type(None))):
        raise NotJson("`extensions` must be an object.")
    reports_cost = extensions is not None and extensions.get("cost") is True
    return GraphQLRequest(query, variables or {}, name or None, reports_cost)
