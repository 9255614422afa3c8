# SPDX-License-Identifier: EUPL-1.2
"""What came of a question: `Esito` (EsitoEnum), and the document an answer carries."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final

from lxml import etree

from connectors.isee.questions import SERVICE
from connectors.isee.values import NotAsAgreed
from connectors.soap import Operation
from connectors.soap.envelope import Element
from connectors.xml import XmlLimits, read_xml
from hub.errors import InvalidInput, UpstreamRefused

OK: Final = "OK"
NOT_FOUND: Final = "DATI_NON_TROVATI"
FAILURES: Final = frozenset({"DATABASE_OFFLINE", "ERRORE_INTERNO"})
"""INPS cannot answer now: it is asked again, and its breaker hears of it."""
REFUSALS: Final = frozenset({"RICHIESTA_INVALIDA", "RISCONTRO_NON_VALIDO"})
LIMITS: Final = XmlLimits(bytes=1_500_000)


def tells_failure(answer: Element, operation: Operation) -> bool:
    """Whether an answer says that INPS failed, though HTTP says that all is well."""
    result = _result(answer, operation)
    return result is not None and _text(result, "Esito") in FAILURES


def found(answer: Element, operation: Operation, agency: str) -> Element | None:
    """The result of an answer; None where INPS has no data.

    Raises:
        UpstreamRefused: INPS refuses the question.
        NotAsAgreed: there is no result, or none of its outcomes.

    """
    result = _result(answer, operation)
    if result is None:
        raise NotAsAgreed(f"it has no {operation.name}Result")
    outcome = _text(result, "Esito")
    if outcome == NOT_FOUND:
        return None
    if outcome in REFUSALS:
        # NOTE DescrizioneErrore is left unread: it may name whom it is about.
        raise UpstreamRefused(f"INPS refused the question ({outcome}).", agency=agency, outcome=outcome)
    if outcome != OK:
        raise NotAsAgreed("Esito is not one of its outcomes")
    return result


def document(result: Element, name: str, root: str) -> Element:
    """The XML a result carries as base64.

    Raises:
        NotAsAgreed: it carries none, or another.

    """
    text = _text(result, name)
    if text is None:
        raise NotAsAgreed(f"OK without {name}, or with two")
    try:
        content = b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise NotAsAgreed(f"{name} is not base64") from None
    try:
        read = read_xml(content, limits=LIMITS)
    except InvalidInput as refused:
        raise NotAsAgreed(f"{name} cannot be read ({refused.code})") from None
    if read.tag != root:
        raise NotAsAgreed(f"{name} is no {etree.QName(root).localname}")
    return read


def _result(answer: Element, operation: Operation) -> Element | None:
    found = answer.findall(f"{{{SERVICE}}}{operation.name}Result")
    return found[0] if len(found) == 1 else None


def _text(result: Element, name: str) -> str | None:
    """What an element of the result says; None where it is empty, or does not stand there once."""
    found = result.findall(f"{{{SERVICE}}}{name}")
    return (found[0].text or "").strip() or None if len(found) == 1 else None
