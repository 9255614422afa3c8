# SPDX-License-Identifier: EUPL-1.2
"""One region's labour system, as its file says (docs/reference/regions.md).

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

What is unknown, missing or of another form is refused with a sentence that names the file and the place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hub.errors import ConfigurationError
from hub.store.reference.agency_codes import region_agency_code

KIND: Final = "application-cooperation"
SERVICE: Final = "Servizi SAP"
"""`Servizio` of the e-Gov header (domain.md 6.2)."""
_REGION = re.compile(r"0[1-9]|1[0-9]|2[0-2]", re.ASCII)
_WORD = re.compile(r"[ -~]{1,80}", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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

    """

    region_code: str
    address: str
    namespace: str
    tls: Tls | None = None
    egov: EGov | None = None

    @property
    def agency_code(self) -> str:
        """The code of the agency whose system it is."""
        return region_agency_code(self.region_code)


def read_regions(folder: Path) -> tuple[CooperatingRegion, ...]:
    """Every region of a folder: one `*.toml` each, in the files' order.

    Raises:
        ConfigurationError: the folder cannot be read, a file is wrong, or two are of one region.

    """
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder of regions at {folder}.")
    found: dict[str, CooperatingRegion] = {}
    for file in sorted(folder.glob("*.toml")):
        one = read_region(file)
        if one.region_code in found:
            raise ConfigurationError(f"{file}: region {one.region_code} has a file already.")
        found[one.region_code] = one
    return tuple(found.values())


def read_region(file: Path) -> CooperatingRegion:
    """One region.

    Raises:
        ConfigurationError: the file cannot be read, or says something that cannot be.

    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} is not TOML in UTF-8.") from None
    try:
        return _region(content, file.parent)
    except _Wrong as wrong:
        raise ConfigurationError(f"{file}: {wrong}") from None


class _Wrong(Exception):
    """What is wrong with a file; the text is a sentence."""


def _region(content: Mapping[str, Any], folder: Path) -> CooperatingRegion:
    if content.get("kind") != KIND:
        raise _Wrong(f'kind is "{KIND}": the one kind of region that has a file.')
    _only(content, "", ("kind", "region", "sap"), ("tls", "egov"))
    region = _text(content, "region")
    if not _REGION.fullmatch(region):
        raise _Wrong("region is ISTAT's code, 01 to 20, or 21 for Bolzano and 22 for Trento.")
    sap = _table(content, "sap", ("address", "namespace"))
    assert sap is not None
    address = _text(sap, "address", "sap.")
    _check_address(address)
    namespace = _text(sap, "namespace", "sap.")
    if not urlsplit(namespace).scheme:
        raise _Wrong("sap.namespace is the targetNamespace of the types in the region's WSDL.")
    return CooperatingRegion(region, address, namespace, _tls(content, folder), _egov(content))


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise _Wrong("sap.address is a URL without a user, a password or a query.")
    # NOTE a SAP is a working life: in the clear it goes to a gateway on this machine, and nowhere else.
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise _Wrong("sap.address is https, but for a gateway on this machine.")


def _tls(content: Mapping[str, Any], folder: Path) -> Tls | None:
    table = _table(content, "tls", ("certificate", "key"), ("authorities",))
    if table is None:
        return None
    files = {name: folder / _text(table, name, "tls.") for name in table}
    for name, file in files.items():
        if not file.is_file():
            raise _Wrong(f"tls.{name}: there is no file {file}.")
    return Tls(files["certificate"], files["key"], files.get("authorities"))


def _egov(content: Mapping[str, Any]) -> EGov | None:
    table = _table(content, "egov", ("sender", "gateway", "recipient"), ("service",))
    if table is None:
        return None
    words = {name: _text(table, name, "egov.") for name in table}
    for name, word in words.items():
        if not _WORD.fullmatch(word):
            raise _Wrong(f"egov.{name} has 1 to 80 visible ASCII characters.")
    return EGov(**words)


def _table(
    content: Mapping[str, Any], name: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, Any] | None:
    found = content.get(name)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise _Wrong(f"{name} is a table: [{name}].")
    _only(found, f"{name}.", needed, optional)
    return found


def _only(found: Mapping[str, Any], path: str, needed: Sequence[str], optional: Sequence[str]) -> None:
    if unknown := sorted(set(found) - {*needed, *optional}):
        raise _Wrong(f"there is no {path}{unknown[0]}.")
    for name in needed:
        if name not in found:
            raise _Wrong(f"{path}{name} is missing.")


def _text(found: Mapping[str, Any], name: str, path: str = "") -> str:
    value = found[name]
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{path}{name} is a text.")
    return value
