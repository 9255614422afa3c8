# SPDX-License-Identifier: EUPL-1.2
"""A SOAP service of the hub: it turns an element into a question of the hub's own schema, and the answer into an element.

It asks by a document of its own, as any client might: what its caller may see, and the line of the access log, are not its affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connectors.soap.envelope import Element
from hub.access.operator import Operator
from hub.errors import InvalidInput


class NotAnswered(InvalidInput):
    """The request holds what cannot be answered."""


class Ask(Protocol):
    """Puts a question to the hub, as whoever sent the message."""

    async def __call__(
        self, document: str, variables: Mapping[str, Any], operator: Operator | None = None
    ) -> Mapping[str, Any]:
        """The data of the answer. `operator`: the person at the desk, as the message names them.

        Raises:
            SnodoError: the caller may not ask that, or not now.

        """


class SoapService(Protocol):
    """One service."""

    path: str
    """Where it is, below `/soap/`."""
    documents: Sequence[str]
    """The GraphQL documents it asks by."""
    operations: Mapping[str, str]
    """By the tag of a request's element, the operation's published name."""

    async def answer(self, payload: Element, ask: Ask) -> Element:
        """The element that answers a request of one of the operations.

        Raises:
            NotAnswered: the request holds what cannot be answered; the message says what.
            SnodoError: what `ask` raises.

        """

    def outcome(self, payload: Element, code: str, sentence: str) -> Element:
        """The element that says that a request of one of the operations was not answered: an error's code, and what is said."""
