# SPDX-License-Identifier: EUPL-1.2
"""Which fields a purpose may ask for: what is public, and what its grants name beside."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias
from weakref import WeakValueDictionary


class Sensitivity(enum.Enum):
    """How much a field says of a person."""

    PUBLIC = "PUBLIC"
    PERSONAL = "PERSONAL"
    SPECIAL = "SPECIAL"


class FieldPermission:
    """What grants add to what is public. One object for each content (`field_permission`), so that it is told by identity."""

    __slots__ = ("__weakref__", "granted")

    def __init__(self, granted: Mapping[str, str]) -> None:
        """Take the name of what grants each coordinate, `Type.field` or `Type.*`."""
        self.granted = granted

    def by(self, coordinate: str, level: Sensitivity) -> str | None:
        """The name of what grants a field that is not public; None where nothing does."""
        found = self.granted.get(coordinate)
        # NOTE `Type.*` never reaches what is special: that is only ever named in full.
        if found is None and level is Sensitivity.PERSONAL:
            found = self.granted.get(every_field(coordinate))
        return found


Unseen: TypeAlias = Callable[[FieldPermission], frozenset[str]]
"""The types of the schema of which a permission sees no row (`hub.plan.sensitivity`)."""

_known: WeakValueDictionary[frozenset[tuple[str, str]], FieldPermission] = WeakValueDictionary()


def field_permission(granted: Iterable[tuple[str, str]]) -> FieldPermission:
    """The permission of grants that name these coordinates: each with the name of the set or the grant that holds it."""
    by_coordinate: dict[str, str] = {}
    for coordinate, name in granted:
        by_coordinate.setdefault(coordinate, name)
    key = frozenset(by_coordinate.items())
    found = _known.get(key)
    if found is None:
        found = _known[key] = FieldPermission(by_coordinate)
    return found


def every_field(coordinate: str) -> str:
    """`Type.*`, for a coordinate of the type."""
    return coordinate.partition(".")[0] + ".*"


PUBLIC_ONLY = field_permission(())
"""Nothing beyond what is public."""
