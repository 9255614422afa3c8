# SPDX-License-Identifier: EUPL-1.2
"""The path of each person: pacts, what happens under them, and the events that tell of it.

Clocks: the first appointment within 120 days of admission, appointments about every 90 days (DL 48/2023 art. 4); before 2024 the
convocations of DL 4/2019 art. 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.store.population.attendance import Attendance
from hub.store.population.chance import stream
from hub.store.population.diary import Diary, Subject
from hub.store.population.households import Household
from hub.store.population.moments import at_the_office
from hub.store.population.opportunities import Opportunities
from hub.store.population.pacts import Concluded, Pacts
from hub.store.population.people import Person
from hub.store.population.registry import Entered
from hub.store.population.wire import Batch
from hub.store.vocabulary import ConditionalityEventType as Type
from hub.store.vocabulary import Measure, PactKind, PactStatus

INCLUSION_SHARE = 0.28
"""Of the households other than SFL's, those with a need that is not of work alone."""
FIRST_DAYS = 15
"""Days from admission before anything happens to a person."""
ADULT = 18 * 365 + 5
"""Days of a life to majority, rounded up."""

# How often a path meets a fact that is not read off a convocation or a pact, and whether the municipality tells of it.
_RARE_FACTS = (
    (Type.AVAILABILITY_NOT_DECLARED, 0.030, False),
    (Type.ORIENTATION_NOT_ATTENDED, 0.040, False),
    (Type.SUITABLE_OFFER_REFUSED, 0.035, False),
    (Type.WORK_NOT_COMMUNICATED, 0.020, False),
    (Type.HOUSEHOLD_CHANGE_NOT_DECLARED, 0.015, True),
    (Type.UNDECLARED_WORK_FOUND, 0.012, False),
    (Type.PUC_NOT_JOINED, 0.025, True),
)
_OFFER_ACCEPTED_SHARE = 0.07
_HIRED_SHARE = 0.7
_BREACH_SHARE = 0.12


class Casework:
    """Opens the path of every household, one after the other."""

    def __init__(self, seed: int, today: int, diary: Diary, opportunities: Opportunities) -> None:
        self._chance = stream(seed, "casework")
        self._today = today
        self._diary = diary
        self._pacts = Pacts(seed, today)
        self._attendance = Attendance(seed, today, diary, opportunities)

    def open(self, household: Household, entered: Entered) -> None:
        """Everything that has happened to the household and its members since its admission."""
        ends = household.benefits[-1].end
        inclusion = self._inclusion_pact(household, entered, ends)
        for ordinal, (person, (key, snapshot)) in enumerate(
            zip(household.members, entered.members, strict=True)
        ):
            first = max(household.admitted + FIRST_DAYS, person.born_on + ADULT)
            until = min(ends, self._today - 1)
            if ordinal == 0 and household.measure is not Measure.RDC:
                self._digital_pact(household, entered, person, key, ends)
            if not person.may_be_activated or person.centre is None or until - first < 10:
                continue
            subject = Subject(snapshot, person.centre.agency, household.place.agency, first, until)
            number = self._diary.follow(subject)
            pact = self._person_pact(household, entered, person, key, number, subject, ends)
            self._attendance.attend(household, person, key, number, subject, pact, ends)
            self._facts(number, subject, inclusion)

    def _inclusion_pact(self, household: Household, entered: Entered, ends: int) -> int:
        """The number of the household's inclusion pact for the diary; -1 for none."""
        if household.measure is Measure.SFL or self._chance.random() >= INCLUSION_SHARE:
            return -1
        created = household.admitted + FIRST_DAYS + int(self._chance.random() * 90)
        if created >= min(ends, self._today):
            return -1
        pact = self._pacts.conclude(
            PactKind.INCLUSION, entered.key, None, household.place.agency, created, ends
        )
        return self._diary.open_pact(pact.key) if pact.signed is not None else -1

    def _digital_pact(
        self, household: Household, entered: Entered, person: Person, key: bytes, ends: int
    ) -> None:
        """The applicant signs it within days; minors do not."""
        if person.age < 18:
            return
        agency = person.centre.agency if person.centre is not None else household.place.region_agency
        created = min(household.admitted, self._today - 1)
        self._pacts.conclude(PactKind.DIGITAL_ACTIVATION, entered.key, key, agency, created, ends)

    def _person_pact(
        self,
        household: Household,
        entered: Entered,
        person: Person,
        key: bytes,
        number: int,
        subject: Subject,
        ends: int,
    ) -> Concluded | None:
        """The work pact or, since DL 48/2023, the service pact; now and then after one that was refused."""
        chance = self._chance
        assert person.centre is not None
        kind = PactKind.WORK if household.measure in (Measure.RDC, Measure.MIA) else PactKind.SERVICE
        created = subject.first + int(chance.random() * 45)
        if created >= subject.until:
            return None
        if chance.random() < 0.05 and created + 40 < subject.until:
            refused = self._pacts.conclude(
                kind, entered.key, key, person.centre.agency, created, ends, PactStatus.REFUSED
            )
            self._not_signed(number, refused, created + 5)
            created += 35
        pact = self._pacts.conclude(kind, entered.key, key, person.centre.agency, created, ends)
        if pact.signed is not None:
            subject.pact, subject.signed = self._diary.open_pact(pact.key), pact.signed
            self._diary.note(number, Type.PACT_SIGNED, at_the_office(pact.signed, chance), subject.pact)
        elif pact.status is PactStatus.REFUSED:
            self._not_signed(number, pact, min(created + 5, subject.until))
        return pact

    def _not_signed(self, number: int, pact: Concluded, day: int) -> None:
        self._diary.note(
            number,
            Type.PACT_NOT_SIGNED,
            at_the_office(day, self._chance),
            self._diary.open_pact(pact.key),
        )

    def _facts(self, number: int, subject: Subject, inclusion: int) -> None:
        """What is found out about a person apart from appointments."""
        chance = self._chance
        for word, share, by_municipality in _RARE_FACTS:
            if chance.random() < share:
                self._diary.note(number, word, self._some_day(subject), by_municipality=by_municipality)
        if chance.random() < _OFFER_ACCEPTED_SHARE:
            accepted = self._some_day(subject)
            self._diary.note(number, Type.SUITABLE_OFFER_ACCEPTED, accepted, subject.pact)
            hired = accepted + int((1 + chance.random() * 12) * 86_400_000)
            if chance.random() < _HIRED_SHARE and hired < at_the_office(subject.until, chance):
                self._diary.note(number, Type.HIRED_THROUGH_SUITABLE_OFFER, hired, subject.pact)
        if inclusion >= 0 and chance.random() < _BREACH_SHARE:
            self._diary.note(
                number,
                Type.INCLUSION_COMMITMENT_BREACHED,
                self._some_day(subject),
                inclusion,
                by_municipality=True,
            )

    def _some_day(self, subject: Subject) -> int:
        day = subject.first + int(self._chance.random() * (subject.until - subject.first))
        return at_the_office(day, self._chance)

    def batches(self) -> Iterator[Batch]:
        """What waits to be copied; a pact before what points at it."""
        yield from self._pacts.batches()
        yield from self._attendance.batches()
