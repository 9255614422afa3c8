# SPDX-License-Identifier: EUPL-1.2
"""Whether an offer of work suits a person (offerta congrua): both are read, the rules are those of `hub.measures.suitable_offer`."""

from __future__ import annotations

import asyncio
import datetime
import decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry
from aiodataloader import DataLoader

from hub.access.caller import Caller
from hub.access.rows import of_oneself
from hub.casework.seekers import Sought, offered, sought
from hub.measures.offer_gaps import OfferGap, gaps
from hub.measures.reasons import Verdict
from hub.measures.suitable_offer import suitability
from hub.plan.declare import Derived
from hub.store.engine import Pool
from hub.store.vocabulary import Measure
from schema.cost import about
from schema.legal_reasons import LegalReason
from schema.sensitivity import personal
from schema.standing import ROME

if TYPE_CHECKING:
    from schema.context import RequestContext

SUITABILITY = Derived(
    needs=("municipality_id", "contract_type", "weekly_hours", "monthly_pay", "profession_code"),
    reads=(),
    is_personal=True,
)
"""What `JobOffer.suitability` needs of the offer."""
AT_ONCE = 4
"""People one request may have read at once."""

strawberry.enum(
    OfferGap,
    name="OfferGap",
    description="What is not known of an offer, or of whom it is for, and must be before a criterion is determined.",
)


@personal
@strawberry.type(
    description="One criterion of a suitable offer (offerta congrua): what was compared with what, and the article."
)
class OfferCriterion:
    verdict: Verdict
    reason: LegalReason
    unknown: list[OfferGap] = strawberry.field(
        description="Of an undetermined one: the facts that the hub does not hold, or that the caller may not ask for.",
        directives=[about(2)],
    )


@personal
@strawberry.type(
    description="Whether an offer is suitable (congrua) for a person on a day, by the law of its household's measure, of what the hub holds. It is no decision."
)
class OfferSuitability:
    measure: Measure
    on: datetime.date
    number: int = strawberry.field(
        description="Which offer it would be, after those that the person's events under this application speak of."
    )
    verdict: Verdict
    criteria: list[OfferCriterion] = strawberry.field(
        description="Those the measure's law has, in its order.", directives=[about(4)]
    )
    notes: list[LegalReason] = strawberry.field(
        description="What else follows if it is taken.", directives=[about(1)]
    )


class Seekers:
    """The people one request holds offers against: each read once, with all the places that are asked about at the same time."""

    def __init__(self, pool: Pool, caller: Caller) -> None:
        self._pool = pool
        self._caller = caller
        self._room = asyncio.Semaphore(AT_ONCE)
        self._loader: DataLoader[tuple[str, datetime.date, UUID], Sought | None] = DataLoader(self._many)

    async def load(self, fiscal_code: str, on: datetime.date, place: UUID) -> Sought | None:
        """The person, who knows the way to `place`; None: there is nobody of this code in the caller's sight."""
        found = await self._loader.load((fiscal_code, on, place))
        if found is None or not of_oneself(self._caller, str(found.person_id)):
            return None
        return found

    async def _many(self, keys: list[tuple[str, datetime.date, UUID]]) -> list[Any]:
        asked: dict[tuple[str, datetime.date], dict[UUID, None]] = {}
        for code, on, place in keys:
            asked.setdefault((code, on), {})[place] = None
        found = await asyncio.gather(
            *(self._one(code, on, [*places]) for (code, on), places in asked.items()), return_exceptions=True
        )
        people = dict(zip(asked, found, strict=True))
        return [people[code, on] for code, on, _ in keys]

    async def _one(self, code: str, on: datetime.date, places: list[UUID]) -> Sought | None:
        async with self._room, self._pool.acquire() as connection:
            return await sought(connection, self._caller, code, on, places)


async def suitability_of(
    row: Any, context: RequestContext, fiscal_code: str, on: datetime.date | None
) -> OfferSuitability | None:
    """Whether the offer of `row` suits the person with this code; None: the caller sees no such person.

    Raises:
        BeforeTheLaw, AfterTheLaw: the measure was not in force on that day.

    """
    day = on or context.means.now().astimezone(ROME).date()
    place = UUID(row["$municipality_id"])
    found = await context.seekers.load(fiscal_code, day, place)
    if found is None:
        return None
    context.account.shows([found.person_id])
    pay = row["$monthly_pay"]
    offer = offered(
        found,
        day,
        place,
        contract_type=row["$contract_type"],
        weekly_hours=decimal.Decimal(row["$weekly_hours"]),
        monthly_pay=None if pay is None else decimal.Decimal(pay),
        profession=row["$profession_code"],
    )
    told = suitability(found.measure, offer, found.seeker)
    return OfferSuitability(
        measure=found.measure,
        on=day,
        number=found.number,
        verdict=told.verdict,
        criteria=[
            OfferCriterion(
                verdict=one.verdict,
                reason=LegalReason.of(one.reason),
                unknown=list(gaps(one, offer, found.seeker)),
            )
            for one in told.criteria
        ],
        notes=[LegalReason.of(note) for note in told.notes],
    )
