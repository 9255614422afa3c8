# SPDX-License-Identifier: EUPL-1.2
"""Reading what comes in parts as a client does: multipart bodies, server-sent events, and the parts put together."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

BOUNDARY = b"\r\n---"


def parts_of(body: bytes) -> list[Any]:
    """The parts of a whole multipart body, which must be well-formed."""
    before, *between, last = body.split(BOUNDARY)
    assert before == b""
    assert last == b"--\r\n", "the last boundary ends the body"
    return [_part(one) for one in between]


def _part(text: bytes) -> Any:
    head, _, content = text.partition(b"\r\n\r\n")
    assert head == b"\r\nContent-Type: application/json; charset=utf-8"
    return json.loads(content)


async def parts_as_they_come(chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    """The parts of a multipart body, each as soon as it is there."""
    text = b""
    async for chunk in chunks:
        text += chunk
        pieces = text.split(BOUNDARY)
        while len(pieces) > 1:
            piece = pieces[1]
            try:
                content = _part(piece)
            except (AssertionError, json.JSONDecodeError):
                break  # not all of it yet, or the end
            yield content
            text = text[len(BOUNDARY) + len(piece) :]
            pieces = text.split(BOUNDARY)
    assert text == BOUNDARY + b"--\r\n"


def events_of(body: bytes) -> list[tuple[str, Any]]:
    """The events of a whole stream: their names and data; a comment is an event named `:`."""
    assert body.endswith(b"\n\n")
    return [_event(block) for block in body.decode().split("\n\n")[:-1]]


def _event(block: str) -> tuple[str, Any]:
    if block == ":":
        return ":", None
    name, data = block.split("\n")
    assert name.startswith("event: ")
    assert data.startswith("data:")
    text = data.removeprefix("data:").strip()
    return name.removeprefix("event: "), json.loads(text) if text else None


async def events_as_they_come(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[str, Any]]:
    """The events of a stream, each as soon as it is there."""
    text = b""
    async for chunk in chunks:
        text += chunk
        *whole, text = text.split(b"\n\n")
        for block in whole:
            yield _event(block.decode())


def merged(parts: Iterable[Any]) -> dict[str, Any]:
    """The response that all parts make, as the draft has a client put them together; every rule of theirs is checked."""
    first, *later = parts
    response: dict[str, Any] = {"data": first["data"], "errors": list(first.get("errors", []))}
    pending = {one["id"]: one["path"] for one in first.get("pending", [])}
    assert first["hasNext"] is bool(later)
    for number, part in enumerate(later):
        pending |= {one["id"]: one["path"] for one in part.get("pending", [])}
        for one in part.get("incremental", []):
            place = response["data"]
            for key in [*pending[one["id"]], *one.get("subPath", [])]:
                place = place[key]
            assert isinstance(place, dict)
            _merge(place, one["data"])
            response["errors"] += one.get("errors", [])
        for one in part.get("completed", []):
            del pending[one["id"]]
            response["errors"] += one.get("errors", [])
        assert part["hasNext"] is (number < len(later) - 1)
    assert not pending, "what was announced was completed"
    return response


def _merge(place: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(place.get(key), dict):
            _merge(place[key], value)
        else:
            assert place.get(key, value) == value
            place[key] = value
