# SPDX-License-Identifier: EUPL-1.2
"""A plan: the one statement that answers a root field, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hub.access.caller import Caller
from hub.access.rows import scope_values
from hub.plan.arguments import Variables
from hub.store.statement import Connection, Statement

Bind: TypeAlias = Callable[[Variables], Any]


class Plan:
    """Good for every request of one document, one shape of arguments and one scope of callers.

    `binds` read the variables; every other parameter of the statement is a constant or, where the plan `uses_scope`, the
    caller's. `walked` has the `id` of each field node that has a federated field below it: only these are walked in Python.
    """

    def __init__(
        self, statement: Statement, binds: Mapping[str, Bind], uses_scope: bool, walked: frozenset[int]
    ) -> None:
        self.statement = statement
        self.binds = binds
        self.walked = walked
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
                assert uses_scope, name
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

    async def run(self, connection: Connection, variables: Variables, caller: Caller) -> bytes:
        """The JSON of the root field, as PostgreSQL wrote it."""
        answer: bytes | str | None = await connection.fetchval(
            self.statement.text, *self.arguments(variables, caller)
        )
        # A connection that writes gives text as str: only read-backs run there.
        return b"null" if answer is None else answer.encode() if isinstance(answer, str) else answer
