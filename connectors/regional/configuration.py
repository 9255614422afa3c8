# SPDX-License-Identifier: EUPL-1.2
"""One region by REST over PDND, as its file says (docs/reference/regions.md).

    kind = "rest"
    region = "12"
    url = "https://lavoro.lazio.example/rest/lavoro/v1"
    audience = "https://lavoro.lazio.example/rest/lavoro/v1"
    purpose_id = "6a3f…"
    certificate_file = "hub.pem"

    [codes.opportunity]
    source = "Regione Lazio, letter of 3 October 2026"
    unverified = false
    words = { APERTA = "OPEN", CHIUSA = "CLOSED", RITIRATA = "WITHDRAWN" }

    [signed]
    WORK = "dataFirmaPds"

    [names]
    idPatto = "numeroPatto"

What is unknown, missing or of another form is refused with a sentence that names the file and the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from connectors.records.codes import CodeTable
from connectors.regional import courses, offers, pacts
from connectors.regional.codes import PROVISIONAL_CODES, RegionalCodes
from connectors.regional.system import RegionalSystem
from connectors.toml_tables import Wrong, address, only, region_code, table, text
from hub.errors import ConfigurationError
from hub.store.vocabulary import CourseMode, GoalStatus, OpportunityStatus, PactKind, PactStatus

KIND: Final = "rest"
TABLES: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {
        "pact_kind": PactKind,
        "pact_event": PactStatus,
        "goal_event": GoalStatus,
        "course_mode": CourseMode,
        "opportunity": OpportunityStatus,
    }
)
"""What the codes of each table of `RegionalCodes` are words for."""
MEMBERS: Final = pacts.MEMBERS | offers.MEMBERS | courses.MEMBERS
"""What a region may have another name for."""
SIGNED_IN: Final = frozenset(PROVISIONAL_CODES.signed_field.values())
"""The dates of signing that a pact may have."""
_WORD = re.compile(r"[!-~]{1,200}", re.ASCII)
_CODE = re.compile(r"[!-~]([ -~]{0,58}[!-~])?", re.ASCII)


def system_of(content: Mapping[str, Any], file: Path) -> RegionalSystem:
    """The region that a file's content says.

    Raises:
        ConfigurationError: it says something that cannot be.

    """
    try:
        return _system(content, file)
    except Wrong as wrong:
        raise ConfigurationError(f"{file}: {wrong}") from None


def _system(content: Mapping[str, Any], file: Path) -> RegionalSystem:
    only(
        content,
        "",
        ("kind", "region", "url", "audience", "purpose_id"),
        ("certificate_file", "codes", "signed", "names"),
    )
    url = address(content, "url")
    return RegionalSystem(
        region_code(content),
        url,
        _word(content, "audience"),
        _word(content, "purpose_id"),
        _codes(content),
        _names(content),
        _certificate(content, url, file.parent),
        file,
    )


def _word(found: Mapping[str, Any], name: str, path: str = "") -> str:
    word = text(found, name, path)
    if not _WORD.fullmatch(word):
        raise Wrong(f"{path}{name} has 1 to 200 visible ASCII characters, and no blanks.")
    return word


def _certificate(content: Mapping[str, Any], url: str, folder: Path) -> Path | None:
    if "certificate_file" not in content:
        return None
    found = folder / text(content, "certificate_file")
    if not found.is_file():
        raise Wrong(f"certificate_file: there is no file {found}.")
    if not url.startswith("https://"):
        raise Wrong("certificate_file is shown over TLS alone: url must begin with https://.")
    return found


def _codes(content: Mapping[str, Any]) -> RegionalCodes:
    """Those that are shipped, but for the tables of which the region has its own."""
    told = table(content, "codes", (), tuple(TABLES)) or {}
    tables: dict[str, Any] = {name: _table(told, name, TABLES[name]) for name in told}
    return replace(PROVISIONAL_CODES, signed_field=_signed(content), **tables)


def _table(told: Mapping[str, Any], name: str, vocabulary: type[StrEnum]) -> CodeTable[StrEnum]:
    """One whole table: codes of two sources are not mixed, so that `source` is true of each of them."""
    path = f"codes.{name}"
    found = told[name]
    if not isinstance(found, dict):
        raise Wrong(f"{path} is a table: [{path}].")
    only(found, f"{path}.", ("source", "unverified", "words"), ())
    unverified, words = found["unverified"], found["words"]
    if not isinstance(unverified, bool):
        raise Wrong(
            f"{path}.unverified is true or false: whether what the codes mean is established by nobody."
        )
    if not isinstance(words, dict) or not words:
        raise Wrong(
            f'{path}.words is a table of codes with what each is here: words = {{ A = "{next(iter(vocabulary))}" }}.'
        )
    for code, word in words.items():
        if not _CODE.fullmatch(code):
            raise Wrong(f"{path}.words: a code has 1 to 60 visible ASCII characters.")
        if word not in list(vocabulary):
            raise Wrong(f"{path}.words.{code} is one of {', '.join(vocabulary)}.")
    return CodeTable(
        text(found, "source", f"{path}."),
        unverified,
        MappingProxyType({code: vocabulary(word) for code, word in words.items()}),
    )


def _signed(content: Mapping[str, Any]) -> Mapping[PactKind, str]:
    told = table(content, "signed", (), tuple(PactKind)) or {}
    for kind, name in told.items():
        if name not in list(SIGNED_IN):
            raise Wrong(
                f"signed.{kind} is one of {', '.join(sorted(SIGNED_IN))}; what the region calls it stands under [names]."
            )
    return MappingProxyType(
        {**PROVISIONAL_CODES.signed_field, **{PactKind(kind): name for kind, name in told.items()}}
    )


def _names(content: Mapping[str, Any]) -> Mapping[str, str]:
    told = content.get("names", {})
    if not isinstance(told, dict):
        raise Wrong("names is a table: [names].")
    if unknown := sorted(set(told) - MEMBERS):
        raise Wrong(f"names: no record has a member {unknown[0]}.")
    names = {name: _word(told, name, "names.") for name in told}
    if len(set(names.values())) != len(names):
        raise Wrong("names: two members have one name.")
    return MappingProxyType(names)
