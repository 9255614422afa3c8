# SPDX-License-Identifier: EUPL-1.2
"""INPS's code tables. None of their values is published for these measures: all are configuration, `unverified`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from connectors.records.codes import CodeTable
from hub.store.vocabulary import BenefitStatus, EmploymentStatus, Measure, Obligation

W = TypeVar("W")


class PaymentState(StrEnum):
    """Where the payment of a benefit stands: the states INPS publishes for NASpI (domain.md 6.8), and revocation."""

    PAID = "PAID"
    SUSPENDED = "SUSPENDED"
    FORFEITED = "FORFEITED"
    REVOKED = "REVOKED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class InpsCodes:
    """The tables of the fields whose values INPS has not published."""

    status: CodeTable[BenefitStatus]
    """`cod_stato`."""
    role: CodeTable[Obligation]
    """`cod_ruolo_beneficiario`."""
    measure: CodeTable[Measure]
    """`tipo_domanda`."""
    employment: CodeTable[EmploymentStatus]
    """`codstatooccupazionale`, the SAP's name and ANPAL's published codes."""
    payment: CodeTable[PaymentState]
    """The state of a payment."""


def _table(source: str, words: Mapping[str, W], *, unverified: bool = True) -> CodeTable[W]:
    return CodeTable(source, unverified, MappingProxyType(dict(words)))


_NASPI = "INPS NDC, states of prestazione_naspi (domain.md 6.8), taken over for these measures; revocato is the law's word"

PROVISIONAL_CODES = InpsCodes(
    status=_table(
        _NASPI,
        {
            "EROGATO": BenefitStatus.ACTIVE,
            "SOSPESO": BenefitStatus.SUSPENDED,
            "DECADUTO": BenefitStatus.FORFEITED,
            "REVOCATO": BenefitStatus.REVOKED,
            "CESSATO": BenefitStatus.ENDED,
        },
    ),
    role=_table(
        "the groups of INPS message 3415 of 23-9-2020 (domain.md 3.1); the letters are this hub's",
        {
            "PL": Obligation.OBLIGED,  # tenuto al Patto per il lavoro
            "PI": Obligation.OBLIGED,  # tenuto al Patto per l'inclusione
            "ESO": Obligation.EXEMPT,
            "ESC": Obligation.EXCLUDED,
            "VOL": Obligation.VOLUNTARY,
        },
    ),
    measure=_table("the measures' own abbreviations", {one.value: one for one in Measure}),
    employment=_table(
        "ANPAL Servizi, occupational status 01-05 (domain.md 6.6)",
        {
            "01": EmploymentStatus.NEVER_EMPLOYED,
            "02": EmploymentStatus.UNEMPLOYED,
            "03": EmploymentStatus.EMPLOYED_SEEKING,
            "04": EmploymentStatus.EMPLOYED,
            "05": EmploymentStatus.OTHER,
        },
        unverified=False,
    ),
    payment=_table(
        _NASPI,
        {
            "EROGATO": PaymentState.PAID,
            "SOSPESO": PaymentState.SUSPENDED,
            "DECADUTO": PaymentState.FORFEITED,
            "REVOCATO": PaymentState.REVOKED,
            "CESSATO": PaymentState.ENDED,
        },
    ),
)
