# SPDX-License-Identifier: EUPL-1.2
"""A span for each operation: its kind, what it asks for, and on whose behalf; over whatever transport it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.http.answers import Reply
from hub.http.operations import Operations
from hub.http.request import GraphQLRequest
from hub.http.streams import Stream
from hub.http.subscriptions import AskAgain
from hub.plan.operation import Operation
from hub.spans import SPANS, Value
from hub.trace import received


class TracedOperations(Operations):
    """Runs the operations of known callers, each a span."""

    async def _answer(
        self,
        request: GraphQLRequest,
        operation: Operation,
        variables: Mapping[str, Any],
        caller: Caller,
        operator: Operator | None,
        *,
        ask_again: AskAgain | None,
    ) -> Reply | Stream:
        spans, kind = SPANS.get(), operation.kind.value
        about: dict[str, Value] = {
            "graphql.operation.type": kind,
            # The hash that the access log has it by: of what is asked for, without a value that stands in the document.
            "snodo.selection.hash": operation.selection.hash.hex(),
            "snodo.consumer": caller.agency_code,
            "snodo.consumer.kind": caller.agency_kind.value,
            "snodo.purpose.scope": caller.scope.kind.value,
        }
        name = kind
        # NOTE an operation's name is its client's own word, and may be a person's: none is told but those the operator registered.
        trusted = self._documents.trusted_id(operation)
        if trusted is not None:
            about["graphql.document.id"] = trusted
            if operation.name is not None:
                about["graphql.operation.name"] = operation.name
                name = f"{kind} {operation.name}"
        asker = received() if spans.place() is None else None
        with spans.begin(name, attributes=about, under=() if asker is None else (asker,)) as noted:
            reply = await super()._answer(
                request, operation, variables, caller, operator, ask_again=ask_again
            )
            if isinstance(reply, Reply):
                noted.note(
                    {"snodo.answer.gives_data": reply.gives_data, "snodo.answer.bytes": len(reply.body)}
                )
            return reply
