# SPDX-License-Identifier: EUPL-1.2
"""What the rules answer with: a verdict and its reason, never a bare yes or no."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

Value = Decimal | int | date | str | None
"""What was compared: euro, a count (years, months, cc), a day, or a word; None where it is missing or there is nothing to compare."""


class Verdict(StrEnum):
    """Whether a requirement is met. A missing fact leaves it undetermined: that is never a silent no."""

    SATISFIED = "SATISFIED"
    NOT_SATISFIED = "NOT_SATISFIED"
    UNDETERMINED = "UNDETERMINED"


class Reason(NamedTuple):
    """Why: a word for programs, the article, a sentence for people, what was compared with what.

    `unverified`: a number or a rule it rests on was not read in the law itself, or can be read in two ways.
    """

    code: str
    article: str
    sentence: str
    value: Value = None
    limit: Value = None
    unverified: bool = False


class Finding(NamedTuple):
    """One requirement, looked at; `reason.code` is its name."""

    verdict: Verdict
    reason: Reason


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """What several verdicts come to: one that is not satisfied decides, then one that is undetermined."""
    found = Verdict.SATISFIED
    for verdict in verdicts:
        if verdict is Verdict.NOT_SATISFIED:
            return verdict
        if verdict is Verdict.UNDETERMINED:
            found = verdict
    return found
