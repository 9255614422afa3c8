# SPDX-License-Identifier: EUPL-1.2
"""A GraphQL request as it comes over HTTP (GraphQL over HTTP, sections 5.2 to 5.4; persisted documents, appendix A)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson

from hub.errors import ClientError, InvalidInput
from hub.plan.trusted import document_id

LONGEST_VALUE = 10_000
"""Characters of one string among the variables: a note has at most 2,000, a cursor a few hundred."""
DEEPEST_VALUE = 64
"""Levels of lists and objects in the variables: whoever walks them deeper walks into Python's own limit."""
DOCUMENT_ID = re.compile(r"sha256:[0-9a-f]{64}")
PARAMETERS = 16
"""Parameters a URL may have; the standard knows five."""


class NotJson(InvalidInput):
    """The body is no JSON object with a `query`."""

    code = "BAD_REQUEST"


class DocumentMismatch(InvalidInput):
    """`query` is not the document that its hash names; send one of the two, or the hash of this text."""

    code = "PERSISTED_QUERY_MISMATCH"


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


class UrlTooLong(ClientError):
    """The URL is longer than this hub takes; send the request with POST."""

    code = "URL_TOO_LONG"
    status: ClassVar[int] = 414


@dataclass(slots=True)  # not frozen: that would triple what it takes to make one, for every request
class GraphQLRequest:
    """What to run: a document's text, or the id of a trusted document, when `query` is empty."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None
    document_id: str | None = None
    reports_cost: bool = False
    """Whether the answer is to say what the operation was estimated to cost."""
    takes_part: bool = False
    """Whether what the caller is not granted may be left out of the answer, rather than refuse it."""


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
        InvalidInput: it is no JSON, its members are of other types, or its values are none a client would send.

    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson("The body is not JSON.") from error
    if not isinstance(content, dict):
        raise NotJson("The body must be one JSON object; batches are not taken.")
    # Walked only where something could be found: a request of the usual kind pays for three searches in its bytes.
    if b"\\u0000" in body or len(body) > LONGEST_VALUE or body.count(b"[") + body.count(b"{") > DEEPEST_VALUE:
        _check_values(content)
    return _read_members(content)


def read_get(query_string: bytes) -> GraphQLRequest:
    """The request in a URL's parameters. Its variables are JSON.

    Raises:
        InvalidInput: a parameter cannot be read, or its values are none a client would send.

    """
    try:
        given = parse_qs(
            query_string.decode("ascii"),
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=PARAMETERS,
        )
        content: dict[str, Any] = {}
        for name in ("query", "documentId", "operationName", "variables", "extensions"):
            if name in given:
                [value] = given[name]
                content[name] = orjson.loads(value) if name in ("variables", "extensions") else value
    except ValueError as error:
        raise NotJson(
            "The URL's parameters cannot be read: each stands there once, `query` is text, `variables` a JSON object."
        ) from error
    return read_content(content)


def read_content(content: Mapping[str, Any]) -> GraphQLRequest:
    """The request in an object with the members of the standard; others are not looked at.

    Raises:
        InvalidInput: a member is missing or of another type, its values are none a client would send, or `query` came with
            the hash of another text.

    """
    _check_values(content)
    return _read_members(content)


def _read_members(content: Mapping[str, Any]) -> GraphQLRequest:
    query, variables, name = content.get("query"), content.get("variables"), content.get("operationName")
    extensions, named = content.get("extensions"), content.get("documentId")
    if variables is not None and not isinstance(variables, dict):
        raise NotJson("`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise NotJson("`operationName` must be a string.")
    if extensions is not None:
        if not isinstance(extensions, dict):
            raise NotJson("`extensions` must be an object.")
        if named is None:
            named = _persisted(extensions)
    reports_cost = extensions is not None and extensions.get("cost") is True
    takes_part = extensions is not None and extensions.get("partial") is True
    if named is not None:
        _check_document_id(named, query)
    if query is None and named is not None:
        return GraphQLRequest("", variables or {}, name or None, named, reports_cost, takes_part)
    if not isinstance(query, str) or not query:
        raise NotJson("`query` is missing, or is not a string.")
    return GraphQLRequest(query, variables or {}, name or None, None, reports_cost, takes_part)


def _persisted(extensions: Mapping[str, Any]) -> str | None:
    """The document's id where Apollo's clients write it."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise NotJson("`extensions.persistedQuery` must be an object with a `sha256Hash`.")
    return f"sha256:{persisted['sha256Hash']}"


def _check_document_id(named: object, query: object) -> None:
    if not isinstance(named, str) or not DOCUMENT_ID.fullmatch(named):
        raise NotJson("A document's id is `sha256:` and 64 hexadecimal digits in lower case.")
    if isinstance(query, str) and named != document_id(query):
        raise DocumentMismatch


def _check_values(content: Mapping[str, Any]) -> None:
    """Refuse what no value of this schema may hold, level by level: nothing here recurses into what a client nested."""
    level: list[object] = [content]
    for _ in range(DEEPEST_VALUE):
        texts: list[str] = []
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                texts += item
            for child in item.values() if isinstance(item, dict) else item:  # type: ignore[attr-defined]
                if isinstance(child, str):
                    texts.append(child)
                elif isinstance(child, (dict, list)):
                    below.append(child)
        if any("\x00" in text for text in texts):
            raise NotJson("The request holds a NUL character, which no value of this schema may have.")
        # NOTE at the top stand the document and its names, which have limits of their own.
        if level[0] is not content and any(len(text) > LONGEST_VALUE for text in texts):
            raise InvalidInput(
                f"A text among the variables has more than {LONGEST_VALUE} characters, more than any value of this schema."
            )
        if not below:
            return
        level = below
    raise InvalidInput(f"The variables nest more than {DEEPEST_VALUE} levels of lists and objects.")
