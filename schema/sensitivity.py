# SPDX-License-Identifier: EUPL-1.2
"""How much each field says of a person: `@sensitivity`, on every field of the schema.

A type says what its fields are (`@public`, `@personal`, `@special`), a field what it is where it is another
(`directives=[SPECIAL]`); `mark` writes it onto each, so that the SDL has it there. What each level means, and why each field has
the one it has: docs/explanation/fields-by-purpose.md.
"""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.schema_directive import Location

from hub.access.fields import Sensitivity
from hub.plan.declare import DEFINITION
from hub.plan.weights import applied

T = TypeVar("T", bound=type)

strawberry.enum(
    Sensitivity,
    name="SensitivityLevel",
    description="PUBLIC says nothing of a person; PERSONAL does; SPECIAL says, or hints at, what GDPR articles 9 and 10 protect.",
)


@strawberry.schema_directive(
    name="sensitivity",
    description="How much a field says of a person. What is not PUBLIC is for purposes whose grant names the field; "
    "`permittedFields` lists them.",
    locations=[Location.FIELD_DEFINITION],
)
class Sensitive:
    level: Sensitivity


PUBLIC, PERSONAL, SPECIAL = (Sensitive(level=level) for level in Sensitivity)

_OF_A_TYPE = "__sensitivity__"


def public(cls: T) -> T:
    """Its fields are public, but for those that say otherwise."""
    return _marked(cls, PUBLIC)


def personal(cls: T) -> T:
    """Its fields are personal, but for those that say otherwise."""
    return _marked(cls, PERSONAL)


def special(cls: T) -> T:
    """Its fields are special, but for those that say otherwise."""
    return _marked(cls, SPECIAL)


def of_its_rows(cls: T) -> T:
    """Its fields are what the fields of its rows are: a page's, an edge's."""
    return _marked(cls, None)


def _marked(cls: T, level: Sensitive | None) -> T:
    setattr(cls, _OF_A_TYPE, level)
    return cls


def mark(schema: GraphQLSchema, *, described: bool) -> None:
    """Give each field that has none its type's `@sensitivity`. `described`: say it in the descriptions too, which introspection has."""
    for kind in schema.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not kind.name.startswith("__"):
            level = _level_of(kind)
            for field in kind.fields.values():
                own: Any = applied(field, "sensitivity")
                if own is None and level is not None:
                    # A copy: a field is one object for an interface and all its types, which may differ in this.
                    definition = copy(field.extensions[DEFINITION])
                    definition.directives = [*definition.directives, level]
                    field.extensions = {**field.extensions, DEFINITION: definition}
                    own = level
                if described and own is not None and own is not PUBLIC:
                    field.description = "\n\n".join(
                        filter(None, (field.description, f"Sensitivity: {own.level.value}."))
                    )


def _level_of(kind: GraphQLObjectType | GraphQLInterfaceType) -> Sensitive | None:
    """What a type says its fields are; None where it says nothing."""
    origin = kind.extensions[DEFINITION].origin
    # NOTE a type that inherits says it anew; but a connection of some type is a class that inherits from `Connection`.
    if getattr(origin, _OF_A_TYPE, PUBLIC) is None:
        rows = get_named_type((kind.fields.get("nodes") or kind.fields["node"]).type)
        assert isinstance(rows, (GraphQLObjectType, GraphQLInterfaceType))
        return _level_of(rows)
    level: Sensitive | None = vars(origin).get(_OF_A_TYPE)
    return level
