# SPDX-License-Identifier: EUPL-1.2
"""A plan: the one statement that answers a root field, and where its values come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hub.access.caller import Caller
from hub.access.rows import scope_values
from hub.plan.arguments import Variables
from hub.store.statement import Connection, Statement

Bind: TypeAlias = Callable[[Variables], Any]


@dataclass(frozen=True)
class Plan:
    """Good for every request of one document, one shape of arguments and one scope of callers."""

    statement: Statement
    binds: Mapping[str, Bind]
    uses_scope: bool
    walked: frozenset[int]
    """`id` of each field node that has a federated field below it: only these are walked in Python."""

    @property
    def is_stored(self) -> bool:
        """Whether the answer is finished as it comes from the database."""
        return not self.walked

    async def run(self, connection: Connection, variables: Variables, caller: Caller) -> bytes:
        """The JSON of the root field, as PostgreSQL wrote it."""
        values = {name: bind(variables) for name, bind in self.binds.items()}
        if self.uses_scope:
            values.update(scope_values(caller))
        answer: bytes | str | None = await connection.fetchval(
            self.statement.text, *self.statement.arguments(values)
        )
        # A connection that writes gives text as str: only read-backs run there.
        return b"null" if answer is None else answer.encode() if isinstance(answer, str) else answer
