# SPDX-License-Identifier: EUPL-1.2
"""INPS asked: the list of admitted households, page by page, and the state of one household's payment.

Both are POST with the question in the signed body: nothing about a person is ever in a URL.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from connectors.exchange import Exchange
from connectors.inps.admitted import read_household
from connectors.inps.codes import PROVISIONAL_CODES, InpsCodes
from connectors.inps.payments import decode_payment
from connectors.inps.records import AdmittedHousehold, PaymentStatus
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes
from connectors.records.delivery import Delivered, Page, RecordRefused
from connectors.signed_json import SignedJson
from hub.errors import UpstreamRefused, UpstreamUnavailable

ADMITTED = "domande-ammesse"
PAYMENT = "stato-pagamento"
LONGEST_CURSOR = 200
"""Characters of a cursor."""


class InpsConnector:
    """INPS's e-service for the hub. Paths and envelopes are unverified (see the package)."""

    def __init__(
        self,
        identity: ClientIdentity,
        passes: Passes,
        exchange: Exchange,
        *,
        url: str,
        audience: str,
        purpose_id: str,
        codes: InpsCodes = PROVISIONAL_CODES,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the hub's client on PDND, the passes it shares between agencies, and INPS's exchange (agency `INPS`)."""
        access = EServiceAccess(
            identity, passes, purpose_id=purpose_id, audiences=[audience], now=now, new_id=new_id
        )
        self._service = SignedJson(exchange, access, url=url)
        self._codes = codes

    def read(self, payload: object) -> Delivered[AdmittedHousehold]:
        """Read one entry of the list, also one that was kept from an earlier page."""
        return read_household(payload, self._codes)

    async def admitted_households(self, after: str | None, limit: int) -> Page[AdmittedHousehold]:
        """Give the entries of the list after a cursor, oldest first; a malformed one comes refused, never raises.

        Args:
            after: the watermark of an earlier page; None for the list's beginning.
            limit: entries of the page at most.

        Raises:
            UpstreamUnavailable: INPS does not answer, or says that it cannot now.
            UpstreamRefused: INPS refuses the question.
            UpstreamInvalid: the answer is not a page.

        """
        question: dict[str, object] = {"limite": limit}
        if after is not None:
            question["cursore"] = after
        answer = await self._service.ask(ADMITTED, f"{ADMITTED}/ricerca", question)
        if not self._found(answer):
            raise self._service.invalid("a list is never DATI_NON_TROVATI")
        entries, cursor, more = answer.get("domande"), answer.get("cursore"), answer.get("altre")
        if not isinstance(entries, list) or len(entries) > limit:
            raise self._service.invalid("domande is not a list of at most the entries asked for")
        if cursor is not None and not (isinstance(cursor, str) and 0 < len(cursor) <= LONGEST_CURSOR):
            raise self._service.invalid("cursore is not a text of 1 to 200 characters")
        if not isinstance(more, bool):
            raise self._service.invalid("altre is neither true nor false")
        if (entries or more) and cursor in {None, after}:
            raise self._service.invalid("cursore does not move on")
        return Page(tuple(self.read(entry) for entry in entries), cursor or after, more)

    async def payment_status(self, inps_protocol: str, operator: Operator) -> PaymentStatus | None:
        """Ask what became of a household's payment; None when INPS does not know the protocol.

        Args:
            inps_protocol: of the household's application.
            operator: at whose desk the question arises; their evidence goes with it.

        Raises what `admitted_households` raises.

        """
        question = {"cod_protocollo_inps": inps_protocol}
        answer = await self._service.ask(PAYMENT, f"{PAYMENT}/ricerca", question, operator=operator)
        if not self._found(answer):
            return None
        payment = answer.get("pagamento")
        if not isinstance(payment, dict):
            raise self._service.invalid("pagamento is not an object")
        if payment.get("cod_protocollo_inps") != inps_protocol:
            raise self._service.invalid("it is about another household")
        try:
            return decode_payment(payment, self._codes)
        except RecordRefused as refused:
            raise self._service.invalid(f"{refused.refusal.field}: {refused.refusal.reason}") from None

    def _found(self, answer: Mapping[str, Any]) -> bool:
        """Read `Esito`: whether there is an answer; INPS's published outcomes for ConsultazioneISEE."""
        match answer.get("Esito"):
            case "OK":
                return True
            case "DATI_NON_TROVATI":
                return False
            case "DATABASE_OFFLINE" | "ERRORE_INTERNO" as outcome:
                raise UpstreamUnavailable(
                    f"INPS cannot answer now ({outcome}).", agency=self._service.agency, outcome=outcome
                )
            case "RICHIESTA_INVALIDA" | "RISCONTRO_NON_VALIDO" as outcome:
                raise UpstreamRefused(
                    f"INPS refused the question ({outcome}).", agency=self._service.agency, outcome=outcome
                )
            case _:
                raise self._service.invalid("Esito is not one of its outcomes")
