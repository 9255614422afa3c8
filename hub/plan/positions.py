# SPDX-License-Identifier: EUPL-1.2
"""What a selection may be asked of.

Position            what may stand where a selection is
├── StoredType      a GraphQL type and its table
│   └── Source      one field: Key, ColumnOf, ComputedBy, PartOf, ToOne, ToMany, ByPages, AskedOf
├── ToldApartType   an interface whose members share a table
└── GatheredType    an interface whose members stand on tables of their own
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Table

from hub.plan.declare import Computed, Order
from hub.plan.link import Link


@dataclass(frozen=True)
class Key:
    """The row's id, as the outside sees it."""


@dataclass(frozen=True)
class ColumnOf:
    """A column."""

    name: str
    nullable: bool


@dataclass(frozen=True)
class ComputedBy:
    """An SQL expression over the row."""

    declaration: Computed


@dataclass(frozen=True)
class ToOne:
    """The one row a relationship leads to. `type_name`, here and below: the type of what it leads to."""

    link: Link
    type_name: str
    nullable: bool


@dataclass(frozen=True)
class ToMany:
    """All rows a relationship leads to, in the relationship's order."""

    link: Link
    type_name: str
    order: tuple[tuple[str, bool], ...]
    """Column and whether it is descending."""


@dataclass(frozen=True)
class ByPages:
    """The rows a relationship leads to, by pages."""

    link: Link
    type_name: str


@dataclass(frozen=True)
class AskedOf:
    """A field that its resolver answers: asked of an agency, or worked out from `reads`, expressions over the row by name."""

    needs: tuple[str, ...]
    reads: tuple[tuple[str, Computed], ...] = ()
    is_personal: bool = False
    """Whether the resolver tells of somebody whom the row is not about."""


@dataclass(frozen=True)
class PartOf:
    """An object made of the row itself, as `part` reads it; null where one of the columns `present` is NULL."""

    part: StoredType = field(hash=False)
    present: tuple[str, ...]


Source: TypeAlias = Key | ColumnOf | ComputedBy | PartOf | ToOne | ToMany | ByPages | AskedOf


@dataclass(frozen=True)
class StoredType:
    """A GraphQL object type and the table it stands on."""

    name: str
    table: Table
    prefix: str | None
    order: Order
    fields: Mapping[str, Source]
    keys: Sequence[str] = ()
    """GraphQL names of the fields, beside the id, by which another subgraph may name one row."""
    when: tuple[str, str] | None = None
    """The column and the word that tell its rows from those of other types; None: it has the table for itself."""


@dataclass(frozen=True)
class ToldApartType:
    """An interface whose members share a table: `column` tells them apart."""

    name: str
    table: Table
    order: Order
    column: str
    members: Mapping[str, StoredType]
    """By the word of the column."""


@dataclass(frozen=True)
class GatheredType:
    """An interface whose members stand on tables of their own, listed together by the field `order`, descending."""

    name: str
    order: str
    members: Sequence[StoredType]


Tabled: TypeAlias = StoredType | ToldApartType
"""What has one table."""
Abstract: TypeAlias = ToldApartType | GatheredType
Position: TypeAlias = StoredType | ToldApartType | GatheredType
