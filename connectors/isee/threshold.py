# SPDX-License-Identifier: EUPL-1.2
"""Whether an indicator is below a threshold, read from the answer itself (domain.md 1.7; its shape of medium confidence)."""

from __future__ import annotations

from connectors.isee.questions import SERVICE
from connectors.isee.records import Standing
from connectors.isee.values import NotAsAgreed, day, fiscal_code, protocol, word
from connectors.soap.envelope import Element

_YES_NO = {"SI": True, "NO": False}
LONGEST_KIND = 60
"""Characters of `TipoIndicatore`, whose words here are others than the contract's: ISEE Ordinario, ISEE Corrente …"""


def read_standing(result: Element) -> Standing:
    """The standing.

    Args:
        result: `ConsultazioneSogliaIndicatoreResult`, with outcome OK.

    Raises:
        NotAsAgreed: a part is missing or wrong.

    """
    data = result.findall(f"{{{SERVICE}}}DatiIndicatore")
    if len(data) != 1:
        raise NotAsAgreed("OK without DatiIndicatore")
    (found,) = data
    kind = found.get("TipoIndicatore", "")
    if not 1 <= len(kind) <= LONGEST_KIND or not kind.isprintable():
        raise NotAsAgreed("TipoIndicatore of DatiIndicatore is not a word")
    return Standing(
        kind=kind,
        is_below=word(found, "SottoSoglia", _YES_NO),
        protocol=protocol(found, "ProtocolloDSU"),
        presented_on=day(found, "DataPresentazioneDSU"),
        is_irregular=word(found, "PresenzaDifformita", _YES_NO),
        members=tuple(fiscal_code(one, "CodiceFiscale") for one in found.findall(f"{{{SERVICE}}}Componente")),
    )
