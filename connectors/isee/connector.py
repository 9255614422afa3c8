# SPDX-License-Identifier: EUPL-1.2
"""INPS asked for an ISEE: the attestation, one indicator, or only whether it is below a threshold."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from connectors.exchange import Exchange
from connectors.isee import attestation, indicator
from connectors.isee.attestation import read_attestation
from connectors.isee.indicator import read_indicator
from connectors.isee.outcomes import document, found, tells_failure
from connectors.isee.questions import (
    ASKABLE,
    ATTESTATION,
    INDICATOR,
    STANDING,
    THRESHOLD,
    Office,
    ask_attestation,
    ask_indicator,
    ask_standing,
    first_askable,
)
from connectors.isee.records import Attestation, Indicator, IndicatorKind, Standing
from connectors.isee.threshold import read_standing
from connectors.isee.values import NotAsAgreed
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes
from connectors.soap import CONTENT_TYPE, Credentials, SoapClient
from connectors.soap import Operation as SoapOperation
from connectors.soap.envelope import Element
from hub.errors import UpstreamRefused

__all__ = ["IseeConnector", "Office"]

T = TypeVar("T")


class IseeConnector:
    """INPS's ConsultazioneISEE. Every question is about a person, so the evidence of who asks goes with it."""

    def __init__(
        self,
        identity: ClientIdentity,
        passes: Passes,
        exchange: Exchange,
        *,
        url: str,
        audience: str,
        purpose_id: str,
        office: Office,
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the hub's client on PDND, the passes it shares between agencies, INPS's exchange, and where the service is."""
        self._access = EServiceAccess(
            identity, passes, purpose_id=purpose_id, audiences=[audience], now=now, new_id=new_id
        )
        self._service = SoapClient(exchange, url)
        self._office = office

    async def attestation(self, fiscal_codes: list[str], operator: Operator, on: date) -> Attestation | None:
        """Ask for the attestation of a household; None where INPS has none.

        Args:
            fiscal_codes: of its people: it is asked by the first that INPS's contract can carry.
            operator: at whose desk the question arises.
            on: the day it holds on.

        Raises:
            UpstreamUnavailable: INPS does not answer, or says that it cannot now.
            UpstreamRefused: INPS refuses the question, or can carry none of the codes.
            UpstreamInvalid: the answer is not as the contract has it.

        """
        code = first_askable(fiscal_codes)
        if code is None:
            raise self._uncarried()

        def read(result: Element) -> Attestation | None:
            return read_attestation(document(result, "XmlEsitoAttestazione", attestation.ROOT), code)

        return await self._ask(ATTESTATION, ask_attestation(code, on), operator, read)

    async def indicator(
        self, kind: IndicatorKind, fiscal_code: str, operator: Operator, on: date
    ) -> Indicator | None:
        """Ask for one indicator of a person; None where INPS has none. Raises what `attestation` raises."""
        self._carried(fiscal_code)

        def read(result: Element) -> Indicator:
            return read_indicator(document(result, "XmlEsitoIndicatore", indicator.ROOT), kind, fiscal_code)

        return await self._ask(INDICATOR, ask_indicator(kind, fiscal_code, on), operator, read)

    async def standing(
        self,
        threshold: str,
        fiscal_codes: list[str],
        operator: Operator,
        on: date,
        *,
        with_members: bool = False,
    ) -> Standing | None:
        """Ask only whether a household's indicator is below a threshold; None where INPS has none.

        Args:
            threshold: the code INPS gave it: four letters, two digits.
            fiscal_codes: of the household's people: it is asked by the first that INPS's contract can carry.
            operator: at whose desk the question arises.
            on: the day it holds on.
            with_members: whether the household's people are told.

        Raises what `attestation` raises, and ValueError for a threshold that is no code.

        """
        code = first_askable(fiscal_codes)
        if code is None:
            raise self._uncarried()
        if not THRESHOLD.fullmatch(threshold):
            raise ValueError("a threshold's code has four letters and two digits")
        asked = ask_standing(threshold, code, on, with_members=with_members)
        return await self._ask(STANDING, asked, operator, read_standing)

    async def _ask(
        self,
        operation: SoapOperation,
        payload: Element,
        operator: Operator,
        read: Callable[[Element], T | None],
    ) -> T | None:
        async def identify(body: bytes) -> Credentials:
            secured = await self._access.secure(body, operator=operator, content_type=CONTENT_TYPE)
            return Credentials(secured.headers, lambda: self._access.rejected(secured))

        answer = await self._service.call(
            operation,
            payload,
            identify=identify,
            blocks=lambda: (self._office.block(),),
            asker=operator,
            failing=lambda one: tells_failure(one, operation),
        )
        with self._service.reading(operation):
            try:
                result = found(answer, operation, self._service.agency)
                return None if result is None else read(result)
            except NotAsAgreed as wrong:
                raise self._service.invalid(str(wrong)) from None

    def _carried(self, fiscal_code: str) -> None:
        if not ASKABLE.fullmatch(fiscal_code):
            raise self._uncarried()

    def _uncarried(self) -> UpstreamRefused:
        return UpstreamRefused(
            "INPS's ISEE service takes no fiscal code that was changed (omocodia) before its last four places.",
            agency=self._service.agency,
        )
