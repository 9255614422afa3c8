# SPDX-License-Identifier: EUPL-1.2
"""Mutations whose answers are a stored row and why there is none: compiled once, run without the executor.

A command is declared on its mutation field:

    @strawberry.mutation(metadata=stands_on(Command(…)))

Its payload has one member that is read back (`reads_back`), and may have `userErrors`; or it has a list of such (`each`), one for
each of many rows. The executor calls the same command and is what the compiled form is held to; whatever else a document asks of
a payload is left to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import orjson
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLScalarType,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from hub.access.account import Account
from hub.access.caller import Caller, Scope
from hub.access.operator import Operator
from hub.errors import Forbidden
from hub.plan.arguments import Reader, Variables, arguments_of
from hub.plan.declare import DEFINITION
from hub.plan.plan import Plan
from hub.plan.selection import Document, Selected, below, selected
from hub.plan.written import Written, WrittenPlan

USER_ERRORS = "user_errors"
"""The Python name of the payload's member that says why there is no row."""


@dataclass(frozen=True)
class ReadBacks:
    """What a payload is asked for of the row: a plan by where it stands, run after the command in its transaction.

    Where it stands: its response key, after that of the list it is in and a point, if it is one of many.

    `at_once`: the plan that writes the row and reads it back, and the response key it is for; None where one statement cannot.
    Where the row is not asked for, its key is None, too.
    """

    plans: Mapping[str, Plan]
    at_once: tuple[str | None, WrittenPlan] | None

    @property
    def all(self) -> list[Plan]:
        """Every plan."""
        return [*self.plans.values(), *([self.at_once[1]] if self.at_once else [])]

    @cached_property
    def is_personal(self) -> bool:
        """Whether what is read back is about people."""
        return any(plan.is_personal for plan in self.all)


@dataclass(slots=True)  # not frozen, as requests are not: one is made for each call
class Asking:
    """One call of a command: who asks, and what for."""

    caller: Caller
    operator: Operator | None
    variables: Variables
    reads: ReadBacks
    account: Account


@dataclass(slots=True)
class Outcome:
    """What came of it: the row as it was asked for, by response key, or the refusals."""

    rows: Mapping[str, bytes] | None
    user_errors: Sequence[Any] = ()
    is_logged: bool = False
    """Whether the line of the access log was written with the row, in one transaction."""
    each: Sequence[Outcome] = ()
    """What came of each, of a command that is about many."""


@dataclass(frozen=True)
class Command:
    """A mutation field's declaration.

    `run` is given the hub's means, the call, and the argument `input` as `read_input` made it of the coerced values.
    """

    run: Callable[[Any, Asking, Any], Awaitable[Outcome]]
    read_input: Callable[[Mapping[str, Any]], Any]
    reads_back: str
    written: Callable[[Scope], Written] | None = None
    """What writes the row and reads it back in one statement; None where no single statement does."""
    each: str | None = None
    """The payload's list of what came of each, of a command that is about many: it tells of people, whatever is read back."""

    async def call(self, means: Any, asking: Asking, given: Any) -> Outcome:
        """Run it; where it reads of people, its line of the access log is there when this returns."""
        if not asking.reads.is_personal and self.each is None:
            return await self.run(means, asking, given)
        try:
            outcome = await self.run(means, asking, given)
        except Forbidden:
            await asking.account.refused()
            raise
        if not outcome.is_logged:
            await asking.account.answered()
        return outcome


Piece: TypeAlias = "bytes | Callable[[Outcome], bytes]"


@dataclass(frozen=True)
class Called:
    """One mutation field of a document: its command, and how its payload is written."""

    key: str
    nodes: Sequence[FieldNode]
    command: Command
    read: Reader
    reads: ReadBacks
    pieces: Sequence[Piece]

    async def run(
        self, means: Any, caller: Caller, operator: Operator | None, variables: Variables, account: Account
    ) -> list[bytes]:
        """Run the command; the payload's JSON, in pieces."""
        command = self.command
        given = command.read_input(self.read(variables))
        asking = Asking(caller, operator, variables, self.reads, account.anew())
        outcome = await command.call(means, asking, given)
        return [piece if type(piece) is bytes else piece(outcome) for piece in self.pieces]  # type: ignore[operator]


MakeReadBacks: TypeAlias = Callable[[Sequence[FieldNode], GraphQLObjectType, Command], ReadBacks]
Part: TypeAlias = "tuple[bytes, Called | None]"


def compiled(
    document: Document,
    fields: Sequence[Selected],
    commands: Mapping[str, Command],
    make_read_backs: MakeReadBacks,
) -> list[Part] | None:
    """A mutation's root fields, each the text before its payload and the command; None: the executor is to run it.

    Raises:
        InvalidInput: an argument, or what is read back, cannot be planned.

    """
    root = document.schema.mutation_type
    assert root is not None
    parts: list[Part] = []
    for field in fields:
        text = (b"," if parts else b"") + _key(field)
        if field.name == "__typename":
            parts.append((text + orjson.dumps(root.name), None))
            continue
        called = _called(document, root, field, commands.get(field.name), make_read_backs)
        if called is None:
            return None
        parts.append((text, called))
    return parts


def _called(
    document: Document,
    root: GraphQLObjectType,
    field: Selected,
    command: Command | None,
    make_read_backs: MakeReadBacks,
) -> Called | None:
    definition = root.fields[field.name]
    payload = get_named_type(definition.type)
    # NOTE a payload that cannot be null: what a failing command leaves of the answer is then nothing at all.
    if command is None or not is_non_null_type(definition.type) or not isinstance(payload, GraphQLObjectType):
        return None
    pieces = _members(document, payload, field, command, "")
    if pieces is None:
        return None
    reads = make_read_backs(field.nodes, payload, command)
    if not all(plan.is_stored for plan in reads.plans.values()):
        return None
    read = arguments_of(definition.args, field.nodes[0], document.variables)["input"].read
    return Called(field.key, field.nodes, command, read, reads, pieces)


def rows_asked(
    document: Document, payload: GraphQLObjectType, nodes: Sequence[FieldNode], command: Command
) -> dict[str, list[SelectionSetNode | None]]:
    """What a payload is asked for of the row, by where it stands; `nodes`: the mutation field as the document asks for it."""
    around = {"": (payload, [node.selection_set for node in nodes])}
    if command.each is not None:
        item = get_named_type(payload.fields[command.each].type)
        assert isinstance(item, GraphQLObjectType)
        lists = selected(document, payload, [node.selection_set for node in nodes])
        around = {f"{one.key}.": (item, below(one)) for one in lists if one.name == command.each}
    return {
        place + field.key: below(field)
        for place, (kind, selections) in around.items()
        for field in selected(document, kind, selections)
        if field.name == command.reads_back
    }


def _members(
    document: Document, kind: GraphQLObjectType, field: Selected, command: Command, place: str
) -> list[Piece] | None:
    """How a payload is written, or an item of its list: `place` is where that stands."""
    pieces: list[Piece] = []
    for member in selected(document, kind, below(field)):
        before = (b"," if pieces else b"{") + _key(member)
        if member.name == "__typename":
            pieces.append(before + orjson.dumps(kind.name))
            continue
        write: Callable[[Outcome], bytes] | None
        if member.name == command.each:
            write = _of_each(document, kind, member, command)
        elif member.name == command.reads_back:
            write = _row(place + member.key)
        else:
            write = _user_errors(document, kind, member)
        if write is None:
            return None
        pieces += [before, write]
    return [*pieces, b"}"]


def _of_each(
    document: Document, payload: GraphQLObjectType, member: Selected, command: Command
) -> Callable[[Outcome], bytes] | None:
    item = get_named_type(payload.fields[member.name].type)
    assert isinstance(item, GraphQLObjectType)
    pieces = _members(document, item, member, command, f"{member.key}.")
    if pieces is None:
        return None

    def write(outcome: Outcome) -> bytes:
        items = [
            b"".join([piece if type(piece) is bytes else piece(one) for piece in pieces])  # type: ignore[operator]
            for one in outcome.each
        ]
        return b"[" + b",".join(items) + b"]"

    return write


def _row(key: str) -> Callable[[Outcome], bytes]:
    return lambda outcome: b"null" if outcome.rows is None else outcome.rows[key]


def _user_errors(
    document: Document, payload: GraphQLObjectType, member: Selected
) -> Callable[[Outcome], bytes] | None:
    definition = payload.fields[member.name]
    kind = get_named_type(definition.type)
    if _python_name(definition) != USER_ERRORS or not isinstance(kind, GraphQLObjectType):
        return None
    readers: list[tuple[str, Callable[[Any], Any]]] = []
    for field in selected(document, kind, below(member)):
        if field.name == "__typename":
            readers.append((field.key, _always(kind.name)))
            continue
        read = _plain(kind, field)
        if read is None:
            return None
        readers.append((field.key, read))

    def write(outcome: Outcome) -> bytes:
        if not outcome.user_errors:
            return b"[]"
        return orjson.dumps([{key: read(error) for key, read in readers} for error in outcome.user_errors])

    return write


def _plain(kind: GraphQLObjectType, field: Selected) -> Callable[[Any], Any] | None:
    """How a word, a string or a list of strings is read from an error; None for anything else."""
    definition = kind.fields[field.name]
    leaf, name = get_named_type(definition.type), _python_name(definition)
    if isinstance(leaf, GraphQLEnumType) and not _is_list(definition.type):
        return lambda error: getattr(error, name).name
    if isinstance(leaf, GraphQLScalarType) and leaf.name == "String":
        return lambda error: getattr(error, name)
    return None


def _is_list(kind: Any) -> bool:
    return is_list_type(kind.of_type if is_non_null_type(kind) else kind)


def _python_name(definition: Any) -> str:
    return str(definition.extensions[DEFINITION].python_name)


def _key(field: Selected) -> bytes:
    return b'"' + field.key.encode() + b'":'


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _error: value
