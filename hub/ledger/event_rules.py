# SPDX-License-Identifier: EUPL-1.2
"""What each type of event is, by the law: its source, of which measures, who may record it, what it needs. Data, in one table.

A source is `unverified` where its text was read in a secondary source alone, or not at all; what it rules may have to change when the
text is at hand, and the change is one line here. docs/reference/event-types.md shows the table, and a test holds it to this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.store.vocabulary import AgencyKind, JustifiedReason, Measure, PactKind
from hub.store.vocabulary import ConditionalityEventType as Type

EVERY = frozenset(Measure)
RDC = frozenset({Measure.RDC})
ADI = frozenset({Measure.ADI})
SFL = frozenset({Measure.SFL})

LABOUR = frozenset({AgencyKind.EMPLOYMENT_CENTRE, AgencyKind.REGION})
"""The labour services: the centres (CPI), and the regional systems that speak for them."""
SOCIAL = frozenset({AgencyKind.MUNICIPALITY})
"""The social services of municipalities and ambiti."""
SERVICES = LABOUR | SOCIAL
HUB = frozenset({AgencyKind.HUB})
"""Written by the hub itself, of what it was told otherwise: never by `recordConditionalityEvent`."""

UNVERIFIED = "unverified"


@dataclass(frozen=True)
class EventRule:
    """One type. `says`: the fact in a sentence, with the statutory term; `sources`: where the law has it."""

    says: str
    sources: tuple[str, ...]
    measures: frozenset[Measure] = EVERY
    recorded_by: frozenset[AgencyKind] = SERVICES
    needs_pact: bool = False
    """Whether it must name the pact it happened under."""
    pacts: frozenset[PactKind] = frozenset(PactKind)
    """The kinds of pact it can be under."""
    follows_signature: bool = True
    """Whether, under a pact, it can only happen once that is signed."""
    may_precede_benefit: bool = False
    """Whether it can happen before the benefit begins: what opens the way to it does."""
    is_justified: bool = False
    """Whether it may say which justified reason there was (giustificato motivo)."""

    @property
    def description(self) -> str:
        """The fact and its sources, as the schema tells them."""
        return f"{self.says} {'; '.join(self.sources)}." if self.sources else self.says


JUSTIFIED_REASONS: Mapping[JustifiedReason, str] = {
    JustifiedReason.ILLNESS_OR_ACCIDENT: "Illness or accident (malattia o infortunio)",
    JustifiedReason.CIVIL_OR_MILITARY_SERVICE: "Civil service, or a call to arms (servizio civile o militare)",
    JustifiedReason.PREGNANCY: "Pregnancy, for the statutory leave (gravidanza)",
    JustifiedReason.COURT_SUMMONS: "A summons of a court (citazione in tribunale)",
    JustifiedReason.FAMILY_REASONS: "Serious family reasons, documented (gravi motivi familiari)",
    JustifiedReason.LEGAL_LIMITS_TO_MOBILITY: "Legal limits to personal mobility (limitazioni legali alla mobilità personale)",
    JustifiedReason.OBJECTIVE_IMPEDIMENT: "Any other proven objective impediment, or force majeure (impedimento oggettivo, forza maggiore)",
}
"""Each reason in words."""
JUSTIFIED_SOURCE = "MLPS note 39/0003374 of 4-3-2016, lett."


def described_reason(reason: JustifiedReason) -> str:
    """The reason and its source, as the schema tells them."""
    letter = "abcdefg"[list(JustifiedReason).index(reason)]
    return f"{JUSTIFIED_REASONS[reason]}: {JUSTIFIED_SOURCE} {letter}."


def _unverified(source: str) -> str:
    return f"{source} ({UNVERIFIED})"


EVENT_RULES: Mapping[Type, EventRule] = {
    Type.CONVOCATION_MISSED: EventRule(
        "Did not appear when convened (mancata presentazione alla convocazione).",
        ("RdC: DL 4/2019 art. 7 c. 7", "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. a"),
        follows_signature=False,
    ),
    Type.CONVOCATION_ATTENDED: EventRule(
        "Appeared when convened (presente).",
        ("convocation outcome P of ANPAL Servizi",),
        follows_signature=False,
    ),
    Type.ABSENCE_JUSTIFIED: EventRule(
        "Was absent for a justified reason (assente giustificato).",
        ("MLPS note 39/0003374 of 4-3-2016", "convocation outcome AG of ANPAL Servizi"),
        follows_signature=False,
        is_justified=True,
    ),
    Type.AVAILABILITY_NOT_DECLARED: EventRule(
        "Did not declare immediate availability to work (DID) in time.",
        (_unverified("RdC: DL 4/2019 art. 7 c. 5 lett. a"),),
        measures=RDC,
        recorded_by=LABOUR,
        follows_signature=False,
    ),
    Type.PACT_SIGNED: EventRule(
        "Signed a pact (sottoscrizione del patto). Of a digital activation pact the benefit begins the month after.",
        ("ADI: DL 48/2023 art. 4 c. 2", "RdC: DL 4/2019 art. 4"),
        may_precede_benefit=True,
    ),
    Type.PACT_NOT_SIGNED: EventRule(
        "Did not sign the pact (mancata sottoscrizione del patto).",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. b"),
            "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. b",
        ),
        follows_signature=False,
    ),
    Type.ACTIVITY_ATTENDED: EventRule(
        "Took part in an activity of the path (partecipazione alla politica attiva).",
        ("the contrary of DL 4/2019 art. 7 c. 5 lett. c and DL 48/2023 art. 8 c. 6 lett. c",),
    ),
    Type.ACTIVITY_NOT_ATTENDED: EventRule(
        "Did not take part in training, requalification or another active policy without a justified reason: at least two days of a month "
        "(mancata partecipazione).",
        (
            "RdC: DL 4/2019 art. 7 c. 5 lett. c with circ. ANPAL 1/2022",
            "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. c",
        ),
    ),
    Type.ORIENTATION_NOT_ATTENDED: EventRule(
        "Did not take part in an orientation initiative (iniziative di orientamento).",
        (_unverified("RdC: DL 4/2019 art. 7 c. 8"),),
        measures=RDC,
        recorded_by=LABOUR,
    ),
    Type.PUC_NOT_JOINED: EventRule(
        "Did not join a project useful to the community (mancata adesione al PUC).",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. d"),
            _unverified("ADI, SFL: DL 48/2023 art. 6 c. 5-bis and art. 8 c. 6 lett. c"),
        ),
        measures=RDC | ADI | SFL,
    ),
    Type.INCLUSION_COMMITMENT_BREACHED: EventRule(
        "Broke a commitment of the inclusion pact after a formal warning (impegni del patto per l'inclusione sociale).",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 9"),
            "ADI: DL 48/2023 art. 8 c. 6 lett. c",
        ),
        measures=RDC | ADI,
        recorded_by=SOCIAL,
        needs_pact=True,
        pacts=frozenset({PactKind.INCLUSION}),
    ),
    Type.SUITABLE_OFFER_ACCEPTED: EventRule(
        "Accepted a suitable job offer (offerta congrua accettata).",
        ("ADI: DL 48/2023 art. 9", "offer outcome ACC of ANPAL Servizi"),
    ),
    Type.SUITABLE_OFFER_REFUSED: EventRule(
        "Refused a suitable job offer without a justified reason (rifiuto di offerta congrua).",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. e"),
            "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. e and art. 9",
        ),
    ),
    Type.WORK_NOT_COMMUNICATED: EventRule(
        "Began to work and did not communicate it, or communicated it falsely.",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. f"),
            "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. f",
        ),
    ),
    Type.HOUSEHOLD_CHANGE_NOT_DECLARED: EventRule(
        "Did not present an updated DSU after a change of the household.",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. g"),
            _unverified("ADI, SFL: DL 48/2023 art. 8 c. 6 lett. g"),
        ),
    ),
    Type.UNDECLARED_WORK_FOUND: EventRule(
        "Was found working undeclared (attività di lavoro senza comunicazione).",
        (
            _unverified("RdC: DL 4/2019 art. 7 c. 5 lett. h"),
            _unverified("ADI, SFL: DL 48/2023 art. 8 c. 6 lett. h"),
        ),
    ),
    Type.HIRED_THROUGH_SUITABLE_OFFER: EventRule(
        "Was hired through a suitable offer accepted under a pact (assunzione tramite offerta congrua).",
        ("DM 2-9-2019 art. 3, flow to INPS, comunicazioni obbligatorie",),
        recorded_by=LABOUR | HUB,
        needs_pact=True,
    ),
    Type.AVAILABILITY_DECLARED: EventRule(
        "Declared immediate availability to work (DID).",
        ("RdC: DL 4/2019 art. 4", _unverified("SFL: DM 8-8-2023 on the support for training and work")),
        measures=RDC | SFL,
        recorded_by=LABOUR,
        follows_signature=False,
        may_precede_benefit=True,
    ),
    Type.PUC_JOINED: EventRule(
        "Joined a project useful to the community (adesione al PUC).",
        ("DM 22-10-2019", _unverified("ADI, SFL: DM 15-12-2023")),
        measures=RDC | ADI | SFL,
    ),
    Type.SCHOOLING_NOT_ATTENDED: EventRule(
        "Of age 18 to 29 without compulsory schooling: did not attend first-level adult education (percorsi di istruzione degli adulti).",
        ("ADI, SFL: DL 48/2023 art. 8 c. 6 lett. d",),
        measures=ADI | SFL,
    ),
    Type.VARIATION_NOT_COMMUNICATED: EventRule(
        "Did not communicate a variation of income or assets, or communicated it falsely (variazioni).",
        ("RdC: DL 4/2019 art. 7 c. 2 and c. 4", "ADI, SFL: DL 48/2023 art. 8 c. 6 lett. f"),
        measures=RDC | ADI | SFL,
    ),
    Type.FIRST_APPOINTMENT_MISSED: EventRule(
        "Did not come to a first appointment at social services within 120 days of the digital activation pact.",
        ("ADI: DL 48/2023 art. 4 c. 4; DM 154/2023 art. 7",),
        measures=ADI,
        recorded_by=SOCIAL,
        follows_signature=False,
    ),
    Type.POSITION_UPDATED: EventRule(
        "Came to update the position within 90 days (aggiornamento della posizione).",
        (_unverified("ADI: DL 48/2023 art. 4 c. 4"),),
        measures=ADI,
    ),
    Type.POSITION_NOT_UPDATED: EventRule(
        "Did not come to update the position within 90 days.",
        (_unverified("ADI: DL 48/2023 art. 4 c. 4"),),
        measures=ADI,
    ),
    Type.PARTICIPATION_CONFIRMED: EventRule(
        "Confirmed within 90 days to be taking part in the activities (conferma della partecipazione).",
        ("SFL: DM 8-8-2023 arts 3 and 4",),
        measures=SFL,
        recorded_by=LABOUR,
    ),
    Type.PARTICIPATION_NOT_CONFIRMED: EventRule(
        "Did not confirm within 90 days to be taking part in the activities.",
        ("SFL: DM 8-8-2023 arts 3 and 4",),
        measures=SFL,
        recorded_by=LABOUR,
    ),
    Type.HIRED: EventRule(
        "Was hired, as a mandatory communication says (comunicazione obbligatoria di assunzione).",
        ("DM 2-9-2019 art. 3, flow to INPS, comunicazioni obbligatorie",),
        recorded_by=LABOUR | HUB,
    ),
    Type.EVENT_WITHDRAWN: EventRule(
        "An earlier event is withdrawn by who recorded it: it counts as never recorded.",
        (
            "deleteEventiCondizionalitaRDC: within 10 days of sending, as a regional system had it (unverified as a rule)",
        ),
        recorded_by=HUB,
    ),
    Type.CONTENT_ERASED: EventRule(
        "The personal content of an earlier entry of the feed was erased; the entry itself stays.",
        ("Regulation (EU) 2016/679 art. 17",),
        recorded_by=HUB,
    ),
}
"""Every type, and nothing else."""

assert EVENT_RULES.keys() == set(Type)
assert JUSTIFIED_REASONS.keys() == set(JustifiedReason)
