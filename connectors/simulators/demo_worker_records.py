# SPDX-License-Identifier: EUPL-1.2
"""The records (SAP) of the demo's people in Piemonte, as the region's system holds them: of who is bound to work, and of nobody else.

Written by the published rules (domain.md 6.3): the letter of a policy's identifier, events on the day they must fall on, the end of a
training. Which people there are follows from the world's seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.simulators.demo_people import DemoPerson
from connectors.simulators.demo_world import DemoHousehold
from connectors.simulators.inps_world import SimulatedMember
from connectors.simulators.worker_record import SimulatedPolicy, SimulatedRecord, SimulatedWorker
from hub.store.fiscal_code import check_letter

SYSTEM = "13"
"""Piemonte in the SAP's world (domain.md 6.1)."""
PACT, TRAINEESHIP = "A02", "C06"
_BOUND = "PL"
_CENTRE = "L219C900001"
"""Who holds the record of somebody for whom INPS names no centre."""
_PACT_DAYS = 365
# What is proposed with the pact, in turn: kind, title, days from the pact to the start, days it lasts.
_PLANS: tuple[tuple[tuple[str, str, int, int], ...], ...] = (
    (("C05", "Formazione per la qualifica professionale", 10, 60),),
    (
        ("C07", "Corso di competenze digitali di base", 5, 20),
        (TRAINEESHIP, "Tirocinio extracurriculare", 30, 120),
    ),
    (),
    ((TRAINEESHIP, "Tirocinio di inclusione", 15, 180),),
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is said of one person: `number` counts the region's records, from 1."""

    number: int
    promoter: str
    proposed_on: date
    as_of: date
    is_refused: bool

    def policies(self) -> Iterator[SimulatedPolicy]:
        """The pact, and what was agreed with it."""
        begins = self.proposed_on + timedelta(days=2)
        yield self._policy(0, PACT, "", begins, _PACT_DAYS)
        if self.is_refused:
            return
        for place, (kind, title, after, days) in enumerate(_PLANS[self.number % len(_PLANS)], 1):
            yield self._policy(place, kind, title, begins + timedelta(days=after), days)

    def _policy(self, place: int, kind: str, title: str, starts_on: date, days: int) -> SimulatedPolicy:
        ends_on = starts_on + timedelta(days=days)
        event, event_on = self._last_event(starts_on, ends_on)
        return SimulatedPolicy(
            number=_policy_id(16 * self.number + place, self.promoter, kind, self.proposed_on),
            kind=kind,
            title=title,
            proposed_on=self.proposed_on,
            starts_on=starts_on,
            ends_on=ends_on,
            event=event,
            event_on=event_on,
            promoter=self.promoter,
        )

    def _last_event(self, starts_on: date, ends_on: date) -> tuple[str, date]:
        """Respinta, Proposta, Iniziata or Terminata, and its day."""
        if self.is_refused:
            return "03", self.proposed_on + timedelta(days=1)
        if starts_on > self.as_of:
            return "01", self.proposed_on
        return ("10", ends_on) if ends_on <= self.as_of else ("02", starts_on)


def demo_worker_records(households: Iterable[DemoHousehold], as_of: date) -> tuple[SimulatedRecord, ...]:
    """The records of these households' members who are bound to work, as they stood on the day before."""
    bound = [
        (household, person, member)
        for household in households
        for person, member in zip(household.people, household.admission.members, strict=True)
        if member.role == _BOUND
    ]
    return tuple(_record(number, *one, as_of) for number, one in enumerate(bound, 1))


def _record(
    number: int, household: DemoHousehold, person: DemoPerson, member: SimulatedMember, as_of: date
) -> SimulatedRecord:
    holder = member.centre or _CENTRE
    proposed_on = household.admission.starts_on + timedelta(days=20)
    plan = _Plan(number, holder, proposed_on, as_of, is_refused=number % 7 == 5)
    return SimulatedRecord(
        code=f"PI{number:08d}{chr(ord('A') + number % 26)}",
        fiscal_code=person.fiscal_code,
        updated_on=as_of - timedelta(days=1),
        policies=tuple(plan.policies()),
        holder=holder,
        worker=SimulatedWorker(
            family_name=person.family_name,
            given_name=person.given_name,
            sex=person.sex,
            birth_date=person.birth_date,
            birthplace=person.birth_place.belfiore_code,
            residence=member.belfiore,
            postal_code=member.postal_code,
            street=member.address,
        ),
    )


def _policy_id(sequence: int, promoter: str, kind: str, proposed_on: date) -> str:
    return f"{SYSTEM}{sequence:08X}{check_letter(f'{promoter}{kind}{proposed_on:%Y%m%d}')}"
