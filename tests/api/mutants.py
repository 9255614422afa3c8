# SPDX-License-Identifier: EUPL-1.2
"""The policy with one thing taken out of it, for each thing there is: found in the code, so that none is forgotten.

- *A condition*: of one table under one scope, as `hub.access.rows` writes it: all of it removed; nothing let through; or one comparison
  with what the caller is, which then always holds, or never does.
- *A step*: the condition that stands on one relationship between two tables.
- *A place*: one line of the planner, or of a command, that asks for a condition.
- *A demand*: one root field that asks for a capability, or one line that checks it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    ColumnElement,
    False_,
    FromClause,
    True_,
    false,
    true,
)
from sqlalchemy.sql import visitors

import hub.plan.operation
from hub.access import rows
from hub.access.caller import Caller, Scope
from hub.plan.catalogue import Catalogue
from hub.plan.declare import Guarded
from hub.plan.filter_types import declared
from hub.plan.operation import Prepared
from hub.plan.permission import FieldCheck
from hub.store.tables import metadata
from hub.store.vocabulary import GrantScope

ROOT = Path(__file__).parents[2]
DOORS = {"visible": rows.visible, "listed": rows.listed, "visible_by_key": rows.visible_by_key}
"""The functions through which every condition comes."""
OF_THE_CALLER = "caller_"
"""How the parameters begin that hold what a caller is."""

Condition: TypeAlias = ColumnElement[bool]
Change: TypeAlias = Callable[[Condition], Condition]
Key: TypeAlias = "tuple[object, ...]"
"""What an asking for a condition is about: a door's table and scope; a step; or a place."""


@dataclass(frozen=True)
class Mutant:
    """One change to the policy. `key`: of the askings it changes; None: it is about capabilities."""

    name: str
    install: Callable[[pytest.MonkeyPatch], None]
    key: Key | None = None


def mutants(catalogue: Catalogue, scopes: list[Scope], steps: set[tuple[str, str]]) -> list[Mutant]:
    """Every one of them. `steps`: the relationships, as (from, to), that a condition was seen to stand on."""
    return [*_conditions(scopes), *_steps(steps), *_places(), *_demands(catalogue), *_checks()]


# ── askings ───────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def observed() -> Iterator[set[Key]]:
    """The keys of every asking while the block lasts, as far as there is something to take away."""
    seen: set[Key] = set()

    def note(keys: set[Key], condition: Condition) -> Condition:
        # A condition that is none, where the scope would have one, is one that `IMPLIED` leaves out.
        seen.update(
            key
            for key in keys
            if not isinstance(condition, True_)
            or (key[0] in DOORS and isinstance(key[2], Scope) and key[2].kind is GrantScope.NATIONAL)
        )
        return condition

    with pytest.MonkeyPatch.context() as patch:
        _replace_doors(patch, note)
        yield seen


def _replace_doors(patch: pytest.MonkeyPatch, change: Callable[[set[Key], Condition], Condition]) -> None:
    """Put other doors in place of these, in every module that has them."""
    for place in places(*DOORS):  # NOTE one that were imported later would keep the other door
        import_module(place.module)
    for door, ask in DOORS.items():

        def asked(
            row: FromClause, table: str, scope: Scope, *, door: str = door, ask: Any = ask, **reached: Any
        ) -> Condition:
            keys: set[Key] = {(door, table, scope), ("place", _place_of_caller())}
            if reached:
                keys.add(("step", reached["reached_from"], table))
            return change(keys, ask(row, table, scope, **reached))

        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in ("hub", "schema", "connectors"):
                for attribute, value in list(vars(module).items()):
                    if value is ask:
                        patch.setattr(module, attribute, asked)


def _changing(name: str, key: Key, change: Change) -> Mutant:
    def install(patch: pytest.MonkeyPatch) -> None:
        _replace_doors(patch, lambda keys, condition: change(condition) if key in keys else condition)

    return Mutant(name, install, key)


def _removed(_condition: Condition) -> Condition:
    return true()


def _nothing(_condition: Condition) -> Condition:
    return false()


# ── conditions ────────────────────────────────────────────────────────────────────────────────────────


def _conditions(scopes: list[Scope]) -> Iterator[Mutant]:
    for scope in scopes:
        for table in sorted(rows.RULES.keys() | rows.OWN.keys() | rows.OF_AGENCIES.keys()):
            row = metadata.tables[table].alias("row")
            for door, ask in DOORS.items():
                condition = ask(row, table, scope)
                if door != "visible" and str(condition) == str(rows.visible(row, table, scope)):
                    continue  # it is the other door's
                key = (door, table, scope)
                where = f"{scope.kind.value}{'' if scope.single else 's'}: {table} {door}"
                if not isinstance(condition, True_):
                    yield _changing(f"{where}: removed", key, _removed)
                if not isinstance(
                    condition, False_ if scope.kind is GrantScope.NATIONAL else (False_, True_)
                ):
                    yield _changing(f"{where}: nothing let through", key, _nothing)
                compared = len(_comparisons(condition))
                for number in range(compared if compared > 1 else 0):
                    yield _changing(f"{where}: comparison {number} always holds", key, _with(number, true()))
                    yield _changing(f"{where}: comparison {number} never holds", key, _with(number, false()))


def _comparisons(condition: Condition) -> list[BinaryExpression[Any]]:
    """The comparisons with what the caller is, in the order they stand."""
    return [
        element
        for element in visitors.iterate(condition)
        if isinstance(element, BinaryExpression) and _is_of_caller(element)
    ]


def _is_of_caller(element: BinaryExpression[Any]) -> bool:
    return any(
        isinstance(part, BindParameter) and str(part.key).startswith(OF_THE_CALLER)
        for part in visitors.iterate(element.right)
    )


def _with(number: int, always: Condition) -> Change:
    def change(condition: Condition) -> Condition:
        if isinstance(condition, True_):
            return condition
        one = _comparisons(condition)[number]
        changed: Condition = visitors.replacement_traverse(
            condition, {}, lambda element, **_: always if element is one else None
        )
        return changed

    return change


# ── steps and places ──────────────────────────────────────────────────────────────────────────────────


def _steps(steps: set[tuple[str, str]]) -> Iterator[Mutant]:
    for here, there in sorted(steps):
        yield _changing(f"step {here} → {there}: no condition", ("step", here, there), _removed)


def _places() -> Iterator[Mutant]:
    for place in places(*DOORS):
        if getattr(import_module(place.module), place.called, None) is DOORS[place.called]:
            yield _changing(f"{place.name}: no condition", ("place", place.name), _removed)


@dataclass(frozen=True)
class Place:
    """A call in the code."""

    path: str
    function: str
    first: int
    last: int
    called: str

    @property
    def name(self) -> str:
        """Without the line's number, which changes with every edit."""
        return f"{self.path} {self.function}: {self.called}"

    @property
    def module(self) -> str:
        """The module's name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def is_at(self, path: str, line: int) -> bool:
        return str(ROOT / self.path) == path and self.first <= line <= self.last


@cache
def places(*names: str) -> tuple[Place, ...]:
    """Every call of functions or methods of these names, in what runs."""
    found: list[Place] = []
    for folder in ("hub", "schema", "connectors"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found += _calls_in(function, str(path.relative_to(ROOT)), names)
    return tuple(found)


def _calls_in(
    function: ast.FunctionDef | ast.AsyncFunctionDef, path: str, names: tuple[str, ...]
) -> Iterator[Place]:
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue  # it has its own turn
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield Place(path, function.name, node.lineno, node.end_lineno or node.lineno, called)


def _place_of_caller() -> str:
    """Where a door was knocked at."""
    return _place_at(sys._getframe(2).f_code.co_filename, sys._getframe(2).f_lineno)


@cache
def _place_at(path: str, line: int) -> str:
    return next((place.name for place in places(*DOORS) if place.is_at(path, line)), f"{path}:{line}")


# ── demands ───────────────────────────────────────────────────────────────────────────────────────────


def _demands(catalogue: Catalogue) -> Iterator[Mutant]:
    known: Mapping[str, Any]
    for kind, known in (("Query", catalogue.roots), ("Subscription", catalogue.followed)):
        for name, root in known.items():
            if root.requires is not None:

                def install(
                    patch: pytest.MonkeyPatch, known: Any = known, name: str = name, root: Any = root
                ) -> None:
                    patch.setitem(known, name, replace(root, requires=None))

                yield Mutant(f"{kind}.{name} asks for no {root.requires.value}", install)

    schema = catalogue.schema
    for root_type in filter(None, (schema.query_type, schema.mutation_type)):
        for name, definition in root_type.fields.items():
            guard = declared(definition)
            if isinstance(guard, Guarded):

                def ignore(patch: pytest.MonkeyPatch, guarded: Any = definition) -> None:
                    patch.setattr(
                        hub.plan.operation,
                        "declared",
                        lambda field: None if field is guarded else declared(field),
                    )

                yield Mutant(f"{root_type.name}.{name} asks for no {guard.requires.value}", ignore)


def _checks() -> Iterator[Mutant]:
    for place in places("require", "permit"):

        def install(patch: pytest.MonkeyPatch, place: Place = place) -> None:
            for owner in (Caller, Prepared, FieldCheck):
                if hasattr(owner, place.called):
                    patch.setattr(owner, place.called, _but_at(place, getattr(owner, place.called)))

        yield Mutant(f"{place.name}: not checked", install)


def _but_at(place: Place, check: Callable[..., None]) -> Callable[..., None]:
    def checked(owner: Any, *given: Any) -> None:
        frame = sys._getframe(1)
        if not place.is_at(frame.f_code.co_filename, frame.f_lineno):
            check(owner, *given)

    return checked
