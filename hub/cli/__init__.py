# SPDX-License-Identifier: EUPL-1.2
"""The `snodo` command: the composition root. One module per group of commands."""

from __future__ import annotations

import signal
import sys

import typer

from hub.cli import agencies, data, demo, schema, serving, simulators
from hub.errors import SnodoError

app = typer.Typer(
    name="snodo",
    help="GraphQL interoperability hub between the agencies behind Italy's minimum-income measures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (demo, serving, data, agencies, simulators, schema):
    group.add_to(app)


def main() -> None:
    """Run the command; a refusal is one sentence on stderr and exit code 1."""
    # Ended by the system or by a person, a command leaves its blocks: the embedded server stops with the last of them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except SnodoError as error:
        sys.stderr.write(f"snodo: {error.message}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
