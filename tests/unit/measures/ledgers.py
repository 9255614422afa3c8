# SPDX-License-Identifier: EUPL-1.2
"""Ledgers for the cases, made and told in words."""

from __future__ import annotations

from datetime import date, timedelta

from hub.measures.facts import Fact
from hub.measures.measure import Measure


def fact(number: int, word: str, day: date, measure: Measure = Measure.RDC, **more: object) -> Fact:
    return Fact(f"{number:03}", word, day, measure, **more)  # type: ignore[arg-type]


def ledger(measure: Measure, first: date, *words: str) -> tuple[Fact, ...]:
    """Facts a week apart. `~` before a word: withdrawn; `?`: justified; after a slash: the kind of pact."""
    found = []
    for number, word in enumerate(words):
        name, _, pact = word.lstrip("~?").partition("/")
        found.append(
            fact(
                number,
                name,
                first + timedelta(weeks=number),
                measure,
                withdrawn=word.startswith("~"),
                justified=word.startswith("?"),
                pact=pact or None,
            )
        )
    return tuple(found)


def told(facts: tuple[Fact, ...], measure: Measure) -> str:
    """Facts in words."""
    parts = []
    for one in facts:
        also = [f"{one.day}"]
        also += [f"under {one.pact}"] if one.pact else []
        also += [f"recorded by {one.recorder}"] if one.recorder else []
        also += ["withdrawn"] if one.withdrawn else []
        also += ["justified"] if one.justified else []
        also += [f"of {one.measure}"] if one.measure is not measure else []
        parts.append(f"`{one.type}` {', '.join(also)}")
    return "; ".join(parts) or "no fact"
