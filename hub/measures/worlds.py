# SPDX-License-Identifier: EUPL-1.2
"""What a household may be on a day, reckoned once: as it is told, or the two ends of what an unknown fact leaves open."""

from __future__ import annotations

from collections.abc import Iterator
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
    unverified: bool
    """The scale rests on a number or a reading that was not read in the law."""


Worlds = tuple[World, ...]
"""One, or two: first the one of the lowest limits and the smallest scale, then the other."""


def worlds(household: Household, p: Parameters, on: date) -> Worlds:
    """The household as it is; or with what is not known as it lowers limits and scale most, and as it raises them most."""
    members = household.members
    unknown = [any(unknown_of(member, p, on)) for member in members]
    if not any(unknown):
        return (_world(members, p, on),)
    # Who is known is the same in both.
    least = tuple(
        [_least(member, on) if open_ else member for member, open_ in zip(members, unknown, strict=True)]
    )
    most = tuple([_most(member) if open_ else member for member, open_ in zip(members, unknown, strict=True)])
    return (_world(least, p, on), _world(most, p, on))


def unknown_of(member: Member, p: Parameters, on: date) -> Iterator[str]:
    """What a measure asks of a member, and is not known, by its name in `Member`."""
    if member.disability is None:
        yield "disability"
    if member.in_public_structure is None:
        yield "in_public_structure"
    if member.carer is None and p.scale_carer is not None:
        yield "carer"
    if member.disadvantaged is None and p.scale_disadvantaged is not None:
        yield "disadvantaged"
    if p.child_allowance_monthly is not None and member.child_allowance(on) is None:
        yield "in_child_allowance"


def _world(members: tuple[Member, ...], p: Parameters, on: date) -> World:
    minors = sum([member.is_minor(on) for member in members])
    elderly = p.elderly_age is not None and is_elderly(members, p.elderly_age.value, on)
    scale, cap, shares = shares_of(members, p, on)
    return World(members, minors, elderly, scale, cap, shares, any(share.unverified for share in shares))


# NOTE: the scale never falls with a disability, a care, a disadvantage, or a member who counts: so two ends are enough.
def _least(member: Member, on: date) -> Member:
    return replace(
        member,
        disability=member.disability or Disability.NONE,
        carer=bool(member.carer),
        disadvantaged=bool(member.disadvantaged),
        in_child_allowance=member.child_allowance(on) is not False,
        in_public_structure=member.in_public_structure is not False,
    )


def _most(member: Member) -> Member:
    return replace(
        member,
        disability=member.disability or Disability.SEVERE,
        carer=member.carer is not False,
        disadvantaged=member.disadvantaged is not False,
        in_child_allowance=bool(member.in_child_allowance),
        in_public_structure=bool(member.in_public_structure),
    )


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
        least.unverified or most.unverified,
    )
