# SPDX-License-Identifier: EUPL-1.2
"""One agency that sends files, as its own file says (docs/reference/files.md).

    kind = "batch"
    region = "13"
    format = "csv"
    encoding = "cp1252"
    folder = "/srv/abruzzo"

    [files]
    pacts = "patti-*.csv*"

    [columns.pacts]
    idPatto = "ID_PATTO"

INPS says `agency = "inps"` where a region says its code. What is unknown, missing or of another form is refused with a sentence that names the file and the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from connectors.file_exchange.limits import FileLimits
from connectors.file_exchange.shapes import SENT_BY_INPS, SENT_BY_REGIONS, SHAPES
from connectors.toml_tables import Wrong, only, region_code, table, text
from hub.errors import ConfigurationError
from hub.store.reference.agency_codes import INPS_AGENCY_CODE, region_agency_code, region_code_of

W = TypeVar("W", bound=StrEnum)

KIND: Final = "batch"
SFTP_PORT: Final = 22
SFTP_TIMEOUT: Final = 30.0
"""Seconds for one answer of the server."""
_PATTERN = re.compile(r"[A-Za-z0-9*?._-]{1,100}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}", re.ASCII)
_HOST_KEY = re.compile(r"[a-z0-9@.-]{1,60} [A-Za-z0-9+/=]{16,2000}", re.ASCII)


class Format(StrEnum):
    """How the records of a file are written."""

    CSV = "csv"
    NDJSON = "ndjson"
    XML = "xml"


class Encoding(StrEnum):
    """The charset of the files."""

    UTF_8 = "utf-8"
    UTF_8_SIG = "utf-8-sig"
    CP1252 = "cp1252"


class Separator(StrEnum):
    """What stands between the cells of a CSV line."""

    SEMICOLON = ";"
    COMMA = ","
    TAB = "\t"
    BAR = "|"


class ReceiptFormat(StrEnum):
    """How receipts are written."""

    NDJSON = "ndjson"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Sftp:
    """Where the folder is, when it is another machine's: the user has a key, the server's own is known beforehand.

    `host_key`: as in `known_hosts`, type and base64. `timeout`: seconds for one answer.
    """

    host: str
    user: str
    key: Path
    host_key: str
    port: int = SFTP_PORT
    timeout: float = SFTP_TIMEOUT


@dataclass(frozen=True, slots=True)
class FilingAgency:
    """How one agency's files are found and read.

    Args:
        agency_code: of the agency whose files they are.
        format: of the files.
        folder: where they are, on this machine or on `sftp`'s.
        files: which names are of which flow: pattern by flow.
        encoding: of their text.
        separator: of CSV cells.
        columns: the agency's name of a CSV column by the path used here, by flow.
        receipts: where receipts go, below the folder; "" is the folder itself.
        receipt_format: of the receipts.
        limits: how large a file may be.
        sftp: None for a folder of this machine.

    """

    agency_code: str
    format: Format
    folder: str
    files: Mapping[str, str]
    encoding: Encoding = Encoding.UTF_8
    separator: Separator = Separator.SEMICOLON
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    receipts: str = ""
    receipt_format: ReceiptFormat = ReceiptFormat.NDJSON
    limits: FileLimits = field(default_factory=FileLimits)
    sftp: Sftp | None = None

    @property
    def place(self) -> str:
        """Where its files are, for whoever runs the hub."""
        if self.sftp is None:
            return self.folder
        return f"sftp://{self.sftp.host}:{self.sftp.port}/{self.folder.lstrip('/')}"


class FilingRegion(FilingAgency):
    """A region that sends its offers, courses and pacts."""

    __slots__ = ()

    @property
    def region_code(self) -> str:
        """ISTAT's, with 21 and 22 for Bolzano and Trento."""
        return region_code_of(self.agency_code)


def filing_of(content: Mapping[str, Any], file: Path) -> FilingAgency:
    """The agency that a file's content says: a `FilingRegion` where it is a region.

    Raises:
        ConfigurationError: it says something that cannot be.

    """
    try:
        return _agency(content, file.parent)
    except Wrong as wrong:
        raise ConfigurationError(f"{file}: {wrong}") from None


def _agency(content: Mapping[str, Any], folder: Path) -> FilingAgency:
    is_inps = "agency" in content
    only(
        content,
        "",
        ("kind", "agency" if is_inps else "region", "format", "folder", "files"),
        ("encoding", "separator", "columns", "receipts", "receipt_format", "limits", "sftp"),
    )
    if is_inps and content["agency"] != INPS_AGENCY_CODE:
        raise Wrong(f'agency is "{INPS_AGENCY_CODE}"; a region says its code: region = "13".')
    flows = SENT_BY_INPS if is_inps else SENT_BY_REGIONS
    written = _word(content, "format", Format)
    assert written is not None
    encoding = _word(content, "encoding", Encoding) or Encoding.UTF_8
    if written is Format.NDJSON and encoding is not Encoding.UTF_8:
        raise Wrong("encoding is utf-8, or absent, for NDJSON: JSON is in UTF-8 (RFC 8259).")
    if written is not Format.CSV and (
        name := next((n for n in ("separator", "columns") if n in content), "")
    ):
        raise Wrong(f"{name} is for CSV files.")
    sftp = _sftp(content, folder)
    where = text(content, "folder")
    make = FilingAgency if is_inps else FilingRegion
    return make(
        agency_code=INPS_AGENCY_CODE if is_inps else region_agency_code(region_code(content)),
        format=written,
        folder=where if sftp else str(folder / where),
        files=_files(content, flows),
        encoding=encoding,
        separator=_word(content, "separator", Separator) or Separator.SEMICOLON,
        columns=_columns(content, flows),
        receipts=_receipts(content),
        receipt_format=_word(content, "receipt_format", ReceiptFormat) or ReceiptFormat.NDJSON,
        limits=_limits(content),
        sftp=sftp,
    )


def _word(content: Mapping[str, Any], name: str, vocabulary: type[W]) -> W | None:
    if name not in content:
        return None
    try:
        return vocabulary(content[name])
    except ValueError:
        listed = ", ".join(repr(one.value)[1:-1] for one in vocabulary)
        raise Wrong(f"{name} is one of: {listed}") from None


def _files(content: Mapping[str, Any], flows: Sequence[str]) -> Mapping[str, str]:
    found = table(content, "files", (), flows)
    if not found:
        raise Wrong(f"[files] names a pattern for at least one of: {', '.join(flows)}.")
    patterns = {name: text(found, name, "files.") for name in found}
    for name, pattern in patterns.items():
        if not _PATTERN.fullmatch(pattern):
            raise Wrong(f"files.{name} is a pattern of letters, digits, . _ - * and ?.")
    return MappingProxyType(patterns)


def _columns(content: Mapping[str, Any], flows: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    kinds = table(content, "columns", (), flows) or {}
    columns: dict[str, Mapping[str, str]] = {}
    for kind, found in kinds.items():
        if not isinstance(found, dict):
            raise Wrong(f"columns.{kind} is a table: [columns.{kind}].")
        named = {path: text(found, path, f"columns.{kind}.") for path in found}
        if unknown := sorted(path for path in named if not SHAPES[kind].has(path)):
            raise Wrong(f"columns.{kind}: there is no member {unknown[0]}.")
        if len(set(named.values())) != len(named):
            raise Wrong(f"columns.{kind}: two members have one column.")
        columns[kind] = MappingProxyType(named)
    return MappingProxyType(columns)


def _receipts(content: Mapping[str, Any]) -> str:
    if "receipts" not in content:
        return ""
    found = text(content, "receipts")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", found, re.ASCII):
        raise Wrong("receipts is the name of a folder below the folder: letters, digits, _ and -.")
    return found


def _limits(content: Mapping[str, Any]) -> FileLimits:
    found = table(content, "limits", (), tuple(one.name for one in fields(FileLimits))) or {}
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise Wrong(f"limits.{name} is a whole number from 1.")
    return FileLimits(**found)


def _sftp(content: Mapping[str, Any], folder: Path) -> Sftp | None:
    found = table(content, "sftp", ("host", "user", "key", "host_key"), ("port", "timeout"))
    if found is None:
        return None
    host, user = text(found, "host", "sftp."), text(found, "user", "sftp.")
    if not _HOST.fullmatch(host):
        raise Wrong("sftp.host is a name or an address.")
    key = folder / text(found, "key", "sftp.")
    if not key.is_file():
        raise Wrong(f"sftp.key: there is no file {key}.")
    host_key = text(found, "host_key", "sftp.")
    if not _HOST_KEY.fullmatch(host_key):
        raise Wrong('sftp.host_key is the server\'s public key, as "ssh-ed25519 AAAA…".')
    port, timeout = found.get("port", SFTP_PORT), found.get("timeout", SFTP_TIMEOUT)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise Wrong("sftp.port is a number from 1 to 65535.")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 3600:
        raise Wrong("sftp.timeout is in seconds, up to 3600.")
    return Sftp(host, user, key, host_key, port, float(timeout))
