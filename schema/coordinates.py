# SPDX-License-Identifier: EUPL-1.2
"""The coordinates a field set or a grant may name."""

from __future__ import annotations

from functools import cache

from graphql import GraphQLInterfaceType, GraphQLObjectType

from schema.build import build_schema


@cache
def coordinates() -> frozenset[str]:
    """`Type.field` of every field of the schema, and `Type.*` of each of its types."""
    kinds = [
        kind
        for name, kind in build_schema()[0].type_map.items()
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not name.startswith("_")
    ]
    return frozenset(
        f"{kind.name}.{name}" for kind in kinds for name in [*kind.fields, "*"] if not name.startswith("_")
    )
