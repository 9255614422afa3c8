# SPDX-License-Identifier: EUPL-1.2
"""What a simulated region was told of facts recorded elsewhere: each key once, and refused what it does not take.

Strict: every member and no other, each of its form; a key that comes again with other content is refused.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from connectors.simulators.signed_service import Content, NotConform, members
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code
from hub.store.vocabulary import ConditionalityEventType, Measure

_AGENCY = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


def _key(value: object) -> bool:
    return isinstance(value, str) and str(UUID(value)) == value


def _moment(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def _fiscal_code(value: object) -> bool:
    return isinstance(value, str) and parse_fiscal_code(value) == value


def _text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "idComunicazione": _key,
    "progressivo": lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
    "idEvento": _key,
    "tipoEvento": lambda value: value in [one.value for one in ConditionalityEventType],
    "codiceFiscale": _fiscal_code,
    "codProtocolloInps": _text,
    "misura": lambda value: value in [one.value for one in Measure],
    "dataEvento": _moment,
    "dataRegistrazione": _moment,
    "enteRilevatore": lambda value: isinstance(value, str) and _AGENCY.fullmatch(value) is not None,
    "idPatto": lambda value: value is None or _text(value),
    "idEventoAnnullato": lambda value: value is None or _key(value),
}


class ToldEvents:
    """What was told, and how often; may be looked at from any thread. `refuses`: codes of refusal by fiscal code."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: list[Content] = []
        """What was accepted, each once, in the order it first came."""
        self.heard: list[str] = []
        """The key of every request that was let in, as often as it came."""
        self.refuses: dict[str, str] = {}

    def take(self, told: Content) -> Content:
        """Answer one request.

        Raises:
            NotConform: a member is missing, unknown, or not of its form.

        """
        members(told, set(_FORMS), set())
        for name, is_right in _FORMS.items():
            try:
                right = is_right(told[name])
            except (ValueError, InvalidFiscalCode):
                right = False
            if not right:
                raise NotConform(name)
        key = str(told["idComunicazione"])
        with self._lock:
            self.heard.append(key)
            known = next((one for one in self.taken if one["idComunicazione"] == key), None)
            if known is not None:
                if known != told:
                    return {"idComunicazione": key, "esito": "RIFIUTATO", "codice": "CHIAVE_RIUSATA"}
                return {"idComunicazione": key, "esito": "GIA_RICEVUTO"}
            if code := self.refuses.get(str(told["codiceFiscale"])):
                return {"idComunicazione": key, "esito": "RIFIUTATO", "codice": code}
            self.taken.append(told)
            return {"idComunicazione": key, "esito": "ACCETTATO"}
