# SPDX-License-Identifier: EUPL-1.2
"""What a household may be on a day, reckoned once: as it is told, or the two ends of what an unknown fact leaves open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from hub.measures.household import Disability, Household, Member, is_elderly
from hub.measures.parameters import Parameters
from hub.measures.scale import Share, shares_of


@dataclass(frozen=True, slots=True)
class World:
    """Members of whom all is known that limits and amounts ask, and what follows of it."""

    members: tuple[Member, ...]
    minors: int
    elderly: bool
    """All are of the elderly age, or severely disabled beside someone who is."""
    scale: Decimal
    cap: Decimal
    shares: tuple[Share, ...]

    @property
    def unverified(self) -> bool:
        """Whether the scale rests on a number or a reading that was not read in the law."""
        return any(share.unverified for share in self.shares)


Worlds = tuple[World, ...]
"""One, or two: first the one of the lowest limits and the smallest scale, then the other."""


def worlds(household: Household, p: Parameters, on: date) -> Worlds:
    """The household as it is; or with no disability and every child allowance it may have, and with the opposite."""
    allowance_counts = p.child_allowance_monthly is not None
    members = household.members
    for member in members:
        if member.disability is None or (allowance_counts and member.child_allowance(on) is None):
            least = _supposed(members, Disability.NONE, child_allowance=True, on=on)
            most = _supposed(members, Disability.SEVERE, child_allowance=False, on=on)
            return (_world(least, p, on), _world(most, p, on))
    return (_world(members, p, on),)


def _world(members: tuple[Member, ...], p: Parameters, on: date) -> World:
    minors = sum([member.is_minor(on) for member in members])
    elderly = p.elderly_age is not None and is_elderly(members, p.elderly_age.value, on)
    return World(members, minors, elderly, *shares_of(members, p, on))


def _supposed(
    members: tuple[Member, ...], disability: Disability, *, child_allowance: bool, on: date
) -> tuple[Member, ...]:
    found = []
    for member in members:
        in_allowance = member.child_allowance(on)
        if in_allowance is None:
            in_allowance = child_allowance
        if member.disability is None or member.in_child_allowance is not in_allowance:
            member = replace(
                member, disability=member.disability or disability, in_child_allowance=in_allowance
            )
        found.append(member)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of a household; `least` and `most` differ where an unknown fact matters. `shares` are those of the least."""

    least: Decimal
    most: Decimal
    cap: Decimal
    shares: tuple[Share, ...]
    unverified: bool

    @property
    def value(self) -> Decimal | None:
        """The scale; None where it is not determined."""
        return self.least if self.least == self.most else None


def scale_of(possible: Worlds) -> Scale:
    """The scale of what a household may be."""
    least, most = possible[0], possible[-1]
    return Scale(
        least.scale,
        most.scale,
        least.cap,
        least.shares,
        least.unverified,
    )
