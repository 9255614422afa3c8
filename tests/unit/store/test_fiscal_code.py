# SPDX-License-Identifier: EUPL-1.2
"""The fiscal code: the check letter, omocodia in each of its seven steps, and the provisional form."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.errors import ClientError
from hub.store.fiscal_code import (
    OMOCODIA_DIGITS,
    OMOCODIA_POSITIONS,
    InvalidFiscalCode,
    check_digit,
    check_letter,
    holds_fiscal_code,
    omocodia,
    parse_fiscal_code,
)

# The published check value of the algorithm, and public test persons of ANPR (domain.md, sections 1.6 and 7).
KNOWN = ("RCCMNL83S18D969H", "PRVGNN90R10H501Q", "NRECLD90R50H501G")

plain_codes = st.builds(
    lambda letters, year, month, day, place, number: (
        (first := f"{letters}{year:02}{month}{day:02}{place}{number:03}") + check_letter(first)
    ),
    letters=st.text(string.ascii_uppercase, min_size=6, max_size=6),
    year=st.integers(0, 99),
    month=st.sampled_from("ABCDEHLMPRST"),
    day=st.integers(1, 31) | st.integers(41, 71),
    place=st.sampled_from(string.ascii_uppercase),
    number=st.integers(0, 999),
)


def undo_omocodia(code: str) -> str:
    """The plain code of a variant."""
    characters = [
        str(OMOCODIA_DIGITS.index(c)) if i in OMOCODIA_POSITIONS and c in OMOCODIA_DIGITS else c
        for i, c in enumerate(code[:15])
    ]
    first_fifteen = "".join(characters)
    return first_fifteen + check_letter(first_fifteen)


@pytest.mark.parametrize("code", KNOWN)
def test_the_check_letter_of_known_codes(code: str) -> None:
    assert check_letter(code[:15]) == code[15]
    assert parse_fiscal_code(code) == code


def test_lower_case_and_blanks_around_are_taken() -> None:
    assert parse_fiscal_code("  rccmnl83s18d969h\n") == "RCCMNL83S18D969H"


@pytest.mark.parametrize("replaced", range(1, 8))
def test_each_omocodia_variant_is_valid_and_leads_back(replaced: int) -> None:
    variant = omocodia(KNOWN[0], replaced)
    assert variant != KNOWN[0]
    assert sum(a != b for a, b in zip(variant[:15], KNOWN[0][:15], strict=True)) == replaced
    assert parse_fiscal_code(variant.lower()) == variant
    assert undo_omocodia(variant) == KNOWN[0]


def test_omocodia_replaces_from_the_right() -> None:
    assert omocodia("RCCMNL83S18D969H", 1)[:15] == "RCCMNL83S18D96V"
    assert omocodia("RCCMNL83S18D969H", 7)[:15] == "RCCMNLUPSMUDVSV"


def test_a_wrong_letter_is_refused_and_the_code_is_not_repeated() -> None:
    with pytest.raises(InvalidFiscalCode, match="check letter") as refusal:
        parse_fiscal_code("RCCMNL83S18D969A")
    assert "RCCMNL" not in refusal.value.message
    assert isinstance(refusal.value, ClientError)
    assert refusal.value.code == "INVALID_FISCAL_CODE"


def test_the_provisional_form() -> None:
    assert check_digit("0123456789") == "7"
    assert parse_fiscal_code("01234567897") == "01234567897"
    with pytest.raises(InvalidFiscalCode, match="last digit"):
        parse_fiscal_code("01234567890")


@pytest.mark.parametrize(
    "junk",
    [
        "",
        " ",
        "RCCMNL83S18D969",  # a character short
        "RCCMNL83S18D969HH",  # one too many
        "RCCMNL83F18D969H",  # F is no month
        "RCC1NL83S18D969H",  # a digit among the letters
        "RCCMNLA3S18D969H",  # A stands for no digit
        "ＲＣＣＭＮＬ８３Ｓ１８Ｄ９６９Ｈ",  # full-width look-alikes
        "0123456789",
        "012345678977",
        "٠١٢٣٤٥٦٧٨٩٧",  # digits of another script
        "RCCMNL83S18D969H\x00",
        "RCC MNL 83S18 D969H",
    ],
)
def test_junk_is_refused(junk: str) -> None:
    with pytest.raises(InvalidFiscalCode):
        parse_fiscal_code(junk)


@given(plain_codes)
def test_every_well_made_code_is_accepted_in_either_case(code: str) -> None:
    assert parse_fiscal_code(code) == code
    assert parse_fiscal_code(code.lower()) == code


@given(plain_codes, st.integers(1, 7))
def test_every_variant_is_accepted_and_leads_back(code: str, replaced: int) -> None:
    variant = omocodia(code, replaced)
    assert parse_fiscal_code(variant) == variant
    assert undo_omocodia(variant) == code


@given(plain_codes, st.sampled_from(string.ascii_uppercase))
def test_only_one_letter_checks(code: str, letter: str) -> None:
    assume(letter != code[15])
    with pytest.raises(InvalidFiscalCode):
        parse_fiscal_code(code[:15] + letter)


@given(st.text(string.digits, min_size=10, max_size=10), st.sampled_from(string.digits))
def test_one_digit_checks_a_provisional_code(first_ten: str, digit: str) -> None:
    if digit == check_digit(first_ten):
        assert parse_fiscal_code(first_ten + digit) == first_ten + digit
    else:
        with pytest.raises(InvalidFiscalCode):
            parse_fiscal_code(first_ten + digit)


@given(st.text(max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        code = parse_fiscal_code(text)
    except InvalidFiscalCode:
        return
    assert parse_fiscal_code(code) == code
    assert len(code) in (11, 16)
    assert code.isascii()


@given(
    plain_codes,
    st.integers(0, 7),
    st.text(string.ascii_lowercase + " ", max_size=5),
    st.sampled_from([" ", "-", "./", "\u00a0"]),
)
def test_a_code_is_found_in_whatever_writing(code: str, replaced: int, before: str, between: str) -> None:
    told = omocodia(code, replaced) if replaced else code
    wide = "".join(chr(ord(one) + 0xFEE0) for one in told)
    for written in (
        told,
        told.lower(),
        between.join((told[:6], told[6:11], told[11:])),
        between.join(told),
        wide,
    ):
        assert holds_fiscal_code(f"{before}{written}.")


@pytest.mark.parametrize(
    "text", ["", "Magazziniera, 40 ore", "12345678903", "RSSMRA80A01H501A", "RSSMRA80A01H501", "H501C900031"]
)
def test_nothing_else_is_a_code(text: str) -> None:
    assert not holds_fiscal_code(text)
