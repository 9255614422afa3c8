# SPDX-License-Identifier: EUPL-1.2
"""The hub without its access log, to measure what the log costs: `python -m bench.unlogged --port N --data-dir DIR`.

No setting leaves the log out; here its parts are taken away before the hub starts. Nobody is marked in an answer's text, no line is
written, neither before an answer nor with a recording.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select

import hub.plan.builder
import hub.plan.feed
import hub.plan.page_items
import hub.plan.pages
import hub.plan.writing
from hub.access.log import AccessLog
from hub.cli import main


def leave_marks_out() -> None:
    """Make plans whose answers name nobody."""
    for module in (hub.plan.builder, hub.plan.page_items, hub.plan.pages):
        _replace(module, "marked", lambda _subject, pieces: pieces)
    _replace(hub.plan.feed, "places", lambda _start, _end, **_named: [])
    _replace(hub.plan.writing, "LINE", {})
    _replace(hub.plan.writing, "logged", lambda _answer, _subjects, _said: select(1).cte("nothing"))


def leave_lines_out() -> None:
    """Write none."""
    for name in ("write", "write_within", "know"):
        _replace(AccessLog, name, _nothing)


async def _nothing(*_given: Any, **_named: Any) -> None:
    pass


def _replace(owner: object, name: str, by: Callable[..., Any] | Mapping[str, Any]) -> None:
    # NOTE what is no longer there cannot be taken away: then this is no comparison any more.
    assert hasattr(owner, name)
    setattr(owner, name, by)


if __name__ == "__main__":
    leave_marks_out()
    leave_lines_out()
    sys.argv.insert(1, "serve")
    main()
