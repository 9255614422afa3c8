# SPDX-License-Identifier: EUPL-1.2
"""The attestation, read from its document (ISEE_EsitoConsultazioneAttestazione, ISEE_Attestazione 1.4).

    EsitoAttestazione
    ├── Attestazione @NumeroProtocolloDSU @DataPresentazione @DataValidita
    │   ├── Ordinario @Corrente · NucleoFamiliare, ISEEOrdinario/Valori, ISEEMin/ComponenteMinorenne …
    │   └── OmissioneDifformita @TipoOmissioneDifformita …
    └── Ricerca/RicercaCF @CodiceFiscale       the question, said back

Indicators of students, of who needs care and of reduced households are not read: no measure here asks for them, and that there is one
for care says something of a person's health. Nor are names, accounts and incomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from connectors.isee.records import Attestation, Irregularity, IrregularityKind, MinorIsee, Values
from connectors.isee.values import (
    NotAsAgreed,
    day,
    fiscal_code,
    optional_amount,
    optional_day,
    protocol,
    values,
    word,
)
from connectors.soap.envelope import Element

NAMESPACE: Final = "http://inps.it/ISEERiforma"
ROOT: Final = f"{{{NAMESPACE}}}EsitoAttestazione"
MOST: Final = 100
"""Members of a household, and irregularities of a declaration; more is a mistake of the sender."""
_KINDS: Mapping[str, IrregularityKind] = MappingProxyType(
    {
        "PatrimoniMobiliari": IrregularityKind.MOVABLE_ASSETS,
        "RedditiScostamento": IrregularityKind.INCOME_DEVIATION,
        "PatrimoniMobiliariSottoSoglia": IrregularityKind.MOVABLE_ASSETS_BELOW_THRESHOLD,
        "PatrimoniMobiliariSopraSoglia": IrregularityKind.MOVABLE_ASSETS_ABOVE_THRESHOLD,
    }
)
_OF_MINORS = MappingProxyType(
    {
        f"{{{NAMESPACE}}}{name}": name
        for name in ("ISEEOrd", "ISEEMinAttr", "ISEEMinAgg", "ISEENonCalcolabile")
    }
)
_NAMES = {"i": NAMESPACE}


def read_attestation(document: Element, asked: str) -> Attestation | None:
    """The attestation; None where the document has none.

    Args:
        document: the root, `EsitoAttestazione`.
        asked: the fiscal code of the question.

    Raises:
        NotAsAgreed: a part is missing or wrong, or it is about somebody else.

    """
    if fiscal_code(_one(document, "Ricerca/RicercaCF"), "CodiceFiscale") != asked:
        raise NotAsAgreed("it is about somebody else")
    found = _optional(document, "Attestazione")
    if found is None:
        return None
    ordinary = _optional(found, "Ordinario")
    indicator = None if ordinary is None else _one(ordinary, "ISEEOrdinario")
    told = None if indicator is None else values(_one(indicator, "Valori"))
    return Attestation(
        protocol=protocol(found, "NumeroProtocolloDSU"),
        presented_on=day(found, "DataPresentazione"),
        valid_until=day(found, "DataValidita"),
        members=() if ordinary is None else _members(ordinary),
        ordinary=told,
        released_on=None if indicator is None else day(indicator, "DataRilascio"),
        is_current=ordinary is not None
        and ordinary.get("Corrente") is not None
        and word(ordinary, "Corrente", {"SI": True}),
        current_until=optional_day(found, "DataScadenzaDSUCorrente"),
        minors=() if ordinary is None or told is None else _minors(ordinary, told),
        irregularities=tuple(
            Irregularity(
                kind=word(one, "TipoOmissioneDifformita", _KINDS),
                fiscal_code=fiscal_code(one, "CodiceFiscale"),
                checked_on=day(one, "DataControlloAE"),
            )
            for one in _several(found, "OmissioneDifformita")
        ),
    )


def _members(ordinary: Element) -> tuple[str, ...]:
    found = _several(ordinary, "NucleoFamiliare/ComponenteNucleo")
    if not found:
        raise NotAsAgreed("NucleoFamiliare has nobody")
    return tuple(fiscal_code(one, "CodiceFiscale") for one in found)


def _minors(ordinary: Element, told: Values) -> tuple[MinorIsee, ...]:
    return tuple(
        MinorIsee(fiscal_code(one, "CodiceFiscale"), _of_minor(one, told))
        for one in _several(ordinary, "ISEEMin/ComponenteMinorenne")
    )


def _of_minor(minor: Element, ordinary: Values) -> Decimal | None:
    """As for the household, with a parent who lives elsewhere (attracted or added), or not to be worked out."""
    choices = [*minor.iterchildren("*")]
    if len(choices) != 1 or choices[0].tag not in _OF_MINORS:
        raise NotAsAgreed("ComponenteMinorenne has not one of the indicators it may have")
    (choice,) = choices
    match _OF_MINORS[choice.tag]:
        case "ISEEOrd":
            found: Decimal | None = ordinary.isee
        case "ISEENonCalcolabile":
            found = None
        case _:
            found = values(_one(choice, "Valori")).isee
    said = optional_amount(minor, "ISEE")
    if said is not None and said != found:
        raise NotAsAgreed("ISEE of ComponenteMinorenne is not the one below it")
    return found


def _one(parent: Element, path: str) -> Element:
    found = parent.findall(_path(path), _NAMES)
    if len(found) != 1:
        raise NotAsAgreed(f"{path} stands there {'twice' if found else 'never'}")
    return found[0]


def _optional(parent: Element, path: str) -> Element | None:
    return _one(parent, path) if parent.findall(_path(path), _NAMES) else None


def _several(parent: Element, path: str) -> list[Element]:
    found = parent.findall(_path(path), _NAMES)
    if len(found) > MOST:
        raise NotAsAgreed(f"{path} stands there more than {MOST} times")
    return found


def _path(path: str) -> str:
    return "/".join(f"i:{name}" for name in path.split("/"))
