# SPDX-License-Identifier: EUPL-1.2
"""Mandatory communications (comunicazioni obbligatorie) of hires: UniLav and UniSomm.

shapes       where each model says what, and which of its members are known
reading      a document becomes a `Hire` or an `Annulment`, or is refused with the place that is wrong

Neither model's XSD is published. The shapes are those of a published UniLav, and of what two regional systems read; what comes from the
second alone is `unverified` there. Of a place that is read every member must be known: an unknown one could say that it is no hire, or another's,
and income depends on it. A place that is not read (addresses, names, pay) is not looked at, and nothing of it is kept.
"""

from connectors.communications.reading import CommunicationRefused, NotAHire, code_of, read_communication

__all__ = ["CommunicationRefused", "NotAHire", "code_of", "read_communication"]
