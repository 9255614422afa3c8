# SPDX-License-Identifier: EUPL-1.2
"""The terms a household's benefit was granted for, as INPS reported them: what says whether it was renewed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from hub.store.base import table_of
from hub.store.tables import Benefit
from hub.store.vocabulary import BenefitStatus

PAID = (BenefitStatus.ACTIVE, BenefitStatus.SUSPENDED, BenefitStatus.ENDED)
"""What is revoked or forfeited is no benefit from its first day on."""


def paid_terms(household_id: ColumnElement[object], measure: ColumnElement[str]) -> ColumnElement[object]:
    """`[[first day, day after the last or null], …]` of a household's benefit under a measure, in their order."""
    benefit = table_of(Benefit).alias("benefit")
    first, before = func.lower(benefit.c.period), func.upper(benefit.c.period)
    term = func.jsonb_build_array(cast(first, Text), cast(before, Text), type_=JSONB)
    return (
        select(func.coalesce(func.jsonb_agg(aggregate_order_by(term, first)), literal_column("'[]'::jsonb")))
        .where(
            benefit.c.household_id == household_id,
            benefit.c.measure == measure,
            benefit.c.status.in_([literal_column(f"'{word}'", Text) for word in PAID]),
        )
        .correlate_except(benefit)
        .scalar_subquery()
    )


def read_terms(terms: Sequence[Sequence[str | None]]) -> list[tuple[date, date | None]]:
    """What `paid_terms` read, as days."""
    return [
        (date.fromisoformat(first), None if before is None else date.fromisoformat(before))
        for first, before in terms
        if first is not None
    ]
