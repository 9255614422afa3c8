# SPDX-License-Identifier: EUPL-1.2
"""Sending a dead letter again: the same as `snodo sync retry`."""

from __future__ import annotations

import strawberry

from connectors.outbound.dead_letters import PREFIX, DeliveryRefusalCode, resend
from hub.errors import InvalidInput
from hub.plan.declare import Guarded, stands_on
from hub.store.identifiers import decode_id
from hub.store.vocabulary import Capability, DeliveryState
from schema.context import Info
from schema.cost import about, costs
from schema.sensitivity import PUBLIC, public

strawberry.enum(
    DeliveryRefusalCode, name="DeliveryErrorCode", description="Why a delivery is not sent again."
)


@public
@strawberry.type(description="An expected refusal: what the administrator can mend.")
class DeliveryError:
    code: DeliveryRefusalCode
    message: str
    path: list[str] = strawberry.field(
        description="The member of the input it is about.", directives=[about(2)]
    )


@strawberry.input(description="A delivery that was refused or given up, and is to be sent again.")
class ResendDeliveryInput:
    delivery: strawberry.ID


@public
@strawberry.type(description="What the delivery is now, or why it is not sent again.")
class ResendDeliveryPayload:
    state: DeliveryState | None = strawberry.field(
        default=None,
        description="WAITING, where it is sent again; else it waits no more, and stays as it is.",
    )
    user_errors: list[DeliveryError] = strawberry.field(default_factory=list, directives=[about(1)])


@strawberry.type
class DeliveryMutation:
    @strawberry.mutation(
        description="Send a dead letter again, under the same key and in its place in the order of its person. Said twice, it is sent again once. For purposes granted ADMINISTER.",
        directives=[PUBLIC, costs(200)],
        metadata=stands_on(Guarded(Capability.ADMINISTER)),
    )
    async def resend_delivery(self, info: Info, input: ResendDeliveryInput) -> ResendDeliveryPayload:  # noqa: A002
        means = info.context.means
        try:
            key = decode_id(str(input.delivery), PREFIX)[1]
        except InvalidInput:
            return _refused(DeliveryRefusalCode.DELIVERY_NOT_FOUND)
        async with means.database.write.acquire() as connection:
            outcome = await resend(connection, key, means.now())
        if isinstance(outcome, DeliveryRefusalCode):
            return _refused(outcome)
        return ResendDeliveryPayload(state=outcome)


_MESSAGES = {
    DeliveryRefusalCode.DELIVERY_NOT_FOUND: "There is no delivery of this id: `dlv_` and 32 hexadecimal digits.",
    DeliveryRefusalCode.DESTINATION_ENDED: "Its recipient is told nothing more: have it told again first (`snodo sync tell`).",
}


def _refused(code: DeliveryRefusalCode) -> ResendDeliveryPayload:
    error = DeliveryError(code=code, message=_MESSAGES[code], path=["input", "delivery"])
    return ResendDeliveryPayload(user_errors=[error])
