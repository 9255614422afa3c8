# SPDX-License-Identifier: EUPL-1.2
"""The identifier of an active policy: made, taken apart, and its control letter."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sap import InvalidPolicyId, make_policy_id, read_policy_id, read_sap
from connectors.sap.policy_id import HIGHEST_SEQUENCE, control_letter
from connectors.sap.records import Policy
from connectors.sap.regions import SENDERS, SYSTEMS
from tests.unit.connectors.sap_documents import GOOD

PROMOTERS = st.from_regex(r"[A-Z][0-9]{3}[CSNX][0-9]{6}", fullmatch=True)
KINDS = st.from_regex(r"[A-Z][0-9]{2}", fullmatch=True)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def test_the_published_example_comes_out() -> None:
    made = make_policy_id("08", 9_124_756, promoter="H501X000004", kind="A02", proposed_on=date(2017, 1, 1))
    assert str(made) == "08008B3B94B"


@given(st.sampled_from(sorted(SYSTEMS)), st.integers(0, HIGHEST_SEQUENCE), PROMOTERS, KINDS, DAYS)
def test_what_is_made_is_read_as_it_was_made(
    system: str, sequence: int, promoter: str, kind: str, proposed_on: date
) -> None:
    made = make_policy_id(system, sequence, promoter=promoter, kind=kind, proposed_on=proposed_on)
    assert len(str(made)) == 11
    assert read_policy_id(str(made)) == made
    assert made.letter == control_letter(promoter, kind, proposed_on)


@given(PROMOTERS, KINDS, DAYS, st.integers(0, 21), st.characters(min_codepoint=48, max_codepoint=57))
def test_a_digit_that_is_another_is_found_by_the_letter(
    promoter: str, kind: str, proposed_on: date, place: int, digit: str
) -> None:
    """At an odd place, counted from one, no two digits have one value; at an even one neither."""
    made_of = f"{promoter}{kind}{proposed_on:%Y%m%d}"
    if not made_of[place].isdigit() or made_of[place] == digit:
        return
    other = made_of[:place] + digit + made_of[place + 1 :]
    try:
        day = date.fromisoformat(f"{other[14:18]}-{other[18:20]}-{other[20:]}")
    except ValueError:
        return
    assert control_letter(other[:11], other[11:14], day) != control_letter(promoter, kind, proposed_on)


def test_a_policy_whose_data_were_corrected_keeps_its_letter_and_breaks_no_rule() -> None:
    """Its identifier is of another day and type than it has now: it may not be made anew, so it is not compared."""
    first = make_policy_id("08", 1, promoter="H501C000523", kind="A02", proposed_on=date(2018, 1, 2))
    corrected = Policy(
        kind="C05", title="Corso", proposed_on=date(2018, 1, 3), starts_on=date(2018, 1, 3), ends_on=date(2018, 6, 3),
        promoter="H501C000523", identifier=str(first), event="01", event_on=date(2018, 1, 3),
    )  # fmt: skip
    assert first.letter != control_letter("H501C000523", "C05", date(2018, 1, 3))
    document = read_sap(GOOD.encode()).with_policy(corrected)
    assert document.sap.policies[-1] == corrected
    assert document.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "08008B3B94",
        "08008B3B94BB",
        "08008b3b94B",
        "080O8B3B94B",
        "22008B3B94B",
        "08008B3B941",
        "٠٨008B3B94B",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicyId):
        read_policy_id(text)


@pytest.mark.parametrize(
    ("system", "sequence", "promoter", "kind"),
    [
        ("99", 1, "H501X000004", "A02"),
        ("08", -1, "H501X000004", "A02"),
        ("08", HIGHEST_SEQUENCE + 1, "H501X000004", "A02"),
        ("08", 1, "H501X00004", "A02"),
        ("08", 1, "H501X000004", "A2"),
    ],
)
def test_what_no_identifier_can_be_made_of_is_refused(
    system: str, sequence: int, promoter: str, kind: str
) -> None:
    with pytest.raises(InvalidPolicyId):
        make_policy_id(system, sequence, promoter=promoter, kind=kind, proposed_on=date(2017, 1, 1))


def test_the_territories_are_the_published_ones() -> None:
    assert len(SENDERS) == 21
    assert (SENDERS["08"], SENDERS["20"]) == ("LAZIO", "VAL D'AOSTA")
    assert SYSTEMS - set(SENDERS) == {"00", "31", "32"}
