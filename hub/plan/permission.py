# SPDX-License-Identifier: EUPL-1.2
"""Whether a caller may ask what an operation asks: decided once for each shape of the operation and each permission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import GraphQLError

from hub.access.caller import Caller
from hub.access.fields import FieldPermission, Sensitivity, every_field
from hub.errors import Forbidden
from hub.plan.needs import Use
from hub.plan.sensitivity import FieldPolicy

MOST_PLACES = 5
"""Of one field that an error names."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A field a caller may not ask for, and where it is needed."""

    coordinate: str
    level: Sensitivity
    grantable: Sequence[str]
    """What a grant must name to reach it."""
    uses: Sequence[Use]


class ForbiddenFields(Forbidden):
    """The purpose of this voucher does not cover every field that this operation needs."""

    code: ClassVar[str] = "FORBIDDEN_FIELD"

    def __init__(self, refused: Sequence[Refused], caller: Caller) -> None:
        super().__init__()
        self.errors = [_error(one, caller) for one in refused]
        """One for each field."""


def _error(refused: Refused, caller: Caller) -> GraphQLError:
    named = " or ".join(refused.grantable)
    return GraphQLError(
        f"{refused.coordinate} is {refused.level.value.lower()}, and purpose {caller.purpose_id} of {caller.agency_code} is not "
        f"granted it: leave it out, or ask whoever runs the hub for a grant that names {named}.",
        nodes=[use.node for use in refused.uses[:MOST_PLACES]],
        path=list(refused.uses[0].path),
        extensions={
            "code": ForbiddenFields.code,
            "coordinate": refused.coordinate,
            "level": refused.level.value,
            "grantedBy": list(refused.grantable),
        },
    )


class FieldCheck:
    """What one shape of an operation needs, and what came of it for the permissions that asked."""

    MOST = 64

    def __init__(self, policy: FieldPolicy, uses: Iterable[Use]) -> None:
        needed: dict[str, list[Use]] = {}
        for use in uses:
            needed.setdefault(use.coordinate, []).append(use)
        self.coordinates = tuple(sorted(needed))
        """Every field that is needed, `Type.field`."""
        self._needed: Mapping[str, Sequence[Use]] = {
            coordinate: places
            for coordinate, places in needed.items()
            if policy.levels[coordinate] is not Sensitivity.PUBLIC
        }
        self._policy = policy
        self._verdicts: dict[FieldPermission, Sequence[Refused]] = {}
        self.parts: dict[FieldPermission, Any] = {}
        """What `hub.plan.partial` made of the operation."""

    def refused(self, permission: FieldPermission) -> Sequence[Refused]:
        """The fields that are needed and not permitted, in the order of the document."""
        found = self._verdicts.get(permission)
        if found is None:
            if len(self._verdicts) >= self.MOST:
                self._verdicts.clear()
            found = self._verdicts[permission] = self._judged(permission)
        return found

    @property
    def weight(self) -> int:
        """The memory of the operations in `parts`, in bytes, by estimate."""
        return sum(part[0].weight for part in self.parts.values() if part is not None)

    def _judged(self, permission: FieldPermission) -> Sequence[Refused]:
        permitted = self._policy.permitted(permission)
        return tuple(
            self._refused(coordinate, places)
            for coordinate, places in self._needed.items()
            if coordinate not in permitted
        )

    def _refused(self, coordinate: str, places: Sequence[Use]) -> Refused:
        level = self._policy.levels[coordinate]
        grantable = self._policy.grantable(coordinate)
        if level is Sensitivity.PERSONAL and len(grantable) == 1:
            grantable = [*grantable, every_field(coordinate)]
        return Refused(coordinate, level, grantable, places)
