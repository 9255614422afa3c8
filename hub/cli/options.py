# SPDX-License-Identifier: EUPL-1.2
"""What several commands take, and how a command comes by its settings, its database and its event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer
from pydantic import ValidationError
from structlog.typing import EventDict

from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.trace import known_trace

T = TypeVar("T")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where the embedded server and the demo's keys live.", show_default="./.snodo"
    ),
]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
]


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def settings_of(**given: Any) -> Settings:
    """The environment's settings, with what the command line gave in their place.

    Raises:
        ConfigurationError: a value cannot be read; names each variable, not its value.
    """
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            f"SNODO_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()
        )
        raise ConfigurationError(
            f"A setting cannot be read. {faults}. See docs/reference/settings.md."
        ) from None
    log_to_stderr(settings.log_level)
    return settings


def log_to_stderr(level: str) -> None:
    """One line of JSON per event, on stderr: stdout belongs to what a command prints."""
    import sys

    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _add_trace,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Looked up for each line: while bars are shown, what stands there writes above them.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _add_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    known = known_trace()
    if known is not None:
        event.setdefault("trace", known)
    return event


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine on the loop the hub is served with."""
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
