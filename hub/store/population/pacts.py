# SPDX-License-Identifier: EUPL-1.2
"""Pacts and their goals as rows: of each kind that a household's measure knows, in every state a pact can stand in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.store.population.chance import Draw, stream
from hub.store.population.keys import key
from hub.store.population.moments import at_midnight
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    day_field,
    key_field,
    moment_field,
    number_field,
    period_field,
    text_field,
    texts_field,
    word_field,
)
from hub.store.vocabulary import GoalStatus, PactKind, PactStatus

_RUNNING = Draw(
    [
        (PactStatus.ACTIVE, 74),
        (PactStatus.PROPOSED, 8),
        (PactStatus.SUSPENDED, 6),
        (PactStatus.COMPLETED, 7),
        (PactStatus.TERMINATED, 3),
        (PactStatus.REFUSED, 2),
    ]
)
_OVER = Draw([(PactStatus.COMPLETED, 72), (PactStatus.TERMINATED, 23), (PactStatus.REFUSED, 5)])
_UNSIGNED = (PactStatus.PROPOSED, PactStatus.REFUSED)
_OPEN = (PactStatus.ACTIVE, PactStatus.SUSPENDED)

_WORK_GOALS = ("Aggiornare il curriculum e iscriversi al portale", "Partecipare al bilancio delle competenze", "Candidarsi ad almeno due offerte al mese", "Concludere un corso di riqualificazione", "Svolgere un tirocinio di inserimento")  # fmt: skip
_SOCIAL_GOALS = ("Garantire la frequenza scolastica dei minori", "Seguire il percorso di sostegno alla genitorialità", "Effettuare le visite di prevenzione previste", "Stabilizzare la situazione abitativa", "Partecipare al gruppo di sostegno")  # fmt: skip
_GOALS = {
    PactKind.WORK: _WORK_GOALS,
    PactKind.SERVICE: _WORK_GOALS,
    PactKind.INCLUSION: _SOCIAL_GOALS,
    PactKind.DIGITAL_ACTIVATION: (),
}
# Professions (CP2011) of jobs that are offered, their groups, and of some that none is; many desks write none down, and of some pacts nobody has.
_PROFESSIONS = Draw(
    [
        (NULL, 40),
        (texts_field(()), 6),
        (texts_field(("8.1.4.3", "5.3.1.1")), 14),
        (texts_field(("5.2.2",)), 12),
        (texts_field(("8.1.3.1.0.1", "7.4.2")), 10),
        (texts_field(("4.1.1.2.0.1",)), 8),
        (texts_field(("6.1", "8.3.1")), 6),
        (texts_field(("6.5.3.3", "7.2.1")), 4),
    ]
)
_TO_WORK = (PactKind.WORK, PactKind.SERVICE)
_GOAL_STATUS = {
    PactStatus.PROPOSED: Draw([(GoalStatus.PLANNED, 1)]),
    PactStatus.REFUSED: Draw([(GoalStatus.ABANDONED, 1)]),
    PactStatus.ACTIVE: Draw(
        [
            (GoalStatus.PLANNED, 30),
            (GoalStatus.IN_PROGRESS, 45),
            (GoalStatus.ACHIEVED, 20),
            (GoalStatus.ABANDONED, 5),
        ]
    ),
    PactStatus.SUSPENDED: Draw([(GoalStatus.PLANNED, 50), (GoalStatus.IN_PROGRESS, 50)]),
    PactStatus.COMPLETED: Draw([(GoalStatus.ACHIEVED, 85), (GoalStatus.ABANDONED, 15)]),
    PactStatus.TERMINATED: Draw([(GoalStatus.ABANDONED, 70), (GoalStatus.ACHIEVED, 30)]),
}


@dataclass(frozen=True, slots=True)
class Concluded:
    """A pact that has its rows; `signed` is an ordinal, None when it was never signed."""

    key: bytes
    status: PactStatus
    signed: int | None


class Pacts:
    """Writes pacts with their goals."""

    def __init__(self, seed: int, today: int) -> None:
        self._chance = stream(seed, "pacts")
        self._keys = stream(seed, "pact keys")
        self._professions = stream(seed, "pact professions")
        self._today = today
        self._count = 0
        self._pacts = Sheet(
            "pact",
            "id kind status household_id beneficiary_id created_on signed_on period source_agency_id external_id updated_at professions",
        )
        self._goals = Sheet("pact_goal", "id pact_id ordinal description status due_on")

    def conclude(
        self,
        kind: PactKind,
        household: bytes,
        beneficiary: bytes | None,
        agency: bytes,
        created: int,
        ends: int,
        status: PactStatus | None = None,
    ) -> Concluded:
        """Write a pact proposed on the day `created`, under a benefit that ends on `ends`; in the state given, or a likely one."""
        chance = self._chance
        if status is None:
            status = (_RUNNING if ends > self._today else _OVER)(chance)
        last = min(ends, self._today) - 1
        signed = None if status in _UNSIGNED else min(created + int(chance.random() * 14), max(created, last))
        first = created if signed is None else signed
        own = key(at_midnight(created), self._keys)
        self._count += 1
        self._pacts.add(
            key_field(own),
            word_field(kind),
            word_field(status),
            key_field(household),
            NULL if beneficiary is None else key_field(beneficiary),
            day_field(created),
            NULL if signed is None else day_field(signed),
            period_field(first, self._end(status, first, ends)),
            agency,
            text_field(f"{kind.value[0]}{self._count:09}"),
            moment_field(at_midnight(first)),
            _PROFESSIONS(self._professions) if kind in _TO_WORK else NULL,
        )
        self._add_goals(own, kind, status, first)
        return Concluded(own, status, signed)

    def _end(self, status: PactStatus, first: int, ends: int) -> int | None:
        """The day the pact's period ends: with the benefit while it runs, on the way when it was broken off, or never."""
        if status in _OPEN and self._chance.random() < 0.3:
            return None
        if status in _UNSIGNED:
            return first + 30
        if status is PactStatus.TERMINATED or (status is PactStatus.COMPLETED and ends > self._today):
            ends = first + int((min(ends, self._today) - first) * (0.2 + 0.8 * self._chance.random()))
        return max(ends, first + 1)

    def _add_goals(self, pact: bytes, kind: PactKind, status: PactStatus, first: int) -> None:
        goals = _GOALS[kind]
        if not goals:
            return
        start = int(self._chance.random() * len(goals))
        for ordinal in range(1 + int(self._chance.random() * 2.5)):
            due = day_field(first + 30 + int(self._chance.random() * 330))
            self._goals.add(
                key_field(key(at_midnight(first), self._keys)),
                key_field(pact),
                number_field(ordinal + 1),
                text_field(goals[(start + ordinal) % len(goals)]),
                word_field(_GOAL_STATUS[status](self._chance)),
                due if self._chance.random() < 0.8 else NULL,
            )

    def batches(self) -> Iterator[Batch]:
        """What waits to be copied."""
        yield from self._pacts.take()
        yield from self._goals.take()
