# SPDX-License-Identifier: EUPL-1.2
"""The measures the law knows, side by side. The one list of them: the tables and the schema take it from here."""

from __future__ import annotations

from enum import StrEnum

from hub.errors import InvalidInput


class UnknownMeasure(InvalidInput):
    """A measure is one of RDC, MIA, ADI, SFL."""

    code = "UNKNOWN_MEASURE"


class Measure(StrEnum):
    """The measures served side by side."""

    RDC = "RDC"
    MIA = "MIA"
    ADI = "ADI"
    SFL = "SFL"


def measure_named(word: str) -> Measure:
    """The measure a word names, in capitals.

    Raises:
        UnknownMeasure: it names none.

    """
    try:
        return Measure(word)
    except ValueError:
        raise UnknownMeasure(path=["measure"]) from None
