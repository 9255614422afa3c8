# SPDX-License-Identifier: EUPL-1.2
"""A SQLAlchemy Core statement, compiled once and run by asyncpg itself.

Core writes the SQL, so that none is pasted together and every value is bound; asyncpg runs it, because the layer between
them costs more than the statement does (docs/adr/0003).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import ARRAY

DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

T = TypeVar("T")


class Statement:
    """SQL text with `$1 …`, and the names of its parameters in that order."""

    __slots__ = ("_converters", "arrays", "defaults", "names", "text")

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        assert isinstance(compiled, SQLCompiler)
        self.text: str = str(compiled)
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.defaults: Mapping[str, Any] = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        self.arrays = frozenset(name for name, bind in compiled.binds.items() if isinstance(bind.type, ARRAY))
        """The parameters that are arrays."""
        self._converters: Mapping[str, Callable[[Any], Any]] = compiled._bind_processors  # type: ignore[assignment]  # noqa: SLF001

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the parameters, each as its type wants it.

        Raises KeyError for a parameter that has neither a value nor a default.
        """
        arguments = []
        for name in self.names:
            value = values[name] if name in values else self.defaults[name]
            converter = self._converters.get(name)
            arguments.append(converter(value) if converter is not None else value)
        return arguments

    def converted(self, name: str, read: Callable[[T], Any]) -> Callable[[T], Any]:
        """`read`, its value as the type of this parameter wants it."""
        converter = self._converters.get(name)
        return read if converter is None else lambda source: converter(read(source))

    async def fetch(self, connection: Connection, /, **values: Any) -> list[asyncpg.Record]:
        """All rows."""
        return await connection.fetch(self.text, *self.arguments(values))

    async def fetchrow(self, connection: Connection, /, **values: Any) -> asyncpg.Record | None:
        """The first row, if any."""
        return await connection.fetchrow(self.text, *self.arguments(values))

    async def fetchval(self, connection: Connection, /, **values: Any) -> Any:
        """The first column of the first row, if any."""
        return await connection.fetchval(self.text, *self.arguments(values))

    async def execute(self, connection: Connection, /, **values: Any) -> None:
        """Run it for its effect."""
        await connection.execute(self.text, *self.arguments(values))
