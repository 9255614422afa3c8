# SPDX-License-Identifier: EUPL-1.2
"""The header of the e-Gov envelope (busta e-Gov), by which domain gateways (porte di dominio) route a message.

    Intestazione
    └── IntestazioneMessaggio
        ├── Mittente / Destinatario · IdentificativoParte
        ├── ProfiloCollaborazione, Servizio, Azione
        └── Messaggio · Identificatore, OraRegistrazione, RiferimentoMessaggio

Source: for the values domain.md 6.2 (high confidence); for the names, which its rules of transmission leave to the gateways, messages of
two open-source gateways (medium confidence). A gateway adds the header and takes it off; behind one, the hub meets none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from lxml import etree

from connectors.soap.envelope import ENVELOPE, Element, element, written
from hub.errors import InvalidInput

NAMESPACE: Final = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/"
GATEWAY: Final = "http://www.cnipa.it/eGov_it/portadominio"
"""The `actor` that is every domain gateway."""
SYNCHRONOUS: Final = "EGOV_IT_ServizioSincrono"
KIND: Final = "SPC"
"""The kind (`tipo`) of the names of parties and services."""
LOCAL_TIME: Final = "EGOV_IT_Locale"
HIGHEST_NUMBER: Final = 9_999_999

_TAG = f"{{{NAMESPACE}}}Intestazione"
_NAMES = {"e": NAMESPACE}


class InvalidEGovHeader(InvalidInput):
    """The e-Gov header lacks a part that every message has."""

    code: ClassVar[str] = "SOAP_REFUSED"


@dataclass(frozen=True, slots=True)
class EGovHeader:
    """Who writes to whom, and what. `registered_at` is as the gateway wrote it; `refers_to`: the identifier of the message answered."""

    sender: str
    recipient: str
    service: str
    action: str
    identifier: str
    registered_at: str
    profile: str = SYNCHRONOUS
    refers_to: str | None = None


def message_identifier(sender: str, gateway: str, number: int, at: datetime) -> str:
    """A message's identifier: sender, its gateway, a number of seven digits, the minute by the gateway's clock.

    Raises ValueError for a number beyond `HIGHEST_NUMBER`.
    """
    if not 0 <= number <= HIGHEST_NUMBER:
        raise ValueError("a message's number has at most seven digits")
    return f"{sender}_{gateway}_{number:07}_{at:%Y-%m-%d_%H:%M}"


def write_egov(header: EGovHeader) -> Element:
    """The header block, for the gateway that is next."""
    block = etree.Element(_TAG, nsmap={"eGov_IT": NAMESPACE, "soapenv": ENVELOPE})
    block.set(f"{{{ENVELOPE}}}actor", GATEWAY)
    block.set(f"{{{ENVELOPE}}}mustUnderstand", "1")
    message = element(block, "IntestazioneMessaggio")
    for name, party in (("Mittente", header.sender), ("Destinatario", header.recipient)):
        element(element(message, name), "IdentificativoParte", party).set("tipo", KIND)
    element(message, "ProfiloCollaborazione", header.profile)
    element(message, "Servizio", header.service).set("tipo", KIND)
    element(message, "Azione", header.action)
    about = element(message, "Messaggio")
    element(about, "Identificatore", header.identifier)
    element(about, "OraRegistrazione", header.registered_at).set("tempo", LOCAL_TIME)
    if header.refers_to is not None:
        element(about, "RiferimentoMessaggio", written(header.refers_to))
    return block


def read_egov(headers: tuple[Element, ...]) -> EGovHeader | None:
    """The e-Gov header among a message's blocks; None where there is none.

    Raises:
        InvalidEGovHeader: a part is missing.

    """
    block = next((one for one in headers if one.tag == _TAG), None)
    if block is None:
        return None
    message = "e:IntestazioneMessaggio"
    return EGovHeader(
        sender=_said(block, f"{message}/e:Mittente/e:IdentificativoParte"),
        recipient=_said(block, f"{message}/e:Destinatario/e:IdentificativoParte"),
        service=_said(block, f"{message}/e:Servizio"),
        action=_said(block, f"{message}/e:Azione"),
        identifier=_said(block, f"{message}/e:Messaggio/e:Identificatore"),
        registered_at=_said(block, f"{message}/e:Messaggio/e:OraRegistrazione"),
        profile=_said(block, f"{message}/e:ProfiloCollaborazione"),
        refers_to=_text(block, f"{message}/e:Messaggio/e:RiferimentoMessaggio"),
    )


def _said(block: Element, path: str) -> str:
    text = _text(block, path)
    if text is None:
        raise InvalidEGovHeader(f"The e-Gov header lacks {path.replace('e:', '')}.")
    return text


def _text(block: Element, path: str) -> str | None:
    return (block.findtext(path, namespaces=_NAMES) or "").strip() or None
