# SPDX-License-Identifier: EUPL-1.2
"""Pacts and their goals."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from hub.plan.declare import Order, stored
from hub.store import tables
from hub.store.vocabulary import GoalStatus, PactKind, PactStatus
from schema.node import Node

if TYPE_CHECKING:
    from schema.households import Beneficiary, Household


@stored(tables.PactGoal)
@strawberry.type(description="Obiettivo of a pact.")
class PactGoal:
    ordinal: int
    description: str
    status: GoalStatus
    due_on: datetime.date | None


@stored(tables.Pact, prefix="pct", order=Order(("created_on",), descending=True))
@strawberry.type(description="Patto: what a person, or for inclusion pacts the whole household, commits to.")
class Pact(Node):
    id: strawberry.ID
    kind: PactKind
    status: PactStatus
    created_on: datetime.date
    signed_on: datetime.date | None = strawberry.field(description="Data di sottoscrizione.")
    household: Annotated[Household, strawberry.lazy("schema.households")]
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")] | None = strawberry.field(
        description="Null for an inclusion pact, which is the household's."
    )
    goals: list[PactGoal]
