# SPDX-License-Identifier: EUPL-1.2
"""What one fact leads to when it becomes known: the proposal that its entry of the feed carries.

It is where its kind of breach stands from then on (`standing`): how many count, and what the law attaches to the last of them in the order
they happened. So of two that are told in the other order the second to be told is the second, whichever happened first.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.measures.consequences import Circumstances, Proposal, counted_breaches, proposal_for
from hub.measures.facts import Fact, in_order
from hub.measures.measure import Measure
from hub.measures.renewal import NEVER


def proposed(
    measure: Measure, fact: str, facts: Iterable[Fact], circumstances: Circumstances | None = None
) -> Proposal | None:
    """What is proposed because of the fact of this id, among all that are known, itself included; None: it is no breach, or does not count.

    Raises:
        UnknownFact, RepeatedFact, BeforeTheLaw: as `consequences.proposals`.

    """
    around = circumstances or Circumstances()
    counted = list(counted_breaches(measure, in_order(facts, measure, NEVER), around))
    own = next((one for one in counted if one.fact.id == fact), None)
    if own is None:
        return None
    last = own if own.breach is None else [one for one in counted if one.breach is own.breach][-1]
    return proposal_for(measure, last, around)
