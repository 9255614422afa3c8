# SPDX-License-Identifier: EUPL-1.2
"""Facts of the ledger told to a region by application cooperation.

By NotificaSAP, the one published operation that tells a region anything (domain.md 6.2: nation to region, `CodiceSAP`, `MotivoNotifica`).

    fact ── VerificaEsistenzaSAP (fiscal code) ── CodiceSAP ── NotificaSAP (CodiceSAP, the fact's word) ── Esito

So the region hears that there is something about a record it has, and by the word agreed with it of which kind; not when it was, who
recorded it, or under which measure: that it reads at the hub. The words are its file's (`[notifications]`), for they are published nowhere
(docs/adr/0048).
"""

from __future__ import annotations

from typing import Final

from connectors.cooperation.connector import SapConnector
from connectors.cooperation.records import Outcome
from connectors.outbound.fact import Fact, Receipt
from connectors.soap.envelope import FaultCode
from hub.errors import UpstreamRefused

NO_SAP: Final = "NO_SAP"
"""The region has no record of the person: there is nothing that NotificaSAP could be about."""
NO_WORD: Final = "NO_WORD"
"""The region's file has no word for facts of this type any more."""
REFUSED: Final = "SOAP Client"
"""The service says that what it was asked is wrong (a fault of the client)."""


class SapNotifications:
    """One region's service, as a recipient of facts."""

    def __init__(self, connector: SapConnector) -> None:
        """Take the region's connector."""
        self._connector = connector
        self._words = connector.region.notifications

    async def tell(self, fact: Fact) -> Receipt:
        """Tell the region of a fact.

        A notification has no key: the region may hear of one fact twice, where its first answer was lost, and cannot tell that
        from two facts of one type. Raises as `Recipient.tell`.
        """
        word = self._words.get(fact.type)
        if word is None:
            return Receipt(accepted=False, code=NO_WORD)
        try:
            code = await self._connector.existing(fact.fiscal_code)
            if code is None:
                return Receipt(accepted=False, code=NO_SAP)
            verdict = await self._connector.notify(code, word)
        except UpstreamRefused as refused:
            # NOTE the other faults of a request, and HTTP's refusals, are about who asks or how: they pass, and the fact waits.
            if refused.extensions.get("fault") != FaultCode.CLIENT:
                raise
            return Receipt(accepted=False, code=REFUSED)
        # What MessaggioErrore says is not kept: it may name somebody.
        return Receipt(accepted=verdict.outcome is Outcome.OK, code=verdict.outcome.value)
