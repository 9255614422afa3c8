# SPDX-License-Identifier: EUPL-1.2
"""The e-Gov header of each message, where no domain gateway of the hub's adds it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from connectors.cooperation.configuration import EGov
from connectors.soap import EGovHeader, message_identifier, write_egov
from connectors.soap.egov import HIGHEST_NUMBER
from connectors.soap.envelope import Element

ROME: Final = ZoneInfo("Europe/Rome")
"""Where the gateways' clocks stand (`EGOV_IT_Locale`)."""


class Envelopes:
    """Writes headers, each with an identifier of its own: a gateway takes a message once."""

    def __init__(
        self,
        egov: EGov | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        number: Callable[[], int] = lambda: random.SystemRandom().randint(0, HIGHEST_NUMBER),
    ) -> None:
        """Take the parties (None: there is no header), a clock, and what draws a message's number of seven digits.

        Drawn, and not counted: several hub processes have one name, and share no counter.
        """
        self._egov = egov
        self._now = now
        self._number = number

    def blocks(self, action: str) -> tuple[Element, ...]:
        """The header blocks of one message."""
        egov = self._egov
        if egov is None:
            return ()
        at = self._now().astimezone(ROME)
        header = EGovHeader(
            sender=egov.sender,
            recipient=egov.recipient,
            service=egov.service,
            action=action,
            identifier=message_identifier(egov.sender, egov.gateway, self._number(), at),
            registered_at=at.replace(tzinfo=None).isoformat(timespec="seconds"),
        )
        return (write_egov(header),)
