# SPDX-License-Identifier: EUPL-1.2
"""What INPS says of a household's ISEE, typed. Amounts are euro; days are days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class IndicatorKind(StrEnum):
    """The synthetic indicators (TipoIndicatoreSinteticoEnum); the value is INPS's word."""

    ORDINARY = "Ordinario"
    MINOR = "Minorenne"
    UNIVERSITY = "Universitario"
    SOCIO_SANITARY = "SocioSanitario"
    DOCTORATE = "Dottorato"
    RESIDENTIAL = "Residenziale"


class IrregularityKind(StrEnum):
    """What the revenue agency found in a declaration (TipoOmissioneDifformita)."""

    MOVABLE_ASSETS = "MOVABLE_ASSETS"
    INCOME_DEVIATION = "INCOME_DEVIATION"
    MOVABLE_ASSETS_BELOW_THRESHOLD = "MOVABLE_ASSETS_BELOW_THRESHOLD"
    MOVABLE_ASSETS_ABOVE_THRESHOLD = "MOVABLE_ASSETS_ABOVE_THRESHOLD"


@dataclass(frozen=True, slots=True, repr=False)
class Values:
    """TypeValori: ISEE = ISE / `scale`, ISE = ISR + 20 % of ISP."""

    ise: Decimal
    scale: Decimal
    isee: Decimal
    isr: Decimal
    isp: Decimal


@dataclass(frozen=True, slots=True, repr=False)
class MinorIsee:
    """The ISEE for what is given to a minor; `isee` is None where it cannot be worked out (ISEENonCalcolabile)."""

    fiscal_code: str
    isee: Decimal | None


@dataclass(frozen=True, slots=True, repr=False)
class Irregularity:
    """One omission or difference (omissione o difformità), and when the revenue agency looked."""

    kind: IrregularityKind
    fiscal_code: str
    checked_on: date


@dataclass(frozen=True, slots=True, repr=False)
class Attestation:
    """Attestazione ISEE.

    `protocol`: of the declaration (DSU). `members`: fiscal codes of its household. `ordinary` is None where the declaration has a
    reduced household alone. `is_current`: worked out anew over the last months (ISEE corrente), until `current_until`. `valid_until` is
    `DataValidita`, which the contract names and does not explain.
    """

    protocol: str
    presented_on: date
    valid_until: date
    members: tuple[str, ...]
    ordinary: Values | None
    released_on: date | None
    is_current: bool
    current_until: date | None
    minors: tuple[MinorIsee, ...]
    irregularities: tuple[Irregularity, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Indicator:
    """One synthetic indicator of a person."""

    kind: IndicatorKind
    values: Values
    protocol: str
    presented_on: date


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """Whether an indicator is below a threshold. `members`: fiscal codes, where they were asked for."""

    kind: str
    is_below: bool
    protocol: str
    presented_on: date
    is_irregular: bool
    members: tuple[str, ...]
