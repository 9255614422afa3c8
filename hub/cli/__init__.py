# SPDX-License-Identifier: EUPL-1.2
"""The `snodo` command: the composition root. One module per group of commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from hub.errors import SnodoError

GROUPS = {
    "demo": "demo",
    "serve": "serving",
    "worker": "serving",
    "migrate": "data",
    "seed": "data",
    "reference": "data",
    "sync": "data",
    "feed": "feed",
    "measures": "measures",
    "verify": "verify",
    "doctor": "doctor",
    "agency": "agencies",
    "region": "regions",
    "sap": "sap",
    "rdc": "rdc",
    "access-log": "access_log",
    "simulate": "simulators",
    "voucher": "voucher",
    "schema": "schema",
}
"""Each command's module: only the one that is asked for is imported, since together they are a second's work."""


def command_line(words: Sequence[str]) -> typer.Typer:
    """The command line, with the commands that `words` needs, or all of them."""
    app = typer.Typer(
        name="snodo",
        help="GraphQL interoperability hub between the agencies behind Italy's minimum-income measures.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)  # with one command alone, typer would leave out its name
    asked = GROUPS.get(words[0]) if words else None
    for module in dict.fromkeys([asked] if asked else GROUPS.values()):
        import_module(f"hub.cli.{module}").add_to(app)
    return app


def _root() -> None:
    """GraphQL interoperability hub between the agencies behind Italy's minimum-income measures."""


def main() -> None:
    """Run the command; a refusal is one sentence on stderr and exit code 1."""
    # Ended by the system or by a person, a command leaves its blocks: the embedded server stops with the last of them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        command_line(sys.argv[1:])()
    except SnodoError as error:
        sys.stderr.write(f"snodo: {error.message}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if (told := _told_of_database(error)) is None:
            raise
        sys.stderr.write(f"snodo: {told}\n")
        sys.exit(1)


def _told_of_database(error: BaseException | None) -> str | None:
    """What may be said of a fault of the database, or of one that SQLAlchemy wrapped; None for another fault.

    Its own message quotes rows: only its class and the constraint are named, and the sentences of our own scripts.
    """
    import asyncpg  # only here: most commands import it anyway, and those that do not start sooner

    while error is not None:
        if isinstance(error, asyncpg.RaiseError):
            return " ".join(part for part in (error.args[0], error.hint) if part)
        if isinstance(error, asyncpg.PostgresError):
            constraint = getattr(error, "constraint_name", None)
            return f"The database refuses: {type(error).__name__}{f' ({constraint})' if constraint else ''}."
        if isinstance(error, (asyncpg.InterfaceError, TimeoutError)):
            return f"The database does not answer: {type(error).__name__}."
        error = error.__cause__
    return None
