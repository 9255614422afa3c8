# SPDX-License-Identifier: EUPL-1.2
"""Which media type an answer has: the best of those the client accepts (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from hub.errors import ClientError

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
PROBLEM = b"application/problem+json"

LONGEST_REMEMBERED = 500
"""Bytes of an `Accept` header that is remembered: those of clients are far shorter."""


class NotAcceptable(ClientError):
    """Answers are `application/graphql-response+json` or `application/json`, in UTF-8; `Accept` has neither."""

    code = "NOT_ACCEPTABLE"
    status: ClassVar[int] = 406


@dataclass(frozen=True, slots=True)
class Media:
    """The media type of an answer.

    A client `of_before` the standard takes `application/json` alone: it is told of its errors in the body only (section 6.4.1).
    """

    content_type: bytes
    is_graphql: bool
    of_before: bool


MEDIA = {
    (name, of_before): Media(f"{name}; charset=utf-8".encode(), name == GRAPHQL, of_before)
    for name in (JSON, GRAPHQL)
    for of_before in (False, True)
}
UNSAID = MEDIA[JSON, False]
"""Of an answer to a client whose `Accept` cannot be met, or is not read yet."""


def media_for(accept: bytes | None, preferred: str, *, streams: bool = False) -> Media:
    """The media type for an `Accept` header; `preferred` where it is absent or takes anything.

    `streams`: it names a media type for several responses, so that it need name none for one.

    Raises:
        NotAcceptable: it takes none of the two.

    """
    if not accept:
        return MEDIA[preferred, False]
    try:
        return _media_for(accept, preferred)
    except NotAcceptable:
        if streams:
            return MEDIA[preferred, False]
        raise


def _media_for(accept: bytes, preferred: str) -> Media:
    return _remembered(accept, preferred) if len(accept) <= LONGEST_REMEMBERED else _chosen(accept, preferred)


def _chosen(accept: bytes, preferred: str) -> Media:
    ranges = media_ranges(accept)
    quality = {name: _quality(name, ranges) for name in (JSON, GRAPHQL)}
    best = max(quality.values())
    if best == 0:
        raise NotAcceptable
    named = [name for name, _ in ranges if name in quality and quality[name] == best]
    wanted = (
        named[0]
        if named
        else preferred
        if quality[preferred] == best
        else max(quality, key=quality.__getitem__)
    )
    return MEDIA[wanted, all(name == JSON for name, quality in ranges if quality > 0)]


_remembered = lru_cache(maxsize=256)(_chosen)


def media_ranges(accept: bytes) -> list[tuple[str, float]]:
    """The header's media ranges, in its order, each with its quality; one in another encoding than UTF-8 is left out."""
    found = []
    for part in accept.decode("latin-1").lower().split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        given = dict(_parameter(word) for word in parameters)
        if given.get("charset", "utf-8") == "utf-8":
            found.append((name, _number(given.get("q", "1"))))
    return found


def prefers_problem(accept: bytes | None) -> bool:
    """Whether a refusal is to be `application/problem+json`: named, and wanted as much as any media type of an answer."""
    if accept is None or PROBLEM not in accept.lower():
        return False
    ranges = media_ranges(accept)
    wanted = max((quality for name, quality in ranges if name == PROBLEM.decode()), default=0.0)
    return wanted > 0 and wanted >= max(_quality(name, ranges) for name in (JSON, GRAPHQL))


def _parameter(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name.strip(), value.strip().strip('"')


def _number(text: str) -> float:
    """A quality: from 0 to 1; 0 for what is none."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _quality(name: str, ranges: list[tuple[str, float]]) -> float:
    """How much a media type is wanted: as the most specific range that fits says."""
    for fitting in (name, "application/*", "*/*"):
        qualities = [quality for written, quality in ranges if written == fitting]
        if qualities:
            return max(qualities)
    return 0.0
