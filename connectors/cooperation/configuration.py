# SPDX-License-Identifier: EUPL-1.2
"""How regions' labour systems are reached, as their files say (docs/reference/regions.md): by application cooperation, or not at all.

    kind = "application-cooperation"
    region = "10"

    [sap]
    address = "https://pdd.umbria.example/PD/SPCServiziSAP/"
    namespace = "http://pdd.umbria.example/PD/SPCServiziSAP/types"

    [tls]
    certificate = "hub.pem"
    key = "hub.key"

    [egov]
    sender = "Nazionale"
    gateway = "SPCNazionale"
    recipient = "UMBRIA"

    [activities]
    C06 = "PLACEMENT"

    [notifications]
    ACTIVITY_NOT_ATTENDED = "ASSENZA"
    EVENT_WITHDRAWN = "ANNULLAMENTO"

A region that has no system of its own says so, and no more:

    kind = "none"
    region = "14"

What is unknown, missing or of another form is refused with a sentence that names the file and the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from connectors.cooperation.codes import ACTIVITIES, PACT
from connectors.toml_tables import Wrong, address, only, region_code, split_url, table, text
from hub.errors import ConfigurationError
from hub.store.reference.agency_codes import region_agency_code
from hub.store.vocabulary import ActivityKind, ConditionalityEventType

KIND: Final = "application-cooperation"
NO_SYSTEM: Final = "none"
NO_ACTIVITY: Final = "none"
"""In `[activities]`: a type of policy that is known, and is no activity."""
SERVICE: Final = "Servizi SAP"
"""`Servizio` of the e-Gov header (domain.md 6.2)."""
_POLICY = re.compile(r"[A-Z][0-9]{2}", re.ASCII)
_WORD = re.compile(r"[ -~]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tls:
    """The hub's client certificate and key, PEM; `authorities`: who vouches for the gateway, the system's own when None."""

    certificate: Path
    key: Path
    authorities: Path | None


@dataclass(frozen=True, slots=True)
class EGov:
    """The parties of the e-Gov header, as gateways know them; `gateway` is the sender's."""

    sender: str
    gateway: str
    recipient: str
    service: str = SERVICE


@dataclass(frozen=True, slots=True)
class CooperatingRegion:
    """How one region's system is reached.

    Args:
        region_code: ISTAT's, with 21 and 22 for Bolzano and Trento.
        address: of its SAP service, or of the gateway in front of it.
        namespace: of the elements, which each gateway has its own of.
        tls: None where the address asks for no certificate.
        egov: None where a domain gateway of the hub's adds the header.
        activities: what a policy's type (`tipo_attivita`) is here; None for what is no activity.
        notifications: by type of facts, the word agreed with the region (`MotivoNotifica`); without any it is told nothing.

    """

    region_code: str
    address: str
    namespace: str
    tls: Tls | None = None
    egov: EGov | None = None
    activities: Mapping[str, ActivityKind | None] = field(default_factory=lambda: ACTIVITIES)
    notifications: Mapping[ConditionalityEventType, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def agency_code(self) -> str:
        """The code of the agency whose system it is."""
        return region_agency_code(self.region_code)

    @property
    def name(self) -> str:
        """As errors and metrics call it."""
        return f"REGION-{self.region_code}"

    @property
    def untold(self) -> str | None:
        """Why the region is told nothing; None where it can be told."""
        if self.notifications:
            return None
        return (
            f"Region {self.region_code} is told nothing: which words NotificaSAP gives as its reason (MotivoNotifica) is published nowhere; "
            "agree on them with the region and name them in its file, under [notifications]."
        )


@dataclass(frozen=True, slots=True)
class SubsidiaryRegion:
    """A region without a labour system of its own: the hub is it (funzioni sussidiarie)."""

    region_code: str

    @property
    def agency_code(self) -> str:
        """The code of the region's agency."""
        return region_agency_code(self.region_code)

    @property
    def name(self) -> str:
        """As `connectorStatus` calls it."""
        return f"REGION-{self.region_code}"

    @property
    def note(self) -> str:
        """What there is to say of it."""
        return (
            f"Region {self.region_code} has no labour system of its own: its centres record at the hub directly; "
            "nothing is pulled from it, and it is told nothing."
        )


RegionFile: TypeAlias = CooperatingRegion | SubsidiaryRegion
"""What a region's file says."""


def region_of(content: Mapping[str, Any], file: Path) -> RegionFile:
    """The region that a file's content says.

    Raises:
        ConfigurationError: it says something that cannot be.

    """
    try:
        return _region(content, file.parent)
    except Wrong as wrong:
        raise ConfigurationError(f"{file}: {wrong}") from None


def _region(content: Mapping[str, Any], folder: Path) -> RegionFile:
    kind = content.get("kind")
    if kind == NO_SYSTEM:
        only(content, "", ("kind", "region"), ())
        return SubsidiaryRegion(region_code(content))
    if kind != KIND:
        raise Wrong(
            f'kind is "rest" for a region by REST over PDND, "{KIND}", "batch" for one that sends files, or "{NO_SYSTEM}" for one whose '
            "system is the hub: there is no other kind of region."
        )
    only(content, "", ("kind", "region", "sap"), ("tls", "egov", "activities", "notifications"))
    sap = table(content, "sap", ("address", "namespace"))
    assert sap is not None
    service = address(sap, "address", "sap.")
    namespace = text(sap, "namespace", "sap.")
    if not (split := split_url(namespace)) or not split.scheme:
        raise Wrong("sap.namespace is the targetNamespace of the types in the region's WSDL.")
    return CooperatingRegion(
        region_code(content),
        service,
        namespace,
        _tls(content, folder),
        _egov(content),
        _activities(content),
        _notifications(content),
    )


def _activities(content: Mapping[str, Any]) -> Mapping[str, ActivityKind | None]:
    """The types that are established, and those whoever runs the hub has agreed with the region."""
    told = content.get("activities", {})
    if not isinstance(told, dict):
        raise Wrong("activities is a table: [activities].")
    found = dict(ACTIVITIES)
    for code, word in told.items():
        if not _POLICY.fullmatch(code) or code == PACT:
            raise Wrong(
                f"activities.{code}: a type of policy is a letter and two digits; {PACT} is the pact."
            )
        if word != NO_ACTIVITY and word not in list(ActivityKind):
            raise Wrong(f"activities.{code} is one of {', '.join(ActivityKind)}, or {NO_ACTIVITY}.")
        found[code] = None if word == NO_ACTIVITY else ActivityKind(word)
    return MappingProxyType(found)


def _notifications(content: Mapping[str, Any]) -> Mapping[ConditionalityEventType, str]:
    """The words agreed with the region, by type of facts."""
    told = content.get("notifications", {})
    if not isinstance(told, dict):
        raise Wrong("notifications is a table: [notifications].")
    for name, word in told.items():
        if name not in list(ConditionalityEventType) or name == ConditionalityEventType.CONTENT_ERASED:
            raise Wrong(f"notifications.{name}: there are no facts of this type, or nobody is told them.")
        if not isinstance(word, str) or not _WORD.fullmatch(word) or word != word.strip():
            raise Wrong(f"notifications.{name} has 1 to 80 visible ASCII characters.")
    # NOTE whoever hears of a fact hears that it was taken back.
    if told and ConditionalityEventType.EVENT_WITHDRAWN not in told:
        raise Wrong("notifications.EVENT_WITHDRAWN is missing: what was told may have to be taken back.")
    return MappingProxyType({ConditionalityEventType(name): word for name, word in told.items()})


def _tls(content: Mapping[str, Any], folder: Path) -> Tls | None:
    found = table(content, "tls", ("certificate", "key"), ("authorities",))
    if found is None:
        return None
    files = {name: folder / text(found, name, "tls.") for name in found}
    for name, file in files.items():
        if not file.is_file():
            raise Wrong(f"tls.{name}: there is no file {file}.")
    return Tls(files["certificate"], files["key"], files.get("authorities"))


def _egov(content: Mapping[str, Any]) -> EGov | None:
    found = table(content, "egov", ("sender", "gateway", "recipient"), ("service",))
    if found is None:
        return None
    words = {name: text(found, name, "egov.") for name in found}
    for name, word in words.items():
        if not _WORD.fullmatch(word):
            raise Wrong(f"egov.{name} has 1 to 80 visible ASCII characters.")
    return EGov(**words)
