# SPDX-License-Identifier: EUPL-1.2
"""serviceRDC asked of somebody else: the national platform, or another region's hub (domain.md 3.3).

What a person is called there is told as it is written: the values of states and roles are published nowhere, and its days have no form.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from connectors.rdc.beneficiaries import TYPES
from connectors.rdc.outcomes import Outcome
from connectors.soap import Credentials, Operation, SoapClient, element
from connectors.soap.client import Identify, by_the_connection
from connectors.soap.envelope import Element
from hub.errors import UpstreamRefused

_ANSWER: Final = f"{{{TYPES}}}risposta_RDC_beneficiari"
# NOTE the second is as the published WSDL has it without its gateway's address: a server looks at the last part.
BY_CODE: Final = Operation(
    "ricevi_RDC_by_codiceFiscale", _ANSWER, "http://servizi.lavoro.gov.it/ricevi_RDC_by_codiceFiscale"
)
BY_PROTOCOL: Final = Operation(
    "ricevi_RDC_by_codProtocolloInps",
    _ANSWER,
    "http://servizi.lavoro.gov.it/ricevi_RDC_by_codProtocolloInps",
)
_NEEDED: Final = (
    "cod_stato",
    "cod_fiscale",
    "cod_protocollo_inps",
    "cod_ruolo_beneficiario",
    "des_cognome",
    "des_nome",
    "dtt_nascita",
)
"""Elements without which a `beneficiario` says nothing; of those the contract demands, others may be empty."""
_FAILURES: Final = frozenset({Outcome.LOG.value, Outcome.GENERIC.value})
_CODE = re.compile(r"[A-Z0-9]{1,8}", re.ASCII)
MOST_PEOPLE: Final = 100


@dataclass(frozen=True, slots=True, repr=False)
class ToldPerson:
    """One `beneficiario`, as it is written there."""

    fiscal_code: str
    inps_protocol: str
    family_name: str
    given_name: str
    born: str
    state: str
    role: str


class RdcClient:
    """One serviceRDC. `identify`: who asks, in HTTP's headers; by default the connection says it."""

    def __init__(self, service: SoapClient, *, identify: Identify = by_the_connection) -> None:
        self._service = service
        self._identify: Identify = identify

    async def by_fiscal_code(self, fiscal_code: str) -> tuple[ToldPerson, ...]:
        """The household of a person; nobody where it is not known.

        Raises:
            UpstreamUnavailable: no answer in time, or an outcome that says the service failed.
            UpstreamRefused: the request is refused.
            UpstreamInvalid: the answer is not as the contract has it, or about others.

        """

        def told(people: tuple[ToldPerson, ...]) -> bool:
            return not people or any(one.fiscal_code == fiscal_code for one in people)

        return await self._ask(BY_CODE, "CodiceFiscale", "codFiscale", fiscal_code, told)

    async def by_protocol(self, inps_protocol: str) -> tuple[ToldPerson, ...]:
        """The household of a protocol; nobody where it is not known. Raises as `by_fiscal_code`."""

        def told(people: tuple[ToldPerson, ...]) -> bool:
            return all(one.inps_protocol == inps_protocol for one in people)

        return await self._ask(BY_PROTOCOL, "codProtocolloInps", "codProtocolloInps", inps_protocol, told)

    async def _ask(
        self,
        operation: Operation,
        kind: str,
        name: str,
        value: str,
        told: Callable[[tuple[ToldPerson, ...]], bool],
    ) -> tuple[ToldPerson, ...]:
        asked = etree.Element(f"{{{TYPES}}}richiesta_RDC_beneficiari_dato_{kind}", nsmap={"types": TYPES})
        element(asked, name, value)
        answer = await self._service.call(
            operation, asked, identify=self._identify, failing=lambda one: _outcome(one) in _FAILURES
        )
        with self._service.reading(operation):
            people = self._people(answer)
            if not told(people):
                raise self._service.invalid("it is about others")
            return people

    def _people(self, answer: Element) -> tuple[ToldPerson, ...]:
        outcome = _outcome(answer)
        if outcome == Outcome.FISCAL_CODE:
            return ()
        if not _CODE.fullmatch(outcome):
            raise self._service.invalid("codEsito is not a code")
        if outcome != Outcome.DONE:
            # NOTE messaggioErrore is left unread: it may name whom it is about.
            raise UpstreamRefused(
                f"{self._service.agency} refused the question ({outcome}).",
                agency=self._service.agency,
                outcome=outcome,
            )
        found = answer.findall(f"{{{TYPES}}}beneficiari/{{{TYPES}}}beneficiario")
        if len(found) > MOST_PEOPLE:
            raise self._service.invalid(f"it has more than {MOST_PEOPLE} people")
        return tuple(self._person(one) for one in found)

    def _person(self, one: Element) -> ToldPerson:
        said = {name: (one.findtext(f"{{{TYPES}}}{name}") or "").strip() for name in _NEEDED}
        for name, text in said.items():
            if not text:
                raise self._service.invalid(f"a beneficiario lacks {name}")
        return ToldPerson(
            fiscal_code=said["cod_fiscale"],
            inps_protocol=said["cod_protocollo_inps"],
            family_name=said["des_cognome"],
            given_name=said["des_nome"],
            born=said["dtt_nascita"],
            state=said["cod_stato"],
            role=said["cod_ruolo_beneficiario"],
        )


def by_password(user: str, password: str) -> Identify:
    """Credentials of a client that was given a name and a password (RFC 7617); only ever over TLS."""
    words = b64encode(f"{user}:{password}".encode()).decode("ascii")

    async def identify(_body: bytes) -> Credentials:
        return Credentials({"Authorization": f"Basic {words}"})

    return identify


def _outcome(answer: Element) -> str:
    return (answer.findtext(f"{{{TYPES}}}esito/{{{TYPES}}}codEsito") or "").strip()
