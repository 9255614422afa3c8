# SPDX-License-Identifier: EUPL-1.2
"""For every field of the schema, the smallest operations that ask for it: one for each shortest way from a root."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from tests.api.operations import SCHEMA

ROOTS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}


@dataclass(frozen=True)
class Step:
    """A field on the way, and the type it was asked of."""

    kind: str
    name: str

    @property
    def coordinate(self) -> str:
        return f"{self.kind}.{self.name}"


Way = tuple[Step, ...]


def ways(permits: Callable[[str], bool]) -> dict[str, Way]:
    """To each type, a shortest way from a root: through permitted fields alone where there is one."""
    found = _ways(permits)
    return {**_ways(lambda _: True), **found}


def _ways(permits: Callable[[str], bool]) -> dict[str, Way]:
    found: dict[str, Way] = {}
    waiting: deque[tuple[str, Way]] = deque((name, ()) for name in ROOTS)
    while waiting:
        name, way = waiting.popleft()
        if name in found:
            continue
        found[name] = way
        kind = SCHEMA.type_map[name]
        if isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            waiting.extend((one.name, way) for one in SCHEMA.get_possible_types(kind))
        for field_name, field in getattr(kind, "fields", {}).items():
            step = Step(name, field_name)
            inner = get_named_type(field.type)
            if not is_leaf_type(inner) and permits(step.coordinate):
                waiting.append((inner.name, (*way, step)))
    return found


def operation(way: Way, arguments: dict[str, str]) -> str:
    """The operation that goes this way, and asks for its last field; of an object, for its type's name."""
    last = SCHEMA.type_map[way[-1].kind]
    assert isinstance(last, (GraphQLObjectType, GraphQLInterfaceType))
    leaf = is_leaf_type(get_named_type(last.fields[way[-1].name].type))
    text = "" if leaf else "{ __typename }"
    for number in range(len(way) - 1, -1, -1):
        step = way[number]
        kind: Any = SCHEMA.type_map[step.kind]
        text = f"{step.name}{_arguments(kind, step, arguments)} {text}"
        before = None if number == 0 else way[number - 1]
        if before is not None:
            parent: Any = SCHEMA.type_map[before.kind]
            if get_named_type(parent.fields[before.name].type).name != step.kind:
                text = f"... on {step.kind} {{ {text} }}"
        text = f"{{ {text} }}"
    return f"{ROOTS[way[0].kind]} {text}"


def _arguments(kind: Any, step: Step, arguments: dict[str, str]) -> str:
    needed = [
        name
        for name, one in kind.fields[step.name].args.items()
        if f"{step.coordinate}({name}:)" in arguments
    ]
    if not needed:
        return ""
    return "(" + ", ".join(f"{name}: {arguments[f'{step.coordinate}({name}:)']}" for name in needed) + ")"
