# SPDX-License-Identifier: EUPL-1.2
"""Convocations."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import DateTime

from hub.plan.declare import stored
from hub.store import tables
from hub.store.vocabulary import ConvocationChannel, ConvocationOutcome, ConvocationReason
from schema.filters import (
    all_of,
    before,
    by_any_of,
    condition,
    from_,
    none,
    none_of,
    one_of,
    some,
)
from schema.sensitivity import personal

if TYPE_CHECKING:
    from schema.households import Beneficiary


@personal
@stored(tables.Convocation)
@strawberry.type(description="Convocazione of a person by an office.")
class Convocation:
    scheduled_at: datetime.datetime
    channel: ConvocationChannel
    reason: ConvocationReason
    outcome: ConvocationOutcome | None
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")]


@strawberry.input(description="Which convocations; every condition given must hold.")
class ConvocationFilter:
    and_: list[ConvocationFilter] | None = all_of()
    or_: list[ConvocationFilter] | None = one_of()
    not_: ConvocationFilter | None = none_of()
    outcomes: list[ConvocationOutcome] | None = condition(
        by_any_of("outcome"), "Those without one are asked for by the person's `nextConvocation`."
    )
    scheduled_from: datetime.datetime | None = condition(from_("scheduled_at", DateTime(timezone=True)))
    scheduled_before: datetime.datetime | None = condition(before("scheduled_at", DateTime(timezone=True)))


@strawberry.input(description="Convocations of a person; every condition given must hold.")
class ConvocationListFilter:
    some: ConvocationFilter | None = some()
    none: ConvocationFilter | None = none()
