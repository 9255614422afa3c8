# SPDX-License-Identifier: EUPL-1.2
"""What a person may be proposed in each place: job offers, training courses, and PUC projects in the six fields of DM 22-10-2019."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hub.store.population.chance import Draw, stream
from hub.store.population.keys import key
from hub.store.population.moments import at_midnight
from hub.store.population.places import Place
from hub.store.population.wire import (
    NULL,
    Batch,
    Sheet,
    cents_field,
    day_field,
    key_field,
    moment_field,
    number_field,
    text_field,
    word_field,
)
from hub.store.vocabulary import CourseMode, OpportunityStatus, PucField

_JOBS = (  # title, profession (CP2011, third level), gross pay a month for a full week in euro
    ("Addetto alle pulizie", "8.1.4.3.0.1", 1_250), ("Magazziniere", "8.1.3.1.0.1", 1_420), ("Cameriere di sala", "5.2.2.3.2.1", 1_380),
    ("Operatore socio-sanitario", "5.3.1.1.0.1", 1_510), ("Commesso di negozio", "5.1.2.2.0.1", 1_360), ("Muratore", "6.1.2.1.0.1", 1_720),
    ("Elettricista", "6.1.3.7.0.1", 1_690), ("Impiegato amministrativo", "4.1.1.2.0.1", 1_540), ("Autista di furgone", "7.4.2.2.0.1", 1_600),
    ("Bracciante agricolo", "8.3.1.1.0.1", 1_280), ("Aiuto cuoco", "5.2.2.2.1.1", 1_410), ("Manutentore del verde", "8.3.1.2.0.1", 1_330),
)  # fmt: skip
_EMPLOYERS = ("Cooperativa Aurora", "Servizi Integrati Srl", "Logistica Tirrena Srl", "Edilnova Srl", "Ristorazione Buonavia", "Agricola Sant'Elmo", "Casa Serena Onlus")  # fmt: skip
_CONTRACTS = Draw([("A.01.00", 20), ("A.02.00", 55), ("A.03.08", 10), ("C.01.00", 15)])
_COURSES = ("Alfabetizzazione digitale", "Italiano per stranieri A2", "Addetto alla contabilità", "Assistente familiare", "Operatore di magazzino", "Sicurezza sul lavoro", "Saldatura di base", "Cucina e ristorazione", "Competenze digitali avanzate")  # fmt: skip
_PROVIDERS = (
    "Ente Formazione Lavoro",
    "Istituto Professionale Volta",
    "Consorzio Formare",
    "CPIA",
    "Scuola Edile",
)
_MODES = Draw([(CourseMode.ON_SITE, 55), (CourseMode.ONLINE, 20), (CourseMode.MIXED, 25)])
_PROJECTS = (
    ("Apertura prolungata della biblioteca", PucField.CULTURAL), ("Compagnia agli anziani soli", PucField.SOCIAL),
    ("Allestimento della mostra comunale", PucField.ARTISTIC), ("Cura dei parchi e delle aiuole", PucField.ENVIRONMENTAL),
    ("Doposcuola di quartiere", PucField.EDUCATIONAL), ("Piccola manutenzione dei beni comuni", PucField.COMMONS),
)  # fmt: skip
_PARTNERS = ("Associazione Il Ponte", "Cooperativa Aurora", "Auser", "Legambiente", "Caritas diocesana")
_WITHDRAWN_SHARE = 0.04


@dataclass(slots=True)
class Project:
    """A PUC project a person can be assigned to: days as ordinals, hours a week."""

    key: bytes
    weekly_hours: int
    starts_on: int
    ends_on: int


@dataclass(slots=True)
class Course:
    """A training course: days as ordinals."""

    key: bytes
    title: str
    starts_on: int
    ends_on: int


@dataclass(slots=True)
class Opportunities:
    """What there is, by the place's Belfiore code."""

    projects: dict[str, list[Project]] = field(default_factory=dict)
    courses: dict[str, list[Course]] = field(default_factory=dict)


class Market:
    """Makes the opportunities of every place: about one offer per 60 beneficiaries, courses and projects in proportion."""

    def __init__(self, beneficiaries: int, seed: int, today: int, places: Sequence[Place]) -> None:
        self._chance = stream(seed, "opportunities")
        self._today = today
        self._places = places
        self._per_place = max(6, round(beneficiaries / 60 / len(places)))
        self.opportunities = Opportunities()
        self._offers = Sheet(
            "job_offer",
            "id title employer_name profession_code contract_type weekly_hours monthly_pay places municipality_id published_on "
            "expires_on status source_agency_id external_id updated_at",
        )
        self._courses = Sheet(
            "training_course",
            "id title provider_name mode municipality_id starts_on ends_on hours places enrolled status source_agency_id external_id "
            "updated_at",
        )
        self._projects = Sheet(
            "puc_project",
            "id title description field municipality_id site partner weekly_hours places_municipality places_centre places_volunteer "
            "starts_on ends_on status updated_at",
        )

    def batches(self) -> Iterator[Batch]:
        """All of it; `opportunities` is complete afterwards."""
        for place in self._places:
            for number in range(self._per_place):
                self._offer(place, number)
            for number in range(max(3, self._per_place // 3)):
                self._course(place, number)
            for number in range(max(6, self._per_place // 5)):
                self._project(place, number)
        yield from self._offers.take()
        yield from self._courses.take()
        yield from self._projects.take()

    def _status(self, over: bool) -> bytes:
        if self._chance.random() < _WITHDRAWN_SHARE:
            return word_field(OpportunityStatus.WITHDRAWN)
        return word_field(OpportunityStatus.CLOSED if over else OpportunityStatus.OPEN)

    def _offer(self, place: Place, number: int) -> None:
        chance = self._chance
        title, profession, pay = _JOBS[int(chance.random() * len(_JOBS))]
        hours = (20, 24, 30, 36, 40)[int(chance.random() * 5)]
        published = self._today - 1 - int(chance.random() * 240)
        expires = published + 20 + int(chance.random() * 70)
        paid = int(pay * 100 * hours / 40 * (0.95 + 0.2 * chance.random()))
        self._offers.add(
            key_field(key(at_midnight(published), chance)),
            text_field(title),
            text_field(_EMPLOYERS[int(chance.random() * len(_EMPLOYERS))]),
            text_field(profession),
            text_field(_CONTRACTS(chance)),
            cents_field(hours * 100),
            cents_field(paid) if chance.random() < 0.85 else NULL,
            number_field(1 + int(chance.random() * chance.random() * 8)),
            place.key,
            day_field(published),
            day_field(expires) if chance.random() < 0.9 else NULL,
            self._status(expires < self._today),
            place.region_agency,
            text_field(f"OFF-{place.belfiore_code}-{number:06}"),
            moment_field(at_midnight(published)),
        )

    def _course(self, place: Place, number: int) -> None:
        chance = self._chance
        starts = self._today - 900 + int(chance.random() * 960)
        ends = starts + 20 + int(chance.random() * 130)
        made = at_midnight(min(starts, self._today) - 30)
        course = Course(key(made, chance), _COURSES[int(chance.random() * len(_COURSES))], starts, ends)
        self.opportunities.courses.setdefault(place.belfiore_code, []).append(course)
        places = 8 + int(chance.random() * 17)
        self._courses.add(
            key_field(course.key),
            text_field(course.title),
            text_field(_PROVIDERS[int(chance.random() * len(_PROVIDERS))]),
            word_field(_MODES(chance)),
            place.key,
            day_field(starts),
            day_field(ends),
            number_field(20 + int(chance.random() * 58) * 10),
            number_field(places),
            number_field(int(chance.random() * (places + 1))),
            self._status(starts < self._today),
            place.region_agency,
            text_field(f"CRS-{place.belfiore_code}-{number:06}"),
            moment_field(made),
        )

    def _project(self, place: Place, number: int) -> None:
        chance = self._chance
        title, action = _PROJECTS[number % len(_PROJECTS)]
        starts = self._today - 1_000 + int(chance.random() * 1_010)
        ends = starts + 90 + int(chance.random() * 400)
        made = at_midnight(min(starts, self._today) - 40)
        project = Project(key(made, chance), 8 + int(chance.random() * 9), starts, ends)
        self.opportunities.projects.setdefault(place.belfiore_code, []).append(project)
        self._projects.add(
            key_field(project.key),
            text_field(title),
            text_field(
                f"{title}: attività a titolarità del Comune di {place.name}, senza sostituire personale."
            ),
            word_field(action),
            place.key,
            text_field(f"Via Municipio {1 + int(chance.random() * 90)}") if chance.random() < 0.8 else NULL,
            text_field(_PARTNERS[int(chance.random() * len(_PARTNERS))]) if chance.random() < 0.5 else NULL,
            number_field(project.weekly_hours),
            number_field(2 + int(chance.random() * 10)),
            number_field(2 + int(chance.random() * 8)),
            number_field(int(chance.random() * 4)),
            day_field(starts),
            day_field(ends),
            self._status(ends < self._today),
            moment_field(made),
        )
