# SPDX-License-Identifier: EUPL-1.2
"""What a mandatory communication (comunicazione obbligatoria) tells of a hire, and what is wrong with it whatever the tables hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from hub.ledger.expressions import ZONE
from hub.ledger.refusals import Refusal, RefusalCode
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code
from hub.store.vocabulary import CommunicationKind, CommunicationState

EARLIEST = date(1950, 1, 1)

COMMUNICATION_CODE = re.compile(r"(?!0{16})[0-9A-Z]{16}", re.ASCII)
"""`codiceComunicazione`, as the labour system gave it; an employer's program writes zeros before."""
CODE_SAID = "A communication's code has 16 digits or capital letters; zeros alone are none, since it was not given one yet."
CONTRACT_TYPE = re.compile(r"[A-Z]\.[0-9]{2}\.[0-9]{2}", re.ASCII)
"""`TipologiaContrattuale`."""

_ROME = ZoneInfo(ZONE)


@dataclass(frozen=True, slots=True)
class Hire:
    """A hire as a communication tells of it.

    `code`: `codiceComunicazione`. `employer_code`: who hires, the agency where the work is temporary. `contract_type`: `A.01.00`, or None
    where the communication does not say. `replaces`: the code of the communication it corrects (rettifica), None where it is a first one.
    """

    code: str
    kind: CommunicationKind
    fiscal_code: str
    employer_code: str
    starts_on: date
    ends_on: date | None
    contract_type: str | None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Annulment:
    """That a hire communicated before was none (annullamento). `replaces`: the code of the communication it annuls."""

    code: str
    kind: CommunicationKind
    fiscal_code: str
    replaces: str


Told: TypeAlias = Hire | Annulment
"""What a communication says."""


@dataclass(frozen=True, slots=True)
class HireTerms:
    """On which terms communications are taken.

    `tolerance`: as for any recording. `withdrawal_days`: in which an event may still be withdrawn, and so corrected or annulled.
    """

    tolerance: timedelta
    withdrawal_days: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a communication.

    `event_id`: the event it became; of an annulment, the withdrawal it led to. `person`: whose it is, where something of it is kept. `why`:
    what recording said, where it came to nothing. `again`: it came before.
    """

    state: CommunicationState
    event_id: UUID | None = None
    person: UUID | None = None
    why: Refusal | None = None
    again: bool = False

    @property
    def is_erased(self) -> bool:
        """Whether the content of its event was erased."""
        return self.state is CommunicationState.ERASED


def day_in_italy(moment: datetime) -> date:
    """The day it is in Italy at an aware moment."""
    return moment.astimezone(_ROME).date()


def beginning_of(day: date) -> datetime:
    """The moment a day begins in Italy."""
    return datetime.combine(day, time(), _ROME)


def refuse_communication(told: Told) -> Refusal | None:
    """What is wrong with a communication in itself."""
    for code, member in ((told.code, "communicationCode"), (told.replaces, "earlierCode")):
        if code is not None and not COMMUNICATION_CODE.fullmatch(code):
            return Refusal(RefusalCode.COMMUNICATION_CODE_INVALID, CODE_SAID, (member,))
    if told.code == told.replaces:
        return Refusal(
            RefusalCode.COMMUNICATION_CODE_INVALID,
            "A communication corrects or annuls another, and has a code of its own.",
            ("earlierCode",),
        )
    return _refuse_hire(told) if isinstance(told, Hire) else None


def _refuse_hire(hire: Hire) -> Refusal | None:
    """What is wrong with what is said of the work."""
    try:
        parse_fiscal_code(hire.employer_code)
    except InvalidFiscalCode:
        return Refusal(
            RefusalCode.EMPLOYER_CODE_INVALID,
            "An employer's code is a fiscal code: 11 digits, or 16 characters, the last of which checks the others.",
            ("employerCode",),
        )
    if hire.contract_type is not None and not CONTRACT_TYPE.fullmatch(hire.contract_type):
        return Refusal(
            RefusalCode.CONTRACT_TYPE_INVALID,
            "A type of contract is a letter and two pairs of digits, as A.01.00.",
            ("contractType",),
        )
    if hire.starts_on < EARLIEST or (hire.ends_on is not None and hire.ends_on < hire.starts_on):
        return Refusal(
            RefusalCode.HIRE_PERIOD_INVALID,
            "A hire ends no sooner than it begins, and began within living memory.",
            ("endsOn",) if hire.starts_on >= EARLIEST else ("startsOn",),
        )
    return None
