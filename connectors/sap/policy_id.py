# SPDX-License-Identifier: EUPL-1.2
"""The identifier of an active policy (identificativo politica): 11 characters that are the same in every system.

    08 008B3B94 B
    │  │        └─ control letter, by the fiscal code's algorithm over promoter, type and day of proposal
    │  └────────── sequence of the system that sent the policy first, in hexadecimal
    └───────────── that system, by its code in the SAP's world

Source: domain.md 6.3 (high confidence; the published example is `08008B3B94B`, of `H501X000004`, `A02`, 1 January 2017).
The letter is made of the data as the policy was first sent, and not anew when they change. No document says whether it is the first, so
that no rule compares the letter of one that came with its data: a mistake would look like a correction (docs/reference/regions.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from connectors.sap.regions import SYSTEMS
from hub.errors import InvalidInput
from hub.store.fiscal_code import check_letter

HIGHEST_SEQUENCE = 0xFFFFFFFF
_FORM = re.compile(r"([0-9]{2})([0-9A-F]{8})([A-Z])", re.ASCII)
_PROMOTER = re.compile(r"[A-Z0-9]{11}", re.ASCII)
_KIND = re.compile(r"[A-Z][0-9]{2}", re.ASCII)


class InvalidPolicyId(InvalidInput):
    """A policy identifier is two digits of a known system, eight hexadecimal digits in upper case and a letter."""


@dataclass(frozen=True, slots=True)
class PolicyId:
    """An identifier, taken apart. `system`: who sent the policy first; `sequence`: up to `HIGHEST_SEQUENCE`."""

    system: str
    sequence: int
    letter: str

    def __str__(self) -> str:
        """The 11 characters."""
        return f"{self.system}{self.sequence:08X}{self.letter}"


def control_letter(promoter: str, kind: str, proposed_on: date) -> str:
    """The eleventh character. `promoter`: 11 characters; `kind`: the type of activity, three.

    Raises:
        InvalidPolicyId: promoter or type has another form.

    """
    if not _PROMOTER.fullmatch(promoter) or not _KIND.fullmatch(kind):
        raise InvalidPolicyId(
            "A promoter has 11 letters and digits, a type of activity a letter and two digits."
        )
    return check_letter(f"{promoter}{kind}{proposed_on:%Y%m%d}")


def make_policy_id(system: str, sequence: int, *, promoter: str, kind: str, proposed_on: date) -> PolicyId:
    """The identifier of a policy that is sent for the first time.

    Raises:
        InvalidPolicyId: the system is unknown, the sequence used up, promoter or type have another form.

    """
    if system not in SYSTEMS:
        raise InvalidPolicyId("This is no code of a system that gives policy identifiers.")
    if not 0 <= sequence <= HIGHEST_SEQUENCE:
        raise InvalidPolicyId("A sequence has at most eight hexadecimal digits.")
    return PolicyId(system, sequence, control_letter(promoter, kind, proposed_on))


def read_policy_id(text: str) -> PolicyId:
    """Take an identifier apart.

    Raises:
        InvalidPolicyId: it has another form, or begins with no system's code.

    """
    found = _FORM.fullmatch(text)
    if found is None or found[1] not in SYSTEMS:
        raise InvalidPolicyId
    return PolicyId(found[1], int(found[2], 16), found[3])
