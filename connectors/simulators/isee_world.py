# SPDX-License-Identifier: EUPL-1.2
"""The declarations a simulated INPS has, and the documents it makes of them, as published (ISEE_Attestazione 1.4).

Written from the published schemas, not from the hub's reading of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from xml.sax.saxutils import quoteattr

NAMESPACE = "http://inps.it/ISEERiforma"
_CENT = Decimal("0.01")
_SCALE = ("1.00", "1.57", "2.04", "2.46", "2.85")
"""DPCM 159/2013, annex 1, without its additions, by people; 0.35 for each beyond five."""


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedRelative:
    """One person of a household; `relation` to the declarant: D, C, F, MA …"""

    fiscal_code: str
    family_name: str
    given_name: str
    relation: str


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedIrregularity:
    """One omission or difference; `kind` is INPS's word."""

    kind: str
    fiscal_code: str
    checked_on: date


@dataclass(frozen=True, slots=True, repr=False)
class SimulatedDeclaration:
    """One DSU: its household, the declarant first, its income (ISR) and wealth (ISP), and what was found wrong with it.

    `minors`: fiscal codes of those with an indicator of their own, and its value; None for that of the household.
    """

    protocol: str
    presented_on: date
    valid_until: date
    members: tuple[SimulatedRelative, ...]
    isr: Decimal
    isp: Decimal
    minors: Mapping[str, Decimal | None]
    irregularities: tuple[SimulatedIrregularity, ...] = ()
    is_current: bool = False

    @property
    def scale(self) -> Decimal:
        """The equivalence scale of so many people."""
        people = len(self.members)
        return Decimal(_SCALE[min(people, 5) - 1]) + Decimal("0.35") * max(0, people - 5)

    @property
    def ise(self) -> Decimal:
        """ISR and a fifth of ISP."""
        return (self.isr + self.isp / 5).quantize(_CENT, ROUND_HALF_UP)

    @property
    def isee(self) -> Decimal:
        """ISE over the scale."""
        return (self.ise / self.scale).quantize(_CENT, ROUND_HALF_UP)

    def attestation(self, search: str) -> str:
        """`EsitoAttestazione`; `search`: `RicercaCF` with what was asked for."""
        members = "".join(
            _tag(
                "ComponenteNucleo",
                RapportoConDichiarante=one.relation,
                Cognome=one.family_name,
                Nome=one.given_name,
                CodiceFiscale=one.fiscal_code,
            )
            for one in self.members
        )
        released = self.presented_on.isoformat()
        ordinary = (
            f"<NucleoFamiliare>{members}</NucleoFamiliare>"
            f'<ISEEOrdinario DataRilascio="{released}">{self._values()}{self._working()}</ISEEOrdinario>'
            f"{self._of_minors(released)}"
        )
        current = ' Corrente="SI"' if self.is_current else ""
        wrong = "".join(
            _tag(
                "OmissioneDifformita",
                TipoOmissioneDifformita=one.kind,
                CodiceFiscale=one.fiscal_code,
                DataControlloAE=one.checked_on.isoformat(),
            )
            for one in self.irregularities
        )
        told = {
            "CodiceFiscaleDichiarante": self.members[0].fiscal_code,
            "NumeroProtocolloDSU": self.protocol,
            "DataPresentazione": released,
            "DataValidita": self.valid_until.isoformat(),
        }
        if self.is_current:
            told["DataScadenzaDSUCorrente"] = self.valid_until.isoformat()
        body = f"<Ordinario{current}>{ordinary}</Ordinario>{wrong}"
        return (
            f'<EsitoAttestazione xmlns="{NAMESPACE}">'
            f"<Attestazione{_attributes(told)}>{body}</Attestazione><Ricerca>{search}</Ricerca></EsitoAttestazione>"
        )

    def indicator(self, search: str) -> str:
        """`Indicatore`, the ordinary one."""
        told = {
            "TipoIndicatore": "Ordinario",
            **self._five(),
            "ProtocolloDSU": self.protocol,
            "DataPresentazione": self.presented_on.isoformat(),
        }
        return f'<Indicatore xmlns="{NAMESPACE}"{_attributes(told)}>{search}</Indicatore>'

    def _five(self, isee: Decimal | None = None) -> dict[str, str]:
        return {
            "ISE": str(self.ise),
            "ScalaEquivalenza": str(self.scale),
            "ISEE": str(self.isee if isee is None else isee),
            "ISR": str(self.isr),
            "ISP": str(self.isp),
        }

    def _values(self, isee: Decimal | None = None) -> str:
        return _tag("Valori", **self._five(isee))

    def _working(self, name: str = "ModalitaCalcoloISEEOrdinario") -> str:
        nothing = dict.fromkeys(
            (
                "RedditoFigurativoPatrimonioMobiliare",
                "Detrazioni",
                "DetrazionePatrimonioMobiliare",
                "PatrimonioImmobiliare",
                "DetrazionePatrimonioImmobiliare",
                "Maggiorazioni",
            ),
            "0",
        )
        return _tag(
            name,
            SommaRedditiComponenti=str(self.isr),
            PatrimonioMobiliare=str(self.isp),
            ISR=str(self.isr),
            ISP=str(self.isp),
            ISE=str(self.ise),
            ParametroNucleo=str(self.scale),
            ScalaEquivalenza=str(self.scale),
            **nothing,
        )

    def _of_minors(self, released: str) -> str:
        told = []
        for one in self.members:
            if one.fiscal_code not in self.minors:
                continue
            own = self.minors[one.fiscal_code]
            known = {
                "Cognome": one.family_name,
                "Nome": one.given_name,
                "CodiceFiscale": one.fiscal_code,
                "ISEE": str(self.isee if own is None else own),
            }
            inner = "<ISEEOrd/>"
            if own is not None:
                parent = _tag(
                    "ComponenteAttrattaAggiuntiva",
                    Cognome=one.family_name,
                    Nome="ALTRO",
                    CodiceFiscale=self.members[0].fiscal_code,
                )
                inner = (
                    f'<ISEEMinAttr DataRilascio="{released}"><ComponenteAttratta>{parent}</ComponenteAttratta>'
                    f"{self._values(own)}{self._working('ModalitaCalcoloISEEMinAttr')}</ISEEMinAttr>"
                )
            told.append(f"<ComponenteMinorenne{_attributes(known)}>{inner}</ComponenteMinorenne>")
        return f"<ISEEMin>{''.join(told)}</ISEEMin>" if told else ""


class IseeWorld:
    """Every declaration, by the fiscal code of each person in it, and the thresholds one may ask by (euro). Both may grow."""

    def __init__(
        self, declarations: Iterable[SimulatedDeclaration], thresholds: Mapping[str, Decimal] | None = None
    ) -> None:
        self.by_code = {person.fiscal_code: one for one in declarations for person in one.members}
        self.thresholds = dict(thresholds or {})


def search_by_code(asked: Mapping[str, str]) -> str:
    """`RicercaCF` of the answers' documents: the question, as attributes."""
    return _tag("RicercaCF", **asked)


def _tag(name: str, **attributes: str) -> str:
    return f"<{name}{_attributes(attributes)}/>"


def _attributes(told: Mapping[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in told.items())
