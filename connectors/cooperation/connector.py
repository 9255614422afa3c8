# SPDX-License-Identifier: EUPL-1.2
"""A region's SAP service asked: whether a person has a SAP, whose it is, the document itself; and a document sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from connectors.breaker import State
from connectors.cooperation.configuration import CooperatingRegion
from connectors.cooperation.envelopes import Envelopes
from connectors.cooperation.messages import (
    CANCEL,
    EXISTS,
    FETCH,
    HOLDER,
    NOTIFY,
    SEND,
    NotAsAgreed,
    operation,
    read_code,
    read_document,
    read_holder,
    read_verdict,
    request,
)
from connectors.cooperation.records import Holder, Verdict
from connectors.exchange import Exchange
from connectors.sap import SapDocument
from connectors.soap import SoapClient
from connectors.soap.envelope import Element
from connectors.xml import XmlLimits

T = TypeVar("T")

_LIMITS = XmlLimits(bytes=5_000_000)
"""A document of 1,000,000 bytes, escaped: at worst each `<` and `&` is four or five bytes."""
_ACTIONS = {
    SEND: "InvioSAP",
    FETCH: "RichiestaSAP",
    EXISTS: "VerificaEsistenzaSAP",
    HOLDER: "RichiestaCodSAPRegTitolare",
    CANCEL: "AnnullaSAP",
    NOTIFY: "NotificaSAP",
}
"""`Azione` of the e-Gov header, by operation (domain.md 6.2)."""


class SapConnector:
    """One region's service. What it says of people is the region's; that it is about whom was asked for is checked."""

    def __init__(
        self,
        region: CooperatingRegion,
        exchange: Exchange,
        envelopes: Envelopes | None = None,
        *,
        ends: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Take the region as its file has it, its exchange, what writes e-Gov headers, and what is to be closed with it."""
        self.region = region
        self.exchange = exchange
        self._ends = ends
        self._service = SoapClient(exchange, region.address, limits=_LIMITS)
        self._envelopes = envelopes or Envelopes(region.egov)

    @property
    def is_down(self) -> bool:
        """Whether a breaker holds calls back: the region has failed too often of late."""
        return any(state is not State.CLOSED for state in self.exchange.states.values())

    async def aclose(self) -> None:
        """Close the connections, where they are this connector's own."""
        if self._ends is not None:
            await self._ends()

    async def existing(self, fiscal_code: str) -> str | None:
        """VerificaEsistenzaSAP: the code of a person's SAP; None where the region has none.

        Raises:
            UpstreamUnavailable: the region does not answer, or its service failed.
            UpstreamRefused: it refuses the request.
            UpstreamInvalid: the answer is not as the contract has it.

        """
        return await self._ask(EXISTS, read_code, CodiceFiscale=fiscal_code)

    async def holder(self, fiscal_code: str) -> Holder | None:
        """RichiestaCodSAPRegTitolare: which region and body have a person's SAP; None: nobody has. Raises as `existing`."""
        return await self._ask(HOLDER, read_holder, CodiceFiscale=fiscal_code)

    async def fetch(self, sap_code: str) -> SapDocument | None:
        """RichiestaSAP: the document; None where there is none of this code. Raises as `existing`.

        It may break rules (`SapDocument.problems`): what a region has, it has. One of another code is invalid.
        """
        return await self._fetch(sap_code)

    async def of_person(self, fiscal_code: str) -> SapDocument | None:
        """A person's SAP: whether there is one, then the document. Raises as `existing`; a document about somebody else is invalid."""
        code = await self.existing(fiscal_code)
        if code is None:
            return None
        return await self._fetch(code, fiscal_code)

    async def _fetch(self, sap_code: str, fiscal_code: str | None = None) -> SapDocument | None:
        def read(answer: Element) -> SapDocument | None:
            document = read_document(answer)
            if document is None:
                return None
            if document.sap.submission.identifier not in {sap_code, None}:
                raise NotAsAgreed("the SAP is another than was asked for")
            if fiscal_code is not None and document.sap.person.fiscal_code != fiscal_code:
                raise NotAsAgreed("the SAP is about somebody else")
            return document

        return await self._ask(FETCH, read, CodiceSAP=sap_code)

    async def send(self, document: SapDocument) -> Verdict:
        """InvioSAP: send a document, once; whoever sends it again decides that.

        Raises:
            SapRefused: the document breaks a rule: nothing was sent.

        and what `existing` raises; after UpstreamUnavailable the region may have taken it.

        """
        document.check()
        text = document.to_bytes().decode("utf-8")

        def read(answer: Element) -> Verdict:
            return read_verdict(answer, with_code=True)

        return await self._ask(SEND, read, SAP=text)

    async def notify(self, sap_code: str, reason: str) -> Verdict:
        """NotificaSAP: tell the region that a SAP of its people has changed elsewhere, and why. Raises as `existing`."""
        return await self._ask(NOTIFY, read_verdict, CodiceSAP=sap_code, MotivoNotifica=reason)

    async def cancel(self, sap_code: str) -> Verdict:
        """AnnullaSAP: take a SAP back. Raises as `existing`."""
        return await self._ask(CANCEL, read_verdict, CodiceSAP=sap_code)

    async def _ask(self, name: str, read: Callable[[Element], T], **leaves: str) -> T:
        namespace = self.region.namespace
        asked = operation(name, namespace)
        answer = await self._service.call(
            asked,
            request(name, namespace, **leaves),
            blocks=lambda: self._envelopes.blocks(_ACTIONS[name]),
        )
        with self._service.reading(asked):
            try:
                return read(answer)
            except NotAsAgreed as wrong:
                raise self._service.invalid(str(wrong)) from None
