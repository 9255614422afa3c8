# SPDX-License-Identifier: EUPL-1.2
"""The code tables of serviceRDC. No public source has their codes: all are configuration (domain.md section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from connectors.inps.codes import PROVISIONAL_CODES as INPS
from connectors.records.codes import CodeTable
from hub.errors import ConfigurationError
from hub.store.vocabulary import BenefitStatus, Obligation

W = TypeVar("W", bound=StrEnum)
LONGEST_CODE = 60


@dataclass(frozen=True, slots=True)
class WrittenCodes(Generic[W]):
    """What is written for each word; `unverified` and `source` as those of a `CodeTable`."""

    source: str
    unverified: bool
    codes: Mapping[W, str]


@dataclass(frozen=True, slots=True)
class RdcCodes:
    """The tables of the fields whose values are not published."""

    status: WrittenCodes[BenefitStatus]
    """`cod_stato`."""
    role: WrittenCodes[Obligation]
    """`cod_ruolo_beneficiario`."""


def _first(table: CodeTable[W]) -> WrittenCodes[W]:
    """The other way round: of the codes of one word the first."""
    return WrittenCodes(
        table.source,
        table.unverified,
        MappingProxyType({word: code for code, word in reversed([*table.words.items()])}),
    )


PROVISIONAL_CODES = RdcCodes(_first(INPS.status), _first(INPS.role))

STATUS, ROLE = "cod_stato", "cod_ruolo_beneficiario"
CONFIGURED = "this hub's configuration"


def read_codes(tables: Mapping[str, Any]) -> RdcCodes:
    """The code tables as configured: a code for each word of the hub; the provisional ones where a table is absent.

        [cod_stato]               [cod_ruolo_beneficiario]
        ACTIVE = "EROGATO"        OBLIGED = "PL"
        …                         …

    Raises:
        ConfigurationError: a table lacks a word, has one that is none, or a code that is no text; names the table and the word.

    """
    return RdcCodes(
        _configured(STATUS, tables, BenefitStatus, PROVISIONAL_CODES.status),
        _configured(ROLE, tables, Obligation, PROVISIONAL_CODES.role),
    )


def _configured(
    name: str, tables: Mapping[str, Any], words: type[W], otherwise: WrittenCodes[W]
) -> WrittenCodes[W]:
    table = tables.get(name)
    if table is None:
        return otherwise
    if not isinstance(table, dict) or set(table) != set(words):
        raise ConfigurationError(f"[{name}] has a line for each of {', '.join(words)}, and no other.")
    for word, code in table.items():
        if not isinstance(code, str) or not 1 <= len(code) <= LONGEST_CODE:
            raise ConfigurationError(f"[{name}] {word} is a text of 1 to {LONGEST_CODE} characters.")
    return WrittenCodes(CONFIGURED, False, MappingProxyType({word: table[word] for word in words}))
