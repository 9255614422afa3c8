# SPDX-License-Identifier: EUPL-1.2
"""A region's SAP service behind its domain gateway, as published (sapWS.wsdl; domain.md 6.2 and 6.3).

Strict: the envelope, the e-Gov header (parties, service, action, an identifier used once), the elements in their order, and of a SAP that
is sent its root, its person and who holds it. What is not conform is a fault of the client; the reason is in `refusals`.
Written from the published description, not from the hub's client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.soap_messages import Element, NotConform, envelope, fault, read_message, texts

PATH = "/PD/SPCServiziSAP/"
NAMESPACE = "http://pdd.regione.example/PD/SPCServiziSAP/types"
OPERATION = "SPCServiziSAP"
"""The name of all operations, for the faults."""
EGOV = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/"
_GATEWAY = "http://www.cnipa.it/eGov_it/portadominio"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_MESSAGE = re.compile(r"[^_]+_[^_]+_[0-9]{7}_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}:[0-9]{2}", re.ASCII)
_PERSON = re.compile(
    r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]|[0-9]{11}", re.ASCII
)
_ACTIONS = {
    "invioSAP": "InvioSAP",
    "richiestaSAP": "RichiestaSAP",
    "verificaEsistenzaSAP": "VerificaEsistenzaSAP",
    "richiestaCodSAPRegTitolare": "RichiestaCodSAPRegTitolare",
    "annullaSAP": "AnnullaSAP",
    "notificaSAP": "NotificaSAP",
}


@dataclass(frozen=True, slots=True)
class Parties:
    """Who may write to this region, as e-Gov headers name them."""

    sender: str
    recipient: str
    service: str = "Servizi SAP"


class _Stumbled(Exception):
    """The service fails on one person; the text is the fault's code."""


class CooperatingRegionSimulator:
    """The service as an ASGI application (`app`), with switches for faults (`faults`)."""

    def __init__(self, documents: Iterable[str], *, parties: Parties | None, region: str) -> None:
        """Take the SAPs there are, who may write (None: a gateway has taken the header off), and the region's code in the SAP's world."""
        self.by_code: dict[str, str] = {}
        """Every SAP, by its code."""
        self._parties = parties
        self._region = region
        self._seen: set[str] = set()
        self.notified: list[tuple[str, str]] = []
        """Code and reason of each notification that was taken, as they came."""
        self.reasons: frozenset[str] | None = None
        """The reasons (MotivoNotifica) that were agreed; others are KO. None: any is taken."""
        self.refusals: list[str] = []
        self.verdict: str | None = None
        """What everything that is sent is answered with, in place of OK."""
        self.stumbles: dict[str, str] = {}
        """Whom it cannot be asked about: by fiscal code, the code of the fault that answers (`Client`, `Server`)."""
        self.asked: list[str] = []
        """Whose SAP was looked for, by fiscal code, as often as it was."""
        self.faults = Faults()
        for one in documents:
            self.by_code[_said(one, "datiinvio/identificativosap")] = one
        routes = [Route(PATH, self._answer, methods=["POST"])]
        self.operations = (OPERATION,)
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, {PATH: OPERATION}.get)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        try:
            blocks, asked = read_message(request.headers.get("content-type", ""), body)
            if request.headers.get("soapaction") != '""':
                raise NotConform("SOAPAction")
            name = str(asked.tag).removeprefix(f"{{{NAMESPACE}}}")
            if name not in _ACTIONS:
                raise NotConform("no operation of this service")
            if self._parties is not None:
                self._route(self._parties, blocks, _ACTIONS[name])
            told = self._told(name, asked)
        except _Stumbled as stumbled:
            return fault(str(stumbled), "Errore applicativo")
        except NotConform as refused:
            self.refusals.append(str(refused))
            return fault("Client", f"Messaggio non conforme: {refused}")
        leaves = "".join(f"<{leaf}>{escape(text)}</{leaf}>" for leaf, text in told.items())
        return envelope(f'<risposta_{name} xmlns="{NAMESPACE}">{leaves}</risposta_{name}>')

    def _route(self, parties: Parties, blocks: Mapping[str, Element], action: str) -> None:
        block = blocks.get(f"{{{EGOV}}}Intestazione")
        if block is None:
            raise NotConform("Intestazione")
        if (block.get(f"{{{_SOAP}}}actor"), block.get(f"{{{_SOAP}}}mustUnderstand")) != (_GATEWAY, "1"):
            raise NotConform("Intestazione: actor, mustUnderstand")
        said = {
            name: (block.findtext(path, namespaces={"e": EGOV}) or "")
            for name, path in (
                ("Mittente", "e:IntestazioneMessaggio/e:Mittente/e:IdentificativoParte"),
                ("Destinatario", "e:IntestazioneMessaggio/e:Destinatario/e:IdentificativoParte"),
                ("ProfiloCollaborazione", "e:IntestazioneMessaggio/e:ProfiloCollaborazione"),
                ("Servizio", "e:IntestazioneMessaggio/e:Servizio"),
                ("Azione", "e:IntestazioneMessaggio/e:Azione"),
            )
        }
        expected = {
            "Mittente": parties.sender,
            "Destinatario": parties.recipient,
            "ProfiloCollaborazione": "EGOV_IT_ServizioSincrono",
            "Servizio": parties.service,
            "Azione": action,
        }
        for name, text in expected.items():
            if said[name] != text:
                raise NotConform(name)
        identifier = block.findtext(".//e:Messaggio/e:Identificatore", namespaces={"e": EGOV}) or ""
        if not _MESSAGE.fullmatch(identifier):
            raise NotConform("Identificatore")
        if identifier in self._seen:
            raise NotConform("Identificatore was seen before")
        self._seen.add(identifier)

    def _told(self, name: str, asked: Element) -> dict[str, str]:
        match name:
            case "verificaEsistenzaSAP":
                return {"CodiceSAP": self._code_of(asked)}
            case "richiestaCodSAPRegTitolare":
                code = self._code_of(asked)
                body = _said(self.by_code[code], "datiinvio/codiceentetit") if code else ""
                return {
                    "CodiceSAP": code,
                    "CodiceRegione": self._region if code else "",
                    "CodiceEnteTitolare": body,
                }
            case "richiestaSAP":
                code = texts(asked, NAMESPACE, "CodiceSAP")["CodiceSAP"]
                return {"SAP": self.by_code.get(code, "")}
            case "invioSAP":
                return self._taken(texts(asked, NAMESPACE, "SAP")["SAP"])
            case "notificaSAP":
                said = texts(asked, NAMESPACE, "CodiceSAP", "MotivoNotifica")
                known = said["CodiceSAP"] in self.by_code and (
                    self.reasons is None or said["MotivoNotifica"] in self.reasons
                )
                if known and self.verdict is None:
                    self.notified.append((said["CodiceSAP"], said["MotivoNotifica"]))
                return self._verdict(known)
            case _:
                code = texts(asked, NAMESPACE, "CodiceSAP")["CodiceSAP"]
                known = code in self.by_code
                if known and self.verdict is None:
                    del self.by_code[code]
                return self._verdict(known)

    def _taken(self, document: str) -> dict[str, str]:
        code = _said(document, "datiinvio/identificativosap")
        if not _PERSON.fullmatch(_said(document, "datianagrafici/datipersonali/codicefiscale")):
            raise NotConform("SAP: codicefiscale")
        if not _said(document, "datiinvio/codiceentetit") or len(code) != 11:
            raise NotConform("SAP: datiinvio")
        if self.verdict is None:
            self.by_code[code] = document
        return {**self._verdict(known=True), "CodiceSAP": "" if self.verdict else code}

    def _verdict(self, known: bool) -> dict[str, str]:
        outcome = self.verdict or ("OK" if known else "KO")
        return {"Esito": outcome, "MessaggioErrore": "" if outcome == "OK" else "SAP non accettata"}

    def _code_of(self, asked: Element) -> str:
        person = texts(asked, NAMESPACE, "CodiceFiscale")["CodiceFiscale"]
        if not _PERSON.fullmatch(person):
            raise NotConform("CodiceFiscale")
        self.asked.append(person)
        if code := self.stumbles.get(person):
            raise _Stumbled(code)
        found = (
            code
            for code, one in self.by_code.items()
            if _said(one, "datianagrafici/datipersonali/codicefiscale") == person
        )
        return next(found, "")


def _said(document: str, path: str) -> str:
    try:
        root = etree.fromstring(document.encode())
    except etree.XMLSyntaxError:
        raise NotConform("SAP: not XML") from None
    if root.tag != "lavoratore":
        raise NotConform("SAP: no lavoratore")
    return (root.findtext(path) or "").strip()
