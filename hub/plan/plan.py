# SPDX-License-Identifier: EUPL-1.2
"""A plan: the one statement that answers a root field, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from hub.access.caller import Caller
from hub.access.rows import OF_THE_CALLER, scope_values
from hub.access.seen import Seen
from hub.plan.arguments import Variables
from hub.store.statement import Connection, Statement

Bind: TypeAlias = Callable[[Variables], Any]


class Together(Protocol):
    """The statement for several runs: `ord, text` of each."""

    text: str

    def arguments(self, members: Sequence[Sequence[Any]]) -> list[Any]:
        """Its values, from those each member would run alone with."""


class Plan:
    """Good for every request of one document, one shape of arguments and one scope of callers.

    `binds` read the variables; every other parameter of the statement is a constant or the caller's. `walked` has the `id` of each
    field node that has a federated field below it: only these are walked in Python.
    """

    def __init__(
        self,
        statement: Statement,
        binds: Mapping[str, Bind],
        walked: frozenset[int],
        again: Callable[[Statement], Together] | None = None,
        *,
        is_personal: bool,
    ) -> None:
        """Take the compiled statement; `again` builds its SQL once more, in the form that joins several runs."""
        self.statement = statement
        self.binds = binds
        self.walked = walked
        self.is_personal = is_personal
        """Whether it reads tables about people: then who was shown is written down."""
        self.pace = 0.0
        """Seconds one run took lately (`hub.plan.runner`)."""
        self._again = again
        self._joined: Together | None = None
        self._shared = [number for number, name in enumerate(statement.names) if name in statement.arrays]
        # Where each parameter's value comes from is decided here: a run only fills in what changes.
        place = {name: number for number, name in enumerate(statement.names)}
        self._reads = [
            (place[name], statement.converted(name, bind)) for name, bind in binds.items() if name in place
        ]
        # A bind that stands nowhere in the text is read all the same: reading checks the value.
        self._checks = [bind for name, bind in binds.items() if name not in place]
        self._scoped: list[tuple[int, str]] = []
        self._constants: list[Any] = [None] * len(place)
        for name, number in place.items():
            if name in statement.defaults:
                self._constants[number] = statement.converted(name, statement.defaults.__getitem__)(name)
            elif name not in binds:
                assert name.startswith(OF_THE_CALLER), name
                self._scoped.append((number, name))

    @property
    def is_stored(self) -> bool:
        """Whether the answer is finished as it comes from the database."""
        return not self.walked

    def arguments(self, variables: Variables, caller: Caller) -> list[Any]:
        """The values of the statement's parameters, in their order."""
        values = self._constants.copy()
        for number, read in self._reads:
            values[number] = read(variables)
        for check in self._checks:
            check(variables)
        if self._scoped:
            scope = scope_values(caller)
            for number, name in self._scoped:
                values[number] = scope[name]
        return values

    def company(self, arguments: Sequence[Any]) -> tuple[object, ...]:
        """What must be equal in runs that are joined: the plan, and the arrays they bind."""
        return (self, *[tuple(arguments[number]) for number in self._shared])

    def joined(self) -> Together:
        """The statement for several runs. Built at first need: a plan keeps its SQL's text, not the tree it was written from."""
        if self._joined is None:
            assert self._again is not None, "a read-back runs alone, in its transaction"
            self._joined = self._again(self.statement)
        return self._joined

    async def run(self, connection: Connection, variables: Variables, caller: Caller, seen: Seen) -> bytes:
        """The JSON of the root field, as PostgreSQL wrote it; on a connection that writes, in its transaction."""
        answer: bytes | str | None = await connection.fetchval(
            self.statement.text, *self.arguments(variables, caller)
        )
        return seen.take(_bytes(answer))

    async def rows(
        self, connection: Connection, variables: Variables, caller: Caller, seen: Seen
    ) -> list[bytes]:
        """The JSON of each row, of a plan that reads many; else as `run`."""
        found = await connection.fetch(self.statement.text, *self.arguments(variables, caller))
        # Together: a mark costs what it costs once, and NUL is in no text of PostgreSQL's.
        return seen.take(b"\x00".join([_bytes(answer) for (answer,) in found])).split(b"\x00")


def _bytes(answer: bytes | str | None) -> bytes:
    # A connection that writes gives text as str.
    return b"null" if answer is None else answer.encode() if isinstance(answer, str) else answer
