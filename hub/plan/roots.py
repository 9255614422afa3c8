# SPDX-License-Identifier: EUPL-1.2
"""Root fields and read-backs: each becomes one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLField, SelectionSetNode, get_named_type
from sqlalchemy import ColumnElement, FromClause, Select, Text, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from hub.access.caller import Scope
from hub.access.rows import visible, visible_by_key
from hub.access.self_rows import myself
from hub.plan.arguments import arguments_of
from hub.plan.builder import Builder
from hub.plan.catalogue import Catalogue
from hub.plan.declare import (
    AccessReport,
    Entities,
    FeedPages,
    FollowedFeed,
    Lookup,
    Myself,
    NodeLookup,
    Pages,
    Rooted,
    Stuck,
)
from hub.plan.entities import entities
from hub.plan.feed import feed_pages, followed_pages
from hub.plan.joined import Joined
from hub.plan.json_text import constant, joined
from hub.plan.limits import PageLimits
from hub.plan.pages import root_pages
from hub.plan.plan import Plan
from hub.plan.positions import StoredType
from hub.plan.report import access_report
from hub.plan.selection import Document, Selected, below
from hub.plan.stuck import stuck_pages
from hub.store.identifiers import decode_id, id_prefix
from hub.store.statement import Statement
from hub.store.vocabulary import GrantScope

ROW_KEY = "$key"
"""The name under which a read-back's key stands among the variables; none of a client's begins so."""
ROW_KEYS = "$keys"
"""The same of many keys."""


def plan_root(
    catalogue: Catalogue, document: Document, field: Selected, root: Rooted, scope: Scope, limits: PageLimits
) -> Plan:
    """The plan of one root field.

    Raises:
        InvalidInput: the arguments cannot be planned.

    """
    builder = Builder(catalogue, document, scope, limits)

    def again() -> Select[Any]:
        return _root(Builder(catalogue, document, scope, limits), field, root)

    return _finish(builder, _root(builder, field, root), again)


def _root(builder: Builder, field: Selected, root: Rooted) -> Select[Any]:
    schema = builder.catalogue.schema
    follows = isinstance(root.source, FollowedFeed)
    kind = schema.subscription_type if follows else schema.query_type
    assert kind is not None
    definition = kind.fields[field.name]
    match root.source:
        case Lookup(column, argument):
            return _lookup(builder, field, definition, column, argument)
        case NodeLookup(argument):
            return _node(builder, field, definition, argument)
        case Myself():
            return _myself(builder, field, definition)
        case Entities(argument):
            return entities(builder, field, definition, argument)
        case AccessReport(argument):
            return access_report(builder, field, definition, argument)
        case Stuck(argument):
            return stuck_pages(builder, field, definition, argument)
        case FeedPages():
            return feed_pages(builder, field, definition)
        case FollowedFeed():
            return followed_pages(builder, field, definition)
        case Pages(only):
            return root_pages(builder, field, definition, only)


def plan_row(
    catalogue: Catalogue,
    document: Document,
    type_name: str,
    selections: Sequence[SelectionSetNode | None],
    scope: Scope,
    limits: PageLimits,
) -> Plan:
    """The plan that reads back one row, as the caller sees it; its key is given with the variables, as `ROW_KEY`."""
    builder = Builder(catalogue, document, scope, limits)
    stored = catalogue.stored(type_name)
    key = builder.bind(lambda variables: variables[ROW_KEY], PG_UUID(as_uuid=True))
    return _finish(builder, _read_back(builder, stored, selections, key))


def plan_rows(
    catalogue: Catalogue,
    document: Document,
    type_name: str,
    selections: Sequence[SelectionSetNode | None],
    scope: Scope,
    limits: PageLimits,
) -> Plan:
    """The plan that reads back many rows, in the order of their keys, which are given with the variables, as `ROW_KEYS`."""
    builder = Builder(catalogue, document, scope, limits)
    stored = catalogue.stored(type_name)
    kind = PG_UUID(as_uuid=True)
    keys = builder.bind(lambda variables: variables[ROW_KEYS], ARRAY(kind))
    named = (
        func.unnest(keys)
        .table_valued(column("key", kind), with_ordinality="n", name="named")
        .render_derived(name="named")
    )
    # NOTE a subquery for each: joined, a plan made for few keys might read a whole table for many.
    found = _read_back(builder, stored, selections, named.c["key"]).correlate(named).scalar_subquery()
    return _finish(builder, select(found).select_from(named).order_by(named.c["n"]))


def _read_back(
    builder: Builder, stored: StoredType, selections: Sequence[SelectionSetNode | None], key: Any
) -> Select[Any]:
    # NOTE by the row's own rule: a command sent again says that its person has left; the event is asked for by its key.
    return _one(builder, stored, selections, "id", key, rule=visible)


def _finish(builder: Builder, statement: Select[Any], again: Callable[[], Select[Any]] | None = None) -> Plan:
    return Plan(
        Statement(statement),
        dict(builder.binds),
        frozenset(builder.walked),
        None if again is None else lambda alone: Joined(again(), alone),
        is_personal=builder.is_personal,
    )


def _lookup(
    builder: Builder, field: Selected, definition: GraphQLField, column: str, argument: str
) -> Select[Any]:
    stored = builder.catalogue.stored(get_named_type(definition.type).name)
    given = arguments_of(definition.args, field.nodes[0], builder.document.variables)[argument]
    if column == "id":
        prefix = stored.prefix
        value = builder.bind(given.read, PG_UUID(as_uuid=True), lambda text: decode_id(text, prefix)[1])
    else:
        value = builder.bind(given.read, Text())
    return _one(builder, stored, below(field), column, value)


def _node(builder: Builder, field: Selected, definition: GraphQLField, argument: str) -> Select[Any]:
    given = arguments_of(definition.args, field.nodes[0], builder.document.variables)[argument]
    # NOTE by the prefix alone, as the shape of variables sees it: the plan also serves the ids that come after this one.
    stored = builder.catalogue.by_prefix.get(id_prefix(given.example))
    value = builder.bind(given.read, PG_UUID(as_uuid=True), lambda text: decode_id(text)[1])
    if stored is None:
        # No table has such ids: the answer is null, or the error decode_id raises when the value is bound.
        return _nothing().where(value.is_not(None))
    return _one(builder, stored, below(field), "id", value, typed=True)


def _myself(builder: Builder, field: Selected, definition: GraphQLField) -> Select[Any]:
    if builder.scope.kind is not GrantScope.SELF:
        return _nothing()
    stored = builder.catalogue.stored(get_named_type(definition.type).name)
    return _one(builder, stored, below(field), "id", myself())


def _nothing() -> Select[Any]:
    return select(func.nullif(constant("null"), constant("null")))


def _one(
    builder: Builder,
    stored: StoredType,
    selections: Sequence[SelectionSetNode | None],
    name: str,
    value: Any,
    *,
    typed: bool = False,
    rule: Callable[[FromClause, str, Scope], ColumnElement[bool]] = visible_by_key,
) -> Select[Any]:
    row = builder.alias(stored)
    return (
        select(joined(builder.object(stored, row, selections, typed=typed)))
        .select_from(row)
        .where(row.c[name] == value, rule(row, stored.table.name, builder.scope))
    )
