# SPDX-License-Identifier: EUPL-1.2
"""`@sensitivity` as it stands in the schema, and what a permission comes to in it.

    an object's field       as its own level says, and as grants name it
    an interface's field    as the fields of all its types, but for the types of which the caller sees no row

Of an interface whose types share a table, a caller sees no row of the types of which it was granted nothing (`unseen`): that
there is such a row would say what its fields may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakKeyDictionary

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from hub.access.fields import FieldPermission, Sensitivity
from hub.plan.declare import DEFINITION, Stands, ToldApart
from hub.plan.weights import applied, fields_of

Fielded = GraphQLObjectType | GraphQLInterfaceType


class NotShown(LookupError):
    """No field shows what a filter or an order compares."""


class FieldPolicy:
    """The level of every field, and which of them each permission reaches."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Read the levels; a field without one is as if it were special, and `unmarked` names it."""
        self._schema = schema
        self.levels: dict[str, Sensitivity] = {}
        self.unmarked: list[str] = []
        for (kind, name), field in fields_of(schema):
            directive = applied(field, "sensitivity")
            coordinate = f"{kind}.{name}"
            self.levels[coordinate] = Sensitivity.SPECIAL if directive is None else directive.level
            if directive is None:
                self.unmarked.append(coordinate)
        self._members: dict[str, list[str]] = {
            kind.name: [member.name for member in schema.get_possible_types(kind)]
            for kind in schema.type_map.values()
            if isinstance(kind, GraphQLInterfaceType)
        }
        self._apart = {
            member
            for name, members in self._members.items()
            if isinstance(_stands(schema.type_map[name]), ToldApart)
            for member in members
        }
        self._permitted: WeakKeyDictionary[FieldPermission, Mapping[str, str | None]] = WeakKeyDictionary()

    def permitted(self, permission: FieldPermission) -> Mapping[str, str | None]:
        """The coordinates a permission reaches, each with the name of what grants it; None where it is public."""
        found = self._permitted.get(permission)
        if found is None:
            found = self._permitted[permission] = dict(self._reached(permission))
        return found

    def unseen(self, permission: FieldPermission) -> frozenset[str]:
        """The types, of those that share a table, of whose rows the permission reaches no field."""
        seen = {
            coordinate.partition(".")[0]
            for coordinate, level in self.levels.items()
            if level is Sensitivity.PUBLIC or permission.by(coordinate, level) is not None
        }
        return frozenset(self._apart - seen)

    def grantable(self, coordinate: str) -> list[str]:
        """What a grant must name to reach a field: the field of each type, where it is an interface's."""
        kind, _, name = coordinate.partition(".")
        return [f"{member}.{name}" for member in self._members.get(kind, [kind])]

    def shown(self, kind: str, path: str) -> list[str]:
        """The coordinates by which a stored type shows a column, or what a dotted path of fields' python names leads to.

        Raises:
            NotShown: no field does.

        """
        found: list[str] = []
        named = self._schema.type_map[kind]
        for step in path.split("."):
            assert isinstance(named, (GraphQLObjectType, GraphQLInterfaceType))
            stands = _stands(named)
            python_name = stands.shown_by.get(step, step) if isinstance(stands, Stands) else step
            name = next(
                (name for name, one in named.fields.items() if _python_name(one) == python_name), None
            )
            if name is None:
                raise NotShown(f"{named.name} has no field that shows {step}")
            found.append(f"{named.name}.{name}")
            named = get_named_type(named.fields[name].type)
        return found

    def _reached(self, permission: FieldPermission) -> Iterator[tuple[str, str | None]]:
        unseen = self.unseen(permission)
        for coordinate, level in self.levels.items():
            kind, _, name = coordinate.partition(".")
            if level is Sensitivity.PUBLIC:
                yield coordinate, None
            elif kind not in self._members:
                if (by := permission.by(coordinate, level)) is not None:
                    yield coordinate, by
            elif asked := [one for one in self._members[kind] if one not in unseen]:
                granted = [self._of_member(permission, f"{one}.{name}") for one in asked]
                if all(reached for reached, _ in granted):
                    yield coordinate, next((by for _, by in granted if by is not None), None)

    def _of_member(self, permission: FieldPermission, coordinate: str) -> tuple[bool, str | None]:
        level = self.levels[coordinate]
        by = None if level is Sensitivity.PUBLIC else permission.by(coordinate, level)
        return level is Sensitivity.PUBLIC or by is not None, by


def _stands(kind: object) -> object:
    definition = getattr(kind, "extensions", {}).get(DEFINITION)
    return None if definition is None else vars(definition.origin).get("__stands__")


def _python_name(field: GraphQLField) -> str:
    name: str = field.extensions[DEFINITION].python_name
    return name
