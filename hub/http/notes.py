# SPDX-License-Identifier: EUPL-1.2
"""What an answer says beside its data, in `extensions`, to who asks for it: what was left out, and what it was estimated to cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from hub.errors import ClientError
from hub.http.answers import Reply, unprocessable, with_extensions
from hub.http.authentication import Headers
from hub.http.streams import Stream
from hub.plan.cost import rounded
from hub.plan.operation import Operation
from hub.plan.partial import Omitted

ASKING = frozenset((b"report", b"1", b"true"))
"""Values of the header `GraphQL-Cost` that ask; Hot Chocolate's is `report`."""


def asks_for_cost(headers: Headers) -> bool:
    """Whether a request asks by its headers."""
    return headers.get(b"graphql-cost", b"") in ASKING


async def with_notes(
    operation: Operation,
    variables: Mapping[str, Any],
    answering: Awaitable[Reply | Stream],
    *,
    cost: bool,
    omitted: Omitted = (),
) -> Reply | Stream:
    """The answer, or the refusal, with the notes beside it: in a deferred answer's first part, in each of a subscription's."""
    try:
        reply = await answering
    except ClientError as error:
        reply = unprocessable(error)
    extensions: dict[str, Any] = {}
    if omitted:
        extensions["omittedFields"] = omitted
    if cost:
        estimated = rounded(operation.estimate(variables).of(variables))
        extensions["cost"] = {"estimated": estimated, "limit": operation.limits.cost}
    if isinstance(reply, Stream):
        told = _told(reply.responses, extensions, always=reply.is_subscription)
        return replace(reply, responses=told)
    return Reply(reply.status, with_extensions(reply.body, extensions), reply.headers)


async def _told(
    responses: AsyncGenerator[bytes, None], extensions: dict[str, Any], *, always: bool
) -> AsyncGenerator[bytes, None]:
    async with aclosing(responses):
        tells = True
        async for response in responses:
            yield with_extensions(response, extensions) if tells else response
            tells = always
