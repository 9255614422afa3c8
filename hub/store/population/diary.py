# SPDX-License-Identifier: EUPL-1.2
"""The conditionality events of a population: collected person by person, written in the order they were recorded.

A hub's ledger grows in time order, and so does this one: a person's events lie far apart in the table, as they do in life, and what
is measured over a seeded database is not flattered. Until then an event is 27 bytes that sort by themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hub.store.population.chance import Draw, stream
from hub.store.population.keys import OrderedKeys
from hub.store.population.moments import DAY, at_midnight, at_the_office
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    big_number_field,
    key_field,
    moment_field,
    text_field,
    word_field,
)
from hub.store.vocabulary import ConditionalityEventType as Type

EVENTS_PER_BENEFICIARY = 6
SEQUENCED_AFTER = 40
"""Milliseconds from the recording of an event to its position in the feed."""

_HOUR = 3_600_000
_TYPES = tuple(Type)
_NUMBER_OF = {word: number for number, word in enumerate(_TYPES)}
_MISSED = _NUMBER_OF[Type.CONVOCATION_MISSED]
_WITHDRAWN = _NUMBER_OF[Type.EVENT_WITHDRAWN]
_WITHDRAWN_WITHIN = 9 * DAY
"""Milliseconds: within the ten days of Europe/Rome that a withdrawal may take, whatever the clocks do."""
_WHY_WITHDRAWN = text_field("Giustificativo pervenuto dopo la registrazione.")
_FACT = struct.Struct(">QQIiBBB")
"""Recorded at, occurred at, person, pact (-1 for none), type, whether the municipality says so, whether it withdraws."""

_NOTE_SHARE = 0.4
"""Of the breaches, those an operator writes a line about; who kept an appointment gives no occasion for one."""
_NOTES = tuple(
    text_field(note)
    for note in (
        "Nessuna comunicazione ricevuta entro il termine.",
        "Contattato telefonicamente, senza risposta.",
        "Documentazione acquisita agli atti.",
        "Segnalazione dell'operatore di sportello.",
        "Verificato con il soggetto erogatore.",
    )
)
_OPERATORS = tuple(text_field(f"op-{number}") for number in range(4_001, 4_200))
_WITHOUT_NOTE = frozenset(
    _NUMBER_OF[word]
    for word in (
        Type.CONVOCATION_ATTENDED,
        Type.ACTIVITY_ATTENDED,
        Type.PACT_SIGNED,
        Type.SUITABLE_OFFER_ACCEPTED,
        Type.HIRED_THROUGH_SUITABLE_OFFER,
    )
)
_ROUTINE = Draw(
    [(Type.ACTIVITY_ATTENDED, 70), (Type.CONVOCATION_ATTENDED, 22), (Type.ACTIVITY_NOT_ATTENDED, 8)]
)


@dataclass(slots=True)
class Subject:
    """A person events are about: the fields every one of their events repeats, and who records them.

    `first` and `until` are the days (ordinals) their path runs; `pact` is the number of the pact it is followed under, from the
    day `signed` on.
    """

    snapshot: bytes
    centre_agency: bytes
    municipality_agency: bytes
    first: int
    until: int
    pact: int = -1
    signed: int = 0


class Diary:
    """Collects events, fills up to the average with the routine of each path, and writes ledger and feed."""

    def __init__(self, seed: int, today: int, first_position: int) -> None:
        self._chance = stream(seed, "events")
        self._texts = stream(seed, "event texts")
        self._keys = OrderedKeys(stream(seed, "event keys"))
        self._limit = at_midnight(today)
        self._position = first_position
        self._facts: list[bytes] = []
        self._subjects: list[Subject] = []
        self._pacts: list[bytes] = []
        self._events = Sheet(
            "conditionality_event",
            "id type occurred_at recorded_at agency_id operator pact_id note withdraws_event_id "
            "beneficiary_id household_id fiscal_code inps_protocol measure",
        )
        self._feed = Sheet("feed_entry", "position event_id sequenced_at")

    def follow(self, subject: Subject) -> int:
        """The number of a person whose events will come."""
        self._subjects.append(subject)
        return len(self._subjects) - 1

    def open_pact(self, key: bytes) -> int:
        """The number of a pact that events may name."""
        self._pacts.append(key_field(key))
        return len(self._pacts) - 1

    def note(
        self,
        person: int,
        word: Type,
        occurred: int,
        pact: int = -1,
        *,
        by_municipality: bool = False,
        withdraws: bool = False,
    ) -> None:
        """Something happened to a person, at a moment before today; it is recorded some hours to ten days later.

        `withdraws`: what it shows takes back the person's last missed convocation, if that was recorded just before.
        """
        lag = min(10 * DAY, 600_000 + int(self._chance.expovariate(1 / (30 * _HOUR))))
        recorded = occurred + lag
        if recorded >= self._limit:
            recorded = occurred + 1 + int(self._chance.random() * (self._limit - occurred - 1))
        self._facts.append(
            _FACT.pack(recorded, occurred, person, pact, _NUMBER_OF[word], by_municipality, withdraws)
        )

    def fill(self, beneficiaries: int) -> None:
        """Add the routine of every path, in proportion to how long it runs, until the average per beneficiary is met."""
        left = beneficiaries * EVENTS_PER_BENEFICIARY - len(self._facts)
        whole = sum(subject.until - subject.first for subject in self._subjects)
        if left <= 0 or whole <= 0:
            return
        passed = 0
        for number, subject in enumerate(self._subjects):
            due = passed * left // whole
            passed += subject.until - subject.first
            for _ in range(passed * left // whole - due):
                self._routine(number, subject)

    def _routine(self, number: int, subject: Subject) -> None:
        day = subject.first + int(self._chance.random() * (subject.until - subject.first))
        word = _ROUTINE(self._chance)
        # A breach names the pact it breaches; what was attended as agreed names none.
        pact = subject.pact if word is Type.ACTIVITY_NOT_ATTENDED and day >= subject.signed else -1
        self.note(number, word, at_the_office(day, self._chance), pact)

    def loads(self, size: int) -> Iterator[list[Batch]]:
        """The ledger in the order of recording, `size` events at a time, each time with their part of the feed."""
        self._facts.sort()
        last_missed: dict[int, tuple[int, bytes]] = {}
        for start in range(0, len(self._facts), size):
            for fact in self._facts[start : start + size]:
                self._write(fact, last_missed)
            yield [*self._events.take(), *self._feed.take()]

    def _write(self, fact: bytes, last_missed: dict[int, tuple[int, bytes]]) -> None:
        recorded, occurred, person, pact, kind, by_municipality, withdraws = _FACT.unpack(fact)
        subject = self._subjects[person]
        event = key_field(self._keys.next(recorded))
        missed_at, withdrawn = last_missed.get(person, (0, NULL)) if withdraws else (0, NULL)
        if recorded - missed_at <= _WITHDRAWN_WITHIN:
            kind = _WITHDRAWN
            del last_missed[person]
        else:
            withdrawn = NULL
        if kind == _MISSED:
            last_missed[person] = recorded, event
        operator = _OPERATORS[int(self._texts.random() * len(_OPERATORS))]
        self._events.add(
            event,
            word_field(_TYPES[kind]),
            moment_field(occurred),
            moment_field(recorded),
            subject.municipality_agency if by_municipality else subject.centre_agency,
            operator,
            self._pacts[pact] if pact >= 0 else NULL,
            self._note_of(kind),
            withdrawn,
            subject.snapshot,
        )
        self._feed.add(big_number_field(self._position), event, moment_field(recorded + SEQUENCED_AFTER))
        self._position += 1

    def _note_of(self, kind: int) -> bytes:
        if kind == _WITHDRAWN:
            return _WHY_WITHDRAWN
        if kind in _WITHOUT_NOTE:
            return NULL
        chance = self._texts.random()
        return _NOTES[int(chance / _NOTE_SHARE * len(_NOTES))] if chance < _NOTE_SHARE else NULL
