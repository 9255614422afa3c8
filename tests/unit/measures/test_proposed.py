# SPDX-License-Identifier: EUPL-1.2
"""What an entry of the feed carries is where its kind of breach stands from then on; and by which edition of the rules."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.measures.consequence_rules import AGAIN, BREACHES, EDITION, LADDERS, NO_BREACH, NO_RULE, Effect
from hub.measures.consequences import Circumstances
from hub.measures.facts import Fact
from hub.measures.measure import Measure
from hub.measures.proposed import proposed
from hub.measures.renewal import UNTOLD, Renewal
from hub.measures.standing import standing

FIRST = {
    Measure.RDC: date(2019, 4, 1),
    Measure.MIA: date(2023, 9, 1),
    Measure.ADI: date(2024, 1, 1),
    Measure.SFL: date(2023, 9, 1),
}
LAST = date(2026, 6, 1)
EDITIONS = {1: "2e9df549ebefb4471a057407253db9997525161353d7a0de9183d6677bed2e39"}
"""By edition, SHA-256 of its rules. NOTE one that was released is not changed: entries of the feed name it."""


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[Measure, list[Fact], Circumstances]:
    measure = draw(st.sampled_from(Measure))
    facts = [
        Fact(
            f"{number:03}",
            draw(st.sampled_from(sorted(BREACHES | {"CONVOCATION_ATTENDED", "EVENT_WITHDRAWN"}))),
            draw(st.dates(FIRST[measure], LAST)),
            measure,
            withdrawn=draw(st.integers(0, 5)) == 0,
            pact=draw(st.sampled_from([None, "SERVICE", "DIGITAL_ACTIVATION", "INCLUSION"])),
        )
        for number in range(draw(st.integers(1, 8)))
    ]
    renewed = draw(
        st.sampled_from(
            [UNTOLD, Renewal(), Renewal(date(2020, 10, 1)), Renewal(date(2022, 1, 1), date(2021, 1, 1))]
        )
    )
    return measure, draw(st.permutations(facts)), Circumstances(renewal=renewed)


@given(ledgers())
def test_it_is_where_its_kind_of_breach_stands(ledger: tuple[Measure, list[Fact], Circumstances]) -> None:
    measure, facts, around = ledger
    for known in range(1, len(facts) + 1):
        told, last = facts[:known], facts[known - 1]
        found = proposed(measure, last.id, told, around)
        stands = standing(measure, told, LAST, around)
        if last.type in NO_BREACH or last.withdrawn:
            assert found is None
            continue
        assert found is not None
        if found.breach is None:
            assert found in stands.undetermined
            assert found.fact is last
            continue
        of_its_kind = [one for one in stands.rungs if one.breach is found.breach]
        assert [(one.count, one.last) for one in of_its_kind] in ([(found.count, found)], [])
        assert any(last.type in row.types for row in LADDERS[measure] if row.breach is found.breach), (
            "it is of its own kind"
        )


def test_told_in_the_other_order_the_second_is_the_second() -> None:
    """A refusal of 2021 that is told after one of 2022: two, and the law of the later day says what the second brings."""
    later = Fact("2", "SUITABLE_OFFER_REFUSED", date(2022, 2, 1), Measure.RDC)
    earlier = Fact("1", "SUITABLE_OFFER_REFUSED", date(2021, 12, 1), Measure.RDC)
    around = Circumstances(renewal=Renewal())
    first = proposed(Measure.RDC, "2", [later], around)
    second = proposed(Measure.RDC, "1", [later, earlier], around)
    assert first is not None
    assert second is not None
    assert (first.count, first.effect, second.count, second.effect) == (
        1,
        Effect.REDUCED,
        2,
        Effect.FORFEITED,
    )


def test_an_edition_is_its_rules() -> None:
    """Whoever changes a step, an article or a date raises the edition: what was reckoned by the earlier one names that."""
    assert hashlib.sha256(_written().encode()).hexdigest() == EDITIONS[EDITION]


def _written() -> str:
    rules = {
        str(measure): [
            [asdict(one) for one in LADDERS[measure]],
            asdict(AGAIN[measure]) if measure in AGAIN else None,
            asdict(NO_RULE[measure]),
        ]
        for measure in Measure
    }
    return json.dumps(rules, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else str(value)
