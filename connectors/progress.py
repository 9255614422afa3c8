# SPDX-License-Identifier: EUPL-1.2
"""How far a long run has come, for whoever watches it. What is told names an agency, a flow or a file, and nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Told what is under way, how much of it is done, and of how much: None where that is not known. The last word is the total's."""

Steps: TypeAlias = Callable[[int, int | None], None]
"""The same of one thing, whose name the caller knows."""


def unwatched(_name: str, _done: int, _total: int | None) -> None:
    """Nobody watches."""


def unwatched_steps(_done: int, _total: int | None) -> None:
    """Nobody watches one thing."""
