# SPDX-License-Identifier: EUPL-1.2
"""A fact of the ledger, as plainly as the rules need it, and the one order in which facts are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from hub.errors import InvalidInput
from hub.measures.consequence_rules import BREACHES, NO_BREACH
from hub.measures.measure import Measure


class UnknownFact(InvalidInput):
    """A fact's type is a word of ConditionalityEventType."""

    code = "UNKNOWN_FACT"


class RepeatedFact(InvalidInput):
    """Two facts have the same id: each fact of the ledger is given once."""

    code = "REPEATED_FACT"


@dataclass(frozen=True, slots=True)
class Fact:
    """One recorded fact: `day` is when it happened, in Europe/Rome. `id` tells it from all others, and orders those of one day.

    `justified`: whether a justified reason was accepted for it (`justified_reasons`). `pact`: the kind it happened under, a word of
    `PactKind`; `recorder`: the kind of agency that recorded it, a word of `AgencyKind`; both None: not known. The ledger keeps a fact once (one person, type and moment); two facts are two, whatever their day.
    """

    id: str
    type: str
    day: date
    measure: Measure
    withdrawn: bool = False
    justified: bool = False
    pact: str | None = None
    recorder: str | None = None


def in_order(facts: Iterable[Fact], measure: Measure, on: date) -> list[Fact]:
    """The facts that count for a measure up to a day (included): not withdrawn, oldest first, those of one day by id.

    Raises:
        UnknownFact: a type that is no word of the ledger.
        RepeatedFact: an id given twice.

    """
    given = list(facts)
    if len({fact.id for fact in given}) < len(given):
        raise RepeatedFact(path=["facts"])
    for number, fact in enumerate(given):
        if fact.type not in BREACHES and fact.type not in NO_BREACH:
            raise UnknownFact(path=["facts", number, "type"])
    counted = (fact for fact in given if fact.measure is measure and not fact.withdrawn and fact.day <= on)
    return sorted(counted, key=lambda fact: (fact.day, fact.id))
