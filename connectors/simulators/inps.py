# SPDX-License-Identifier: EUPL-1.2
"""INPS: the list of admitted households, and the state of a payment.

No public contract exists for either (domain.md section 9): paths and envelopes are the hub's own, **unverified**;
the security is what INPS's published e-services demand, the evidence of the operator for the payment of one
household, none for the daily list.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from connectors.simulators.inps_world import InpsWorld
from connectors.simulators.keys import DemoKeys
from connectors.simulators.registry import Registry
from connectors.simulators.signed_service import (
    Content,
    NotConform,
    Operation,
    Pages,
    SignedService,
    members,
)

ADMITTED = "domande-ammesse"
PAYMENT = "stato-pagamento"
_PROTOCOL = re.compile(r"[!-~]{1,40}\Z")


class InpsSimulator(SignedService):
    """INPS as an ASGI application (`app`); operations `domande-ammesse` and `stato-pagamento` (for `faults`)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        world: InpsWorld,
        *,
        now: Callable[[], float] = time.time,
        single_use_evidence: bool = False,
    ) -> None:
        """Take the demo world's catalogue and keys, and what INPS knows; the list may grow meanwhile."""
        self._world = world
        self._pages = Pages("ammesse")
        super().__init__(
            registry,
            keys,
            registry.eservices["inps"],
            (
                Operation(ADMITTED, f"{ADMITTED}/ricerca", audit=False, answer=self._admitted),
                Operation(PAYMENT, f"{PAYMENT}/ricerca", audit=True, answer=self._payment),
            ),
            now=now,
            single_use_evidence=single_use_evidence,
        )

    def _admitted(self, question: Content) -> Content:
        members(question, {"limite"}, {"cursore"})
        page, cursor, more = self._pages.page(self._world.admissions, question, "cursore", "limite")
        return {
            "Esito": "OK",
            "domande": [admission.record() for admission in page],
            "cursore": cursor,
            "altre": more,
        }

    def _payment(self, question: Content) -> Content:
        protocol = members(question, {"cod_protocollo_inps"}, set())["cod_protocollo_inps"]
        if not isinstance(protocol, str) or not _PROTOCOL.match(protocol):
            raise NotConform("cod_protocollo_inps: not a protocol")
        payment = self._world.payments.get(protocol)
        if payment is None:
            return {"Esito": "DATI_NON_TROVATI"}
        return {"Esito": "OK", "pagamento": payment.answer(protocol)}
