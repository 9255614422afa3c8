# SPDX-License-Identifier: EUPL-1.2
"""Giving every person of a population a fiscal code of their own: computed, omocodic where two would be the same, provisional.

Source: DM 23-12-1976; provisional codes have seven digits, the three of an office, and the check digit.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import lru_cache
from random import Random

from hub.store.fiscal_code import OMOCODIA_POSITIONS, check_digit, check_letter, omocodia
from hub.store.vocabulary import Sex

_MONTHS = "ABCDEHLMPRST"
_VOWELS = frozenset("AEIOU")


def plain_fiscal_code(family_name: str, given_name: str, born_on: date, sex: Sex, place: str) -> str:
    """The 16 characters before any omocodia; `place` is the Belfiore code of the municipality or state of birth."""
    day = born_on.day + (40 if sex is Sex.F else 0)
    first_fifteen = (
        f"{family_part(family_name)}{given_part(given_name)}"
        f"{born_on.year % 100:02}{_MONTHS[born_on.month - 1]}{day:02}{place}"
    )
    return first_fifteen + check_letter(first_fifteen)


@lru_cache(maxsize=4_096)
def family_part(name: str) -> str:
    """Three letters of a family name: its consonants, then its vowels, then X."""
    consonants, vowels = _letters(name)
    return (consonants + vowels + "XXX")[:3]


@lru_cache(maxsize=4_096)
def given_part(name: str) -> str:
    """Three letters of a given name: of four consonants or more the first, third and fourth; else as a family name."""
    consonants, vowels = _letters(name)
    if len(consonants) > 3:
        return consonants[0] + consonants[2] + consonants[3]
    return (consonants + vowels + "XXX")[:3]


def _letters(name: str) -> tuple[str, str]:
    """The consonants and the vowels of a name in their order, without accents, blanks and apostrophes."""
    bare = [c for c in unicodedata.normalize("NFD", name.upper()) if "A" <= c <= "Z"]
    return "".join(c for c in bare if c not in _VOWELS), "".join(c for c in bare if c in _VOWELS)


class FiscalCodes:
    """Every code is given once. `chance` decides who has an omocodia because of someone outside this population."""

    def __init__(self, chance: Random, omocodia_share: float = 0.01) -> None:
        self._chance = chance
        self._omocodia_share = omocodia_share
        self._given: set[str] = set()

    def give(self, family_name: str, given_name: str, born_on: date, sex: Sex, place: str) -> str | None:
        """The person's code; None when all the variants for their data are taken (choose another birth date)."""
        plain = plain_fiscal_code(family_name, given_name, born_on, sex, place)
        replaced = 0
        if self._chance.random() < self._omocodia_share:
            replaced = 1 + int(self._chance.random() * 3)
        for digits in range(replaced, len(OMOCODIA_POSITIONS) + 1):
            code = omocodia(plain, digits)
            if code not in self._given:
                self._given.add(code)
                return code
        return None

    def give_provisional(self) -> str:
        """An 11-digit code, as an office gives to someone whose data are not certain yet."""
        while True:
            first_ten = (
                f"{1 + int(self._chance.random() * 9_999_999):07}{1 + int(self._chance.random() * 100):03}"
            )
            code = first_ten + check_digit(first_ten)
            if code not in self._given:
                self._given.add(code)
                return code
