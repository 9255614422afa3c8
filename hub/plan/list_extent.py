# SPDX-License-Identifier: EUPL-1.2
"""How many items the lists of a request's variables may hold, counted before anything coerces them."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import InvalidInput

MOST_ITEMS = 2_000
"""Items of all lists together: twice the largest page, and some 40 ms of coercion and of errors about it."""


class TooManyItems(InvalidInput):
    """The lists in the variables hold more items than one request may; ask in several."""

    code = "MAX_ITEMS_LIMIT"


def check_items(values: Iterable[object]) -> None:
    """Count the items of every list in these values, at any depth; the values came in JSON.

    Raises:
        TooManyItems: there are more than `MOST_ITEMS`.

    """
    items = 0
    waiting = [*values]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting.extend([member for member in found.values() if isinstance(member, (list, dict))])
        elif isinstance(found, list):
            items += len(found)
            if items > MOST_ITEMS:
                raise TooManyItems(
                    f"The lists in the variables hold {items} items or more, the limit is {MOST_ITEMS}; ask in several requests.",
                    limit=MOST_ITEMS,
                )
            waiting.extend(found)
