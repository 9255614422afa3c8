# SPDX-License-Identifier: EUPL-1.2
"""The offers and courses of the demo's region, Lazio. Employers and providers are invented."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from connectors.simulators.region_world import SimulatedCourse, SimulatedOffer

# title, employer, CP2011 code, contract type (PLUS22), hours a week, gross euro a month, places, Belfiore
_OFFERS = (
    (
        "Addetto alla logistica di magazzino",
        "Trastevere Spedizioni Srl",
        "4.3.1.2.0",
        "A.02.00",
        40,
        1480,
        3,
        "H501",
    ),
    ("Operatrice di call center", "Voce Pronta Srl", "4.2.2.2.0", "A.02.00", 30, 1090, 8, "H501"),
    ("Aiuto cuoco", "Osteria del Ponte Snc", "5.2.2.1.0", "A.01.00", 40, 1390, 1, "H501"),
    ("Cameriere di sala", "Hotel Aniene Spa", "5.2.2.3.2", "A.02.00", 40, 1350, 4, "H501"),
    (
        "Addetta alle pulizie di uffici",
        "Limpida Cooperativa sociale",
        "8.1.4.3.0",
        "A.01.00",
        24,
        890,
        6,
        "H501",
    ),
    ("Operatore socio-sanitario", "Casa Serena Onlus", "5.3.1.1.0", "A.01.00", 38, 1520, 2, "H501"),
    ("Elettricista impiantista", "Luce Impianti Srl", "6.1.3.7.0", "A.01.00", 40, 1690, 2, "H501"),
    ("Impiegato di segreteria", "Studio Aventino", "4.1.1.1.0", "A.02.00", 25, 980, 1, "H501"),
    ("Apprendista parrucchiera", "Forbici d'oro Sas", "5.4.3.1.0", "A.03.09", 40, 1050, 1, "H501"),
    ("Autista patente C", "Lazio Trasporti Srl", "7.4.2.3.0", "A.02.00", 40, 1720, 2, "H501"),
    ("Commessa di supermercato", "Mercati Tuscolani Spa", "5.1.2.2.0", "A.02.00", 24, 870, 5, "H501"),
    ("Sviluppatrice junior", "Bitacora Srl", "2.1.1.4.1", "A.01.00", 40, 1830, 2, "H501"),
    ("Bracciante per la raccolta", "Azienda agricola Pontina", "8.3.1.1.0", "A.02.00", 39, 1240, 10, "E472"),
    ("Saldatore", "Carpenterie Latine Srl", "6.2.1.2.0", "A.01.00", 40, 1760, 2, "E472"),
    ("Addetto al confezionamento", "Farmalatina Spa", "7.2.8.1.0", "M.02.00", 40, 1430, 6, "E472"),
    ("Manutentore meccanico", "Officine Agro Srl", "6.2.3.3.0", "A.02.00", 40, 1650, 1, "E472"),
    ("Ceramista", "Terrecotte della Tuscia Snc", "6.3.2.1.0", "A.01.00", 36, 1360, 1, "M082"),
    ("Guida turistica", "Cammini etruschi Cooperativa", "3.4.1.5.1", "A.05.02", 20, None, 2, "M082"),
    ("Montatore di serramenti", "Infissi Cassino Srl", "6.1.2.5.0", "A.02.00", 40, 1470, 2, "C034"),
    ("Addetta alla linea auto", "Componenti Liri Spa", "7.2.7.1.0", "M.02.00", 40, 1590, 12, "C034"),
)
# title, provider, mode, Belfiore, days from now to start, weeks, hours, places, enrolled
_COURSES = (
    ("Competenze digitali di base", "Accademia del Lavoro Roma", "M", "H501", 14, 8, 80, 20, 11),
    ("Operatore di magazzino con carrello elevatore", "Formalazio", "P", "H501", 21, 6, 120, 16, 9),
    ("Assistente familiare", "Istituto San Gallicano Formazione", "P", "H501", 28, 16, 300, 18, 18),
    ("Italiano per stranieri, livello A2", "Scuola Aperta Esquilino", "P", "H501", 7, 12, 100, 24, 20),
    ("Contabilità e paghe", "Accademia del Lavoro Roma", "D", "H501", 35, 10, 150, 25, 6),
    ("Aiuto cucina e igiene degli alimenti", "Formalazio", "P", "H501", 18, 9, 200, 15, 12),
    ("Installatore di impianti fotovoltaici", "Tecnica Pontina", "P", "E472", 30, 14, 280, 14, 4),
    ("Saldatura a filo continuo", "Tecnica Pontina", "P", "E472", 10, 8, 160, 10, 10),
    ("Manutenzione del verde", "Verde Tuscia Formazione", "P", "M082", 25, 7, 140, 16, 3),
    ("Accoglienza turistica e inglese", "Verde Tuscia Formazione", "M", "M082", 40, 10, 180, 18, 7),
    ("Addetto alle macchine a controllo numerico", "Polo Meccanico Cassino", "P", "C034", 20, 15, 320, 12, 8),
    ("Ricerca attiva del lavoro", "Polo Meccanico Cassino", "D", "C034", 5, 2, 20, 30, 15),
)


def demo_offers(as_of: date, changed_at: datetime) -> tuple[SimulatedOffer, ...]:
    """The offers as they stand on a day: published over the last month, open for two; two are over."""
    return tuple(
        SimulatedOffer(
            number=f"LAZ-{as_of.year}-{n:04d}",
            title=title,
            employer=employer,
            profession=profession,
            contract=contract,
            weekly_hours=hours,
            monthly_pay=None if pay is None else Decimal(pay),
            places=places,
            belfiore=belfiore,
            published_on=as_of - timedelta(days=1 + n * 3 % 30),
            expires_on=as_of + timedelta(days=30 + n % 30),
            changed_at=changed_at + timedelta(minutes=n),
            state={4: "C", 15: "R"}.get(n, "A"),
        )
        for n, (title, employer, profession, contract, hours, pay, places, belfiore) in enumerate(_OFFERS, 1)
    )


def demo_courses(as_of: date, changed_at: datetime) -> tuple[SimulatedCourse, ...]:
    """The courses as they stand on a day; those that are full are closed."""
    return tuple(
        SimulatedCourse(
            number=f"FORM-{as_of.year}-{n:03d}",
            title=title,
            provider=provider,
            mode=mode,
            belfiore=belfiore,
            starts_on=as_of + timedelta(days=start),
            ends_on=as_of + timedelta(days=start, weeks=weeks),
            hours=hours,
            places=places,
            enrolled=enrolled,
            changed_at=changed_at + timedelta(minutes=n),
            state="C" if enrolled == places else "A",
        )
        for n, (title, provider, mode, belfiore, start, weeks, hours, places, enrolled) in enumerate(
            _COURSES, 1
        )
    )
