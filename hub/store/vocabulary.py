# SPDX-License-Identifier: EUPL-1.2
"""The words the tables and the schema share. A word's value is its name: what is stored is what GraphQL says.

Words may be added; none may be renamed or removed, since the ledger keeps them for ever.
"""

from __future__ import annotations

from enum import StrEnum

from hub.measures.household import Disability as Disability
from hub.measures.household import VehicleKind as VehicleKind
from hub.measures.measure import Measure as Measure
from hub.measures.obligation import Obligation as Obligation
from hub.measures.residence import StayTitle as StayTitle


class Sex(StrEnum):
    """As in the fiscal code and ANPR (`sesso`)."""

    F = "F"
    M = "M"


class EmploymentStatus(StrEnum):
    """Occupational status, codes 01–05 of ANPAL's classification."""

    NEVER_EMPLOYED = "NEVER_EMPLOYED"
    UNEMPLOYED = "UNEMPLOYED"
    EMPLOYED_SEEKING = "EMPLOYED_SEEKING"
    EMPLOYED = "EMPLOYED"
    OTHER = "OTHER"


class BenefitStatus(StrEnum):
    """The state of a benefit as INPS reports it."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    FORFEITED = "FORFEITED"
    REVOKED = "REVOKED"
    ENDED = "ENDED"


class PactKind(StrEnum):
    """Patto per il lavoro, per l'inclusione sociale, di attivazione digitale, di servizio personalizzato."""

    WORK = "WORK"
    INCLUSION = "INCLUSION"
    DIGITAL_ACTIVATION = "DIGITAL_ACTIVATION"
    SERVICE = "SERVICE"


class PactStatus(StrEnum):
    """Where a pact stands."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"
    REFUSED = "REFUSED"


class GoalStatus(StrEnum):
    """Progress of one goal of a pact."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    ACHIEVED = "ACHIEVED"
    ABANDONED = "ABANDONED"


class ConvocationChannel(StrEnum):
    """How the person was convened: ANPAL's channels 01–04, and the SMS of MyANPAL's agenda."""

    MAIL = "MAIL"
    FAX = "FAX"
    POST = "POST"
    PHONE = "PHONE"
    SMS = "SMS"


class ConvocationReason(StrEnum):
    """Why: ACC first interview, ORI orientation, CPS preselection, ALT other."""

    FIRST_INTERVIEW = "FIRST_INTERVIEW"
    ORIENTATION = "ORIENTATION"
    PRESELECTION = "PRESELECTION"
    OTHER = "OTHER"


class ConvocationOutcome(StrEnum):
    """P presente, AG assente giustificato, AI assente ingiustificato, AN annullata."""

    PRESENT = "PRESENT"
    ABSENT_JUSTIFIED = "ABSENT_JUSTIFIED"
    ABSENT_UNJUSTIFIED = "ABSENT_UNJUSTIFIED"
    CANCELLED = "CANCELLED"


class ActivityKind(StrEnum):
    """The active policies a path is made of."""

    ORIENTATION = "ORIENTATION"
    TRAINING = "TRAINING"
    PLACEMENT = "PLACEMENT"
    JOB_SEARCH = "JOB_SEARCH"
    SCHOOLING = "SCHOOLING"
    SOCIAL_SUPPORT = "SOCIAL_SUPPORT"


class ActivityStatus(StrEnum):
    """From the SAP's policy events (01–15), folded to where the activity stands."""

    PROPOSED = "PROPOSED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    ABANDONED = "ABANDONED"
    CANCELLED = "CANCELLED"


class CourseMode(StrEnum):
    """Where a course is held."""

    ON_SITE = "ON_SITE"
    ONLINE = "ONLINE"
    MIXED = "MIXED"


class OpportunityStatus(StrEnum):
    """Whether an offer, a course or a project can still be taken."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class PucField(StrEnum):
    """The six fields of action of DM 22-10-2019."""

    CULTURAL = "CULTURAL"
    SOCIAL = "SOCIAL"
    ARTISTIC = "ARTISTIC"
    ENVIRONMENTAL = "ENVIRONMENTAL"
    EDUCATIONAL = "EDUCATIONAL"
    COMMONS = "COMMONS"


class PucAssignmentStatus(StrEnum):
    """GePI's states: da assegnare, proposto, attivo, completato."""

    TO_ASSIGN = "TO_ASSIGN"
    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"


class PucPot(StrEnum):
    """GePI's three pots of places: beneficiari Comune, beneficiari CPI, volontari."""

    MUNICIPALITY = "MUNICIPALITY"
    CENTRE = "CENTRE"
    VOLUNTEER = "VOLUNTEER"


class AgencyKind(StrEnum):
    """What an agency is to the hub."""

    EMPLOYMENT_CENTRE = "EMPLOYMENT_CENTRE"
    MUNICIPALITY = "MUNICIPALITY"
    REGION = "REGION"
    INPS = "INPS"
    MINISTRY = "MINISTRY"
    ACCREDITED = "ACCREDITED"
    HUB = "HUB"
    CITIZENS = "CITIZENS"
    """The people themselves, by SPID or CIE: one agency of this kind stands for all of them."""


class GrantScope(StrEnum):
    """How far a grant's rows reach."""

    CENTRE = "CENTRE"
    MUNICIPALITY = "MUNICIPALITY"
    AMBITO = "AMBITO"
    """The municipalities of an ambito territoriale sociale."""
    REGION = "REGION"
    NATIONAL = "NATIONAL"
    AGGREGATE = "AGGREGATE"
    """Counts over the whole country; no row of a person."""
    OWN = "OWN"
    """The offers and courses the agency itself published; no row of a person."""
    SELF = "SELF"
    """A citizen: itself and its household."""


class Capability(StrEnum):
    """What a grant allows beyond looking at the rows of its scope."""

    RECORD_EVENTS = "RECORD_EVENTS"
    READ_FEED = "READ_FEED"
    ADMINISTER = "ADMINISTER"
    """Register agencies, grant and revoke."""
    READ_ACCESS_LOG = "READ_ACCESS_LOG"
    """Say who looked at whom: the data protection officer (responsabile della protezione dei dati)."""
    REPORT_OUTCOMES = "REPORT_OUTCOMES"
    """Say what was decided about an entry of the feed: INPS."""
    SEND_COMMUNICATIONS = "SEND_COMMUNICATIONS"
    """Hand over mandatory communications of hires: a labour system."""
    PUBLISH_OPPORTUNITIES = "PUBLISH_OPPORTUNITIES"
    """Publish job offers, placements and courses of one's own, and withdraw them: an accredited subject."""


class CommunicationKind(StrEnum):
    """The models of mandatory communications that tell of a hire (DM 30-10-2007, annexes A and B)."""

    UNILAV = "UNILAV"
    """An employer's own: Unificato Lav."""
    UNISOMM = "UNISOMM"
    """A temporary work agency's (agenzia di somministrazione): Unificato Somm."""


class CommunicationState(StrEnum):
    """What became of a communication of a hire."""

    WAITING = "WAITING"
    """The hire begins on a later day."""
    RECORDED = "RECORDED"
    ALREADY_RECORDED = "ALREADY_RECORDED"
    """Somebody had recorded a hire of this person on this day."""
    NO_BENEFICIARY = "NO_BENEFICIARY"
    """Nobody in the sender's territory has this fiscal code and a benefit on the day."""
    ERASED = "ERASED"
    """It was recorded, and the content of its event was erased."""
    REPLACED = "REPLACED"
    """Another corrected or annulled it before it was recorded."""
    ANNULMENT = "ANNULMENT"
    """It is no hire: it annulled another communication."""


class BenefitOutcome(StrEnum):
    """What INPS did to a benefit because of an event."""

    SUSPENDED = "SUSPENDED"
    """Sospensione."""
    REDUCED = "REDUCED"
    """Decurtazione: of whole monthly payments (DL 4/2019 art. 7 c. 7-9)."""
    FORFEITED = "FORFEITED"
    """Decadenza."""
    REVOKED = "REVOKED"
    """Revoca: as if it had never been granted."""
    NONE = "NONE"
    """It was looked at, and nothing follows."""


class Demand(StrEnum):
    """What a consumer must present with each request, or be given with each answer, beyond its voucher."""

    EVIDENCE = "EVIDENCE"
    """The person at its desk: `Agid-JWT-TrackingEvidence` (AUDIT_REST_02)."""
    SIGNATURE = "SIGNATURE"
    """Its signature on the body: `Digest` and `Agid-JWT-Signature` (INTEGRITY_REST_02)."""
    DPOP = "DPOP"
    """A voucher bound to a key, and the proof that it has it (RFC 9449)."""
    SINGLE_USE = "SINGLE_USE"
    """A voucher for each request (ID_AUTH_REST_02)."""
    SIGNED_ANSWERS = "SIGNED_ANSWERS"
    """The hub's signature on its answers."""


class AccessOutcome(StrEnum):
    """What came of a request for personal data."""

    ANSWERED = "ANSWERED"
    REFUSED = "REFUSED"
    """The purpose does not cover what was asked: nothing was read."""
    FAILED = "FAILED"
    """Something went wrong: nothing was given."""


class AccessDoor(StrEnum):
    """By which door a change of who may see what came."""

    API = "API"
    COMMAND_LINE = "COMMAND_LINE"
    DATABASE = "DATABASE"


class ChangeAction(StrEnum):
    """What was done to a row; EMPTIED: to a whole table."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    EMPTIED = "EMPTIED"


class ConditionalityEventType(StrEnum):
    """Facts that bear on conditionality, and those that show compliance.

    Sources: DL 4/2019 art. 7 (RdC), DL 48/2023 art. 8 c. 6 and art. 9 (ADI, SFL); word by word, and who may record which about
    whom: hub/ledger/event_rules.py.
    """

    CONVOCATION_MISSED = "CONVOCATION_MISSED"
    CONVOCATION_ATTENDED = "CONVOCATION_ATTENDED"
    ABSENCE_JUSTIFIED = "ABSENCE_JUSTIFIED"
    AVAILABILITY_NOT_DECLARED = "AVAILABILITY_NOT_DECLARED"
    PACT_SIGNED = "PACT_SIGNED"
    PACT_NOT_SIGNED = "PACT_NOT_SIGNED"
    ACTIVITY_ATTENDED = "ACTIVITY_ATTENDED"
    ACTIVITY_NOT_ATTENDED = "ACTIVITY_NOT_ATTENDED"
    ORIENTATION_NOT_ATTENDED = "ORIENTATION_NOT_ATTENDED"
    PUC_NOT_JOINED = "PUC_NOT_JOINED"
    INCLUSION_COMMITMENT_BREACHED = "INCLUSION_COMMITMENT_BREACHED"
    SUITABLE_OFFER_ACCEPTED = "SUITABLE_OFFER_ACCEPTED"
    SUITABLE_OFFER_REFUSED = "SUITABLE_OFFER_REFUSED"
    WORK_NOT_COMMUNICATED = "WORK_NOT_COMMUNICATED"
    HOUSEHOLD_CHANGE_NOT_DECLARED = "HOUSEHOLD_CHANGE_NOT_DECLARED"
    UNDECLARED_WORK_FOUND = "UNDECLARED_WORK_FOUND"
    HIRED_THROUGH_SUITABLE_OFFER = "HIRED_THROUGH_SUITABLE_OFFER"
    AVAILABILITY_DECLARED = "AVAILABILITY_DECLARED"
    PUC_JOINED = "PUC_JOINED"
    SCHOOLING_NOT_ATTENDED = "SCHOOLING_NOT_ATTENDED"
    VARIATION_NOT_COMMUNICATED = "VARIATION_NOT_COMMUNICATED"
    FIRST_APPOINTMENT_MISSED = "FIRST_APPOINTMENT_MISSED"
    POSITION_UPDATED = "POSITION_UPDATED"
    POSITION_NOT_UPDATED = "POSITION_NOT_UPDATED"
    PARTICIPATION_CONFIRMED = "PARTICIPATION_CONFIRMED"
    PARTICIPATION_NOT_CONFIRMED = "PARTICIPATION_NOT_CONFIRMED"
    HIRED = "HIRED"
    EVENT_WITHDRAWN = "EVENT_WITHDRAWN"
    CONTENT_ERASED = "CONTENT_ERASED"


class JustifiedReason(StrEnum):
    """Why an absence is justified (giustificati motivi): the seven of MLPS note 39/0003374 of 4-3-2016, in its order."""

    ILLNESS_OR_ACCIDENT = "ILLNESS_OR_ACCIDENT"
    CIVIL_OR_MILITARY_SERVICE = "CIVIL_OR_MILITARY_SERVICE"
    PREGNANCY = "PREGNANCY"
    COURT_SUMMONS = "COURT_SUMMONS"
    FAMILY_REASONS = "FAMILY_REASONS"
    LEGAL_LIMITS_TO_MOBILITY = "LEGAL_LIMITS_TO_MOBILITY"
    OBJECTIVE_IMPEDIMENT = "OBJECTIVE_IMPEDIMENT"


class CallsOf(StrEnum):
    """Whose calls are counted together."""

    PURPOSE = "PURPOSE"
    CONSUMER = "CONSUMER"
    ESERVICE = "ESERVICE"
    CITIZEN = "CITIZEN"


class CallWindow(StrEnum):
    """How long calls are counted together: a minute of the clock, a day of Europe/Rome."""

    MINUTE = "MINUTE"
    DAY = "DAY"


class DeliveryChannel(StrEnum):
    """By which of the hub's connectors a destination is told."""

    REGION = "REGION"


class DeliveryState(StrEnum):
    """How far a recorded fact has come on its way to one other system."""

    WAITING = "WAITING"
    """To be sent, or sent without an answer so far."""
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    """A dead letter: the recipient does not want it, however often it comes."""
    EXHAUSTED = "EXHAUSTED"
    """A dead letter: it was tried as often as it is."""
    CANCELLED = "CANCELLED"
    """Its content was erased before it arrived, or the recipient is told nothing more."""


class AttemptOutcome(StrEnum):
    """What came of one attempt to deliver a fact."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    UNAVAILABLE = "UNAVAILABLE"
    """No answer in time, a fault of the recipient's, or the hub was not let in."""
    INVALID = "INVALID"
    """An answer that says neither: it may have arrived."""


class FileState(StrEnum):
    """What became of a file that a region sent."""

    READING = "READING"
    """Its records are landing; a run that was killed goes on where it was."""
    READ = "READ"
    REFUSED = "REFUSED"
    """Whole: nothing of it landed."""
    REPEATED = "REPEATED"
    """Its content had been read before, under this name or another."""


class FiledRecordRefusal(StrEnum):
    """Why a record of a file did not land."""

    INVALID = "INVALID"
    """It cannot be read, or a member of it is wrong: it is mended and sent again."""
    WAITING = "WAITING"
    """What it needs is not there, or is in its way; it is tried again at every run."""
