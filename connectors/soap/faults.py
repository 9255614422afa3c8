# SPDX-License-Identifier: EUPL-1.2
"""A fault that came as an answer: whose it is (SOAP 1.1, section 4.4). What it says to people is not read: it may name somebody.

A fault is always HTTP 500, also where it says that the request is wrong. So the status tells nothing of the agency's health, and the
code does: `Client`, `MustUnderstand` and `VersionMismatch` are refusals; `Server`, and every code of somebody's own, are failures.
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.soap.envelope import ENVELOPE, Element, FaultCode

TAG = f"{{{ENVELOPE}}}Fault"
_REFUSALS = frozenset({FaultCode.CLIENT, FaultCode.MUST_UNDERSTAND, FaultCode.VERSION_MISMATCH})


@dataclass(frozen=True, slots=True)
class Fault:
    """Whose fault it is. None: a code of the agency's own, such as its framework's."""

    code: FaultCode | None

    @property
    def is_refusal(self) -> bool:
        """Whether the agency is well, and the request is not."""
        return self.code in _REFUSALS

    @property
    def word(self) -> str:
        """The code, of the four that SOAP has."""
        return "a code of its own" if self.code is None else self.code.value


def read_fault(payload: Element) -> Fault | None:
    """The fault an element is; None for any other element."""
    if payload.tag != TAG:
        return None
    # NOTE of no namespace (section 4.4), but some frameworks write it in the envelope's.
    said = payload.findtext("faultcode") or payload.findtext(f"{{{ENVELOPE}}}faultcode") or ""
    prefix, _, name = said.strip().rpartition(":")
    if payload.nsmap.get(prefix or None) != ENVELOPE and prefix:
        return Fault(None)
    # A dot says more precisely what is before it: Client.Authentication.
    return Fault(next((one for one in FaultCode if one.value == name.partition(".")[0]), None))
