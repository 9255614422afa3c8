# SPDX-License-Identifier: EUPL-1.2
"""Which fields the caller may ask for."""

from __future__ import annotations

import strawberry

from hub.access.fields import FieldPermission, Sensitivity
from hub.plan.sensitivity import FieldPolicy
from schema.sensitivity import public


@public
@strawberry.type(description="A field the caller may ask for, and why.")
class PermittedField:
    coordinate: str = strawberry.field(description="`Type.field`.")
    level: Sensitivity
    by_grant: str | None = strawberry.field(
        description="The field set that names it, or the grant itself; null where it is public."
    )


def permitted_fields(policy: FieldPolicy, permission: FieldPermission) -> list[PermittedField]:
    """Every field a permission reaches, in the order of their names."""
    return [
        PermittedField(coordinate=coordinate, level=policy.levels[coordinate], by_grant=by)
        for coordinate, by in sorted(policy.permitted(permission).items())
    ]
