# SPDX-License-Identifier: EUPL-1.2
"""The code tables of a regional labour system. The policy events are published (SAP); the others are configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from connectors.records.codes import CodeTable
from hub.store.vocabulary import CourseMode, GoalStatus, OpportunityStatus, PactKind, PactStatus

W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class RegionalCodes:
    """The tables of one region's codes."""

    pact_kind: CodeTable[PactKind]
    """`codTipoPatto`."""
    signed_field: Mapping[PactKind, str]
    """Which date says that a pact of this kind was signed."""
    pact_event: CodeTable[PactStatus]
    """`ultimoEvento.evento` of a pact."""
    goal_event: CodeTable[GoalStatus]
    """`ultimoEvento.evento` of a policy."""
    course_mode: CodeTable[CourseMode]
    """`codModalita`."""
    opportunity: CodeTable[OpportunityStatus]
    """`codStato` of offers and courses."""


def _table(source: str, words: Mapping[str, W], *, unverified: bool) -> CodeTable[W]:
    return CodeTable(source, unverified, MappingProxyType(dict(words)))


_EVENTS = "SAP, Tabella Eventi Politica Attiva 01-15 (domain.md 6.3); what each means for a pact is this hub's reading"
_OWN = "this hub's letters: no public list was found"

PROVISIONAL_CODES = RegionalCodes(
    pact_kind=_table(
        "COD_TIPO_PATTO of PLUS22 (domain.md 6.6) names the field; its values were not found",
        {
            "PL": PactKind.WORK,
            "PI": PactKind.INCLUSION,
            "PAD": PactKind.DIGITAL_ACTIVATION,
            "PSP": PactKind.SERVICE,
        },
        unverified=True,
    ),
    signed_field=MappingProxyType(
        {
            PactKind.WORK: "dSottoscrizione",
            PactKind.INCLUSION: "dSottoscrizione",
            PactKind.DIGITAL_ACTIVATION: "dPadPadi",
            PactKind.SERVICE: "dataFirmaPds",
        }
    ),
    pact_event=_table(
        _EVENTS,
        {
            "01": PactStatus.PROPOSED,
            "02": PactStatus.ACTIVE,
            "03": PactStatus.REFUSED,
            "04": PactStatus.REFUSED,
            "05": PactStatus.TERMINATED,
            "06": PactStatus.TERMINATED,
            "07": PactStatus.TERMINATED,
            "08": PactStatus.TERMINATED,
            "09": PactStatus.SUSPENDED,
            "10": PactStatus.COMPLETED,
            "11": PactStatus.COMPLETED,
            "12": PactStatus.TERMINATED,
            "13": PactStatus.TERMINATED,
            "14": PactStatus.TERMINATED,
            "15": PactStatus.TERMINATED,
        },
        unverified=False,
    ),
    goal_event=_table(
        _EVENTS,
        {
            "01": GoalStatus.PLANNED,
            "02": GoalStatus.IN_PROGRESS,
            "09": GoalStatus.IN_PROGRESS,
            "10": GoalStatus.ACHIEVED,
            "11": GoalStatus.ACHIEVED,
        }
        | dict.fromkeys(("03", "04", "05", "06", "07", "08", "12", "13", "14", "15"), GoalStatus.ABANDONED),
        unverified=False,
    ),
    course_mode=_table(
        _OWN, {"P": CourseMode.ON_SITE, "D": CourseMode.ONLINE, "M": CourseMode.MIXED}, unverified=True
    ),
    opportunity=_table(
        _OWN,
        {"A": OpportunityStatus.OPEN, "C": OpportunityStatus.CLOSED, "R": OpportunityStatus.WITHDRAWN},
        unverified=True,
    ),
)
