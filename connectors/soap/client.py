# SPDX-License-Identifier: EUPL-1.2
"""An agency's SOAP 1.1 service, called over the one `Exchange` (W3C Note of 8 May 2000; document/literal).

    element ── envelope (blocks, anew for each attempt) ── identify ── POST ── answer: element | fault | neither

What an answer is, by its status and its body:

    200, the operation's element          the answer, unless `failing` says that it tells of a failure
    200 or 500, a fault of the request    refused: the agency is well, and its breaker hears so
    200 or 500, a fault of the agency     it failed: retried where that does no harm, and the breaker counts it
    5xx, anything else                    it failed
    4xx                                   refused
    anything else                         invalid
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from dataclasses import dataclass, field
from email.message import Message as MediaType
from typing import Final, TypeAlias

from lxml import etree

from connectors.exchange import Answer, Exchange, Outgoing
from connectors.soap.envelope import Element, read_envelope, write_envelope
from connectors.soap.faults import Fault, read_fault
from connectors.xml import XmlLimits
from hub.errors import InvalidInput, UpstreamInvalid, UpstreamRefused

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
LIMITS: Final = XmlLimits(bytes=2_000_000)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as its WSDL has it.

    Args:
        name: the breaker's.
        answer: the tag of the element that answers.
        action: SOAPAction, without its quotes; empty where the WSDL has none.
        idempotent: whether a second attempt does no harm.

    """

    name: str
    answer: str
    action: str = ""
    idempotent: bool = True


@dataclass(frozen=True, slots=True)
class Credentials:
    """The HTTP headers that say who asks, for one attempt; `rejected` is called when they are answered with 401."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    rejected: Callable[[], None] = lambda: None


Identify: TypeAlias = Callable[[bytes], Awaitable[Credentials]]
"""Gives the credentials of one attempt at sending exactly these bytes as `CONTENT_TYPE`."""
Blocks: TypeAlias = Callable[[], Sequence[Element]]
"""Makes the header blocks of one attempt: an e-Gov header has an identifier that is used once."""


async def by_the_connection(_body: bytes) -> Credentials:
    """Nothing in the message: a client certificate, or a gateway, says who asks."""
    return Credentials()


class SoapClient:
    """One service, at one address."""

    def __init__(self, exchange: Exchange, url: str, *, limits: XmlLimits = LIMITS) -> None:
        """Take the agency's exchange, the service's address, and how large an answer may be."""
        self._exchange = exchange
        self._url = url
        self._limits = limits

    @property
    def agency(self) -> str:
        """The agency's name as errors say it."""
        return self._exchange.agency

    async def call(
        self,
        operation: Operation,
        payload: Element,
        *,
        identify: Identify = by_the_connection,
        blocks: Blocks = tuple,
        asker: Hashable = None,
        failing: Callable[[Element], bool] = lambda _: False,
    ) -> Element:
        """Call an operation, and give the element that answers.

        Args:
            operation: which.
            payload: the element that asks; it is left as it is.
            identify: who asks, in HTTP's headers.
            blocks: of the SOAP header.
            asker: in whose name it is asked; equal questions of one asker at one time are one call.
            failing: whether an answer of the operation tells that the agency failed.

        Raises:
            UpstreamUnavailable: no answer in time, or a failure of the agency's.
            UpstreamRefused: a fault of the request, or 4xx.
            UpstreamInvalid: an answer that is no answer to this operation.

        """
        sent: list[Credentials] = []

        async def prepare() -> Outgoing:
            body = write_envelope(deepcopy(payload), blocks())
            credentials = await identify(body)
            sent.append(credentials)
            headers = {
                "Accept": "text/xml",
                **credentials.headers,
                "Content-Type": CONTENT_TYPE,
                # NOTE the quotes are part of it, also around nothing (section 6.1.1).
                "SOAPAction": f'"{operation.action}"',
            }
            return Outgoing("POST", self._url, headers, body)

        def failed(answer: Answer) -> bool:
            try:
                told = self._told(answer)
            except UpstreamInvalid:
                return answer.status >= 500
            if isinstance(told, Fault):
                return not told.is_refusal
            return answer.status >= 500 or (told.tag == operation.answer and failing(told))

        # NOTE the key holds the asker: the agency records who asked, and nobody asks in another's name.
        key = (etree.tostring(payload), asker) if operation.idempotent else None
        answer = await self._exchange.call(
            operation.name, prepare, idempotent=operation.idempotent, key=key, failed=failed
        )
        if answer.status == 401 and sent:
            sent[-1].rejected()
        with self.reading(operation):
            return self._read(answer, operation)

    def reading(self, operation: Operation) -> AbstractContextManager[None]:
        """Count and log an answer to the operation, where what is read of it in the block turns out to be none the contract allows."""
        return self._exchange.reading(operation.name)

    def invalid(self, what: str) -> UpstreamInvalid:
        """The error that says which part of an answer is not as agreed; never its value."""
        return UpstreamInvalid(f"{self.agency}'s answer: {what}.", agency=self.agency)

    def _read(self, answer: Answer, operation: Operation) -> Element:
        if 400 <= answer.status < 500:
            raise UpstreamRefused(
                f"{self.agency} refused the request (HTTP {answer.status}).",
                agency=self.agency,
                status=answer.status,
            )
        told = self._told(answer)
        if isinstance(told, Fault):
            raise UpstreamRefused(
                f"{self.agency} refused the request (SOAP fault, {told.word}).",
                agency=self.agency,
                fault=told.word,
            )
        if told.tag != operation.answer:
            raise self.invalid(f"its Body has no {etree.QName(operation.answer).localname}")
        return told

    def _told(self, answer: Answer) -> Element | Fault:
        """What an answer of any status says.

        Raises:
            UpstreamInvalid: nothing that can be read.

        """
        if answer.status not in (200, 500):
            raise self.invalid(f"HTTP {answer.status} is not SOAP's")
        if answer.media_type != "text/xml":
            raise self.invalid("it is not text/xml")
        try:
            message = read_envelope(answer.body, charset=_charset(answer), limits=self._limits)
        except InvalidInput as refused:
            # What the reading says to a client of the hub is of no use to one that is not the sender.
            raise self.invalid(f"it cannot be read ({refused.code})") from None
        return read_fault(message.payload) or message.payload


def _charset(answer: Answer) -> str | None:
    media = MediaType()
    media["content-type"] = answer.headers.get("content-type", "")
    return media.get_content_charset()
