# SPDX-License-Identifier: EUPL-1.2
"""A whole population as batches for COPY, in an order that every foreign key allows.

The same numbers of beneficiaries and seed, as of the same day, in the same places, give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from hub.store.population.benefits import EARLIEST_TODAY
from hub.store.population.casework import Casework
from hub.store.population.declarations import Declarations
from hub.store.population.diary import Diary
from hub.store.population.households import Settlement
from hub.store.population.opportunities import Market
from hub.store.population.people import Person
from hub.store.population.places import Place
from hub.store.population.registry import Registry
from hub.store.population.wire import Batch

HOUSEHOLDS_AT_ONCE = 2_500
EVENTS_AT_ONCE = 25_000


class Population:
    """The population of `beneficiaries` people with a seed, as of a day; its feed starts at `first_position`.

    Raises:
        ValueError: fewer than one beneficiary, or a day before ADI and SFL had begun.

    """

    def __init__(
        self, *, beneficiaries: int, seed: int, today: date, places: Sequence[Place], first_position: int = 1
    ) -> None:
        if beneficiaries < 1:
            raise ValueError("a population has at least one beneficiary")
        if today < EARLIEST_TODAY:
            raise ValueError(f"a population is made as of {EARLIEST_TODAY} or later")
        day = today.toordinal()
        self.beneficiaries = beneficiaries
        self._market = Market(beneficiaries, seed, day, places)
        self._settlement = Settlement(beneficiaries, seed, day, places)
        self._registry = Registry(seed, day)
        self._declarations = Declarations(seed, day)
        self._diary = Diary(seed, day, first_position)
        self._casework = Casework(seed, day, self._diary, self._market.opportunities)

    def loads(self) -> Iterator[list[Batch]]:
        """Every row, once, some thousands at a time: each load needs nothing but itself and those before it."""
        yield list(self._market.batches())
        households = iter(self._settlement)
        while some := list(islice(households, HOUSEHOLDS_AT_ONCE)):
            for household in some:
                entered = self._registry.enter(household)
                self._declarations.tell(household, entered)
                self._casework.open(household, entered)
            yield [*self._registry.batches(), *self._declarations.batches(), *self._casework.batches()]
        self._diary.fill(self.beneficiaries)
        yield from self._diary.loads(EVENTS_AT_ONCE)


def sample_people(count: int, seed: int, today: date, places: Sequence[Place]) -> list[Person]:
    """The people of a small population, without any rows."""
    settlement = Settlement(count, seed, today.toordinal(), places)
    return [person for household in settlement for person in household.members]
