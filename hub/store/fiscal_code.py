# SPDX-License-Identifier: EUPL-1.2
"""The Italian fiscal code (codice fiscale): 16 characters with omocodia, or 11 digits while provisional.

Source: DM 23-12-1976 for the 16 characters and the check letter; for the 11 digits the check digit of the partita IVA
(Luhn), which is what the published libraries apply to provisional codes too (medium confidence).
"""

from __future__ import annotations

import re
import unicodedata

from hub.errors import InvalidInput

_SHAPE = re.compile(
    r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]", re.ASCII
)
_PROVISIONAL = re.compile(r"[0-9]{11}", re.ASCII)
_WITHIN = re.compile(f"(?=({_SHAPE.pattern}))", re.ASCII)
_BETWEEN = re.compile(r"[\W_]+")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The value of a character at an odd position (counted from one): digits take the first ten values of the letters.
_ODD_LETTERS = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ODD = bytes.maketrans(_ALPHABET.encode(), bytes(_ODD_LETTERS[:10] + _ODD_LETTERS))
_EVEN = bytes.maketrans(_ALPHABET.encode(), bytes((*range(10), *range(26))))

OMOCODIA_DIGITS = "LMNPQRSTUV"
"""The letter that stands for each digit where two people would have the same code."""
OMOCODIA_POSITIONS = (14, 13, 12, 10, 9, 7, 6)
"""Where digits may be replaced, in the order they are: from the right (indexes from zero)."""


class InvalidFiscalCode(InvalidInput):
    """A fiscal code has 16 characters, the last of which checks the others, or 11 digits while it is provisional."""

    code = "INVALID_FISCAL_CODE"


def check_letter(first_fifteen: str) -> str:
    """The sixteenth character that belongs to the first fifteen, upper case."""
    characters = first_fifteen.encode()
    total = sum(characters[::2].translate(_ODD)) + sum(characters[1::2].translate(_EVEN))
    return chr(ord("A") + total % 26)


def check_digit(first_ten: str) -> str:
    """The eleventh digit that belongs to the first ten of a provisional code."""
    total = 0
    for i, c in enumerate(first_ten):
        digit = int(c) * (2 if i % 2 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def parse_fiscal_code(text: str) -> str:
    """The code in its one written form: upper case, without blanks around it.

    Raises:
        InvalidFiscalCode: with a sentence that says which rule is broken, and never the code.

    """
    code = text.strip().upper()
    if _PROVISIONAL.fullmatch(code):
        if check_digit(code[:10]) != code[10]:
            raise InvalidFiscalCode(
                "The last digit of this 11-digit fiscal code does not belong to the others."
            )
        return code
    if not _SHAPE.fullmatch(code):
        raise InvalidFiscalCode
    if check_letter(code[:15]) != code[15]:
        raise InvalidFiscalCode(
            "The check letter of this fiscal code does not belong to the other 15 characters."
        )
    return code


def holds_fiscal_code(text: str) -> bool:
    """Whether a 16-character code whose check letter is right stands in a text, in any writing: small, wide, with blanks or dashes.

    One of 11 digits is not looked for: it cannot be told from an employer's VAT number.
    """
    together = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    return any(check_letter(code[:15]) == code[15] for code in _WITHIN.findall(together))


def omocodia(code: str, replaced: int) -> str:
    """The variant of a plain 16-character code with `replaced` (1–7) digits turned to letters, from the right."""
    characters = list(code[:15])
    for position in OMOCODIA_POSITIONS[:replaced]:
        characters[position] = OMOCODIA_DIGITS[int(characters[position])]
    first_fifteen = "".join(characters)
    return first_fifteen + check_letter(first_fifteen)
