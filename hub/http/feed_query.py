# SPDX-License-Identifier: EUPL-1.2
"""What `GET /feeds/conditionality` is asked for, in its URL's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from hub.errors import InvalidInput
from hub.http.request import UrlTooLong
from hub.plan.pages import InvalidPage

PATH: Final = "/feeds/conditionality"
MEMBERS: Final[Mapping[str, str]] = {
    "measure": "measures",
    "type": "types",
    "occurredFrom": "occurredFrom",
    "occurredBefore": "occurredBefore",
}
"""The parameters that filter, and the filter's member each is."""
LISTS: Final = frozenset({"measure", "type"})
"""Those that may be repeated."""
MOST_PARAMETERS: Final = 64


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """A request for lines: those beyond `after`, at most `first` of them (None: all), that meet the filter."""

    after: str | None
    first: int | None
    filter: Mapping[str, Any]
    given: Mapping[str, list[str]]

    @property
    def variables(self) -> dict[str, Any]:
        """As the variables of `hub.plan.feed_lines.TOLD`."""
        return {"after": self.after, "filter": dict(self.filter) or None}

    def next(self, end: int) -> str:
        """The URL of what follows."""
        others = {name: values for name, values in self.given.items() if name != "after"}
        return f"{PATH}?{urlencode({'after': end, **others}, doseq=True)}"


def read_query(query_string: bytes, longest: int) -> FeedQuery:
    """Read the parameters; `longest`: bytes they may have.

    Raises:
        UrlTooLong: they have more.
        InvalidInput: one is unknown, stands there twice, or is no number.

    """
    if len(query_string) > longest:
        raise UrlTooLong(limit=longest, size=len(query_string))
    try:
        given = parse_qs(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise InvalidInput("The URL's parameters cannot be read.") from None
    known = {"after", "first", *MEMBERS}
    for name, values in given.items():
        if name not in known:
            raise InvalidInput(f"The feed takes the parameters {', '.join(sorted(known))}, and no other.")
        if len(values) > 1 and name not in LISTS:
            raise InvalidInput(f"`{name}` stands in the URL more than once.")
        if any("\x00" in value for value in values):
            raise InvalidInput(f"`{name}` holds a NUL character.")
    filters = {
        member: given[name] if name in LISTS else given[name][0]
        for name, member in MEMBERS.items()
        if name in given
    }
    after = given["after"][0] if "after" in given else None
    return FeedQuery(after, _first(given["first"][0]) if "first" in given else None, filters, given)


def _first(text: str) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise InvalidPage("`first` is a number of lines.")
    if int(text) < 1:
        raise InvalidPage(f"`first` is {int(text)}; it must be at least 1.")
    return int(text)
