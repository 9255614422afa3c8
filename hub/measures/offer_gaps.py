# SPDX-License-Identifier: EUPL-1.2
"""Which facts an undetermined criterion of a suitable offer waits for."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from hub.measures.reasons import Finding, Verdict
from hub.measures.suitable_offer import Offer, Seeker


class OfferGap(StrEnum):
    """What may not be known of an offer, or of whom it is for."""

    PROFESSION = "PROFESSION"
    EXPERIENCE = "EXPERIENCE"
    """The experience and skills in the pact."""
    CONTRACT = "CONTRACT"
    FULL_TIME_HOURS = "FULL_TIME_HOURS"
    PAY = "PAY"
    COLLECTIVE_MINIMUM = "COLLECTIVE_MINIMUM"
    ROAD_DISTANCE = "ROAD_DISTANCE"
    TRAVEL_TIME = "TRAVEL_TIME"
    """By public transport."""
    BENEFIT = "BENEFIT"
    """Since when there is one, and whether it was renewed."""


def gaps(finding: Finding, offer: Offer, seeker: Seeker) -> tuple[OfferGap, ...]:
    """What is to be asked so that a criterion is determined; none where it is."""
    return tuple(_gaps(finding, offer, seeker)) if finding.verdict is Verdict.UNDETERMINED else ()


def _gaps(finding: Finding, offer: Offer, seeker: Seeker) -> Iterator[OfferGap]:
    asked: dict[OfferGap, object]
    match finding.reason.code:
        case "COHERENCE":
            named = None if seeker.may_name_others else seeker.professions or None
            asked = {OfferGap.PROFESSION: offer.profession, OfferGap.EXPERIENCE: named}
        case "CONTRACT":
            asked = {OfferGap.CONTRACT: offer.contract}
        case "HOURS":
            asked = {OfferGap.FULL_TIME_HOURS: offer.full_time_hours}
        case "PAY":
            asked = {OfferGap.PAY: offer.monthly_pay, OfferGap.COLLECTIVE_MINIMUM: offer.collective_minimum}
        case _:
            asked = {
                OfferGap.CONTRACT: offer.contract,
                OfferGap.ROAD_DISTANCE: offer.kilometres,
                OfferGap.TRAVEL_TIME: offer.minutes,
                OfferGap.BENEFIT: seeker.awarded_on,
            }
    for gap, fact in asked.items():
        if fact is None:
            yield gap
