# SPDX-License-Identifier: EUPL-1.2
"""The ISEE as INPS attests it, and by whose code a household's is asked for."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from connectors.isee import Attestation, IrregularityKind, Standing
from hub.plan.declare import Computed, Federated
from hub.store import tables
from hub.store.base import table_of
from schema.context import Info
from schema.cost import about
from schema.residence import Freshness
from schema.scalars import FiscalCode
from schema.sensitivity import SPECIAL, personal

strawberry.enum(
    IrregularityKind,
    name="IseeIrregularityKind",
    description="Omissione o difformità that the revenue agency found: movable assets (patrimonio mobiliare) left out, below or above the threshold INPS says it by, or income that differs (scostamento dei redditi).",
)


@personal
@strawberry.type(
    description="Omissione o difformità: what is wrong with a declaration. Whose it is, is not told."
)
class IseeIrregularity:
    kind: IrregularityKind
    checked_on: datetime.date = strawberry.field(description="The day the revenue agency looked.")


@personal
@strawberry.type(description="ISEE per prestazioni rivolte a minorenni, of one minor.")
class MinorIsee:
    fiscal_code: FiscalCode
    isee: decimal.Decimal | None = strawberry.field(
        description="Null: it cannot be worked out (ISEE non calcolabile)."
    )


@personal
@strawberry.type(description="Attestazione ISEE of a household, as INPS gives it.")
class IseeAttestation:
    dsu_protocol: str = strawberry.field(
        description="Protocollo of the declaration (dichiarazione sostitutiva unica)."
    )
    presented_on: datetime.date
    valid_until: datetime.date = strawberry.field(
        description="DataValidita: the last day it holds, as this hub reads it (unverified)."
    )
    released_on: datetime.date | None
    isee: decimal.Decimal | None = strawberry.field(
        description="ISEE ordinario, euro; null where the declaration has a reduced household alone."
    )
    ise: decimal.Decimal | None = strawberry.field(
        description="Indicatore della situazione economica. With the ISEE it gives the scale.",
        directives=[SPECIAL],
    )
    equivalence_scale: decimal.Decimal | None = strawberry.field(
        description="Scala di equivalenza: what is added to it for disability can be read from it.",
        directives=[SPECIAL],
    )
    isr: decimal.Decimal | None = strawberry.field(
        description="Indicatore della situazione reddituale. With the ISP it gives the ISE.",
        directives=[SPECIAL],
    )
    isp: decimal.Decimal | None = strawberry.field(description="Indicatore della situazione patrimoniale.")
    is_current: bool = strawberry.field(description="ISEE corrente: worked out anew over the last months.")
    current_until: datetime.date | None
    told: strawberry.Private[list[MinorIsee]]
    irregularities: list[IseeIrregularity] = strawberry.field(
        description="Omissioni e difformità, as the attestation notes them.", directives=[about(1)]
    )
    as_of: datetime.datetime
    source: str
    freshness: Freshness

    @strawberry.field(description="Of each minor with an indicator of its own.", directives=[about(2)])
    async def minors(self, info: Info) -> list[MinorIsee]:
        # NOTE each of them is shown, and may be a person of another household: the access log names all that the hub knows.
        await info.context.shows(one.fiscal_code for one in self.told)
        return self.told


@personal
@strawberry.type(
    description="Whether a household's indicator is below a threshold (ISEE sotto soglia), as INPS says it. Of medium confidence: unverified."
)
class IseeStanding:
    is_below: bool
    indicator: str = strawberry.field(
        description="Of which indicator it is said (tipo indicatore), in INPS's words."
    )
    dsu_protocol: str = strawberry.field(description="Protocollo of the declaration.")
    presented_on: datetime.date
    is_irregular: bool = strawberry.field(description="Presenza di difformità.")
    as_of: datetime.datetime
    source: str
    freshness: Freshness
    unverified: bool


def kept_standing(told: Standing) -> dict[str, Any]:
    """What is kept of whether it is below a threshold."""
    return {
        "is_below": told.is_below,
        "indicator": told.kind,
        "dsu_protocol": told.protocol,
        "presented_on": told.presented_on.isoformat(),
        "is_irregular": told.is_irregular,
    }


def standing_of(
    kept: dict[str, Any], *, as_of: datetime.datetime, source: str, freshness: Freshness
) -> IseeStanding:
    """What was kept of it."""
    return IseeStanding(
        **{**kept, "presented_on": datetime.date.fromisoformat(kept["presented_on"])},
        as_of=as_of,
        source=source,
        freshness=freshness,
        unverified=True,
    )


def _members(row: FromClause) -> ColumnElement[Any]:
    """The fiscal codes of a household's people, eldest first.

    NOTE: also of those the caller may not see: INPS is asked by one of them, and nobody is told by which.
    """
    member = table_of(tables.Beneficiary).alias()
    return (
        select(
            func.coalesce(
                func.jsonb_agg(aggregate_order_by(member.c.fiscal_code, member.c.birth_date, member.c.id)),
                literal_column("'[]'::jsonb"),
                type_=JSONB,
            )
        )
        .where(member.c.household_id == row.c.id)
        .correlate(row)
        .scalar_subquery()
    )


HOUSEHOLD_ISEE = Federated(needs=("id",), reads=(("members", Computed(_members)),))
"""What a household's ISEE is asked by."""


def kept_isee(told: Attestation) -> dict[str, Any]:
    """What is kept of an attestation: what is shown of it, and no name or code beside the minors'."""
    values = told.ordinary
    return {
        "dsu_protocol": told.protocol,
        "presented_on": told.presented_on.isoformat(),
        "valid_until": told.valid_until.isoformat(),
        "released_on": told.released_on and told.released_on.isoformat(),
        "isee": values and str(values.isee),
        "ise": values and str(values.ise),
        "equivalence_scale": values and str(values.scale),
        "isr": values and str(values.isr),
        "isp": values and str(values.isp),
        "is_current": told.is_current,
        "current_until": told.current_until and told.current_until.isoformat(),
        "minors": [[one.fiscal_code, None if one.isee is None else str(one.isee)] for one in told.minors],
        "irregularities": [[one.kind, one.checked_on.isoformat()] for one in told.irregularities],
    }


def isee_of(
    kept: dict[str, Any], *, as_of: datetime.datetime, source: str, freshness: Freshness
) -> IseeAttestation:
    """The attestation that was kept."""
    return IseeAttestation(
        dsu_protocol=kept["dsu_protocol"],
        **{
            name: _day(kept[name]) for name in ("presented_on", "valid_until", "released_on", "current_until")
        },
        **{name: _amount(kept[name]) for name in ("isee", "ise", "equivalence_scale", "isr", "isp")},
        is_current=kept["is_current"],
        told=[MinorIsee(fiscal_code=FiscalCode(code), isee=_amount(isee)) for code, isee in kept["minors"]],
        irregularities=[
            IseeIrregularity(kind=IrregularityKind(kind), checked_on=datetime.date.fromisoformat(day))
            for kind, day in kept["irregularities"]
        ],
        as_of=as_of,
        source=source,
        freshness=freshness,
    )


def _day(text: str | None) -> Any:
    return None if text is None else datetime.date.fromisoformat(text)


def _amount(text: str | None) -> Any:
    return None if text is None else decimal.Decimal(text)
