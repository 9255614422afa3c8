# SPDX-License-Identifier: EUPL-1.2
"""What the members of every filter stand for, read once at start-up and checked against the tables.

A filter belongs to the table whose lists take it; through `RelatedBy` it reaches filters of other tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from hub.plan.declare import DEFINITION, SOURCE, Combination, Composed, Condition, Related
from hub.plan.link import Link, link_of
from hub.store.base import Base

SOME, NONE = "some", "none"


@dataclass(frozen=True)
class RelatedBy:
    """Rows of another table that a relationship leads to; `many`: the filter says `some` or `none` of them."""

    relationship: str
    link: Link
    many: bool


FilterMember: TypeAlias = Condition | Combination | Composed | RelatedBy
FilterTypes: TypeAlias = Mapping[str, Mapping[str, FilterMember]]
"""By the filter's name, then by its members' GraphQL names."""


class FilterReader:
    """Reads the filters of all lists; what is wrong with them is added to `problems`."""

    def __init__(self, schema: GraphQLSchema, problems: list[str]) -> None:
        self._schema = schema
        self._problems = problems
        self.found: dict[str, dict[str, FilterMember]] = {}
        self._tables: dict[str, type[Base]] = {}

    def read(self, coordinate: str, kind: GraphQLInputObjectType, table: type[Base]) -> None:
        """Read a filter of rows of `table`, and all filters it reaches. `coordinate` names who takes it."""
        if kind.name in self.found:
            if self._tables[kind.name] is not table:
                self._problems.append(
                    f"{kind.name}, which filters {coordinate}, is a filter of {self._tables[kind.name].__tablename__}"
                )
            return
        members = self.found[kind.name] = {}
        self._tables[kind.name] = table
        for name, field in kind.fields.items():
            found = self._member(coordinate, kind, name, field, table)
            if found is not None:
                members[name] = found

    def _member(
        self,
        coordinate: str,
        kind: GraphQLInputObjectType,
        name: str,
        field: GraphQLInputField,
        table: type[Base],
    ) -> FilterMember | None:
        where = f"{kind.name}.{name}"
        declaration = declared(field)
        inner = get_named_type(field.type)
        match declaration:
            case Condition():
                return declaration
            case Combination():
                if not isinstance(inner, GraphQLInputObjectType) or set(inner.fields) != set(
                    declaration.values
                ):
                    self._problems.append(
                        f"{where} binds {sorted(declaration.values)}, and has other members"
                    )
                return declaration
            case Composed():
                if inner is not kind or is_list_type(get_nullable_type(field.type)) != declaration.takes_list:
                    self._problems.append(f"{where} composes {kind.name}, and is of another type")
                return declaration
            case Related(relationship):
                return self._related(where, inner, relationship, table)
            case _:
                self._problems.append(f"{where}, which filters {coordinate}, stands for no condition")
                return None

    def _related(self, where: str, kind: Any, relationship: str, table: type[Base]) -> RelatedBy | None:
        mapper: Mapper[Any] = inspect(table)
        if relationship not in mapper.relationships or not isinstance(kind, GraphQLInputObjectType):
            self._problems.append(
                f"{where} has no relationship {relationship!r} on table {mapper.local_table}"
            )
            return None
        relation = mapper.relationships[relationship]
        many = bool(relation.uselist)
        if many and set(kind.fields) != {SOME, NONE}:
            self._problems.append(f"{where} leads to many rows: its members must be `some` and `none`")
            return None
        inner = [get_named_type(field.type) for field in kind.fields.values()] if many else [kind]
        for one in inner:
            assert isinstance(one, GraphQLInputObjectType)
            self.read(where, one, relation.mapper.class_)
        return RelatedBy(relationship, link_of(relation), many)


def declared(field: Any) -> object:
    """What a field of the schema says it stands on; None when it says nothing."""
    definition = field.extensions.get(DEFINITION)
    return None if definition is None else definition.metadata.get(SOURCE)
