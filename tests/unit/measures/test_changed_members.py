# SPDX-License-Identifier: EUPL-1.2
"""Who joins and leaves a household, as life has it: couples who come together, who stays and marries again, and how many there may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from hub.errors import InvalidInput
from hub.measures.changes import Change, MemberJoined, MemberLeft, household_in
from hub.measures.checked import MOST_TOLD, SpousesDisagree, TooManyTold, check_household
from hub.measures.checked_changes import check_changes
from hub.measures.household import Household, Member

MARRIED = (
    Member("a", date(1980, 1, 1), applicant=True, spouse="b"),
    Member("b", date(1981, 1, 1), spouse="a"),
)
ALONE = (Member("a", date(1980, 1, 1), applicant=True),)
FEBRUARY, AUGUST, LATER = date(2026, 2, 1), date(2026, 8, 1), date(2027, 1, 1)


def joined(day: date, key: str, spouse: str | None = None) -> MemberJoined:
    return MemberJoined(day, Member(key, date(1985, 5, 5), spouse=spouse))


def check(members: Sequence[Member], *changes: Change) -> Household:
    """The household of afterwards, which can be."""
    household = Household(tuple(members))
    check_changes(household, [(change, ["changes", n]) for n, change in enumerate(changes)])
    after = household_in(LATER, household, changes)
    check_household(after, LATER)
    return after


def test_who_stays_may_marry_again() -> None:
    after = check(MARRIED, MemberLeft(FEBRUARY, "b"), joined(AUGUST, "c", spouse="a"))
    assert [(one.key, one.spouse) for one in after.members] == [("a", None), ("c", "a")]


def test_a_couple_may_join_on_one_day_in_either_order() -> None:
    couple = (joined(FEBRUARY, "p", spouse="q"), joined(FEBRUARY, "q", spouse="p"))
    for changes in (couple, couple[::-1]):
        assert len(check(ALONE, *changes).members) == 3


@pytest.mark.parametrize(
    "second",
    [joined(AUGUST, "q", spouse="p"), joined(FEBRUARY, "q", spouse="a")],
    ids=["who comes later", "who is another's"],
)
def test_nobody_is_the_spouse_of_who_is_not_there_or_names_another(second: MemberJoined) -> None:
    with pytest.raises(SpousesDisagree) as refused:
        check(ALONE, joined(FEBRUARY, "p", spouse="q"), second)
    assert refused.value.extensions["path"] == ["changes", 0, "member", "spouse"]


def test_no_more_join_than_a_household_may_have() -> None:
    many = (*ALONE, *(Member(f"m{n}", date(1990, 1, 1)) for n in range(MOST_TOLD - 1)))
    with pytest.raises(TooManyTold) as refused:
        check(many, joined(FEBRUARY, "p"))
    assert refused.value.extensions["path"] == ["changes", 0, "member"]
    assert len(check(many, MemberLeft(FEBRUARY, "m1"), joined(FEBRUARY, "p")).members) == MOST_TOLD


def test_what_is_refused_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput):
        check(MARRIED, joined(FEBRUARY, "c", spouse="a"))
