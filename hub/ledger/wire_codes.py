# SPDX-License-Identifier: EUPL-1.2
"""What the codes of older systems mean here: configuration, since few of them are published.

One CSV file, shipped beside this module, and replaced whole by SNODO_WIRE_CODES. Each line says its source, and whether what it means
is `established`; a code that is not is never guessed. docs/reference/wire-codes.md shows the shipped file; a test holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from hub.errors import ConfigurationError, InvalidInput
from hub.ledger.event_rules import EVENT_RULES, HUB
from hub.store.csv_lines import Line, lines_of, read_text
from hub.store.vocabulary import ConditionalityEventType

COLUMNS = ("table", "code", "meaning", "event", "status", "source")
ESTABLISHED, NOT_ESTABLISHED = "established", "not established"
NO_EVENT = "none"
"""In the column `event`: the code is known, and says nothing that bears on a benefit."""


class WireTable(StrEnum):
    """Whose codes they are."""

    CONVOCATION_OUTCOME = "convocation-outcome"
    """COD_ESITO_CONVOCAZIONE of ANPAL Servizi."""
    OFFER_OUTCOME = "offer-outcome"
    """What became of a suitable offer, in ANPAL Servizi's database."""
    RDC_EVENT = "rdc-event"
    """`cod_evento` of loadEventiCondizionalitaRDC."""
    SAP_EVENT = "sap-event"
    """`ultimo_evento/evento` of a policy in the SAP (Tabella Eventi Politica Attiva)."""


CODES: Mapping[WireTable, tuple[str, ...]] = {
    WireTable.CONVOCATION_OUTCOME: ("P", "AG", "AI", "AN"),
    WireTable.OFFER_OUTCOME: ("ACC", "RCP", "RSP"),
    WireTable.RDC_EVENT: tuple(f"X{number:02}" for number in range(1, 14)),
    WireTable.SAP_EVENT: tuple(f"{number:02}" for number in range(1, 16)),
}
"""The codes of each table that are published. A file has them all; it may have others of a table's form beside them."""

_FORMS: Mapping[WireTable, re.Pattern[str]] = {
    WireTable.CONVOCATION_OUTCOME: re.compile(r"[A-Z]{1,2}", re.ASCII),
    WireTable.OFFER_OUTCOME: re.compile(r"[A-Z]{3}", re.ASCII),
    WireTable.RDC_EVENT: re.compile(r"X[0-9]{2}", re.ASCII),
    WireTable.SAP_EVENT: re.compile(r"[0-9]{2}", re.ASCII),
}


class Unmapped(StrEnum):
    """Why a code is no type of event."""

    UNKNOWN = "UNKNOWN"
    """The table has no such code."""
    NOT_ESTABLISHED = "NOT_ESTABLISHED"
    """Nobody has published which fact it is, and whoever runs this hub has not said."""
    NO_EVENT = "NO_EVENT"
    """It is known, and says nothing that bears on a benefit."""


@dataclass(frozen=True, slots=True)
class WireCode:
    """One line of the file. `meaning` is empty where not even that is known; `event` is what it is recorded as, or why it is not."""

    table: WireTable
    code: str
    meaning: str
    event: ConditionalityEventType | Unmapped
    source: str


class WireCodes:
    """The codes of every table, as one file has them."""

    def __init__(self, codes: Mapping[tuple[WireTable, str], WireCode]) -> None:
        self._codes = MappingProxyType(dict(codes))

    def __iter__(self) -> Iterator[WireCode]:
        """Every code, in the file's order."""
        return iter(self._codes.values())

    def event_type_of(self, table: WireTable, code: str) -> ConditionalityEventType | Unmapped:
        """The type of event that a code is recorded as, or why there is none."""
        found = self._codes.get((table, code))
        return Unmapped.UNKNOWN if found is None else found.event


class _Malformed(InvalidInput):
    """The file of wire codes cannot be read."""


def read_wire_codes(file: Path | None = None) -> WireCodes:
    """The codes in a file; those that are shipped where none is named.

    Raises:
        ConfigurationError: the file cannot be read, or a line of it is wrong; with the file and the line.

    """
    shipped = files(__package__).joinpath("wire_codes.csv")
    try:
        text = shipped.read_text(encoding="utf-8") if file is None else read_text(file, _Malformed)
        return WireCodes(_codes_of(text))
    except _Malformed as error:
        name = "The shipped file of wire codes" if file is None else f"SNODO_WIRE_CODES, {file}"
        raise ConfigurationError(f"{name}: {error.message}") from None


def _codes_of(text: str) -> dict[tuple[WireTable, str], WireCode]:
    found: dict[tuple[WireTable, str], WireCode] = {}
    for line in lines_of(text, COLUMNS, _Malformed):
        one = _code(line)
        if (one.table, one.code) in found:
            raise line.refuse(f"the code {one.code} stands in table {one.table} twice.")
        found[one.table, one.code] = one
    for table, codes in CODES.items():
        if missing := [code for code in codes if (table, code) not in found]:
            raise _Malformed(
                f"table {table} has no line for {', '.join(missing)}: one that is not known is `{NOT_ESTABLISHED}`."
            )
    return found


def _code(line: Line) -> WireCode:
    table, code, meaning, event, status, source = line.cells
    if table not in list(WireTable):
        raise line.refuse(f"there is no table {table or '(none)'}; the tables are {', '.join(WireTable)}.")
    of = WireTable(table)
    if not _FORMS[of].fullmatch(code):
        raise line.refuse(f"{code or '(nothing)'} has not the form of the codes of table {of}.")
    if not source:
        raise line.refuse(
            f"the code {code} has no source: say who established what it means, or that nobody did."
        )
    if status == NOT_ESTABLISHED:
        if event:
            raise line.refuse(
                f"the code {code} is {NOT_ESTABLISHED}, and has an event: it is one or the other."
            )
        return WireCode(of, code, meaning, Unmapped.NOT_ESTABLISHED, source)
    if status != ESTABLISHED:
        raise line.refuse(f"the status of {code} is neither `{ESTABLISHED}` nor `{NOT_ESTABLISHED}`.")
    if not meaning:
        raise line.refuse(f"the code {code} is {ESTABLISHED}, and has no meaning.")
    return WireCode(of, code, meaning, _event(line, code, event), source)


def _event(line: Line, code: str, word: str) -> ConditionalityEventType | Unmapped:
    if word == NO_EVENT:
        return Unmapped.NO_EVENT
    if word not in list(ConditionalityEventType):
        raise line.refuse(
            f"the event of {code} is no type of event, nor `{NO_EVENT}`: docs/reference/event-types.md names them."
        )
    kind = ConditionalityEventType(word)
    if EVENT_RULES[kind].recorded_by <= HUB:
        raise line.refuse(f"the event of {code} is {kind}, which the hub alone writes.")
    return kind
