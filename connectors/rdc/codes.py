# SPDX-License-Identifier: EUPL-1.2
"""The code tables of serviceRDC. No public source has their codes (domain.md section 9): they are configured, or not told at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from hub.errors import ConfigurationError
from hub.store.vocabulary import BenefitStatus, Obligation

W = TypeVar("W", bound=StrEnum)
LONGEST_CODE = 60
STATUS, ROLE = "cod_stato", "cod_ruolo_beneficiario"


@dataclass(frozen=True, slots=True)
class RdcCodes:
    """What is written for each word, in the fields whose values are not published."""

    status: Mapping[BenefitStatus, str]
    """`cod_stato`."""
    role: Mapping[Obligation, str]
    """`cod_ruolo_beneficiario`."""


def read_codes(tables: Mapping[str, Any]) -> RdcCodes | None:
    """The code tables as configured: a code for each word of the hub. None without them: a client takes what it is told as known.

        [cod_stato]               [cod_ruolo_beneficiario]
        ACTIVE = "…"              OBLIGED = "…"
        …                         …

    Raises:
        ConfigurationError: there is one table alone; it lacks a word, has one that is none, or a code that is no text. Names both.

    """
    if STATUS not in tables and ROLE not in tables:
        return None
    return RdcCodes(_configured(STATUS, tables, BenefitStatus), _configured(ROLE, tables, Obligation))


def _configured(name: str, tables: Mapping[str, Any], words: type[W]) -> Mapping[W, str]:
    table = tables.get(name)
    if not isinstance(table, dict) or set(table) != set(words):
        raise ConfigurationError(f"[{name}] has a line for each of {', '.join(words)}, and no other.")
    for word, code in table.items():
        if not isinstance(code, str) or not 1 <= len(code) <= LONGEST_CODE:
            raise ConfigurationError(f"[{name}] {word} is a text of 1 to {LONGEST_CODE} characters.")
    return MappingProxyType({word: table[word] for word in words})
