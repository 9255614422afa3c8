# SPDX-License-Identifier: EUPL-1.2
"""How a schema module says what a type or a field stands on.

    @stored(tables.Beneficiary, prefix="ben")
    @strawberry.type
    class Beneficiary(Node):
        family_name: str                                # a column of that name
        household: Household                            # a relationship of that name
        conditionality_events: Connection[…] = …        # a relationship, by pages
        residence: … = federated(…)                     # asked of an agency

An interface may be stored too: `@told_apart(tables.Activity, by="kind")` when one table holds all its members, each of which
says with `when` which rows are its own; `@gathered(order="available_from")` when each member stands on a table of its own.

A field whose name is neither a column nor a relationship says what it is with `computed`, `part`, `derived` or `federated`; anything else is
refused when the hub starts (`hub.plan.catalogue`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.types import TypeEngine

from hub.store.base import Base
from hub.store.vocabulary import Capability

T = TypeVar("T", bound=type)

DEFINITION = "strawberry-definition"
"""The key under which strawberry keeps its own definition among graphql-core's extensions."""
SOURCE = "plan.source"
"""The key under which a field's declaration stands in its strawberry metadata."""


@dataclass(frozen=True)
class Order:
    """The order of a list when none is asked for: columns of the table, each ascending unless it is in `descending`.

    The key is appended, so that the order is total. All columns are NOT NULL: keyset pages compare them.
    """

    columns: tuple[str, ...] = ()
    descending: bool = False


def ordered_by(item: enum.Enum) -> tuple[tuple[str, ...], bool]:
    """The columns a word of an order names, and whether they descend: `-family_name_key,given_name_key`."""
    word = str(item.value)
    return tuple(word.removeprefix("-").split(",")), word.startswith("-")


@dataclass(frozen=True)
class Stands:
    """What a GraphQL type stands on."""

    table: type[Base]
    prefix: str | None
    order: Order
    when: enum.Enum | None = None
    """The word of the table's telling column that its rows have; None: it is the only type of its table."""
    keys: tuple[str, ...] = ()
    """Python names of the fields, beside the id, by which another subgraph may name one row."""
    shown_by: Mapping[str, str] = field(default_factory=dict)
    """The python name of the field that shows what a column holds, of columns that filters and orders compare and no field is."""


@dataclass(frozen=True)
class ToldApart:
    """What an interface stands on whose members share a table, told apart by a column."""

    table: type[Base]
    column: str
    order: Order


@dataclass(frozen=True)
class Gathered:
    """An interface whose members stand on tables of their own; `order`: the field their common list is ordered by, descending."""

    order: str


@dataclass(frozen=True)
class Computed:
    """A field whose value is an SQL expression over its row."""

    expression: Callable[[FromClause], ColumnElement[Any]]
    nullable: bool = False


@dataclass(frozen=True)
class Part:
    """A field that is an object of its own, of columns and relationships of the same row; null where one of `present` is NULL."""

    present: tuple[str, ...]


@dataclass(frozen=True)
class Federated:
    """A field asked of an agency when it is selected; always nullable. `needs`, `reads`: what the resolver reads, as `Derived`'s."""

    needs: tuple[str, ...]
    reads: tuple[tuple[str, Computed], ...] = ()


@dataclass(frozen=True)
class Derived:
    """A field its resolver works out, when it is selected, from what its row's statement reads for it.

    `needs`: columns of the row; `reads`: expressions over it, by the name the resolver finds each under. `is_personal`: whether it
    tells of somebody whom the row is not about; an answer that has it is accounted for, whoever was found.
    """

    needs: tuple[str, ...]
    reads: tuple[tuple[str, Computed], ...]
    is_personal: bool = False


@dataclass(frozen=True)
class Lookup:
    """A root field: the one row whose `column` equals the argument of the same GraphQL name."""

    column: str
    argument: str


@dataclass(frozen=True)
class NodeLookup:
    """A root field: whichever row an id names."""

    argument: str = "id"


@dataclass(frozen=True)
class Myself:
    """A root field: the citizen who asks; null for an agency."""


@dataclass(frozen=True)
class Pages:
    """A root field or a relationship read by pages (a Relay connection).

    `only`: of a root field, which rows of the type it lists; None for all of them.
    """

    only: Callable[[FromClause], ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class FeedPages:
    """A root field: the feed, from a position on."""


@dataclass(frozen=True)
class FollowedFeed:
    """A root field of a subscription: the feed from a position on, page after page."""


@dataclass(frozen=True)
class Entities:
    """A root field: the rows another subgraph names by their keys, in the order it names them."""

    argument: str = "representations"


@dataclass(frozen=True)
class AccessReport:
    """A root field: who looked at the person with this fiscal code; a citizen, who names none, is told of itself."""

    argument: str = "fiscalCode"


@dataclass(frozen=True)
class Stuck:
    """A root field: what was recorded, as many hours ago as the argument says or more, and has not arrived where it must; oldest first."""

    argument: str = "olderThan"


@dataclass(frozen=True)
class Rooted:
    """A root field's declaration, with the capability it asks of the caller."""

    source: Lookup | NodeLookup | Myself | Pages | FeedPages | FollowedFeed | Entities | AccessReport | Stuck
    requires: Capability | None = None


@dataclass(frozen=True)
class Guarded:
    """A root field the executor answers, and the capability it asks of the caller, before anything runs."""

    requires: Capability


@dataclass(frozen=True)
class Alone:
    """A root field the executor answers out of its arguments, which are kept nowhere: no other field is asked for beside it."""


@dataclass(frozen=True)
class Bound:
    """A value of a filter on its way into a statement.

    `kind`: the SQL type it is bound as. `convert`: from the GraphQL value to what is bound; may raise InvalidInput.
    """

    kind: TypeEngine[Any]
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Condition:
    """One member of a filter: the SQL condition it stands for, given the row and the bound value, as in `Bound`."""

    expression: Callable[[FromClause, ColumnElement[Any]], ColumnElement[bool]]
    kind: TypeEngine[Any]
    convert: Callable[[Any], Any] | None = None
    compares: tuple[str, ...] = ()
    """The columns it compares, or dotted paths of python names to a field: who may not see these may not ask by them."""


@dataclass(frozen=True)
class Combination:
    """A member of a filter whose own members make one condition together.

    `expression` gets those that are present, by GraphQL name; it may raise InvalidInput when they do not go together.
    """

    expression: Callable[[FromClause, Mapping[str, ColumnElement[Any]]], ColumnElement[bool]]
    values: Mapping[str, Bound]
    compares: tuple[str, ...] = ()
    """As a condition's."""


@dataclass(frozen=True)
class Related:
    """A member of a filter that is a filter of related rows; of many, `some` or `none` must meet it."""

    relationship: str


class Composed(enum.Enum):
    """A member of a filter that is made of filters of the same rows."""

    AND = "and"
    OR = "or"
    NOT = "not"

    @property
    def takes_list(self) -> bool:
        """Whether it is made of several."""
        return self is not Composed.NOT


def stored(
    table: type[Base],
    *,
    prefix: str | None = None,
    order: Order | None = None,
    when: enum.Enum | None = None,
    keys: tuple[str, ...] = (),
    shown_by: Mapping[str, str] | None = None,
) -> Callable[[T], T]:
    """Say what a strawberry type stands on: each as in `Stands`."""
    return _mark(Stands(table, prefix, order or Order(), when, keys, shown_by or {}))


def told_apart(table: type[Base], *, by: str, order: Order | None = None) -> Callable[[T], T]:
    """Say which table all members of a strawberry interface stand on, and which column tells them apart."""
    return _mark(ToldApart(table, by, order or Order()))


def gathered(*, order: str) -> Callable[[T], T]:
    """Say by which field the members of a strawberry interface, each on a table of its own, are listed together."""
    return _mark(Gathered(order))


def _mark(stands: Stands | ToldApart | Gathered) -> Callable[[T], T]:
    def mark(cls: T) -> T:
        cls.__stands__ = stands  # type: ignore[attr-defined]
        return cls

    return mark


def stands_on(declaration: object) -> dict[Any, Any]:
    """The strawberry metadata that carries a declaration."""
    return {SOURCE: declaration}


def planned() -> Any:
    """Stands in the body of a field the planner answers; never runs."""
    raise AssertionError("a planned field is answered by its statement, not by a resolver")
