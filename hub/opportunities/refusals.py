# SPDX-License-Identifier: EUPL-1.2
"""Why an opportunity is not published or not withdrawn: what its publisher can mend."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PublicationRefusalCode(StrEnum):
    """Why an opportunity was not published or not withdrawn."""

    REFERENCE_INVALID = "REFERENCE_INVALID"
    TEXT_INVALID = "TEXT_INVALID"
    PERSONAL_DATA = "PERSONAL_DATA"
    PROFESSION_CODE_INVALID = "PROFESSION_CODE_INVALID"
    CONTRACT_TYPE_INVALID = "CONTRACT_TYPE_INVALID"
    PLACEMENT_IS_NO_OFFER = "PLACEMENT_IS_NO_OFFER"
    HOURS_OUT_OF_RANGE = "HOURS_OUT_OF_RANGE"
    PAY_OUT_OF_RANGE = "PAY_OUT_OF_RANGE"
    PLACES_OUT_OF_RANGE = "PLACES_OUT_OF_RANGE"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    PERIOD_INVALID = "PERIOD_INVALID"
    ALREADY_OVER = "ALREADY_OVER"
    MUNICIPALITY_UNKNOWN = "MUNICIPALITY_UNKNOWN"
    MUNICIPALITY_CLOSED = "MUNICIPALITY_CLOSED"
    REFERENCE_OF_ANOTHER_KIND = "REFERENCE_OF_ANOTHER_KIND"
    OPPORTUNITY_WITHDRAWN = "OPPORTUNITY_WITHDRAWN"
    OPPORTUNITY_NOT_FOUND = "OPPORTUNITY_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class PublicationRefusal:
    """One reason, and the member of the form it is about, as its publisher writes it. The message never holds its value."""

    code: PublicationRefusalCode
    message: str
    path: tuple[str, ...]
