# SPDX-License-Identifier: EUPL-1.2
"""How far a filter may extend: filters hold filters, and each condition becomes a part of the statement."""

from __future__ import annotations

from typing import Any

from hub.errors import InvalidInput

MOST_CONDITIONS = 100
"""Members of filters, and items of `and` and `or`, for one root field."""
MOST_LEVELS = 12
"""Objects inside each other, the filter itself among them."""


class InvalidFilter(InvalidInput):
    """The filter's members do not go together, or there are too many of them."""

    code = "INVALID_FILTER"


class GroupsComposed(InvalidFilter):
    """Who counts people without seeing one asks without `or` and `not`: put several questions, or a list of values."""


def check_conditions(found: int) -> None:
    """Raise InvalidFilter when there are more conditions than one statement should hold."""
    if found > MOST_CONDITIONS:
        raise InvalidFilter(
            f"The filters hold more than {MOST_CONDITIONS} conditions; ask in several requests, "
            "or with the members that take a list of values."
        )


def check_levels(found: int) -> None:
    """Raise InvalidFilter when filters nest deeper than anybody reads."""
    if found > MOST_LEVELS:
        raise InvalidFilter(f"The filter nests more than {MOST_LEVELS} deep.")


def check_given(value: object) -> None:
    """Check a filter as it came in JSON, before anything walks it by recursion.

    Raises:
        InvalidFilter: it is too deep or too large.

    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    conditions = 0
    while waiting:
        found, level = waiting.pop()
        if isinstance(found, dict):
            check_levels(level)
            conditions += len(found)
            waiting.extend((member, level + 1) for member in found.values())
        elif isinstance(found, list):
            # A list of plain values is one bound parameter, however long; lists of lists are no filter's.
            objects = [(item, level) for item in found if isinstance(item, dict)]
            conditions += len(objects)
            waiting.extend(objects)
        check_conditions(conditions)
