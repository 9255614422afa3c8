# SPDX-License-Identifier: EUPL-1.2
"""Cases that are objects, not words, as rows of a table: what is given is said by the objects themselves, so that the two agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from hub.measures.reasons import Finding, Reason, Verdict
from tests.unit.measures.cases import Table

Asked = tuple[str, Sequence[Reason]]
"""An answer in words, and the reasons it gives."""
STAR = " \\*"


@dataclass(frozen=True)
class Case:
    """One case. `facts`: what is given, in words; `answer`: what is expected, in words."""

    label: str
    facts: str
    answer: str
    ask: Callable[[], Asked]


def table(title: str, law: str, cases: Sequence[Case]) -> Table:
    """The cases as a table, each with the articles its answer rests on."""
    by_words = {(case.label, case.facts): case for case in cases}
    assert len(by_words) == len(cases), "each case has words of its own"
    return Table(
        title,
        law,
        ("case", "given", "article", "answer"),
        tuple((case.label, case.facts, _articles(case.ask()[1]), case.answer) for case in cases),
        lambda label, facts, _article: by_words[label, facts].ask()[0],
    )


def _articles(reasons: Sequence[Reason]) -> str:
    found = (reason.article + (STAR if reason.unverified else "") for reason in reasons)
    return "; ".join(dict.fromkeys(found)) or "–"


def changes(given: object, usual: object) -> str:
    """What of a dataclass differs from the usual one, in words."""
    said = (
        _said(field.name, getattr(given, field.name))
        for field in fields(given)  # type: ignore[arg-type]
        if getattr(given, field.name) != getattr(usual, field.name)
    )
    return "; ".join(said)


def _said(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if value is None:
        return f"{words}: not known"
    if isinstance(value, bool):
        return words if value else f"not: {words}"
    return f"{words}: {shown(value)}"


def shown(value: Any) -> str:
    """A value in words."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(shown(one) for one in value)) or "none"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


WORDS = {
    Verdict.SATISFIED: "yes",
    Verdict.NOT_SATISFIED: "no",
    Verdict.UNDETERMINED: "undetermined",
}


def failing(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Those that decide: not satisfied, else undetermined, else all."""
    for word in (Verdict.NOT_SATISFIED, Verdict.UNDETERMINED):
        if found := [one for one in findings if one.verdict is word]:
            return found
    return findings
