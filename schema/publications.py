# SPDX-License-Identifier: EUPL-1.2
"""Publishing job offers, placements and courses: by whoever has no system of its own that is asked for them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

import strawberry

from hub.opportunities.forms import CourseForm, Form, OfferForm, OpportunityKind, PlacementForm, Withdrawal
from hub.opportunities.publish import Published, Result, publish
from hub.opportunities.refusals import PublicationRefusal, PublicationRefusalCode
from hub.plan.commands import Asking, Command, Outcome
from hub.plan.declare import Guarded, stands_on
from hub.plan.publisher import publisher_of
from hub.store.identifiers import encode_id
from hub.store.vocabulary import Capability, CourseMode, OpportunityStatus
from schema.commands import called, input_reader, read_back
from schema.context import Info, Means
from schema.cost import about, costs
from schema.opportunities import JobOffer, TrainingCourse
from schema.sensitivity import PUBLIC, public

F = TypeVar("F", OfferForm, PlacementForm, CourseForm)

strawberry.enum(
    PublicationRefusalCode,
    name="PublicationErrorCode",
    description="Why an opportunity was not published or not withdrawn.",
)
strawberry.enum(
    OpportunityKind,
    description="What an agency publishes: offerta di lavoro, tirocinio, corso di formazione.",
)

REFERENCE = (
    "Yours: the same content under it changes nothing, other content is its next version. 1 to 100 ASCII letters, digits, "
    "dots, underscores, colons and dashes."
)
SHARED = f"{REFERENCE} Offers and placements share theirs."
TEXT = "1 to 200 printable characters."
PROFESSION = "Classificazione delle professioni (CP2011), or the beginning of a code."
LAST_DAY = "The last on which it can be taken; none: until it is withdrawn."


@public
@strawberry.type(description="An expected refusal: what the publisher can mend.")
class PublicationError:
    code: PublicationRefusalCode
    message: str
    path: list[str] = strawberry.field(
        description="The member of the input it is about.", directives=[about(2)]
    )


@strawberry.input(description="A job offer (offerta di lavoro) to publish.")
class PublishJobOfferInput:
    reference: str = strawberry.field(description=SHARED)
    title: str = strawberry.field(description=TEXT)
    employer_name: str = strawberry.field(description=TEXT)
    municipality: str = strawberry.field(description="Belfiore code of the workplace.")
    contract_type: str = strawberry.field(
        description="Tipo contratto, code of the mandatory communications, as `A.02.00`; a placement (`C.01.00`) is published as one."
    )
    weekly_hours: decimal.Decimal = strawberry.field(description="Up to 60, in tenths.")
    places: int = strawberry.field(description="1 to 100,000.")
    published_on: datetime.date
    profession_code: str | None = strawberry.field(default=strawberry.UNSET, description=PROFESSION)
    monthly_pay: decimal.Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Gross euro a month."
    )
    expires_on: datetime.date | None = strawberry.field(default=strawberry.UNSET, description=LAST_DAY)


@strawberry.input(description="A placement (tirocinio) to publish.")
class PublishPlacementInput:
    reference: str = strawberry.field(description=SHARED)
    title: str = strawberry.field(description=TEXT)
    host_name: str = strawberry.field(description=f"Soggetto ospitante. {TEXT}")
    municipality: str = strawberry.field(description="Belfiore code of where it is held.")
    weekly_hours: decimal.Decimal = strawberry.field(description="Up to 60, in tenths.")
    places: int = strawberry.field(description="1 to 100,000.")
    published_on: datetime.date
    profession_code: str | None = strawberry.field(default=strawberry.UNSET, description=PROFESSION)
    monthly_allowance: decimal.Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Indennità di partecipazione, gross euro a month."
    )
    expires_on: datetime.date | None = strawberry.field(default=strawberry.UNSET, description=LAST_DAY)


@strawberry.input(description="A training course (corso di formazione) to publish.")
class PublishTrainingCourseInput:
    reference: str = strawberry.field(description=REFERENCE)
    title: str = strawberry.field(description=TEXT)
    provider_name: str = strawberry.field(description=f"Ente di formazione. {TEXT}")
    mode: CourseMode
    municipality: str = strawberry.field(description="Belfiore code of the seat.")
    starts_on: datetime.date
    ends_on: datetime.date
    hours: int = strawberry.field(description="All of them: 1 to 10,000.")
    places: int = strawberry.field(description="1 to 100,000.")
    enrolled: int = strawberry.field(default=0, description="How many of the places are taken.")


@strawberry.input(description="What is offered no more (ritiro).")
class WithdrawOpportunityInput:
    kind: OpportunityKind
    reference: str = strawberry.field(description="The one it was published under.")


@public
@strawberry.type(description="The offer as it was published, or why it was not.")
class PublishJobOfferPayload:
    job_offer: JobOffer | None
    user_errors: list[PublicationError] = strawberry.field(directives=[about(1)])


@public
@strawberry.type(
    description="The placement as it was published, or why it was not: a job offer of contract type `C.01.00`."
)
class PublishPlacementPayload:
    placement: JobOffer | None
    user_errors: list[PublicationError] = strawberry.field(directives=[about(1)])


@public
@strawberry.type(description="The course as it was published, or why it was not.")
class PublishTrainingCoursePayload:
    training_course: TrainingCourse | None
    user_errors: list[PublicationError] = strawberry.field(directives=[about(1)])


@public
@strawberry.type(description="What was withdrawn, or why it was not.")
class WithdrawOpportunityPayload:
    id: strawberry.ID | None = strawberry.field(default=None, description="It is still there.")
    status: OpportunityStatus | None = strawberry.field(default=None, description="WITHDRAWN.")
    user_errors: list[PublicationError] = strawberry.field(default_factory=list, directives=[about(1)])


def _form_of(kind: type[F]) -> Callable[[Any], F]:
    """How an input becomes the form that has its members."""
    names = [one.name for one in fields(kind)]

    def form_of(given: Any) -> F:
        told: dict[str, Any] = {name: getattr(given, name) for name in names}
        told = {name: value for name, value in told.items() if value is not strawberry.UNSET}
        return kind(**told)

    return form_of


def _published(form_of: Callable[[Any], Form]) -> Callable[[Means, Asking, Any], Any]:
    """A command's step: the form is published, and its row read back in the same transaction."""

    async def run(means: Means, asking: Asking, given: Any) -> Outcome:
        asking.caller.require(Capability.PUBLISH_OPPORTUNITIES)
        publisher = publisher_of(asking.caller, asking.operator)
        async with means.database.write.acquire() as connection, connection.transaction():
            [result] = await publish(connection, publisher, [form_of(given)], means.now())
            if not isinstance(result, Published):
                return Outcome(None, _errors(result))
            return Outcome(await read_back(connection, asking, result.id))

    return run


def _errors(refusals: list[PublicationRefusal]) -> list[PublicationError]:
    return [
        PublicationError(code=one.code, message=one.message, path=["input", *one.path]) for one in refusals
    ]


PUBLISH_OFFER = Command(
    _published(_form_of(OfferForm)), input_reader(PublishJobOfferInput), reads_back="jobOffer"
)
PUBLISH_PLACEMENT = Command(
    _published(_form_of(PlacementForm)), input_reader(PublishPlacementInput), reads_back="placement"
)
PUBLISH_COURSE = Command(
    _published(_form_of(CourseForm)), input_reader(PublishTrainingCourseInput), reads_back="trainingCourse"
)


def _reading(given: type[Any], kind: type[F]) -> Callable[[Mapping[str, Any]], Form]:
    read, form_of = input_reader(given), _form_of(kind)
    return lambda values: form_of(read(values))


READINGS: Mapping[str, Callable[[Mapping[str, Any]], Form | Withdrawal]] = {
    "publishJobOffer": _reading(PublishJobOfferInput, OfferForm),
    "publishPlacement": _reading(PublishPlacementInput, PlacementForm),
    "publishTrainingCourse": _reading(PublishTrainingCourseInput, CourseForm),
    "withdrawOpportunity": lambda values: Withdrawal(**values),
}
"""How the members of an input, each read, become what is published or withdrawn, by the mutation's name: for another door."""


@strawberry.type
class PublicationMutation:
    @strawberry.mutation(
        description="Publish a job offer of your own, or its next version. For purposes granted PUBLISH_OPPORTUNITIES, as the three "
        "below.",
        directives=[PUBLIC, costs(200)],
        metadata=stands_on(PUBLISH_OFFER),
    )
    async def publish_job_offer(self, info: Info, input: PublishJobOfferInput) -> PublishJobOfferPayload:  # noqa: A002
        outcome, row = await called(info, PUBLISH_OFFER, input)
        return PublishJobOfferPayload(
            job_offer=cast("Any", row), user_errors=cast("Any", outcome.user_errors)
        )

    @strawberry.mutation(
        description="Publish a placement (tirocinio) of your own, or its next version.",
        directives=[PUBLIC, costs(200)],
        metadata=stands_on(PUBLISH_PLACEMENT),
    )
    async def publish_placement(self, info: Info, input: PublishPlacementInput) -> PublishPlacementPayload:  # noqa: A002
        outcome, row = await called(info, PUBLISH_PLACEMENT, input)
        return PublishPlacementPayload(
            placement=cast("Any", row), user_errors=cast("Any", outcome.user_errors)
        )

    @strawberry.mutation(
        description="Publish a training course of your own, or its next version.",
        directives=[PUBLIC, costs(200)],
        metadata=stands_on(PUBLISH_COURSE),
    )
    async def publish_training_course(
        self,
        info: Info,
        input: PublishTrainingCourseInput,  # noqa: A002
    ) -> PublishTrainingCoursePayload:
        outcome, row = await called(info, PUBLISH_COURSE, input)
        return PublishTrainingCoursePayload(
            training_course=cast("Any", row), user_errors=cast("Any", outcome.user_errors)
        )

    @strawberry.mutation(
        description="Withdraw what you published (ritiro): it stays, and is offered no more. Said twice, it is withdrawn once.",
        directives=[PUBLIC, costs(200)],
        metadata=stands_on(Guarded(Capability.PUBLISH_OPPORTUNITIES)),
    )
    async def withdraw_opportunity(
        self,
        info: Info,
        input: WithdrawOpportunityInput,  # noqa: A002
    ) -> WithdrawOpportunityPayload:
        means, context = info.context.means, info.context
        withdrawal = Withdrawal(kind=input.kind, reference=input.reference)
        async with means.database.write.acquire() as connection, connection.transaction():
            publisher = publisher_of(context.caller, context.operator)
            results: list[Result] = await publish(connection, publisher, [withdrawal], means.now())
        [result] = results
        if not isinstance(result, Published):
            return WithdrawOpportunityPayload(user_errors=_errors(result))
        return WithdrawOpportunityPayload(
            id=strawberry.ID(encode_id(input.kind.prefix, result.id)), status=OpportunityStatus.WITHDRAWN
        )
