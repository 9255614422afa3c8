# SPDX-License-Identifier: EUPL-1.2
"""What a new schema breaks for those who use the released one, and whether the change log says so.

`schema/released.graphql` is the schema of the last release: whoever releases replaces it by the new one, in the commit that gives
[Unreleased] its version. Coordinates are written as the GraphQL specification does (September 2025, section 3.14).
"""

from __future__ import annotations

import re

from graphql import GraphQLSchema
from graphql.utilities import BreakingChange, find_breaking_changes

_UNION = re.compile(r"from union type (\w+)")
_COORDINATE = re.compile(r"@\w+(?:\(\w+:\))?|\b\w+\.\w+(?:\(\w+:\))?")
_TYPE = re.compile(r"(?:(?:Type|Standard scalar) )?(\w+)")
_ENTRY = re.compile(r"`([^`\s]+)`")


def unnamed_breaks(released: GraphQLSchema, now: GraphQLSchema, changelog: str) -> list[str]:
    """The breaking changes whose coordinates the change log does not name: one sentence each, the coordinate first."""
    named = named_coordinates(changelog)
    found = ((coordinate(change), change.description) for change in find_breaking_changes(released, now))
    return [f"{place}: {description}" for place, description in found if place not in named]


def coordinate(change: BreakingChange) -> str:
    """What a change is about: `Type`, `Type.member`, `Type.field(argument:)`, `@directive` or `@directive(argument:)`."""
    said = change.description
    union = _UNION.search(said)
    if union is not None:
        return union[1]
    member = _COORDINATE.search(said)
    if member is not None:
        return member[0]
    whole = _TYPE.match(said)
    assert whole is not None, said
    return whole[1]


def named_coordinates(changelog: str) -> frozenset[str]:
    """What stands in backticks under [Unreleased], in its sections Changed and Removed."""
    unreleased = changelog.partition("\n## [Unreleased]")[2].partition("\n## ")[0]
    sections = unreleased.split("\n### ")[1:]
    return frozenset(
        name
        for section in sections
        if section.split("\n", 1)[0].strip() in ("Changed", "Removed")
        for name in _ENTRY.findall(section)
    )
