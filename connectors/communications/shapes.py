# SPDX-License-Identifier: EUPL-1.2
"""The two models of communications that tell of a hire: where each says what. Data.

Sources: a UniLav of 2017, version CO160201R1, as an employer's program writes it (published, its values left out); a UniSomm of 2020,
version CO190701R1; what the regional systems of the it.eng.sil code base read of both. The kinds of communication are Regione Piemonte's
(COMONL), and unverified. Of the members each shape names those that were read in a regional system alone (`Shape.unverified`), and a test
holds them to what the documents show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.store.vocabulary import CommunicationKind


class Tells(StrEnum):
    """What a communication tells of."""

    HIRE = "HIRE"
    CORRECTION = "CORRECTION"
    """Rettifica: what is right in place of what an earlier one said."""
    ANNULMENT = "ANNULMENT"
    """Annullamento: that an earlier one was none."""


KINDS: Mapping[str, Tells] = {
    "01": Tells.HIRE,  # mandatory
    "03": Tells.CORRECTION,
    "04": Tells.ANNULMENT,
    "06": Tells.HIRE,  # ex officio
    "07": Tells.HIRE,  # this and the two that follow complete an urgent one
    "08": Tells.HIRE,
    "09": Tells.HIRE,
}
"""`TipoComunicazione`, as Regione Piemonte has its codes (unverified): those that tell of a hire or of an earlier communication of one."""

OTHER_FACTS = frozenset({"Proroga", "Trasformazione", "Cessazione", "Trasferimento", "Distacco"})
"""Elements that stand for a hire's where the communication is of an extension, a change or an end."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One model. Paths are of elements, from the root's children on; `known`: the members of each place that is read."""

    kind: CommunicationKind
    namespace: str
    root: str
    employer: tuple[str, ...]
    relation: tuple[str, ...]
    """Where the relationship begins."""
    begins: str
    ends: str
    present: tuple[str, ...]
    """The element that is there only in a hire."""
    known: Mapping[str, frozenset[str]]
    """By the path of a place, joined with `/`: its attributes, as `@name`, and its children."""
    unverified: frozenset[str]
    """Those of `known` that no published document of the model shows."""


_ROOT = frozenset(
    {
        "@codiceComunicazione",
        "@codiceComunicazionePrecedente",
        "@dataInvio",
        "@versione",
        "@assunzioneForzaMaggiore",
        "Lavoratore",
        "TipoComunicazione",
    }
)
_WORKER = {
    "Lavoratore": frozenset({"AnagraficaCompleta", "extraCE", "IndirizzoLavoratore", "LivelloIstruzione"}),
    "Lavoratore/AnagraficaCompleta": frozenset(
        {"cognome", "nome", "codice-fiscale", "cittadinanza", "sesso", "nascita"}
    ),
    "TipoComunicazione": frozenset[str](),
}

_UNVERIFIED = frozenset(
    {
        "@codiceComunicazionePrecedente",
        "@codiceEntePrevidenziale",
        "@codMonoTempo",
        "@dataFinePeriodoFormativo",
        "DatoreAnagraficaCompleta",
    }
)

UNILAV = Shape(
    kind=CommunicationKind.UNILAV,
    namespace="http://servizi.lavoro.gov.it/unilav",
    root="UniLav",
    employer=("DatoreLavoro",),
    relation=("InizioRapporto",),
    begins="dataInizio",
    ends="dataFine",
    present=("InizioRapporto",),
    known={
        "": _ROOT | {"DatoreLavoro", "InizioRapporto"},
        **_WORKER,
        "DatoreLavoro": frozenset(
            {
                "@codiceFiscale",
                "@denominazione",
                "DatoreAnagraficaCompleta",
                "SedeLegale",
                "SedeLavoro",
                "Settore",
                "PubblicaAmministrazione",
            }
        ),
        "InizioRapporto": frozenset(
            {
                "@dataInizio",
                "@dataFine",
                "@dataFinePeriodoFormativo",
                "@entePrevidenziale",
                "@codiceEntePrevidenziale",
                "@lavInMobilita",
                "@lavoroStagionale",
                "@lavoroInAgricoltura",
                "@socioLavoratore",
                "@assunzioneObbligatoria",
                "@TipologiaContrattuale",
                "@codMonoTempo",
                "@ggLavorativePreviste",
                "@tipoLavorazione",
                "ccnl",
                "livelloInquadramento",
                "legge68",
                "tipoOrario",
                "qualificaProfessionale",
                "RetribuzioneCompenso",
                "PatINAIL",
                "Agevolazioni",
            }
        ),
    },
    unverified=_UNVERIFIED
    | {"@TipologiaContrattuale", "@ggLavorativePreviste", "@tipoLavorazione", "extraCE", "legge68"},
)

UNISOMM = Shape(
    kind=CommunicationKind.UNISOMM,
    namespace="http://servizi.lavoro.gov.it/unisomm",
    root="UniSomm",
    employer=("AgenziaSomministrazione",),
    relation=("AgenziaSomministrazione", "RapportoAgenziaSomm"),
    begins="dataInizioSomm",
    ends="dataFineSomm",
    present=("DittaUtilizzatrice", "InizioContratto", "Inizio"),
    known={
        "": _ROOT | {"AgenziaSomministrazione", "DittaUtilizzatrice"},
        **_WORKER,
        "AgenziaSomministrazione": frozenset(
            {
                "@codiceFiscale",
                "@denominazione",
                "@agenziaestera",
                "@numeroIscrizioneAlbo",
                "DatoreAnagraficaCompleta",
                "SedeLegale",
                "SedeLavoro",
                "RapportoAgenziaSomm",
            }
        ),
        "AgenziaSomministrazione/RapportoAgenziaSomm": frozenset(
            {
                "@dataInizioSomm",
                "@dataFineSomm",
                "@dataFinePeriodoFormativo",
                "@entePrevidenziale",
                "@codiceEntePrevidenziale",
                "@TipologiaContrattuale",
                "@codMonoTempo",
                "@lavInMobilita",
                "@numeroAgenziaSomm",
                "@numeroMatricola",
                "@indennitaDisponibilita",
            }
        ),
        "DittaUtilizzatrice/InizioContratto": frozenset({"Inizio"}),
    },
    unverified=_UNVERIFIED | {"@assunzioneForzaMaggiore", "@indennitaDisponibilita"},
)

SHAPES: Mapping[str, Shape] = {f"{{{one.namespace}}}{one.root}": one for one in (UNILAV, UNISOMM)}
"""By the root's name."""
