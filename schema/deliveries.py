# SPDX-License-Identifier: EUPL-1.2
"""Where a recorded fact is on its way to other systems."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import ColumnElement, FromClause, case, literal_column

from hub.plan.declare import Computed, Order, stands_on, stored
from hub.store import tables
from hub.store.vocabulary import AttemptOutcome, ConditionalityEventType, DeliveryState
from schema.agencies import Agency
from schema.cost import about
from schema.node import Node
from schema.sensitivity import personal

if TYPE_CHECKING:
    from schema.ledger import ConditionalityEvent


def _next_attempt(row: FromClause) -> ColumnElement[datetime.datetime]:
    return case((row.c.state == literal_column("'WAITING'"), row.c.not_before))


@personal
@stored(tables.DeliveryAttempt)
@strawberry.type(description="One attempt to deliver a fact (tentativo di trasmissione).")
class DeliveryAttempt:
    started_at: datetime.datetime
    ended_at: datetime.datetime | None = strawberry.field(
        description="Null while no answer was noted; the fact may have arrived."
    )
    outcome: AttemptOutcome | None
    code: str | None = strawberry.field(
        description="The recipient's own word, the HTTP status, or the hub's word for why it could not be told."
    )


@personal
@stored(tables.Delivery, prefix="dlv", order=Order(("waiting_since",)))
@strawberry.type(
    description="A recorded fact on its way to one other system (trasmissione): sent until it is accepted or refused, in order per person."
)
class Delivery(Node):
    id: strawberry.ID
    event: Annotated[ConditionalityEvent, strawberry.lazy("schema.ledger")] = strawberry.field(
        description="The fact: who recorded it, when, about whom."
    )
    type: ConditionalityEventType
    recipient: Agency = strawberry.field(description="To whom it is sent.")
    state: DeliveryState
    waiting_since: datetime.datetime = strawberry.field(
        description="When the fact was recorded: since when it has been on its way, or was, until it arrived."
    )
    settled_at: datetime.datetime | None = strawberry.field(
        description="When it was accepted, refused, given up or cancelled; null while it waits."
    )
    code: str | None = strawberry.field(
        description="The recipient's own word of its last answer, the HTTP status, or the hub's word for why it could not be told; "
        "null where there is none."
    )
    next_attempt_at: datetime.datetime | None = strawberry.field(
        description="Not before then it is sent again; null when it does not wait.",
        metadata=stands_on(Computed(_next_attempt, nullable=True)),
    )
    attempts: list[DeliveryAttempt] = strawberry.field(
        description="Every attempt, the first first.", directives=[about(2)]
    )
