# SPDX-License-Identifier: EUPL-1.2
"""Interfaces read at start-up: which members each has, and that they and the tables agree."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import replace

from graphql import GraphQLInterfaceType, GraphQLSchema, is_non_null_type
from sqlalchemy import Enum, Table

from hub.plan.declare import Gathered, ToldApart
from hub.plan.positions import ColumnOf, ComputedBy, GatheredType, StoredType, ToldApartType


def read_told_apart(
    schema: GraphQLSchema,
    name: str,
    stands: ToldApart,
    types: Mapping[str, StoredType],
    words: Mapping[str, enum.Enum],
    problems: list[str],
) -> ToldApartType:
    """Every word of the column must be some member's, and no other's: each row is of one type, as the column's CHECK keeps it."""
    table = stands.table.__table__
    assert isinstance(table, Table)
    for ordering in stands.order.columns:
        check_ordering(name, table, ordering, problems)
    column = table.c.get(stands.column)
    needed: set[str] = set()
    if column is None or column.nullable or not isinstance(column.type, Enum):
        problems.append(
            f"{name} is told apart by {table.name}.{stands.column}, which is no NOT NULL column of words"
        )
    else:
        needed = set(column.type.enums)
    members: dict[str, StoredType] = {}
    for kind in schema.get_possible_types(schema.type_map[name]):  # type: ignore[arg-type]
        member, told = types.get(kind.name), words.get(kind.name)
        if member is None or member.table is not table or told is None:
            problems.append(
                f"{kind.name} implements {name}, and does not say which rows of {table.name} it stands on"
            )
            continue
        word = str(told.value)
        if word in members:
            problems.append(
                f"{kind.name} and {members[word].name} both stand on {table.name} where {stands.column} is {word}"
            )
        members[word] = replace(member, order=stands.order, when=(stands.column, word))
    problems.extend(
        f"no type that implements {name} stands on {table.name} where {stands.column} is {word}"
        for word in sorted(needed - members.keys())
    )
    return ToldApartType(name, table, stands.order, stands.column, members)


def read_gathered(
    schema: GraphQLSchema, name: str, stands: Gathered, types: Mapping[str, StoredType], problems: list[str]
) -> GatheredType:
    """Every member must be stored, with an id, and have the field of the order, never null."""
    interface = schema.type_map[name]
    assert isinstance(interface, GraphQLInterfaceType)
    if stands.order not in interface.fields or not is_non_null_type(interface.fields[stands.order].type):
        problems.append(f"{name} is listed by {stands.order}, which is not a field of it that is never null")
    members: list[StoredType] = []
    for kind in schema.get_possible_types(interface):
        member = types.get(kind.name)
        if member is None or member.prefix is None:
            problems.append(f"{kind.name} implements {name}, and is not stored with an id")
        elif not isinstance(member.fields.get(stands.order), (ColumnOf, ComputedBy)):
            problems.append(
                f"{kind.name}.{stands.order}, by which {name} is listed, is neither column nor computed"
            )
        else:
            members.append(member)
    return GatheredType(name, stands.order, sorted(members, key=lambda member: member.name))


def check_ordering(what: str, table: Table, column: str, problems: list[str]) -> None:
    """A keyset page compares the columns of its order, which NULL would make neither true nor false."""
    if column not in table.c:
        problems.append(f"{what} is ordered by {table.name}.{column}, which there is not")
    elif table.c[column].nullable:
        problems.append(f"{what} is ordered by {table.name}.{column}, which may be NULL")
