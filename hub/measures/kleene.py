# SPDX-License-Identifier: EUPL-1.2
"""Yes, no, and not known (None), joined as Kleene does: what is not known matters only where it could change the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hub.measures.reasons import Verdict

T = TypeVar("T")


def either(*values: bool | None) -> bool | None:
    """Whether one of them holds."""
    if True in values:
        return True
    return None if None in values else False


def both(*values: bool | None) -> bool | None:
    """Whether all of them hold."""
    if False in values:
        return False
    return None if None in values else True


def not_(value: bool | None) -> bool | None:
    """The contrary."""
    return None if value is None else not value


def known(value: T | None, test: Callable[[T], bool]) -> bool | None:
    """Whether a value meets a test; not known where the value is not."""
    return None if value is None else test(value)


def verdict(value: bool | None) -> Verdict:
    """The word for it."""
    if value is None:
        return Verdict.UNDETERMINED
    return Verdict.SATISFIED if value else Verdict.NOT_SATISFIED
