# SPDX-License-Identifier: EUPL-1.2
"""The pacts of the demo's people in Lazio, as the region's system holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from connectors.simulators.inps_world import SimulatedAdmission, SimulatedMember
from connectors.simulators.region_world import SimulatedPact, SimulatedPolicy

# SAP activity types seen in public texts (domain.md 6.3): A02 pact and profiling, C05 and C07 training, C06 traineeship.
_POLICIES = (
    ("A02", "Presa in carico e profilazione", 14),
    ("C07", "Corso di competenze digitali di base", 90),
    ("C06", "Tirocinio di inclusione", 180),
    ("C05", "Formazione per la qualifica professionale", 240),
)
# Experience and skills (CP2011), as the region's desks write them down: most of an offer of the demo or of its group, some of none; and
# of every fifth pact nobody has.
_PROFESSIONS = (
    ("5.2.2.1.0", "5.2.2.3.2"),
    ("8.1.4.3",),
    ("4.1", "4.2.2"),
    None,
    ("6.5.3.3", "7.3.1"),
)


def demo_pacts(
    admissions: Sequence[SimulatedAdmission], as_of: date, changed_at: datetime
) -> tuple[SimulatedPact, ...]:
    """The pacts of these households' members: one of service for who must work, one of inclusion for who needs more.

    ADI and SFL members first sign the digital activation pact, which is over once the service pact runs.
    """
    pacts: list[SimulatedPact] = []
    for n, admission in enumerate(admissions):
        for member in admission.members:
            if member.role == "PL":
                pacts += _of_person(len(pacts), n, admission, member, as_of, changed_at)
        if admission.members[0].role == "PI":
            pacts += _of_household(len(pacts), admission, as_of, changed_at)
    return tuple(pacts)


def _of_person(
    made: int,
    n: int,
    admission: SimulatedAdmission,
    member: SimulatedMember,
    as_of: date,
    changed_at: datetime,
) -> Iterator[SimulatedPact]:
    signed = admission.starts_on + timedelta(days=5)
    service = signed + timedelta(days=40)
    number = 120_000 + made
    yield SimulatedPact(
        number=number,
        kind="PAD",
        proposed_on=admission.starts_on,
        signed_on=signed,
        event="10",
        event_on=service - timedelta(days=1),
        ends_on=service - timedelta(days=1),
        changed_at=changed_at + timedelta(seconds=made),
        fiscal_code=member.fiscal_code,
    )
    proposed_only = n % 6 == 5
    yield SimulatedPact(
        number=number + 1,
        kind="PSP",
        proposed_on=service - timedelta(days=3),
        signed_on=None if proposed_only else service,
        event="01" if proposed_only else "02",
        event_on=service - timedelta(days=3) if proposed_only else service,
        changed_at=changed_at + timedelta(seconds=made + 1),
        fiscal_code=member.fiscal_code,
        policies=() if proposed_only else tuple(_policies(n, service, as_of)),
        professions=None if proposed_only else _PROFESSIONS[n % len(_PROFESSIONS)],
    )


def _of_household(
    made: int, admission: SimulatedAdmission, as_of: date, changed_at: datetime
) -> Iterator[SimulatedPact]:
    signed = admission.starts_on + timedelta(days=30)
    yield SimulatedPact(
        number=120_000 + made,
        kind="PI",
        proposed_on=admission.starts_on + timedelta(days=10),
        signed_on=signed,
        event="02",
        event_on=signed,
        changed_at=changed_at + timedelta(seconds=made),
        protocol=admission.protocol,
        policies=(
            _policy("C06", "Tirocinio di inclusione sociale", signed, 150, as_of),
            _policy("C07", "Sostegno alla genitorialità", signed, 120, as_of),
        ),
    )


def _policies(n: int, begins: date, as_of: date) -> Iterator[SimulatedPolicy]:
    for kind, title, days in _POLICIES[: 1 + n % len(_POLICIES)]:
        yield _policy(kind, title, begins, days, as_of)


def _policy(kind: str, title: str, begins: date, days: int, as_of: date) -> SimulatedPolicy:
    """A policy that began with the pact and is over (event 10) when its days are."""
    ends = begins + timedelta(days=days)
    over = ends <= as_of
    return SimulatedPolicy(
        kind=kind,
        title=title,
        proposed_on=begins,
        starts_on=begins,
        ends_on=ends,
        event="10" if over else "02",
        event_on=ends if over else begins,
    )
