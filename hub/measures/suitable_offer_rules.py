# SPDX-License-Identifier: EUPL-1.2
"""What makes an offer of work suitable (offerta congrua), as each measure's law has it: data.

A criterion a measure does not have is not in its table: the draft of the MIA says nothing of distance, ADI and SFL nothing of experience.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.measures.measure import Measure
from hub.measures.parameters import Confidence
from hub.measures.sources import Source

_M, _L = Confidence.M, Confidence.L

WHOLLY = Decimal(100)


class Stage(StrEnum):
    """How long a household has had the RdC: the law counts from the award (riconoscimento) to the offer."""

    FIRST_YEAR = "FIRST_YEAR"
    LATER = "LATER"
    RENEWED = "RENEWED"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the place of work may be: within the kilometres of road, or the minutes by public transport, whichever is kept.

    Both None: anywhere in Italy.
    """

    km: Decimal | None
    minutes: int | None
    source: Source

    @property
    def words(self) -> str:
        """The limit, in words."""
        parts = [f"{self.km} km"] if self.km is not None else []
        parts += [f"{self.minutes} minutes"] if self.minutes is not None else []
        return " or ".join(parts) or "anywhere in Italy"


@dataclass(frozen=True, slots=True)
class OfferRule:
    """The criteria from a day on (`first`) to a day (`last`, None: still), both included; a source None: no such criterion.

    `reaches`: by stage, how far, offer after offer; the last one holds for all that follow. Empty: distance bears on nothing.
    `free_if_permanent`: whether a permanent contract is to be taken anywhere, unless there are children under 14 in the household.
    """

    first: date
    last: date | None
    coherence: Source | None
    contract: Source | None
    hours: Source | None
    pay: Source | None
    reaches: Mapping[Stage, tuple[Reach, ...]]
    free_if_permanent: Source | None = None
    near_with_children: Source | None = None
    pauses: Source | None = None
    """Where a short contract suspends the benefit while it lasts."""


CHILDREN_UNDER = 14
LEAST_HOURS = Decimal(60)
"""Percent of full time."""
PAUSING_MONTHS = (1, 6)

_REFORM = date(2022, 1, 1)
_LAST_YEAR = date(2023, 1, 1)

_C9 = Source("DL 4/2019 art. 4 c. 9", _M)
_BUDGET_2022 = Source("DL 4/2019 art. 4 c. 9 as amended by L. 234/2021 art. 1 c. 74", _M)
_BUDGET_2023 = Source(
    "L. 197/2022 art. 1 c. 313 and following: `congrua` is removed, read as no criterion of distance or experience",
    _L,
    True,
)
_LABOUR = Source("D.Lgs 150/2015 art. 25", _L)
_EXPERIENCE = Source("D.Lgs 150/2015 art. 25, with DL 4/2019 art. 4 c. 8", _M)

_ANYWHERE = Reach(None, None, _C9)
_ANYWHERE_2022 = Reach(None, None, _BUDGET_2022)
_ANYWHERE_2023 = Reach(None, None, _BUDGET_2023)
_FAR = Reach(Decimal(250), None, _C9)

_ADI_REACH = Reach(Decimal(80), 120, Source("DL 48/2023 art. 9 c. 1 lett. d"))


def _article_9(first: date) -> OfferRule:
    return OfferRule(
        first=first,
        last=None,
        coherence=None,
        contract=Source("DL 48/2023 art. 9 c. 1 lett. a and d"),
        hours=Source("DL 48/2023 art. 9 c. 1 lett. b"),
        pay=Source("DL 48/2023 art. 9 c. 1 lett. c"),
        reaches=dict.fromkeys(Stage, (_ADI_REACH,)),
        free_if_permanent=Source("DL 48/2023 art. 9 c. 1 lett. a"),
        near_with_children=Source("DL 48/2023 art. 9 c. 1-bis"),
        pauses=Source("DL 48/2023 art. 9 c. 2"),
    )


OFFER_RULES: Mapping[Measure, tuple[OfferRule, ...]] = {
    Measure.RDC: (
        OfferRule(
            first=date(2019, 3, 1),
            last=date(2021, 12, 31),
            coherence=_EXPERIENCE,
            contract=_LABOUR,
            hours=_LABOUR,
            pay=_LABOUR,
            reaches={
                Stage.FIRST_YEAR: (Reach(Decimal(100), 100, _C9), _FAR, _ANYWHERE),
                Stage.LATER: (_FAR, _FAR, _ANYWHERE),
                Stage.RENEWED: (_ANYWHERE,),
            },
        ),
        OfferRule(
            first=_REFORM,
            last=date(2022, 12, 31),
            coherence=_EXPERIENCE,
            contract=_LABOUR,
            hours=_LABOUR,
            pay=_LABOUR,
            reaches={
                Stage.FIRST_YEAR: (Reach(Decimal(80), 100, _BUDGET_2022), _ANYWHERE_2022),
                Stage.LATER: (Reach(Decimal(80), 100, _BUDGET_2022), _ANYWHERE_2022),
                Stage.RENEWED: (_ANYWHERE_2022,),
            },
        ),
        OfferRule(
            first=_LAST_YEAR,
            last=None,
            coherence=None,
            contract=_LABOUR,
            hours=_LABOUR,
            pay=_LABOUR,
            reaches=dict.fromkeys(Stage, (_ANYWHERE_2023,)),
        ),
    ),
    Measure.ADI: (_article_9(date(2024, 1, 1)),),
    Measure.SFL: (_article_9(date(2023, 9, 1)),),
    Measure.MIA: (
        OfferRule(
            first=date(2023, 9, 1),
            last=None,
            coherence=Source("MIA, draft of March 2023"),
            contract=None,
            hours=None,
            pay=Source("MIA, draft of March 2023"),
            reaches={},
        ),
    ),
}
