# SPDX-License-Identifier: EUPL-1.2
"""What ANPR's gateway demands of a body before ANPR sees it (`RichiestaE002`; domain.md 1.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

_OPERATION_ID = re.compile(r"[0-9a-zA-Z]{1,30}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_CRITERIA = frozenset(
    {"codiceFiscale", "idANPR", "cognome", "senzaCognome", "nome", "senzaNome", "sesso", "datiNascita"}
)


class NotConform(Exception):
    """The body does not conform to the interface; the text names the field."""


def read_request(body: bytes, use_case: str) -> tuple[str, Mapping[str, str]]:
    """Read a request to this use case and give its operation's id and search criteria.

    The published schema leaves unknown members open; here they are refused too, since what ANPR would do with
    them is not published. `casoUso` must be the one of the address.

    Raises:
        NotConform: a required field is missing, or one is not of its form.

    """
    try:
        content = json.loads(body)
    except ValueError:
        raise NotConform("body: not JSON") from None
    request = _members(content, "body", {"idOperazioneClient", "criteriRicerca", "datiRichiesta"})
    operation_id = _text(request, "idOperazioneClient")
    if not _OPERATION_ID.match(operation_id):
        raise NotConform("idOperazioneClient: does not match pattern [0-9a-zA-Z]{1,30}")
    details = _members(
        request["datiRichiesta"],
        "datiRichiesta",
        {"dataRiferimentoRichiesta", "motivoRichiesta", "casoUso"},
    )
    _text(details, "motivoRichiesta")
    if _text(details, "casoUso") != use_case:
        raise NotConform("casoUso: not the use case of this service")
    _check_day(_text(details, "dataRiferimentoRichiesta"))
    return operation_id, _criteria(request["criteriRicerca"])


def _members(content: object, where: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise NotConform(f"{where}: not an object")
    if missing := names - set(content):
        raise NotConform(f"{where}: required {', '.join(sorted(missing))}")
    if set(content) - names:
        raise NotConform(f"{where}: unknown members")
    return content


def _criteria(content: object) -> Mapping[str, str]:
    if not isinstance(content, dict):
        raise NotConform("criteriRicerca: not an object")
    if set(content) - _CRITERIA:
        raise NotConform("criteriRicerca: unknown members")
    return {name: _text(content, name) for name in content if name != "datiNascita"}


def _text(parent: Mapping[str, Any], name: str) -> str:
    value = parent[name]
    if not isinstance(value, str) or not value.strip():
        raise NotConform(f"{name}: not a string")
    return value


def _check_day(value: str) -> None:
    try:
        if not _DAY.match(value):
            raise ValueError
        date.fromisoformat(value)
    except ValueError:
        raise NotConform("dataRiferimentoRichiesta: not YYYY-MM-DD") from None
