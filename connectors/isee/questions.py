# SPDX-License-Identifier: EUPL-1.2
"""The elements that ask INPS, in the published order, and the header block that says which office asks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from connectors.isee.records import IndicatorKind
from connectors.soap import Operation, element
from connectors.soap.envelope import Element

SERVICE: Final = "http://inps.it/ConsultazioneISEE"
_HEADER: Final = "http://inps.it/"
_ACTION: Final = f"{SERVICE}/ISvcConsultazione/"

ASKABLE = re.compile(r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][A-Z0-9]{3}[A-Z]|[0-9]{11}", re.ASCII)
"""INPS's CodiceFiscaleType: of codes that were changed to tell people apart (omocodia) only those changed in the last four places."""
THRESHOLD = re.compile(r"[A-Za-z]{4}[0-9]{2}", re.ASCII)
"""A threshold's code, as INPS gave it to whoever may ask by it."""


@dataclass(frozen=True, slots=True)
class Office:
    """Who asks, as INPS knows them: `Identity` in the SOAP header."""

    user_id: str
    office_code: str

    def block(self) -> Element:
        """The header block."""
        block = etree.Element(f"{{{_HEADER}}}Identity", nsmap={"inps": _HEADER})
        element(block, "UserId", self.user_id)
        element(block, "CodiceUfficio", self.office_code)
        return block


def operation(name: str) -> Operation:
    """An operation of the service. All only read, so they may be asked again."""
    return Operation(name, f"{{{SERVICE}}}{name}Response", _ACTION + name)


ATTESTATION: Final = operation("ConsultazioneAttestazione")
INDICATOR: Final = operation("ConsultazioneIndicatore")
STANDING: Final = operation("ConsultazioneSogliaIndicatore")


def first_askable(fiscal_codes: Iterable[str]) -> str | None:
    """The first of some fiscal codes that INPS's contract can carry."""
    return next((code for code in fiscal_codes if ASKABLE.fullmatch(code)), None)


def ask_attestation(fiscal_code: str, on: date) -> Element:
    """Of the household this person is of, the attestation that holds on a day."""
    asked = _asked(ATTESTATION)
    _person(element(asked, "request"), fiscal_code, on)
    return asked


def ask_indicator(kind: IndicatorKind, fiscal_code: str, on: date) -> Element:
    """One indicator of this person, on a day."""
    asked = _asked(INDICATOR)
    request = element(asked, "request")
    element(request, "TipoIndicatore", kind.value)
    _person(request, fiscal_code, on)
    return asked


def ask_standing(threshold: str, fiscal_code: str, on: date, *, with_members: bool) -> Element:
    """Whether the indicator of this person's household is below a threshold, on a day."""
    asked = _asked(STANDING)
    request = element(asked, "request")
    request.set("CodiceFiscale", fiscal_code)
    request.set("CodiceSoglia", threshold)
    request.set("FornituraNucleo", "SI" if with_members else "NO")
    request.set("DataValidita", on.isoformat())
    return asked


def _asked(what: Operation) -> Element:
    return etree.Element(f"{{{SERVICE}}}{what.name}", nsmap={"isee": SERVICE})


def _person(request: Element, fiscal_code: str, on: date) -> None:
    # NOTE no PrestazioneDaErogare: of INPS's codes none is RdC's successors', and one that is not ours would be recorded there.
    search = element(request, "RicercaCF")
    element(search, "CodiceFiscale", fiscal_code)
    element(search, "DataValidita", on.isoformat())
