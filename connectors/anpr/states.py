# SPDX-License-Identifier: EUPL-1.2
"""The states of the European Union in ANPR's codes (`codiceStato`, ISTAT's statistical codes of states).

Only Italy's code (100) was seen in ANPR's own answers; the others are ISTAT's, of own knowledge: unverified.
"""

from __future__ import annotations

import re

ITALY = "100"
OF_THE_UNION = frozenset(
    {
        ITALY,
        "203",  # Austria
        "206",  # Belgium
        "209",  # Bulgaria
        "212",  # Denmark
        "214",  # Finland
        "215",  # France
        "216",  # Germany
        "220",  # Greece
        "221",  # Ireland
        "226",  # Luxembourg
        "227",  # Malta
        "232",  # Netherlands
        "233",  # Poland
        "234",  # Portugal
        "235",  # Romania
        "239",  # Spain
        "240",  # Sweden
        "244",  # Hungary
        "247",  # Estonia
        "248",  # Latvia
        "249",  # Lithuania
        "250",  # Croatia
        "251",  # Slovenia
        "255",  # Slovakia
        "257",  # Czechia
        "315",  # Cyprus
    }
)
_CODE = re.compile(r"\d{3}\Z", re.ASCII)


def of_the_union(code: str | None) -> bool | None:
    """Whether a state is in the Union; None for what is no code of a state."""
    return None if code is None or not _CODE.match(code) else code in OF_THE_UNION
