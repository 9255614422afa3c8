# SPDX-License-Identifier: EUPL-1.2
"""How the agencies do that the hub calls: the states of its exchanges, which say nothing of a person."""

from __future__ import annotations

import datetime

import strawberry

from connectors import calls
from connectors.breaker import State
from schema.context import Info
from schema.cost import about
from schema.sensitivity import PUBLIC, public

strawberry.enum(
    State,
    name="BreakerState",
    description="CLOSED lets calls pass; OPEN refuses them at once, because too many have failed; HALF_OPEN lets a few pass, to see.",
)


@public
@strawberry.type(description="One operation of an agency, as the hub calls it.")
class ConnectorOperation:
    operation: str = strawberry.field(description="As the agency calls it: C020, stato-pagamento, token …")
    state: State = strawberry.field(description="Of its breaker.")
    since: datetime.datetime = strawberry.field(description="When the breaker came into that state.")
    window_calls: int = strawberry.field(
        description="Calls in the breaker's window; those that opened it, while it is not closed."
    )
    failure_rate: float = strawberry.field(description="The share of them that failed, from 0 to 1.")
    last_success_at: datetime.datetime | None = strawberry.field(
        description="When the agency last answered; null if it never did."
    )
    last_failure_at: datetime.datetime | None = strawberry.field(
        description="When a call to it last failed; null if none did."
    )

    @classmethod
    def of(cls, status: calls.OperationStatus) -> ConnectorOperation:
        return cls(
            operation=status.operation,
            state=status.state,
            since=status.since,
            window_calls=status.window_calls,
            failure_rate=status.failure_rate,
            last_success_at=status.last_success_at,
            last_failure_at=status.last_failure_at,
        )


@public
@strawberry.type(description="An agency the hub calls, and how that goes.")
class ConnectorStatus:
    agency: str
    retry_budget: float = strawberry.field(description="Retries that may be made now, of all its operations.")
    in_use: int = strawberry.field(description="Calls under way.")
    waiting: int = strawberry.field(description="Calls that wait for a place.")
    operations: list[ConnectorOperation] = strawberry.field(
        description="Those that were called since the process started, by name.", directives=[about(4)]
    )
    note: str | None = strawberry.field(
        description="A sentence where the agency is never called: a region whose labour system is the hub itself (funzioni sussidiarie)."
    )

    @classmethod
    def of(cls, status: calls.ConnectorStatus) -> ConnectorStatus:
        return cls(
            agency=status.agency,
            retry_budget=status.retry_budget,
            in_use=status.in_use,
            waiting=status.waiting,
            operations=[ConnectorOperation.of(one) for one in status.operations],
            note=status.note,
        )


@strawberry.type
class ConnectorsQuery:
    @strawberry.field(
        description="The agencies the hub calls, as the process that answers has seen them since it started: another process may have "
        "seen them otherwise. For everybody who may ask.",
        directives=[PUBLIC, about(5)],
    )
    def connector_status(self, info: Info) -> list[ConnectorStatus]:
        return [ConnectorStatus.of(one) for one in info.context.live.connectors()]
