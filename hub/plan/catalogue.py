# SPDX-License-Identifier: EUPL-1.2
"""What every type of the schema stands on, read once at start-up, and checked against the tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from sqlalchemy import Table, UniqueConstraint, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.interfaces import ONETOMANY

from hub.errors import ConfigurationError
from hub.plan.abstract import check_ordering, read_gathered, read_told_apart
from hub.plan.commands import Command
from hub.plan.declare import (
    DEFINITION,
    Computed,
    Derived,
    Federated,
    FeedPages,
    FollowedFeed,
    Gathered,
    Order,
    Pages,
    Part,
    Rooted,
    Stands,
    ToldApart,
    ordered_by,
)
from hub.plan.filter_types import FilterReader, FilterTypes, RelatedBy, declared
from hub.plan.link import link_of
from hub.plan.positions import (
    Abstract,
    AskedOf,
    ByPages,
    ColumnOf,
    ComputedBy,
    GatheredType,
    Key,
    PartOf,
    Position,
    Source,
    StoredType,
    Tabled,
    ToldApartType,
    ToMany,
    ToOne,
)
from hub.plan.sensitivity import FieldPolicy
from hub.plan.weights import Coordinate, FieldCost, fields_of, read_costs


class SchemaMismatch(ConfigurationError):
    """A type of the schema and the table it stands on disagree."""


@dataclass(frozen=True)
class Catalogue:
    """All stored types by name and by prefix, the declared root fields, and what filters stand for."""

    schema: GraphQLSchema
    types: Mapping[str, StoredType]
    abstract: Mapping[str, Abstract]
    by_prefix: Mapping[str, StoredType]
    roots: Mapping[str, Rooted]
    """Root fields of queries."""
    followed: Mapping[str, Rooted]
    """Root fields of subscriptions."""
    commands: Mapping[str, Command]
    """Fields of mutations that are declared."""
    contents: frozenset[str]
    """Names of the input types that commands alone are given: no statement's text depends on what is in them."""
    filters: FilterTypes
    orders: frozenset[str]
    """Names of the enums that are orders of lists."""
    costs: Mapping[Coordinate, FieldCost]
    """What each field costs, by type and name."""
    fields: FieldPolicy
    """How much each field says of a person."""

    def stored(self, name: str) -> StoredType:
        """The stored type of this GraphQL name; KeyError when the type is not stored."""
        return self.types[name]

    def position(self, name: str) -> Position:
        """The stored type or interface of this GraphQL name; KeyError when it is neither."""
        return self.types.get(name) or self.abstract[name]

    def standing_on(self, table: str) -> Tabled:
        """What stands on a whole table."""
        whole: list[Tabled] = [one for one in self.types.values() if one.when is None]
        whole += [one for one in self.abstract.values() if isinstance(one, ToldApartType)]
        return next(one for one in whole if one.table.name == table)


def read_catalogue(schema: GraphQLSchema) -> Catalogue:
    """Read what each type stands on.

    Raises:
        SchemaMismatch: all disagreements at once, each naming the field and the column.

    """
    problems: list[str] = []
    marks = {
        name: definition.origin.__stands__
        for name, kind in schema.type_map.items()
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
        and (definition := kind.extensions.get(DEFINITION)) is not None
        and "__stands__" in vars(definition.origin)
    }
    tables = {stands.table.__tablename__ for stands in marks.values() if not isinstance(stands, Gathered)}
    types = {
        name: _read_type(schema.type_map[name], stands, tables, problems)  # type: ignore[arg-type]
        for name, stands in marks.items()
        if isinstance(stands, Stands)
    }
    whens = {
        name: stands.when
        for name, stands in marks.items()
        if isinstance(stands, Stands) and stands.when is not None
    }
    abstract: dict[str, Abstract] = {}
    for name, stands in marks.items():
        if isinstance(stands, ToldApart):
            abstract[name] = told = read_told_apart(schema, name, stands, types, whens, problems)
            types.update({member.name: member for member in told.members.values()})
        elif isinstance(stands, Gathered):
            abstract[name] = read_gathered(schema, name, stands, types, problems)
    problems.extend(
        f"{name} says which rows of {types[name].table.name} it stands on, and implements nothing that is told apart"
        for name in whens
        if types[name].when is None
    )
    for stored in types.values():
        _check_targets(stored, {**types, **abstract}, problems)
    query = schema.query_type
    assert query is not None
    roots = _roots(query)
    lists = {
        f"{query.name}.{name}": query.fields[name]
        for name, root in roots.items()
        if isinstance(root.source, Pages)
    }
    for stored in types.values():
        kind = schema.type_map[stored.name]
        assert isinstance(kind, GraphQLObjectType)
        lists.update(
            {
                f"{stored.name}.{name}": kind.fields[name]
                for name, source in stored.fields.items()
                if isinstance(source, ByPages)
            }
        )
    orders: set[str] = set()
    filters = FilterReader(schema, problems)
    for coordinate, field in lists.items():
        target = types.get(node_type_name(field)) or abstract.get(node_type_name(field))
        if target is None:
            problems.append(f"{coordinate} is a list of {node_type_name(field)}, which is not stored")
            continue
        orders.update(_check_order(coordinate, field, target, problems))
        argument = field.args.get("filter")
        if argument is not None:
            kind = get_named_type(argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            first = target.members[0] if isinstance(target, GatheredType) else target
            filters.read(coordinate, kind, marks[first.name].table)
            if isinstance(target, GatheredType):
                problems.extend(
                    f"{kind.name}.{name} reaches related rows, which {target.name} has in no one table"
                    for name, member in filters.found[kind.name].items()
                    if isinstance(member, RelatedBy)
                )
    for coordinate, field in _feeds(schema):
        argument = field.args.get("filter")
        entry = filtered_type(field)
        if argument is not None and entry is not None:
            kind = get_named_type(argument.type)
            assert isinstance(kind, GraphQLInputObjectType)
            filters.read(coordinate, kind, marks[entry].table)
    costs = read_costs(schema, problems)
    if problems:
        raise SchemaMismatch(
            "The schema and the tables disagree:\n" + "\n".join(f"  - {problem}" for problem in problems)
        )
    return Catalogue(
        schema=schema,
        types=types,
        abstract=abstract,
        by_prefix={stored.prefix: stored for stored in types.values() if stored.prefix},
        roots=roots,
        followed={} if schema.subscription_type is None else _roots(schema.subscription_type),
        commands={} if schema.mutation_type is None else _commands(schema.mutation_type),
        contents=_contents(schema),
        filters=filters.found,
        orders=frozenset(orders),
        costs=costs,
        fields=FieldPolicy(schema),
    )


def _feeds(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """The root fields that are pages of the feed."""
    for kind in (schema.query_type, schema.subscription_type):
        if kind is not None:
            for name, root in _roots(kind).items():
                if isinstance(root.source, (FeedPages, FollowedFeed)):
                    yield f"{kind.name}.{name}", kind.fields[name]


def filtered_type(definition: GraphQLField) -> str | None:
    """The type of the rows that a field's `filter` is of: a list's, or the entries of a page of the feed; None for other fields."""
    kind = get_named_type(definition.type)
    if not isinstance(kind, GraphQLObjectType):
        return None
    if "pageInfo" in kind.fields:
        return node_type_name(definition)
    return get_named_type(kind.fields["entries"].type).name if "entries" in kind.fields else None


def _roots(kind: GraphQLObjectType) -> dict[str, Rooted]:
    return {
        name: found for name, field in kind.fields.items() if isinstance(found := declared(field), Rooted)
    }


def _commands(kind: GraphQLObjectType) -> dict[str, Command]:
    return {
        name: found for name, field in kind.fields.items() if isinstance(found := declared(field), Command)
    }


def _contents(schema: GraphQLSchema) -> frozenset[str]:
    mutation = schema.mutation_type
    commands = {} if mutation is None else _commands(mutation)
    given, other = set[str](), set[str]()
    for (kind, name), field in fields_of(schema):
        names = given if schema.type_map[kind] is mutation and name in commands else other
        for argument in field.args.values():
            _add_inputs(get_named_type(argument.type), names)
    return frozenset(given - other)


def _add_inputs(kind: Any, names: set[str]) -> None:
    """Add the name of an input object, and of those in it."""
    if isinstance(kind, GraphQLInputObjectType) and kind.name not in names:
        names.add(kind.name)
        for field in kind.fields.values():
            _add_inputs(get_named_type(field.type), names)


def _read_type(
    kind: GraphQLObjectType, stands: Stands, tables: Collection[str], problems: list[str]
) -> StoredType:
    mapper: Mapper[Any] = inspect(stands.table)
    table = mapper.local_table
    assert isinstance(table, Table)
    for column in stands.order.columns:
        check_ordering(kind.name, table, column, problems)
    fields = _read_fields(kind, mapper, stands, problems)
    for found in _with_parts(fields):
        link = getattr(found, "link", None)
        if link is not None and link.target not in tables:
            problems.append(f"{kind.name} leads to table {link.target}, on which no type stands")
    keys: list[str] = []
    for python_name in stands.keys:
        name = next(
            (n for n, f in kind.fields.items() if f.extensions[DEFINITION].python_name == python_name), ""
        )
        source = fields.get(name)
        if not isinstance(source, ColumnOf) or not _is_unique(table, source.name):
            problems.append(
                f"{kind.name} is named by {python_name}, which is no column that is NOT NULL and UNIQUE"
            )
        else:
            keys.append(name)
    return StoredType(kind.name, table, stands.prefix, stands.order, fields, keys)


def _read_fields(
    kind: GraphQLObjectType,
    mapper: Mapper[Any],
    stands: Stands,
    problems: list[str],
    present: Collection[str] = (),
) -> dict[str, Source]:
    found = {
        name: _read_field(kind.name, name, field, mapper, stands, problems, present)
        for name, field in kind.fields.items()
    }
    return {name: source for name, source in found.items() if source is not None}


def _with_parts(fields: Mapping[str, Source]) -> Iterator[Source]:
    """The fields, and those of the parts among them."""
    for found in fields.values():
        yield found
        if isinstance(found, PartOf):
            yield from _with_parts(found.part.fields)


def _is_unique(table: Table, column: str) -> bool:
    return not table.c[column].nullable and any(
        isinstance(constraint, UniqueConstraint) and list(constraint.columns.keys()) == [column]
        for constraint in table.constraints
    )


def _read_field(
    type_name: str,
    name: str,
    field: GraphQLField,
    mapper: Mapper[Any],
    stands: Stands,
    problems: list[str],
    present: Collection[str],
) -> Source | None:
    """What a field stands on, None where that is a problem; `present`: columns that are not NULL where the field is."""
    coordinate = f"{type_name}.{name}"
    declaration = declared(field)
    python_name = field.extensions[DEFINITION].python_name
    non_null = is_non_null_type(field.type)
    if isinstance(declaration, Federated):
        if non_null:
            problems.append(f"{coordinate} is asked of an agency, which may not answer: it must be nullable")
        return AskedOf(declaration.needs, declaration.reads)
    if isinstance(declaration, Derived):
        return AskedOf(declaration.needs, declaration.reads, declaration.is_personal)
    if isinstance(declaration, Computed):
        if non_null and declaration.nullable:
            problems.append(f"{coordinate} is non-null, and its expression may be NULL")
        return ComputedBy(declaration)
    if isinstance(declaration, Part):
        return _read_part(coordinate, field, mapper, stands, declaration, problems)
    if python_name == "id" and stands.prefix is not None:
        return Key()
    if python_name in mapper.columns:
        column = mapper.columns[python_name]
        may_be_null = bool(column.nullable) and column.name not in present
        if non_null and may_be_null:
            problems.append(
                f"{coordinate} is non-null, and column {mapper.local_table}.{column.name} may be NULL"
            )
        return ColumnOf(column.name, may_be_null or not non_null)
    if python_name in mapper.relationships:
        relation = mapper.relationships[python_name]
        return _read_relationship(coordinate, field, relation, declaration, problems, present)
    problems.append(
        f"{coordinate} has no column and no relationship {python_name!r} on table {mapper.local_table}"
    )
    return None


def _read_part(
    coordinate: str,
    field: GraphQLField,
    mapper: Mapper[Any],
    stands: Stands,
    part: Part,
    problems: list[str],
) -> PartOf | None:
    table = mapper.local_table
    assert isinstance(table, Table)
    missing = [column for column in part.present if column not in table.c]
    if missing:
        problems.append(f"{coordinate} is there with {', '.join(missing)}, which table {table} has not")
        return None
    if is_non_null_type(field.type):
        problems.append(f"{coordinate} is a part of its row, which may be absent: it must be nullable")
    kind = get_named_type(field.type)
    assert isinstance(kind, GraphQLObjectType)
    own = Stands(stands.table, None, Order())
    fields = _read_fields(kind, mapper, own, problems, part.present)
    return PartOf(StoredType(kind.name, table, None, own.order, fields), part.present)


def _read_relationship(
    coordinate: str,
    field: GraphQLField,
    relation: RelationshipProperty[Any],
    declaration: object,
    problems: list[str],
    present: Collection[str],
) -> Source:
    pairs = relation.local_remote_pairs or []
    link = link_of(relation)
    if isinstance(declaration, Pages):
        return ByPages(link, node_type_name(field))
    name = get_named_type(field.type).name
    inner = field.type.of_type if is_non_null_type(field.type) else field.type
    if is_list_type(inner) != bool(relation.uselist):
        problems.append(f"{coordinate} and relationship {relation} disagree about one or many")
    if relation.uselist:
        return ToMany(link, name, _order(relation))
    optional = relation.direction is ONETOMANY or any(
        here.nullable and here.name not in present for here, _ in pairs
    )
    if is_non_null_type(field.type) and optional:
        columns = ", ".join(f"{here.table.name}.{here.name}" for here, _ in pairs)
        problems.append(f"{coordinate} is non-null, and {columns} may be NULL or lead nowhere")
    return ToOne(link, name, nullable=not is_non_null_type(field.type))


def _order(relation: RelationshipProperty[Any]) -> tuple[tuple[str, bool], ...]:
    from sqlalchemy.sql.elements import UnaryExpression
    from sqlalchemy.sql.operators import desc_op

    order: list[tuple[str, bool]] = []
    for clause in relation.order_by or ():
        descending = isinstance(clause, UnaryExpression) and clause.modifier is desc_op
        column: Any = clause.element if isinstance(clause, UnaryExpression) else clause
        order.append((column.name, descending))
    return tuple(order)


def _check_order(coordinate: str, field: GraphQLField, target: Position, problems: list[str]) -> list[str]:
    """Check the words of a list's `orderBy`; the name of its enum, if it has one."""
    argument = field.args.get("orderBy")
    if argument is None:
        return []
    if isinstance(target, GatheredType):
        problems.append(f"{coordinate} takes orderBy, and {target.name} has one order")
        return []
    kind = get_named_type(argument.type)
    for item in kind.extensions[DEFINITION].wrapped_cls:
        for column in ordered_by(item)[0]:
            check_ordering(f"{coordinate} by {kind.name}.{item.name}", target.table, column, problems)
    return [kind.name]


def _check_targets(stored: StoredType, positions: Mapping[str, Position], problems: list[str]) -> None:
    """A relationship must lead to the table the field's type stands on."""
    for name, found in stored.fields.items():
        if isinstance(found, PartOf):
            _check_targets(found.part, positions, problems)
        if not isinstance(found, (ToOne, ToMany, ByPages)):
            continue
        target = positions.get(found.type_name)
        if target is None or isinstance(target, GatheredType) or target.table.name != found.link.target:
            problems.append(
                f"{stored.name}.{name} leads to table {found.link.target}, and its type stands on another"
            )


def node_type_name(field: GraphQLField) -> str:
    """The type of a connection's nodes."""
    connection = get_named_type(field.type)
    assert isinstance(connection, GraphQLObjectType)
    return str(get_named_type(connection.fields["nodes"].type).name)
