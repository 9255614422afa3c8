# SPDX-License-Identifier: EUPL-1.2
"""Conditionality events and the feed."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import ColumnElement, DateTime, FromClause, Text, any_, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from hub.access.feeds import of_erased
from hub.plan.declare import Computed, Condition, Order, stands_on, stored
from hub.store import tables
from hub.store.base import table_of
from hub.store.vocabulary import AgencyKind, BenefitOutcome, ConditionalityEventType, JustifiedReason, Measure
from schema.agencies import Agency
from schema.cost import SUBQUERY, about
from schema.deliveries import Delivery
from schema.filters import all_of, before, by_any_of, condition, from_, none, none_of, one_of, some
from schema.node import Node
from schema.pacts import Pact
from schema.scalars import BigInt, FiscalCode
from schema.sensitivity import PERSONAL, SPECIAL, personal, public
from schema.standing import Breach

if TYPE_CHECKING:
    from schema.households import Beneficiary


def _position(row: FromClause) -> ColumnElement[int]:
    entry = table_of(tables.FeedEntry).alias()
    return select(entry.c.position).where(entry.c.event_id == row.c.id).scalar_subquery()


def _published_at(row: FromClause) -> ColumnElement[datetime.datetime]:
    entry = table_of(tables.FeedEntry).alias()
    return select(entry.c.sequenced_at).where(entry.c.event_id == row.c.id).scalar_subquery()


def _acknowledged_at(row: FromClause) -> ColumnElement[datetime.datetime]:
    """NOTE of each purpose of INPS's the first that reaches so far, by the key: acknowledgements never go back."""
    entry, agency = table_of(tables.FeedEntry).alias(), table_of(tables.Agency).alias()
    purpose, said = table_of(tables.Purpose).alias(), table_of(tables.FeedAcknowledgement).alias()
    first = (
        select(said.c.acknowledged_at)
        .where(
            said.c.agency_id == purpose.c.agency_id,
            said.c.purpose_id == purpose.c.purpose_id,
            said.c.up_to >= entry.c.position,
        )
        .order_by(said.c.up_to)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    inps = agency.c.kind == literal_column(f"'{AgencyKind.INPS.value}'")
    return (
        select(func.min(first))
        .select_from(entry.join(agency, inps).join(purpose, purpose.c.agency_id == agency.c.id))
        .where(entry.c.event_id == row.c.id)
        .scalar_subquery()
    )


def _of_event(column: str) -> Computed:
    def expression(row: FromClause) -> ColumnElement[Any]:
        if column in row.c:  # a page of the feed carries each entry's event
            return row.c[column]
        event = table_of(tables.ConditionalityEvent).alias()
        return select(event.c[column]).where(event.c.id == row.c.event_id).scalar_subquery()

    return Computed(expression, nullable=True)


@personal
@stored(tables.ConditionalityEvent, prefix="evt", order=Order(("occurred_at",), descending=True))
@strawberry.type(description="Evento di condizionalità: a fact as it was recorded; it never changes.")
class ConditionalityEvent(Node):
    id: strawberry.ID
    type: ConditionalityEventType
    occurred_at: datetime.datetime
    recorded_at: datetime.datetime
    source: Agency = strawberry.field(description="Who recorded it.")
    beneficiary: Annotated[Beneficiary, strawberry.lazy("schema.households")] | None = strawberry.field(
        description="Null where it is about nobody: its content was erased, or it says that another's was."
    )
    pact: Pact | None
    note: str | None = strawberry.field(directives=[SPECIAL])
    justified_reason: JustifiedReason | None = strawberry.field(
        description="Of a justified absence: why (giustificato motivo), where that was recorded.",
        directives=[SPECIAL],
    )
    evidence: list[EventEvidence] = strawberry.field(
        description="Documents that show what it says (documentazione), kept by who recorded it.",
        directives=[about(1)],
    )
    position: BigInt | None = strawberry.field(
        description="Its place in the feed; null for the moment until the sequencer has given it one.",
        metadata=stands_on(Computed(_position, nullable=True)),
        directives=[SUBQUERY],
    )
    published_at: datetime.datetime | None = strawberry.field(
        description="When it got its place in the feed; null as `position` is.",
        metadata=stands_on(Computed(_published_at, nullable=True)),
        directives=[SUBQUERY],
    )
    acknowledged_at: datetime.datetime | None = strawberry.field(
        description="When INPS first said that it has dealt with the feed as far as this; null while it waits for INPS.",
        metadata=stands_on(Computed(_acknowledged_at, nullable=True)),
        directives=[SUBQUERY],
    )
    withdraws: ConditionalityEvent | None = strawberry.field(
        description="Of one of type EVENT_WITHDRAWN: the event it takes back (annullamento); its note says why."
    )
    withdrawn_by: ConditionalityEvent | None = strawberry.field(
        description="The event that takes this one back: it counts as never recorded."
    )
    outcomes: list[EventOutcome] = strawberry.field(
        description="What INPS decided because of it (esiti), in the order they were reported.",
        directives=[about(1)],
    )
    deliveries: list[Delivery] = strawberry.field(
        description="Where it is on its way to other systems that must hear of it; one for each.",
        directives=[about(1)],
    )


def _hex(row: FromClause) -> ColumnElement[str]:
    return func.encode(row.c.sha256, "hex", type_=Text)


@personal
@stored(tables.EventEvidence)
@strawberry.type(
    description="A document that an event was recorded with: by its hash whoever has the document proves that it is this one."
)
class EventEvidence:
    sha256: str = strawberry.field(
        description="64 hexadecimal digits, in lower case.", metadata=stands_on(Computed(_hex))
    )
    media_type: str
    reference: str = strawberry.field(
        description="Where who recorded it finds it: a URI, or an id of its own.", directives=[SPECIAL]
    )
    title: str | None = strawberry.field(directives=[SPECIAL])


@personal
@stored(tables.EventOutcome, order=Order(("reported_at",)))
@strawberry.type(
    description="What was decided about a benefit because of an event (esito). A later decision is another outcome."
)
class EventOutcome:
    outcome: BenefitOutcome
    reference: str = strawberry.field(description="By which its agency finds the decision again.")
    decided_on: datetime.date
    months: int | None = strawberry.field(
        description="Monthly payments (mensilità) taken away, or for which the benefit is suspended."
    )
    reported_at: datetime.datetime
    source: Agency = strawberry.field(description="Who decided.")
    event: ConditionalityEvent


class ConditionalityEventOrder(enum.Enum):
    OCCURRED_AT_ASC = "occurred_at"
    OCCURRED_AT_DESC = "-occurred_at"
    RECORDED_AT_ASC = "recorded_at"
    RECORDED_AT_DESC = "-recorded_at"


strawberry.enum(ConditionalityEventOrder, description="By when it happened or was recorded.")


@strawberry.input(description="Which events; every condition given must hold.")
class ConditionalityEventFilter:
    and_: list[ConditionalityEventFilter] | None = all_of()
    or_: list[ConditionalityEventFilter] | None = one_of()
    not_: ConditionalityEventFilter | None = none_of()
    types: list[ConditionalityEventType] | None = condition(by_any_of("type"))
    occurred_from: datetime.datetime | None = condition(from_("occurred_at", DateTime(timezone=True)))
    occurred_before: datetime.datetime | None = condition(before("occurred_at", DateTime(timezone=True)))


@strawberry.input(description="Events of a person; every condition given must hold.")
class ConditionalityEventListFilter:
    some: ConditionalityEventFilter | None = some()
    none: ConditionalityEventFilter | None = none()


@personal
@stored(tables.FeedEntry, order=Order(("position",)))
@strawberry.type(
    description="An event's place in the feed, with the person's code and INPS's protocol as they were when it was recorded."
)
class FeedEntry:
    position: BigInt = strawberry.field(
        description="1, 2, 3 …, dense: who reads all of it, has read up to n and counts n entries, missed none. "
        "Who reads a part of it reads its part of the same positions."
    )
    measure: Measure = strawberry.field(description="Of the household, when it was recorded.")
    event: ConditionalityEvent
    fiscal_code: FiscalCode | None = strawberry.field(
        description="Null once the content was erased, and in the entry that says so.",
        metadata=stands_on(_of_event("fiscal_code")),
    )
    inps_protocol: str | None = strawberry.field(
        description="Null as the fiscal code is.", metadata=stands_on(_of_event("inps_protocol"))
    )
    erases: BigInt | None = strawberry.field(
        description="Of an entry of type CONTENT_ERASED: the position whose content was erased. A reader erases its copy.",
        metadata=stands_on(_of_event("erases_position")),
    )
    erased_at: datetime.datetime | None = strawberry.field(
        description="When the content was erased.", metadata=stands_on(_of_event("erased_at"))
    )
    proposal: FeedProposal | None = strawberry.field(
        description="What is proposed because of it; null where it is no breach, or its content was erased. Entries of version 1 have none."
    )


@personal
@stored(tables.FeedProposal)
@strawberry.type(
    description="What was proposed to INPS (proposta) because of an entry, reckoned when it got its position, by the person's facts up to there under one application: part of the entry's bytes, it never changes. INPS decides."
)
class FeedProposal:
    breach: Breach | None = strawberry.field(
        description="The kind that is counted; null where the text of the measure has none for this fact."
    )
    count: int = strawberry.field(description="How many of its kind count, this one included.")
    effect: BenefitOutcome | None = strawberry.field(
        description="NONE: nothing yet; the breach is counted. Null: what follows is undetermined."
    )
    months: int = strawberry.field(description="Whole monthly payments (mensilità) less.")
    monthly_cut: decimal.Decimal = strawberry.field(description="Euro a month less.")
    at_most_months: int | None = strawberry.field(
        description="How long a suspension lasts at most, where the law says."
    )
    retroactive: bool = strawberry.field(
        description="Whether it reaches back to the beginning, and what was paid is recovered."
    )
    article: str = strawberry.field(description="Where the law has it.")
    sentence: str
    unverified: bool = strawberry.field(
        description="It was not read in the law itself, or can be read in two ways: check it before you rely on it."
    )
    edition: int = strawberry.field(description="Which reading of the law it was reckoned by.")


def _occurred(later: bool) -> Condition:
    def expression(row: FromClause, value: ColumnElement[Any]) -> ColumnElement[bool]:
        event = table_of(tables.ConditionalityEvent).alias()
        own = select(event.c.occurred_at).where(event.c.id == row.c.event_id).scalar_subquery()
        at: ColumnElement[Any] = func.coalesce(of_erased(row, "occurred_at"), own)
        return at >= value if later else at < value

    return Condition(expression, DateTime(timezone=True), compares=("event.occurred_at",))


def _of_measures(row: FromClause, values: ColumnElement[Any]) -> ColumnElement[bool]:
    return row.c.measure == any_(values)  # an erasure has the measure of what it erased


def _of_types(row: FromClause, values: ColumnElement[Any]) -> ColumnElement[bool]:
    # NOTE not only of CONTENT_ERASED, else who reads some types would never hear that one of theirs is to be erased.
    return or_(row.c.type == any_(values), of_erased(row, "type") == any_(values))


@strawberry.input(
    description="Which entries; every condition given must hold. An entry of type CONTENT_ERASED meets it where what it erased does. "
    "A page of what is filtered may be empty, and the feed go on: `endCursor` then lies beyond what was looked through."
)
class ConditionalityFeedFilter:
    measures: list[Measure] | None = condition(Condition(_of_measures, ARRAY(Text()), compares=("measure",)))
    types: list[ConditionalityEventType] | None = condition(
        Condition(_of_types, ARRAY(Text()), compares=("event.type",))
    )
    occurred_from: datetime.datetime | None = condition(_occurred(later=True))
    occurred_before: datetime.datetime | None = condition(_occurred(later=False))


@public
@strawberry.type(description="A page of the feed.")
class ConditionalityFeedPage:
    entries: list[FeedEntry] = strawberry.field(directives=[PERSONAL])
    end_cursor: str = strawberry.field(
        description="Hand it to `after` for what comes next; it stays the same when nothing has come. It may lie beyond the last "
        "entry: what is between them is another's, or filtered out."
    )
    has_more: bool = strawberry.field(
        description="Whether the feed goes on; also after a page without entries."
    )
