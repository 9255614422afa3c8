# SPDX-License-Identifier: EUPL-1.2
"""The words of the schema: the enums of the tables, described. What is stored is what GraphQL says."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from hub.ledger.event_rules import EVENT_RULES, described_reason
from hub.store import vocabulary

E = TypeVar("E", bound=StrEnum)

strawberry.enum(
    vocabulary.AccessDoor,
    description="By which door a change came: the API, the command line, or the database itself.",
)
strawberry.enum(vocabulary.ActivityKind, description="The active policies a path is made of.")
strawberry.enum(vocabulary.ActivityStatus, description="Where an activity stands.")
strawberry.enum(vocabulary.AccessOutcome, description="What came of a request for data about people.")
strawberry.enum(vocabulary.AgencyKind, description="What an agency is to the hub.")
strawberry.enum(
    vocabulary.BenefitStatus, description="Attivo, sospeso, decaduto, revocato, cessato; as INPS reports it."
)
strawberry.enum(
    vocabulary.Capability, description="What a grant allows beyond looking at the rows of its scope."
)
strawberry.enum(
    vocabulary.BenefitOutcome,
    description="Sospensione, decurtazione (of whole monthly payments), decadenza, revoca; NONE: looked at, and nothing follows.",
)
strawberry.enum(vocabulary.ChangeAction, description="What was done to a row; EMPTIED: to a whole table.")
strawberry.enum(
    vocabulary.CommunicationKind,
    description="The models of mandatory communications (comunicazioni obbligatorie) that tell of a hire.",
)
strawberry.enum(
    vocabulary.ConditionalityEventType,
    description="Facts that bear on conditionality (condizionalità): DL 4/2019 art. 7; DL 48/2023 art. 8 c. 6 and art. 9; and those that show compliance.",
)
strawberry.enum(vocabulary.ConvocationChannel, description="How the person was convened.")
strawberry.enum(
    vocabulary.ConvocationOutcome,
    description="P presente, AG assente giustificato, AI assente ingiustificato, AN annullata.",
)
strawberry.enum(
    vocabulary.ConvocationReason,
    description="ACC first interview, ORI orientation, CPS preselection, ALT other.",
)
strawberry.enum(vocabulary.CourseMode, description="Where a course is held.")
strawberry.enum(
    vocabulary.Demand,
    description="What a consumer must present with each request, or be given with each answer, beyond its voucher.",
)
strawberry.enum(
    vocabulary.DeliveryState,
    description="How far a fact has come on its way to one other system: WAITING, ACCEPTED; REFUSED for good or EXHAUSTED, tried in vain (dead letters); CANCELLED, its content erased or the recipient gone before it arrived.",
)
strawberry.enum(
    vocabulary.AttemptOutcome,
    description="What came of one attempt: accepted, refused; no answer or not let in; an answer that says neither.",
)
strawberry.enum(vocabulary.EmploymentStatus, description="Stato occupazionale, ANPAL's codes 01 to 05.")
strawberry.enum(
    vocabulary.GrantScope,
    description="How far a grant's rows reach: a centre (CPI), municipalities, ambiti territoriali sociali, regions, the country; AGGREGATE counts alone; OWN what the agency published; SELF a citizen and its household.",
)
strawberry.enum(vocabulary.GoalStatus, description="Progress of a goal.")
strawberry.enum(
    vocabulary.JustifiedReason,
    description="Giustificati motivi of an absence: the seven of MLPS note 39/0003374 of 4-3-2016.",
)
strawberry.enum(
    vocabulary.Measure,
    description="RDC reddito di cittadinanza; MIA misura di inclusione attiva (draft of 2023); ADI assegno di inclusione; SFL supporto per la formazione e il lavoro.",
)
strawberry.enum(
    vocabulary.Obligation, description="Whether a member is bound by the obligations of active inclusion."
)
strawberry.enum(vocabulary.OpportunityStatus, description="Whether it can still be taken.")
strawberry.enum(
    vocabulary.PactKind,
    description="WORK patto per il lavoro; INCLUSION patto per l'inclusione sociale; DIGITAL_ACTIVATION patto di attivazione digitale; SERVICE patto di servizio personalizzato.",
)
strawberry.enum(vocabulary.PactStatus, description="Where a pact stands.")
strawberry.enum(vocabulary.PucAssignmentStatus, description="Da assegnare, proposto, attivo, completato.")
strawberry.enum(
    vocabulary.PucField,
    description="Ambito: culturale, sociale, artistico, ambientale, formativo, tutela dei beni comuni.",
)
strawberry.enum(vocabulary.PucPot, description="Beneficiari Comune, beneficiari CPI, volontari.")
strawberry.enum(vocabulary.Sex, description="As in the fiscal code.")


def _describe(kind: type[E], described: Callable[[E], str]) -> None:
    definition: StrawberryEnumDefinition = vars(kind)["__strawberry_definition__"]
    for value in definition.values:
        value.description = described(kind[value.name])


_describe(vocabulary.ConditionalityEventType, lambda word: EVENT_RULES[word].description)
_describe(vocabulary.JustifiedReason, described_reason)
