# SPDX-License-Identifier: EUPL-1.2
"""Samples for inspection that anybody can draw again: algorithm `snodo-draw-1`.

1. Of each unit take the SHA-256 of the UTF-8 text `snodo-draw-1`, LF, the seed, LF, the unit's id; read it as one big-endian number u.
2. Units that must be inspected are in.
3. Of the others, take those with the smallest u / weight, until the sample has its size; of two alike the lesser id.

It is sequential Poisson sampling (Ohlsson, Journal of Official Statistics 14, 1998) with numbers that depend on the seed and the unit
alone: a fixed size, the chance of each unit about in proportion to its weight, and no dependence on the order of the input, nor on which
other units there are. Quotients are compared as products of whole numbers: no rounding, the same on every machine. The seed is to be
fixed in public before the units are known (a lottery's numbers will do), and the digest of the units published with the sample.
docs/reference/measures/controls.md says how an auditor draws again with `sha256sum`.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from hub.errors import InvalidInput

ALGORITHM = "snodo-draw-1"


class InvalidSample(InvalidInput):
    """No such sample can be drawn."""

    code = "INVALID_SAMPLE"


@dataclass(frozen=True, slots=True)
class Unit:
    """What may be inspected. `id` tells it from all others, and tells of nobody; `weight`: whole points of risk, at least 1.

    `must`: whether it is inspected whatever is drawn. `stratum`: the group it is drawn in, where groups have samples of their own.
    """

    id: str
    weight: int = 1
    must: bool = False
    stratum: str = ""


class Why(StrEnum):
    """Why a unit is in the sample."""

    MUST = "MUST"
    DRAWN = "DRAWN"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A unit of the sample. `number`: its u of the algorithm."""

    unit: Unit
    why: Why
    number: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A draw, with all that is needed to draw it again. `units`: the digest of what it was drawn from."""

    algorithm: str
    seed: str
    units: str
    chosen: tuple[Chosen, ...]


def number_of(seed: str, unit_id: str) -> int:
    """A unit's number: 256 bits, the same for the same seed."""
    text = f"{ALGORITHM}\n{seed}\n{unit_id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def digest_of(units: Iterable[Unit]) -> str:
    """The SHA-256, in hex, of the units' lines."""
    return hashlib.sha256("".join(lines_of(units)).encode()).hexdigest()


def lines_of(units: Iterable[Unit]) -> list[str]:
    """The units as they are published: one line each, `id TAB weight TAB must (0, 1) TAB stratum LF`, sorted by its bytes.

    Text in the order of its code points is in that of its UTF-8.
    """
    return sorted(f"{unit.id}\t{unit.weight}\t{int(unit.must)}\t{unit.stratum}\n" for unit in units)


def draw(units: Iterable[Unit], size: int, seed: str) -> Sample:
    """A sample of so many units: those that must, first, then those drawn, in the order they were drawn.

    Raises:
        InvalidSample: fewer units than the size, more that must than the size, an id twice, a weight below 1, no seed.

    """
    among = _checked(units, seed)
    return Sample(ALGORITHM, seed, digest_of(among), _drawn(among, size, seed, ["size"]))


def draw_strata(units: Iterable[Unit], sizes: Mapping[str, int], seed: str) -> Sample:
    """A sample with so many units of each stratum, each drawn by itself; the strata in the order of their names.

    Raises:
        InvalidSample: as `draw`, or a stratum without a size.

    """
    among = _checked(units, seed)
    strata: dict[str, list[Unit]] = {name: [] for name in sizes}
    for unit in among:
        if unit.stratum not in strata:
            raise InvalidSample("Each stratum needs a size, 0 if none of it is to be drawn.", path=["sizes"])
        strata[unit.stratum].append(unit)
    chosen = [
        one for name in sorted(strata) for one in _drawn(strata[name], sizes[name], seed, ["sizes", name])
    ]
    return Sample(ALGORITHM, seed, digest_of(among), tuple(chosen))


def allocate(units: Iterable[Unit], size: int) -> dict[str, int]:
    """A sample's size shared among the strata in proportion to their weights: what must be is given first, and none gets more than it has.

    Whole shares, then one each by largest remainder, the lesser name first. What a full stratum cannot take goes to the others.

    Raises:
        InvalidSample: fewer units than the size, or more that must than the size.

    """
    among = list(units)
    count = Counter(unit.stratum for unit in among)
    given = dict.fromkeys(sorted(count), 0)
    weights = dict.fromkeys(given, 0)
    for unit in among:
        given[unit.stratum] += unit.must
        weights[unit.stratum] += 0 if unit.must else unit.weight
    left = size - sum(given.values())
    if left < 0 or size > len(among):
        raise InvalidSample(
            "The size lies between how many must be inspected and how many there are.", path=["size"]
        )
    while left:
        open_ = [name for name in given if given[name] < count[name]]
        total = sum(weights[name] for name in open_)
        shares = {name: Fraction(left * weights[name], total) for name in open_}
        left -= _give(given, count, shares, left)
    return given


def _give(given: dict[str, int], count: Mapping[str, int], shares: Mapping[str, Fraction], left: int) -> int:
    """Give the whole shares, then single units by remainder; how many were given."""
    before = sum(given.values())
    for name, share in shares.items():
        given[name] = min(given[name] + int(share), count[name])
    rest = left - (sum(given.values()) - before)
    for name in sorted(shares, key=lambda name: (-(shares[name] % 1), name)):
        if rest and given[name] < count[name]:
            given[name] += 1
            rest -= 1
    return sum(given.values()) - before


def _checked(units: Iterable[Unit], seed: str) -> list[Unit]:
    among = list(units)
    if not seed.strip():
        raise InvalidSample("A draw needs a seed, fixed before the units are known.", path=["seed"])
    if len({unit.id for unit in among}) < len(among):
        raise InvalidSample("Each unit is named once.", path=["units"])
    if any(unit.weight < 1 for unit in among):
        raise InvalidSample(
            "Every unit weighs at least 1: who can never be drawn is no unit.", path=["units"]
        )
    # NOTE: a control character in an id could make two texts of the algorithm one.
    if (
        any(not text.isprintable() for unit in among for text in (unit.id, unit.stratum))
        or not seed.isprintable()
    ):
        raise InvalidSample("Seed, ids and strata are of printable characters.", path=["units"])
    return among


def _drawn(among: Sequence[Unit], size: int, seed: str, path: list[str]) -> tuple[Chosen, ...]:
    if not 0 <= size <= len(among):
        raise InvalidSample("A sample is at most as large as what it is drawn from.", path=path)
    must = sorted((unit for unit in among if unit.must), key=lambda unit: unit.id)
    if len(must) > size:
        raise InvalidSample(
            "More units must be inspected than the sample holds: ask for a larger one.", path=path
        )
    numbered = (
        (Fraction(number_of(seed, unit.id), unit.weight), unit.id, unit) for unit in among if not unit.must
    )
    # The ids differ, and so two units are never compared.
    smallest = heapq.nsmallest(size - len(must), numbered)
    first = [Chosen(unit, Why.MUST, number_of(seed, unit.id)) for unit in must]
    rest = [Chosen(unit, Why.DRAWN, number_of(seed, unit.id)) for _, _, unit in smallest]
    return (*first, *rest)
