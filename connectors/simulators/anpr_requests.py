# SPDX-License-Identifier: EUPL-1.2
"""What ANPR's gateway demands of a body before ANPR sees it (`RichiestaE002`; domain.md 1.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

_OPERATION_ID = re.compile(r"[0-9a-zA-Z]{1,30}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
VERIFYING: Mapping[str, tuple[str, frozenset[str]]] = {
    "C003": (
        "generalita",
        frozenset({"codiceFiscale", "cognome", "nome", "sesso", "dataNascita", "luogoNascita"}),
    ),
    "C006": ("cittadinanza", frozenset({"codiceStato", "descrizioneStato", "noteStato", "dataValidita"})),
    "C008": ("residenza", frozenset({"tipoIndirizzo", "indirizzo", "localitaEstera"})),
}
"""The verifying use cases: what is declared to each, and of which members it may be made."""
_CRITERIA = frozenset(
    {"codiceFiscale", "idANPR", "cognome", "senzaCognome", "nome", "senzaNome", "sesso", "datiNascita"}
)


class NotConform(Exception):
    """The body does not conform to the interface; the text names the field."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that conforms: its operation's id, its search criteria, and what was declared (only to a verifying use case)."""

    operation_id: str
    criteria: Mapping[str, str]
    declared: Mapping[str, Any]


def read_request(body: bytes, use_case: str) -> Asked:
    """Read a request to this use case.

    The published schema leaves unknown members open; here they are refused too, since what ANPR would do with
    them is not published. `casoUso` must be the one of the address.

    Raises:
        NotConform: a required field is missing, or one is not of its form.

    """
    try:
        content = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NotConform("body: not JSON") from None
    names = {"idOperazioneClient", "criteriRicerca", "datiRichiesta"}
    request = _members(content, "body", names | ({"verifica"} if use_case in VERIFYING else set()))
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
    declared = _declared(request["verifica"], use_case) if use_case in VERIFYING else {}
    return Asked(operation_id, _criteria(request["criteriRicerca"]), declared)


def _declared(content: object, use_case: str) -> Mapping[str, Any]:
    name, known = VERIFYING[use_case]
    declared = _members(content, "verifica", {name})[name]
    if not isinstance(declared, dict) or not declared:
        raise NotConform(f"{name}: nothing is declared")
    if set(declared) - known:
        raise NotConform(f"{name}: unknown members")
    return declared


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise NotConform("body: a member stands twice")
    return content


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
