# SPDX-License-Identifier: EUPL-1.2
"""Rows named by their keys, as a router of Apollo Federation asks for them: however many, of whatever types, one statement.

Follows the federation subgraph specification, `Query._entities`.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLScalarType, get_named_type
from sqlalchemy import ColumnElement, Select, Text, case, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.rows import visible_by_key
from hub.errors import InvalidInput
from hub.plan.arguments import Variables, arguments_of
from hub.plan.builder import Builder
from hub.plan.catalogue import Catalogue
from hub.plan.json_text import array_of, constant, joined
from hub.plan.positions import ColumnOf, StoredType
from hub.plan.selection import Selected, below
from hub.store.identifiers import decode_id


class InvalidRepresentation(InvalidInput):
    """A representation is an object with `__typename` and one of the type's keys."""


def entities(builder: Builder, field: Selected, definition: GraphQLField, argument: str) -> Select[Any]:
    """The statement of `_entities`: the rows in the order they are named; null for one that is not there or not seen."""
    given = arguments_of(definition.args, field.nodes[0], builder.document.variables)[argument]
    union = builder.catalogue.schema.type_map[get_named_type(definition.type).name]
    types = [
        builder.catalogue.stored(kind.name)
        for kind in builder.catalogue.schema.get_possible_types(union)  # type: ignore[arg-type]
    ]
    read = RepresentationReader(builder.catalogue, types, builder.limits.most)

    def keys(variables: Variables) -> list[str]:
        return [key for key, _ in read(given.read(variables))]

    def values(variables: Variables) -> list[str]:
        return [value for _, value in read(given.read(variables))]

    named = (
        func.unnest(builder.bind(keys, ARRAY(Text())), builder.bind(values, ARRAY(Text())))
        .table_valued("key", "value", with_ordinality="n", name="named")
        .render_derived()
    )
    arms: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    for stored in types:
        row = builder.alias(stored)
        # A value is read as what its key is of, and only there: each comparison is one index's.
        same: list[ColumnElement[bool]] = []
        for name in key_names(stored):
            value: ColumnElement[Any] = named.c["value"] if name != "id" else cast(named.c["value"], PG_UUID)
            column = row.c[_column(stored, name)]
            same.append(column == case((named.c["key"] == constant(_word(stored, name)), value)))
        found = (
            select(joined(builder.object(stored, row, below(field), typed=True)))
            .select_from(row)
            .where(or_(*same), visible_by_key(row, stored.table.name, builder.scope))
            .correlate(named)
            .scalar_subquery()
        )
        words = [constant(_word(stored, name)) for name in key_names(stored)]
        arms.append((named.c["key"].in_(words), found))
    items = func.string_agg(
        func.coalesce(case(*arms), constant("null")),
        aggregate_order_by(literal_column("','"), named.c["n"]),
    )
    return select(joined(array_of(items))).select_from(named)


def key_names(stored: StoredType) -> list[str]:
    """The GraphQL names of the fields that each name one row of the type; the id first."""
    return [*(["id"] if stored.prefix is not None else []), *stored.keys]


class RepresentationReader:
    """Reads representations: which key each is named by, and the key's value as its column holds it."""

    def __init__(self, catalogue: Catalogue, types: list[StoredType], most: int) -> None:
        self._types = {stored.name: stored for stored in types}
        self._scalars: dict[tuple[str, str], GraphQLScalarType] = {}
        for stored in types:
            kind = catalogue.schema.type_map[stored.name]
            assert isinstance(kind, GraphQLObjectType)
            for name in key_names(stored):
                scalar = get_named_type(kind.fields[name].type)
                assert isinstance(scalar, GraphQLScalarType)
                self._scalars[stored.name, name] = scalar
        self._most = most

    def __call__(self, given: list[Any]) -> list[tuple[str, str]]:
        """`Beneficiary.fiscalCode` and the value, of each.

        Raises:
            InvalidRepresentation: one of them cannot be read, or there are too many.

        """
        if len(given) > self._most:
            raise InvalidRepresentation(
                f"`representations` has {len(given)} members; at most {self._most} are looked up at once."
            )
        return [self._read(f"representations[{index}]", one) for index, one in enumerate(given)]

    def _read(self, place: str, given: Any) -> tuple[str, str]:
        name = given.get("__typename") if isinstance(given, dict) else None
        if not isinstance(name, str):
            raise InvalidRepresentation(f"`{place}` has no `__typename`.")
        stored = self._types.get(name)
        if stored is None:
            known = ", ".join(sorted(self._types))
            raise InvalidRepresentation(
                f"`{place}.__typename` is no entity of this subgraph; it has {known}."
            )
        for key in key_names(stored):
            value = given.get(key)
            if value is not None:
                try:
                    return _word(stored, key), self._value(stored, key, value)
                except Exception:  # any: a scalar's reader raises what it likes, and may name the value
                    raise InvalidRepresentation(f"`{place}.{key}` is no {key} of a {stored.name}.") from None
        raise InvalidRepresentation(
            f"`{place}` has no key; a {stored.name} is named by {' or '.join(key_names(stored))}."
        )

    def _value(self, stored: StoredType, key: str, given: Any) -> str:
        value = self._scalars[stored.name, key].coerce_input_value(given)
        if not isinstance(value, str):
            raise TypeError
        return str(decode_id(value, stored.prefix)[1]) if key == "id" else value


def _word(stored: StoredType, key: str) -> str:
    return f"{stored.name}.{key}"


def _column(stored: StoredType, key: str) -> str:
    source = stored.fields[key]
    return source.name if isinstance(source, ColumnOf) else "id"
