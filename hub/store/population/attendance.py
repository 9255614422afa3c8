# SPDX-License-Identifier: EUPL-1.2
"""What a person is called to and takes part in, as rows: convocations, activities, places in PUC projects."""

from __future__ import annotations

from collections.abc import Iterator

from hub.store.population.chance import Draw, stream
from hub.store.population.diary import Diary, Subject
from hub.store.population.households import Household
from hub.store.population.keys import key
from hub.store.population.moments import DAY, at_midnight, at_the_office
from hub.store.population.opportunities import Opportunities, Project
from hub.store.population.pacts import Concluded
from hub.store.population.people import Person
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    day_field,
    key_field,
    moment_field,
    number_field,
    text_field,
    word_field,
)
from hub.store.vocabulary import (
    ActivityKind,
    ActivityStatus,
    ConvocationChannel,
    ConvocationOutcome,
    ConvocationReason,
    Obligation,
    PucAssignmentStatus,
    PucPot,
)
from hub.store.vocabulary import ConditionalityEventType as Type

_CHANNELS = Draw(
    [
        (ConvocationChannel.SMS, 45),
        (ConvocationChannel.MAIL, 30),
        (ConvocationChannel.PHONE, 17),
        (ConvocationChannel.POST, 7),
        (ConvocationChannel.FAX, 1),
    ]
)
_REASONS = Draw(
    [
        (ConvocationReason.ORIENTATION, 50),
        (ConvocationReason.PRESELECTION, 25),
        (ConvocationReason.OTHER, 25),
    ]
)
_OUTCOMES = Draw(
    [
        (ConvocationOutcome.PRESENT, 76),
        (ConvocationOutcome.ABSENT_UNJUSTIFIED, 11),
        (ConvocationOutcome.ABSENT_JUSTIFIED, 8),
        (ConvocationOutcome.CANCELLED, 5),
    ]
)
_EVENT_OF = {
    ConvocationOutcome.PRESENT: Type.CONVOCATION_ATTENDED,
    ConvocationOutcome.ABSENT_UNJUSTIFIED: Type.CONVOCATION_MISSED,
    ConvocationOutcome.ABSENT_JUSTIFIED: Type.ABSENCE_JUSTIFIED,
}
_JUSTIFIED_LATER_SHARE = 0.15

_KINDS = Draw(
    [
        (ActivityKind.ORIENTATION, 30),
        (ActivityKind.TRAINING, 28),
        (ActivityKind.JOB_SEARCH, 20),
        (ActivityKind.PLACEMENT, 10),
        (ActivityKind.SOCIAL_SUPPORT, 7),
        (ActivityKind.SCHOOLING, 5),
    ]
)
_TITLES = {
    ActivityKind.ORIENTATION: "Orientamento specialistico",
    ActivityKind.TRAINING: "Corso di formazione",
    ActivityKind.JOB_SEARCH: "Accompagnamento alla ricerca di lavoro",
    ActivityKind.PLACEMENT: "Tirocinio di inserimento",
    ActivityKind.SOCIAL_SUPPORT: "Sostegno socio-educativo",
    ActivityKind.SCHOOLING: "Istruzione degli adulti di primo livello",
}
_NOT_BEGUN = Draw(
    [(ActivityStatus.PROPOSED, 80), (ActivityStatus.REFUSED, 10), (ActivityStatus.CANCELLED, 10)]
)
_UNDER_WAY = Draw(
    [(ActivityStatus.STARTED, 84), (ActivityStatus.SUSPENDED, 8), (ActivityStatus.ABANDONED, 8)]
)
_FINISHED = Draw(
    [
        (ActivityStatus.COMPLETED, 82),
        (ActivityStatus.ABANDONED, 9),
        (ActivityStatus.CANCELLED, 5),
        (ActivityStatus.REFUSED, 4),
    ]
)
_PUC_SHARE = 0.13
_POTS = Draw([(PucPot.CENTRE, 60), (PucPot.MUNICIPALITY, 40)])


class Attendance:
    """Writes what each person is called to, and notes in the diary what came of it."""

    def __init__(self, seed: int, today: int, diary: Diary, opportunities: Opportunities) -> None:
        self._chance = stream(seed, "attendance")
        self._keys = stream(seed, "attendance keys")
        self._today = today
        self._diary = diary
        self._opportunities = opportunities
        self._count = 0
        self._convocations = Sheet(
            "convocation", "id beneficiary_id agency_id scheduled_at channel reason outcome updated_at"
        )
        self._activities = Sheet(
            "activity",
            "id beneficiary_id pact_id training_course_id kind status title starts_on ends_on source_agency_id external_id updated_at",
        )
        self._assignments = Sheet(
            "puc_assignment",
            "id puc_project_id beneficiary_id status pot weekly_hours starts_on ends_on updated_at",
        )

    def attend(
        self,
        household: Household,
        person: Person,
        beneficiary: bytes,
        number: int,
        subject: Subject,
        pact: Concluded | None,
        ends: int,
    ) -> None:
        """All of one person; `number` is theirs in the diary, `ends` the last day of the benefit."""
        chance = self._chance
        field = key_field(beneficiary)
        self._convoke_all(field, number, subject, ends)
        for _ in range(int(chance.random() * 2.6)):
            self._activity(household, field, subject, pact)
        projects = self._opportunities.projects[household.place.belfiore_code]
        if chance.random() < _PUC_SHARE:
            self._assign(person, field, subject, projects[int(chance.random() * len(projects))])

    def _convoke_all(self, beneficiary: bytes, number: int, subject: Subject, ends: int) -> None:
        chance = self._chance
        day = subject.first + int(chance.random() * 40)
        reason = ConvocationReason.FIRST_INTERVIEW
        for _ in range(1 + int(chance.random() * 2.4)):
            if day >= subject.until:
                break
            self._convoke(beneficiary, number, subject, reason, day)
            day += 30 + int(chance.random() * 90)
            reason = _REASONS(chance)
        if ends > self._today and chance.random() < 0.2:
            self._convocation(
                beneficiary,
                subject,
                reason,
                at_the_office(self._today + 4 + int(chance.random() * 40), chance),
                None,
            )

    def _convoke(
        self, beneficiary: bytes, number: int, subject: Subject, reason: ConvocationReason, day: int
    ) -> None:
        """One appointment in the past, with its outcome and its event."""
        chance = self._chance
        at = at_the_office(day, chance)
        outcome = _OUTCOMES(chance)
        self._convocation(beneficiary, subject, reason, at, outcome)
        word = _EVENT_OF.get(outcome)
        if word is None:
            return
        self._diary.note(number, word, at)
        if word is Type.CONVOCATION_MISSED and chance.random() < _JUSTIFIED_LATER_SHARE:
            # The proof comes in after the absence was recorded, most often: then a new event takes the earlier one back.
            later = at_the_office(day + 2 + int(chance.random() * 6), chance)
            if later < at_midnight(self._today):
                self._diary.note(number, Type.ABSENCE_JUSTIFIED, later, withdraws=True)

    def _convocation(
        self,
        beneficiary: bytes,
        subject: Subject,
        reason: ConvocationReason,
        at: int,
        outcome: ConvocationOutcome | None,
    ) -> None:
        made = min(at - 10 * DAY, at_midnight(self._today) - DAY)
        self._convocations.add(
            key_field(key(made, self._keys)),
            beneficiary,
            subject.centre_agency,
            moment_field(at),
            word_field(_CHANNELS(self._chance)),
            word_field(reason),
            NULL if outcome is None else word_field(outcome),
            moment_field(made if outcome is None else at),
        )

    def _activity(
        self, household: Household, beneficiary: bytes, subject: Subject, pact: Concluded | None
    ) -> None:
        chance = self._chance
        kind = _KINDS(chance)
        starts = subject.first + int(chance.random() * (subject.until - subject.first + 40))
        ends = starts + 5 + int(chance.random() * 120)
        title, course = _TITLES[kind], NULL
        if kind is ActivityKind.TRAINING and chance.random() < 0.6:
            courses = self._opportunities.courses[household.place.belfiore_code]
            chosen = courses[int(chance.random() * len(courses))]
            title, course = chosen.title, key_field(chosen.key)
            starts, ends = chosen.starts_on, chosen.ends_on
        if starts > self._today:
            status = _NOT_BEGUN(chance)
        else:
            status = (_UNDER_WAY if ends >= self._today else _FINISHED)(chance)
        made = at_midnight(min(starts, self._today) - 7)
        self._count += 1
        under_pact = pact is not None and pact.signed is not None
        self._activities.add(
            key_field(key(made, self._keys)),
            beneficiary,
            key_field(pact.key) if pact is not None and under_pact else NULL,
            course,
            word_field(kind),
            word_field(status),
            text_field(title),
            day_field(starts),
            day_field(ends) if chance.random() < 0.9 else NULL,
            household.place.region_agency,
            text_field(f"POL{self._count:09}"),
            moment_field(made),
        )

    def _assign(self, person: Person, beneficiary: bytes, subject: Subject, project: Project) -> None:
        chance = self._chance
        starts = max(subject.first, project.starts_on) + int(chance.random() * 60)
        ends = max(starts + 60 + int(chance.random() * 120), starts)
        if starts > self._today:
            status = PucAssignmentStatus.TO_ASSIGN if chance.random() < 0.4 else PucAssignmentStatus.PROPOSED
        else:
            status = PucAssignmentStatus.ACTIVE if ends > self._today else PucAssignmentStatus.COMPLETED
        voluntary = person.obligation is Obligation.VOLUNTARY
        made = at_midnight(min(starts, self._today) - 5)
        self._assignments.add(
            key_field(key(made, self._keys)),
            key_field(project.key),
            beneficiary,
            word_field(status),
            word_field(PucPot.VOLUNTEER if voluntary else _POTS(chance)),
            number_field(project.weekly_hours),
            day_field(starts),
            day_field(ends) if status is not PucAssignmentStatus.TO_ASSIGN else NULL,
            moment_field(made),
        )

    def batches(self) -> Iterator[Batch]:
        """What waits to be copied."""
        yield from self._convocations.take()
        yield from self._activities.take()
        yield from self._assignments.take()
