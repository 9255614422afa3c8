# SPDX-License-Identifier: EUPL-1.2
"""INPS's ConsultazioneISEE, as published: SOAP 1.1 behind PDND (domain.md 1.7).

Voucher, digest, signature and evidence are looked at first (`modi`), then the envelope, who asks (`Identity`), the operation against
SOAPAction, and the question element by element. What is not conform is a fault, HTTP 500, as SOAP has it; the reason is in `refusals`.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date
from xml.sax.saxutils import quoteattr

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.isee_world import IseeWorld, SimulatedDeclaration, search_by_code
from connectors.simulators.keys import DemoKeys
from connectors.simulators.modi import ModiVerifier, Refused
from connectors.simulators.registry import Registry
from connectors.simulators.soap_messages import Element, NotConform, envelope, fault, read_message, texts

SERVICE = "http://inps.it/ConsultazioneISEE"
HEADER = "http://inps.it/"
PATH = "/soap/ConsultazioneISEE/v1"
OPERATION = "ConsultazioneISEE"
"""The name of all operations, for the faults."""
_CODE = re.compile(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z][A-Z0-9]{3}[A-Z]|\d{11}", re.ASCII)
_THRESHOLD = re.compile(r"[A-Za-z]{4}[0-9]{2}", re.ASCII)
_KINDS = {"Ordinario", "Minorenne", "Universitario", "SocioSanitario", "Dottorato", "Residenziale"}
_SEARCH = ("CodiceFiscale", "DataValidita?", "PrestazioneDaErogare?", "ProtocolloDomandaEnteErogatore?", "StatodomandaPrestazione?")  # fmt: skip


class IseeSimulator:
    """The service as an ASGI application (`app`), with switches for faults (`faults`)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        world: IseeWorld,
        *,
        offices: Mapping[str, str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the demo world's catalogue and keys, the declarations, and which user ids ask for which office."""
        eservice = registry.eservices["isee"]
        self.faults = Faults(now)
        self._verifier = ModiVerifier(
            registry,
            eservice,
            jwks=keys.jwks(),
            client_keys=keys.client_keys(registry),
            now=self.faults.clock,
        )
        self._audience = eservice.audiences[0]
        self._world = world
        self._offices = offices
        self._asked = 0
        self.outcome: str | None = None
        """What every question is answered with, in place of its answer: one of EsitoEnum's words."""
        self.refusals: list[str] = []
        self.operators: list[tuple[str, str]] = []
        """(operation, userID) of each question that was let in: what INPS's audit would show."""
        routes = [Route(PATH, self._answer, methods=["POST"])]
        self.operations = (OPERATION,)
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, {PATH: OPERATION}.get)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        try:
            caller = self._verifier.verify(request.headers, body, audience=self._audience, audit=True)
            blocks, asked = read_message(request.headers.get("content-type", ""), body)
            self._identify(blocks)
            name = str(asked.tag).removeprefix(f"{{{SERVICE}}}")
            if request.headers.get("soapaction") != f'"{SERVICE}/ISvcConsultazione/{name}"':
                raise NotConform("SOAPAction")
            told = self._told(name, asked)
        except Refused as refused:
            self.refusals.append(str(refused))
            return Response(status_code=401 if refused.part == "voucher" else 400)
        except NotConform as refused:
            self.refusals.append(str(refused))
            return fault("Client", f"Richiesta non conforme: {refused}")
        assert caller.evidence is not None
        self.operators.append((name, caller.evidence["userID"]))
        return envelope(told)

    def _identify(self, blocks: Mapping[str, Element]) -> None:
        block = blocks.get(f"{{{HEADER}}}Identity")
        if block is None:
            raise NotConform("Identity")
        said = texts(block, HEADER, "UserId", "CodiceUfficio")
        if self._offices.get(said["UserId"]) != said["CodiceUfficio"]:
            raise NotConform("Identity is nobody INPS knows")

    def _told(self, name: str, asked: Element) -> str:
        answers: dict[str, Callable[[Element], tuple[str, str]]] = {
            "ConsultazioneAttestazione": self._attestation,
            "ConsultazioneIndicatore": self._indicator,
            "ConsultazioneSogliaIndicatore": self._threshold,
        }
        if name not in answers:
            raise NotConform("no operation of this service")
        if [one.tag for one in asked] != [f"{{{SERVICE}}}request"]:
            raise NotConform("request")
        self._asked += 1
        outcome, content = answers[name](asked[0])
        if self.outcome is not None:
            outcome, content = self.outcome, ""
        said = "" if outcome == "OK" else f"<DescrizioneErrore>{outcome}</DescrizioneErrore>"
        return (
            f'<{name}Response xmlns="{SERVICE}"><{name}Result><IdRichiesta>{self._asked}</IdRichiesta>'
            f"<Esito>{outcome}</Esito>{said}{content}</{name}Result></{name}Response>"
        )

    def _attestation(self, request: Element) -> tuple[str, str]:
        if [one.tag for one in request] != [f"{{{SERVICE}}}RicercaCF"]:
            raise NotConform("RicercaCF")
        search = _search(request[0])
        declaration = self._valid(search)
        if declaration is None:
            return "DATI_NON_TROVATI", ""
        return "OK", _carried("XmlEsitoAttestazione", declaration.attestation(search_by_code(search)))

    def _indicator(self, request: Element) -> tuple[str, str]:
        if [one.tag for one in request] != [f"{{{SERVICE}}}TipoIndicatore", f"{{{SERVICE}}}RicercaCF"]:
            raise NotConform("TipoIndicatore, RicercaCF")
        if request[0].text not in _KINDS:
            raise NotConform("TipoIndicatore")
        search = _search(request[1])
        declaration = self._valid(search)
        if declaration is None or request[0].text != "Ordinario":
            return "DATI_NON_TROVATI", ""
        return "OK", _carried("XmlEsitoIndicatore", declaration.indicator(search_by_code(search)))

    def _threshold(self, request: Element) -> tuple[str, str]:
        said = {str(name): str(value) for name, value in request.items()}
        if set(said) - {"DataValidita"} != {"CodiceFiscale", "CodiceSoglia", "FornituraNucleo"} or len(
            request
        ):
            raise NotConform("request")
        if not _CODE.fullmatch(said["CodiceFiscale"]) or not _THRESHOLD.fullmatch(said["CodiceSoglia"]):
            raise NotConform("CodiceFiscale, CodiceSoglia")
        if said["FornituraNucleo"] not in ("SI", "NO"):
            raise NotConform("FornituraNucleo")
        limit = self._world.thresholds.get(said["CodiceSoglia"])
        if limit is None:
            return "RICHIESTA_INVALIDA", ""
        declaration = self._valid(said)
        if declaration is None:
            return "DATI_NON_TROVATI", ""
        members = declaration.members if said["FornituraNucleo"] == "SI" else ()
        people = "".join(
            f"<Componente CodiceFiscale={quoteattr(one.fiscal_code)} Cognome={quoteattr(one.family_name)}"
            f" Nome={quoteattr(one.given_name)}/>"
            for one in members
        )
        return "OK", (
            f'<DatiIndicatore TipoIndicatore="ISEE Ordinario" SottoSoglia="{_yes(declaration.isee <= limit)}"'
            f' ProtocolloDSU="{declaration.protocol}" DataPresentazioneDSU="{declaration.presented_on}"'
            f' PresenzaDifformita="{_yes(bool(declaration.irregularities))}">{people}</DatiIndicatore>'
        )

    def _valid(self, search: Mapping[str, str]) -> SimulatedDeclaration | None:
        """The declaration this person is in, if it holds on the day that was asked for."""
        found = self._world.by_code.get(search["CodiceFiscale"])
        if found is None or "DataValidita" not in search:
            return found
        try:
            on = date.fromisoformat(search["DataValidita"])
        except ValueError:
            raise NotConform("DataValidita") from None
        return found if found.presented_on <= on <= found.valid_until else None


def _search(request: Element) -> dict[str, str]:
    said = texts(request, SERVICE, *_SEARCH)
    if not _CODE.fullmatch(said["CodiceFiscale"]):
        raise NotConform("CodiceFiscale")
    return said


def _carried(name: str, document: str) -> str:
    """A document in base64. INPS's schemas are ISO-8859-1; so is what is made of them."""
    declared = f'<?xml version="1.0" encoding="ISO-8859-1"?>{document}'.encode("iso-8859-1")
    return f"<{name}>{b64encode(declared).decode()}</{name}>"


def _yes(holds: bool) -> str:
    return "SI" if holds else "NO"
