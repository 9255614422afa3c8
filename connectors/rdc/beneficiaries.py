# SPDX-License-Identifier: EUPL-1.2
"""serviceRDC: a household's people and the state of its benefit, by a member's fiscal code or by INPS's protocol.

The hub in the place of the national platform, for the clients that regional systems and municipalities have (domain.md 3.3, high confidence;
docs/reference/soap-services.md says where each element comes from). Whoever is asked for, the answer is the household, as these
clients expect: those of its members whom the caller may see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from connectors.rdc.codes import RdcCodes
from connectors.rdc.fields import leaves
from connectors.rdc.outcomes import Outcome, outcome_of
from connectors.soap import Ask, NotAnswered, element
from connectors.soap.envelope import Element
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code
from hub.store.vocabulary import BenefitStatus, Obligation

TYPES: Final = "http://servizi.lavoro.gov.it/serviceRDC/types"
_BY_CODE = f"{{{TYPES}}}richiesta_RDC_beneficiari_dato_CodiceFiscale"
_BY_PROTOCOL = f"{{{TYPES}}}richiesta_RDC_beneficiari_dato_codProtocolloInps"
_PROTOCOL = re.compile(r"[!-~]{1,40}", re.ASCII)

_HOUSEHOLD = """
fragment nucleo on Household {
  inpsProtocol
  applicant { fiscalCode }
  benefit { status startsOn }
  members { fiscalCode familyName givenName birthDate sex obligation municipality { belfioreCode name } }
}
"""
BY_FISCAL_CODE: Final = (
    """
query ricevi_RDC_by_codiceFiscale($codFiscale: FiscalCode!) {
  beneficiary(fiscalCode: $codFiscale) { household { ...nucleo } }
}
"""
    + _HOUSEHOLD
)
BY_PROTOCOL: Final = (
    """
query ricevi_RDC_by_codProtocolloInps($codProtocolloInps: String!) {
  households(filter: { inpsProtocol: $codProtocolloInps }, first: 1) { nodes { ...nucleo } }
}
"""
    + _HOUSEHOLD
)
NOBODY: Final = "Nessun beneficiario trovato."
"""Said to the person at the desk, in their language; so are all messages of this service that are no error's."""


class BeneficiaryService:
    """See `connectors.soap.SoapService`."""

    path = "serviceRDC"
    documents: Sequence[str] = (BY_FISCAL_CODE, BY_PROTOCOL)
    operations: Mapping[str, str] = MappingProxyType(
        {_BY_CODE: "ricevi_RDC_by_codiceFiscale", _BY_PROTOCOL: "ricevi_RDC_by_codProtocolloInps"}
    )

    def __init__(self, codes: RdcCodes) -> None:
        self._codes = codes

    async def answer(self, payload: Element, ask: Ask) -> Element:
        """See `SoapService.answer`."""
        household = await (_by_code if payload.tag == _BY_CODE else _by_protocol)(payload, ask)
        if household is None:
            return _answer((), Outcome.FISCAL_CODE, NOBODY)
        return _answer([self._told(household, one) for one in household["members"]], Outcome.DONE)

    def outcome(self, payload: Element, code: str, sentence: str) -> Element:  # noqa: ARG002 (others need it)
        """See `SoapService.outcome`."""
        return _answer((), outcome_of(code), sentence)

    def _told(self, household: Mapping[str, Any], member: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """A `beneficiario`: its elements, in the published order.

        The hub holds no address and no day of application: what must be there of those is empty, the rest left out. The applicant's
        element is empty where nobody told the hub who applied, or the caller may not see that person.
        """
        benefit, home, applicant = household["benefit"], member["municipality"], household["applicant"]
        return (
            ("cod_cap_residenza", ""),
            ("cod_comune_residenza", home["belfioreCode"]),
            ("des_comune_residenza", home["name"]),
            ("cod_stato", self._codes.status[BenefitStatus(benefit["status"])]),
            ("cod_fiscale", member["fiscalCode"]),
            ("cod_fiscale_richiedente", "" if applicant is None else applicant["fiscalCode"]),
            ("cod_protocollo_inps", household["inpsProtocol"]),
            ("cod_ruolo_beneficiario", self._codes.role[Obligation(member["obligation"])]),
            ("cod_sesso", member["sex"]),
            ("des_cognome", member["familyName"]),
            ("des_indirizzo_residenza", ""),
            ("des_nome", member["givenName"]),
            ("dtt_domanda", ""),
            ("dtt_nascita", member["birthDate"]),
            ("dtt_rendicontazione", benefit["startsOn"]),
        )


async def _by_code(payload: Element, ask: Ask) -> Mapping[str, Any] | None:
    [given] = leaves(payload, TYPES, ["codFiscale"]).values()
    try:
        code = parse_fiscal_code(given)
    except InvalidFiscalCode as error:
        raise NotAnswered(error.message) from None
    found = (await ask(BY_FISCAL_CODE, {"codFiscale": code}))["beneficiary"]
    return None if found is None else found["household"]


async def _by_protocol(payload: Element, ask: Ask) -> Mapping[str, Any] | None:
    [protocol] = leaves(payload, TYPES, ["codProtocolloInps"]).values()
    if not _PROTOCOL.fullmatch(protocol):
        raise NotAnswered("A protocol of INPS has 1 to 40 visible ASCII characters.")
    found = (await ask(BY_PROTOCOL, {"codProtocolloInps": protocol}))["households"]["nodes"]
    return found[0] if found else None


def _answer(
    told: Sequence[Sequence[tuple[str, str]]], outcome: Outcome, message: str | None = None
) -> Element:
    answer = etree.Element(f"{{{TYPES}}}risposta_RDC_beneficiari", nsmap={"types": TYPES})
    listed = element(answer, "beneficiari")
    for one in told:
        beneficiary = element(listed, "beneficiario")
        for name, text in one:
            element(beneficiary, name, text)
    said = element(answer, "esito")
    element(said, "codEsito", outcome.value)
    if message is not None:
        element(said, "messaggioErrore", message)
    return answer
