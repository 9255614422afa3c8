# SPDX-License-Identifier: EUPL-1.2
"""One synthetic indicator, read from its document (ISEE_EsitoConsultazioneIndicatore 1.0.0)."""

from __future__ import annotations

from typing import Final

from connectors.isee.attestation import NAMESPACE
from connectors.isee.records import Indicator, IndicatorKind
from connectors.isee.values import NotAsAgreed, day, fiscal_code, protocol, values, word
from connectors.soap.envelope import Element

ROOT: Final = f"{{{NAMESPACE}}}Indicatore"


def read_indicator(document: Element, kind: IndicatorKind, asked: str) -> Indicator:
    """The indicator.

    Args:
        document: the root, `Indicatore`.
        kind: which was asked for.
        asked: the fiscal code of the question.

    Raises:
        NotAsAgreed: a part is missing or wrong, or it is another, or somebody else's.

    """
    search = document.findall(f"{{{NAMESPACE}}}RicercaCF")
    if len(search) != 1 or fiscal_code(search[0], "CodiceFiscale") != asked:
        raise NotAsAgreed("it is about somebody else")
    if word(document, "TipoIndicatore", {one.value: one for one in IndicatorKind}) is not kind:
        raise NotAsAgreed("it is another indicator")
    return Indicator(
        kind=kind,
        values=values(document),
        protocol=protocol(document, "ProtocolloDSU"),
        presented_on=day(document, "DataPresentazione"),
    )
