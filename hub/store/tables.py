# SPDX-License-Identifier: EUPL-1.2
"""Every table, by name, in one place: what migrations compare against and what other rooms import."""

from __future__ import annotations

from hub.store.activities import Activity
from hub.store.agencies import (
    AccessChange,
    AccessGrant,
    AccessGrantArea,
    Agency,
    AgencyClient,
    FieldSet,
    Purpose,
)
from hub.store.appointments import Convocation
from hub.store.assessments import Assessment, AssessmentChunk, AssessmentRun
from hub.store.audit import AccessLog, AccessSelection, ErasedLook
from hub.store.base import Base
from hub.store.calls import CallCount
from hub.store.communications import Communication
from hub.store.consuming import EventOutcome, FeedAcknowledgement
from hub.store.declarations import DeclaredMember, DeclaredVehicle, HouseholdDeclaration
from hub.store.delivery import InboundRun, OutboxMessage, QuarantinedRecord
from hub.store.households import AgencyAnswer, Beneficiary, Benefit, Household
from hub.store.inspections import InspectionOutcome, InspectionSample, SampledHousehold
from hub.store.ledger import (
    ConditionalityEvent,
    EventEvidence,
    FeedCheckpoint,
    FeedContent,
    FeedEntry,
    FeedProposal,
    FeedTile,
    IdempotencyKey,
)
from hub.store.opportunities import JobOffer, TrainingCourse
from hub.store.outbound import Delivery, DeliveryAttempt, Destination
from hub.store.pacts import Pact, PactGoal
from hub.store.publications import OpportunityVersion
from hub.store.puc import PucAssignment, PucProject
from hub.store.received_files import FileRefusal, ReceivedFile
from hub.store.seen_tokens import SeenToken
from hub.store.territory import (
    Ambito,
    AmbitoMunicipality,
    EmploymentCentre,
    Municipality,
    MunicipalityVersion,
    Region,
)

metadata = Base.metadata

__all__ = [
    "AccessChange",
    "AccessGrant",
    "AccessGrantArea",
    "AccessLog",
    "AccessSelection",
    "Activity",
    "Agency",
    "AgencyAnswer",
    "AgencyClient",
    "Ambito",
    "AmbitoMunicipality",
    "Assessment",
    "AssessmentChunk",
    "AssessmentRun",
    "Base",
    "Beneficiary",
    "Benefit",
    "CallCount",
    "Communication",
    "ConditionalityEvent",
    "Convocation",
    "DeclaredMember",
    "DeclaredVehicle",
    "Delivery",
    "DeliveryAttempt",
    "Destination",
    "EmploymentCentre",
    "ErasedLook",
    "EventEvidence",
    "EventOutcome",
    "FeedAcknowledgement",
    "FeedCheckpoint",
    "FeedContent",
    "FeedEntry",
    "FeedProposal",
    "FeedTile",
    "FieldSet",
    "FileRefusal",
    "Household",
    "HouseholdDeclaration",
    "IdempotencyKey",
    "InboundRun",
    "InspectionOutcome",
    "InspectionSample",
    "JobOffer",
    "Municipality",
    "MunicipalityVersion",
    "OpportunityVersion",
    "OutboxMessage",
    "Pact",
    "PactGoal",
    "PucAssignment",
    "PucProject",
    "Purpose",
    "QuarantinedRecord",
    "ReceivedFile",
    "Region",
    "SampledHousehold",
    "SeenToken",
    "TrainingCourse",
    "metadata",
]
