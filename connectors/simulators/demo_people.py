# SPDX-License-Identifier: EUPL-1.2
"""The people of the demo: invented names, well-formed fiscal codes, real municipalities, one seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from hub.store.fiscal_code import check_digit, check_letter, omocodia
from hub.store.reference.demo import DemoMunicipality, demo_municipalities

_MONTHS = "ABCDEHLMPRST"
_VOWELS = "AEIOU"

GIVEN_NAMES = {
    "F": [
        "Ada",
        "Bianca",
        "Carla",
        "Daria",
        "Elena",
        "Flora",
        "Gaia",
        "Ilaria",
        "Lidia",
        "Marta",
        "Nadia",
        "Olga",
        "Piera",
        "Rita",
        "Silvia",
        "Teresa",
        "Vera",
        "Zoe",
    ],
    "M": [
        "Aldo",
        "Bruno",
        "Carlo",
        "Dario",
        "Elio",
        "Fabio",
        "Gino",
        "Ivo",
        "Luca",
        "Marco",
        "Nino",
        "Omar",
        "Piero",
        "Renzo",
        "Sergio",
        "Tito",
        "Ugo",
        "Walter",
    ],
}
FAMILY_NAMES = [
    "Alberici",
    "Bassani",
    "Cattaneo",
    "Donadio",
    "Esposti",
    "Falchi",
    "Gherardi",
    "Ianni",
    "Lombardelli",
    "Marangoni",
    "Nardelli",
    "Olivastri",
    "Pescatori",
    "Querini",
    "Ravagli",
    "Saccomani",
    "Tedeschini",
    "Ubaldini",
    "Valsecchi",
    "Zanardi",
    "Bonfanti",
    "Cerruti",
    "Dallari",
    "Fumagalli",
]
POSTAL_CODES = {
    "H501": "00185",
    "E472": "04100",
    "M082": "01100",
    "C034": "03043",
    "L219": "10122",
    "E379": "10015",
    "D205": "12100",
    "A182": "15121",
}
"""One real postal code of each municipality people live in."""
STREETS = [
    "Garibaldi",
    "Mazzini",
    "Cavour",
    "Dante",
    "Verdi",
    "Marconi",
    "Manzoni",
    "Matteotti",
    "Gramsci",
    "Leopardi",
]


@dataclass(frozen=True, slots=True, repr=False)
class DemoPerson:
    """One person; `relationship` is ANPR's code to the holder of the family's record (1 holder, 2 spouse, 3 child)."""

    fiscal_code: str
    id_anpr: str
    given_name: str
    family_name: str
    sex: str
    birth_date: date
    birth_place: DemoMunicipality
    relationship: str


def municipality(belfiore: str) -> DemoMunicipality:
    """One of the demo's municipalities, by its Belfiore code."""
    return next(place for place in demo_municipalities() if place.belfiore_code == belfiore)


def fiscal_code(family_name: str, given_name: str, sex: str, birth_date: date, belfiore: str) -> str:
    """The plain 16-character code of a person (DM 23-12-1976; domain.md 7)."""
    day = birth_date.day + (40 if sex == "F" else 0)
    code = (
        _three(family_name)
        + _three_given(given_name)
        + f"{birth_date.year % 100:02d}{_MONTHS[birth_date.month - 1]}{day:02d}{belfiore}"
    )
    return code + check_letter(code)


def provisional_code(number: int) -> str:
    """An 11-digit provisional code, its check digit right."""
    first_ten = f"{number:010d}"
    return first_ten + check_digit(first_ten)


def wrong_check_letter(code: str) -> str:
    """The same code with the next letter where the check letter stands: well formed, and wrong."""
    return code[:15] + chr((ord(code[15]) - ord("A") + 1) % 26 + ord("A"))


class People:
    """Makes people one after the other, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 (people invented, nothing secret)
        self._taken: set[str] = set()
        self._made = 0

    def person(
        self, family_name: str, sex: str, born_between: tuple[int, int], relationship: str
    ) -> DemoPerson:
        """A new person, born in one of the demo's municipalities in a year of the range (last one included)."""
        while True:
            given_name = self._random.choice(GIVEN_NAMES[sex])
            birth_date = date(
                self._random.randint(*born_between), self._random.randint(1, 12), self._random.randint(1, 28)
            )
            birth_place = self._random.choice(demo_municipalities())
            code = fiscal_code(family_name, given_name, sex, birth_date, birth_place.belfiore_code)
            if code not in self._taken:
                break
        self._taken.add(code)
        self._made += 1
        if self._made % 17 == 0:
            code = omocodia(code, 1 + self._made // 17 % 3)
        elif self._made % 41 == 0:
            code = provisional_code(9_000_000_000 + self._made)
        return DemoPerson(
            fiscal_code=code,
            id_anpr=self._id_anpr(),
            given_name=given_name,
            family_name=family_name,
            sex=sex,
            birth_date=birth_date,
            birth_place=birth_place,
            relationship=relationship,
        )

    def street(self) -> tuple[str, str]:
        """A street's name and a house number."""
        return self._random.choice(STREETS), str(self._random.randint(1, 180))

    def _id_anpr(self) -> str:
        """Two letters, five digits, two letters, as ANPR's published test persons have."""
        return f"SN{10_000 + self._made:05d}{chr(ord('A') + self._made % 26)}D"


def _three(name: str) -> str:
    letters = [c for c in name.upper() if "A" <= c <= "Z"]
    consonants = [c for c in letters if c not in _VOWELS]
    vowels = [c for c in letters if c in _VOWELS]
    return "".join([*consonants, *vowels, "X", "X", "X"][:3])


def _three_given(name: str) -> str:
    consonants = [c for c in name.upper() if "A" <= c <= "Z" and c not in _VOWELS]
    return consonants[0] + consonants[2] + consonants[3] if len(consonants) > 3 else _three(name)
