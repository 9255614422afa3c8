# SPDX-License-Identifier: EUPL-1.2
"""The equivalence scale: one for the household, so much more for each member who counts, up to a cap.

RdC and MIA count every further adult (RdC minors, too); the ADI counts who is disabled, elder, cares, is in severe disadvantage, or a
minor. "Further" is besides the first counted adult in RdC and MIA; in the ADI, "other" is other than the applicant.
Sources: DL 4/2019 art. 2 c. 4; DL 48/2023 art. 2 c. 4; the MIA draft.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from hub.measures.household import Disability, Member
from hub.measures.parameters import Amount, Parameters

ONE, ZERO = Decimal(1), Decimal(0)
FIRST_MINORS = 2
ELDER_AGE = 60


class Share(NamedTuple):
    """What one member adds, and as what."""

    key: str
    weight: Decimal
    article: str
    unverified: bool


def shares_of(
    members: Iterable[Member], p: Parameters, on: date
) -> tuple[Decimal, Decimal, tuple[Share, ...]]:
    """The scale, its cap, and each member's share, of members of whom all that counts is known."""
    counted = [member for member in members if not member.in_public_structure]
    shares = _of_adults(counted, p, on) if p.scale_adult else _of_conditions(counted, p, on)
    severe = any(member.disability is Disability.SEVERE for member in counted)
    cap = p.scale_cap_severe if severe else p.scale_cap
    assert cap is not None
    return min(ONE + sum([share.weight for share in shares]), cap.value), cap.value, tuple(shares)


def _of_adults(counted: Iterable[Member], p: Parameters, on: date) -> list[Share]:
    adults: list[Member] = []
    minors: list[Member] = []
    for member in counted:
        if p.child_allowance_monthly is not None and member.child_allowance(on):
            continue  # has an allowance of its own instead (MIA)
        (minors if member.is_minor(on) else adults).append(member)
    # The first adult is the household's "one": the applicant if counted, else whoever comes first by key.
    adults.sort(key=lambda member: (not member.applicant, member.key))
    shares = [_share(member, p.scale_adult) for member in adults[1:] if p.scale_adult]
    return shares + [_share(member, p.scale_minor) for member in minors if p.scale_minor]


def _of_conditions(counted: Iterable[Member], p: Parameters, on: date) -> list[Share]:
    shares: list[Share] = []
    carers: list[tuple[Member, Amount | None]] = []
    minors: list[Member] = []
    for member in counted:
        if member.applicant:
            continue
        weight = _condition(member, p, on)
        if weight is None and member.is_minor(on):
            minors.append(member)
        elif member.carer and not member.is_minor(on) and weight in (None, p.scale_disadvantaged):
            carers.append((member, weight))
        elif weight is not None:
            shares.append(_share(member, weight))
    # The carer's weight goes where it adds most: to who would have the least without it.
    carers.sort(key=lambda carer: (carer[1].value if carer[1] else ZERO, carer[0].key))
    places = p.scale_carers.value if p.scale_carers else 0
    for place, (member, otherwise) in enumerate(carers):
        given = p.scale_carer if place < places else otherwise
        if given is not None:
            doubtful = p.scale_carers is not None and p.scale_carers.unverified and len(carers) > places
            shares.append(_share(member, given, doubtful=doubtful))
    # Eldest first, so that who is "further" does not hang on the order they are told in.
    minors.sort(key=lambda member: (member.birth_date, member.key))
    for place, member in enumerate(minors):
        given = p.scale_first_minors if place < FIRST_MINORS else p.scale_further_minors
        if given is not None:
            shares.append(_share(member, given))
    return shares


def _condition(member: Member, p: Parameters, on: date) -> Amount | None:
    if member.disability in (Disability.DISABLED, Disability.SEVERE):
        return p.scale_disabled
    if p.scale_elder is not None and member.age(on) >= ELDER_AGE:
        return p.scale_elder
    if member.disadvantaged and not member.is_minor(on):
        return p.scale_disadvantaged
    return None


def _share(member: Member, weight: Amount, *, doubtful: bool = False) -> Share:
    return Share(member.key, weight.value, weight.source, weight.unverified or doubtful)
