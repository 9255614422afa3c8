# SPDX-License-Identifier: EUPL-1.2
"""Field sets: the coordinates that purposes of one kind need, by a name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Text, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from hub.access.actors import COMMAND_LINE, Actor, acting
from hub.access.registry_refusals import InvalidRegistration, UnknownField
from hub.store.base import table_of
from hub.store.statement import Connection, Statement
from hub.store.tables import FieldSet

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_COORDINATE = re.compile(r"[A-Z][A-Za-z0-9_]*\.([a-z][A-Za-z0-9_]*|\*)")


@dataclass(frozen=True)
class FieldSetEntry:
    """A field set as it stands; `fields` in alphabetical order."""

    name: str
    description: str
    fields: tuple[str, ...]


async def field_sets(connection: Connection) -> list[FieldSetEntry]:
    """Every field set, by name."""
    return [
        FieldSetEntry(row["name"], row["description"], tuple(sorted(row["fields"])))
        for row in await _listing().fetch(connection)
    ]


async def define_field_set(
    connection: Connection,
    name: str,
    description: str,
    fields: Collection[str],
    known: Collection[str],
    *,
    actor: Actor = COMMAND_LINE,
) -> FieldSetEntry:
    """Define a field set, or define it anew: every grant that names it reaches these fields from then on.

    `known`: the coordinates of the schema, and `Type.*` of each of its types.

    Raises:
        InvalidRegistration: its name has another form, or it has no description.
        UnknownField: a field is no coordinate of the schema.

    """
    if not _NAME.fullmatch(name):
        raise InvalidRegistration(
            "A field set's name is 1 to 63 lower-case letters, digits and dashes, and does not begin with a dash.",
            about="name",
        )
    if not description.strip():
        raise InvalidRegistration(
            "A field set says for what purposes it is: describe it.", about="description"
        )
    for field in fields:
        if field not in known:
            # What is no coordinate at all is not said back.
            named = f"{field} is no field of the schema. " if _COORDINATE.fullmatch(field) else ""
            raise UnknownField(f"{named}{UnknownField(about='fields').message}", about="fields")
    entry = FieldSetEntry(name, description.strip(), tuple(sorted(set(fields))))
    async with acting(connection, actor):
        await _define().execute(
            connection, name=entry.name, description=entry.description, fields=list(entry.fields)
        )
    return entry


@cache
def _listing() -> Statement:
    field_set = table_of(FieldSet)
    return Statement(select(field_set).order_by(field_set.c.name))


@cache
def _define() -> Statement:
    field_set = table_of(FieldSet)
    new = upsert(field_set).values(
        name=bindparam("name"),
        description=bindparam("description"),
        fields=bindparam("fields", type_=ARRAY(Text())),
    )
    return Statement(
        new.on_conflict_do_update(
            index_elements=["name"],
            set_={"description": new.excluded.description, "fields": new.excluded.fields},
        )
    )
