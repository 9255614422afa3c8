# SPDX-License-Identifier: EUPL-1.2
"""Attributes of INPS's answers, read by the contract's types (ISEE_TipiComuni 1.0.4). What is wrong is named; its value never told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from lxml import etree

from connectors.isee.records import Values
from connectors.soap.envelope import Element

V = TypeVar("V")

_DECIMAL = re.compile(r"[+-]?([0-9]{1,12}(\.[0-9]{0,2})?|\.[0-9]{1,2})", re.ASCII)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_PROTOCOL = re.compile(r"INPS-ISEE-[0-9]{4}-[0-9]{8}[A-Z]-[0-9]{2}", re.ASCII)
_CODE = re.compile(r"[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][A-Z0-9]{3}[A-Z]|[0-9]{11}", re.ASCII)


class NotAsAgreed(Exception):
    """A part of an answer is not as the contract has it; the text names it."""


def amount(found: Element, name: str) -> Decimal:
    """TypeDecimal: at most two decimals."""
    text = _said(found, name)
    if not _DECIMAL.fullmatch(text):
        raise _wrong(found, name, "an amount")
    return Decimal(text)


def optional_amount(found: Element, name: str) -> Decimal | None:
    """TypeDecimal; None where it is absent."""
    return None if found.get(name) is None else amount(found, name)


def day(found: Element, name: str) -> date:
    """xs:date; of one with an offset, the day it says."""
    match = _DAY.fullmatch(_said(found, name))
    try:
        if match is not None:
            return date.fromisoformat(match[1])
    except ValueError:
        pass
    raise _wrong(found, name, "a day")


def optional_day(found: Element, name: str) -> date | None:
    """xs:date; None where it is absent."""
    return None if found.get(name) is None else day(found, name)


def protocol(found: Element, name: str) -> str:
    """TypeProtocollo."""
    text = _said(found, name)
    if not _PROTOCOL.fullmatch(text):
        raise _wrong(found, name, "a protocol")
    return text


def fiscal_code(found: Element, name: str) -> str:
    """TypeCodiceFiscale, which allows small letters, and blanks after a provisional code."""
    text = _said(found, name).strip().upper()
    if not _CODE.fullmatch(text):
        raise _wrong(found, name, "a fiscal code")
    return text


def word(found: Element, name: str, words: Mapping[str, V]) -> V:
    """One of an enumeration."""
    text = _said(found, name)
    if text not in words:
        raise _wrong(found, name, "one of its words")
    return words[text]


def values(found: Element) -> Values:
    """TypeValori; an indicator has the same five."""
    return Values(
        ise=amount(found, "ISE"),
        scale=amount(found, "ScalaEquivalenza"),
        isee=amount(found, "ISEE"),
        isr=amount(found, "ISR"),
        isp=amount(found, "ISP"),
    )


def _said(found: Element, name: str) -> str:
    text = found.get(name)
    if text is None:
        raise NotAsAgreed(f"{_place(found)} lacks {name}")
    return text


def _wrong(found: Element, name: str, what: str) -> NotAsAgreed:
    return NotAsAgreed(f"{name} of {_place(found)} is not {what}")


def _place(found: Element) -> str:
    return etree.QName(found).localname
