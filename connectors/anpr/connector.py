# SPDX-License-Identifier: EUPL-1.2
"""ANPR asked: residence (C020) and family (C021) of the person with a fiscal code, by way of C030."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from connectors.anpr import answers
from connectors.anpr.questions import question
from connectors.anpr.records import FamilyMember, IdAnpr, Residence
from connectors.anpr.services import UseCase
from connectors.exchange import Answer, Exchange, Outgoing
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes, SecuredRequest

_ROME = ZoneInfo("Europe/Rome")
_ENCODING = "UTF-8"
"""What ANPR's clients send, and sign, as `Content-Encoding`, although it is no encoding (domain.md 1.1)."""


class AnprConnector:
    """ANPR's e-services as the hub uses them.

    Every method raises `UpstreamUnavailable` (ANPR or PDND does not answer in time), `UpstreamRefused`
    (`SubjectDeceased` among others) or `UpstreamInvalid` (`SeveralSubjects` among others); a person ANPR does
    not know is None. One method's calls share one deadline.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        passes: Passes,
        exchange: Exchange,
        *,
        url: str,
        audience: str,
        purposes: Mapping[UseCase, str],
        reason: str = "Misure di inclusione attiva",
        now: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """Take the hub's client on PDND, and ANPR's exchange (agency `ANPR`).

        Args:
            identity: the hub's client.
            passes: shared with the other agencies' connectors.
            exchange: ANPR's.
            url: base URL of ANPR's services.
            audience: base of their audiences.
            purposes: the purpose of each use case (`services.purposes_from`).
            reason: `motivoRichiesta`: what the questions are asked for.
            now: seconds since the epoch.
            new_id: a new UUID as text.

        """
        self._exchange = exchange
        self._url = url
        self._audience = audience
        self._reason = reason
        self._now = now
        self._new_id = new_id
        self._accesses = {
            use_case: EServiceAccess(
                identity,
                passes,
                purpose_id=purpose,
                # Use cases under one purpose share a voucher: its evidence names the audiences of all.
                audiences=[one.audience(audience) for one in UseCase if purposes[one] == purpose],
                now=now,
                new_id=new_id,
            )
            for use_case, purpose in purposes.items()
        }

    async def residence(
        self, fiscal_code: str, operator: Operator, *, known_id: IdAnpr | None = None
    ) -> Residence | None:
        """Ask where the person is registered; `known_id` (kept from an earlier `national_id`) saves a call."""
        until = self._exchange.until()
        found = known_id or await self.national_id(fiscal_code, operator, until=until)
        if found is None:
            return None
        answer = await self._ask(UseCase.RESIDENCE, operator, until, id_anpr=found.value)
        return answers.residence(answer, found)

    async def registered_family(
        self, fiscal_code: str, operator: Operator, *, known_id: IdAnpr | None = None
    ) -> tuple[FamilyMember, ...] | None:
        """Ask who is on the person's family record; of a deceased person ANPR names that person alone."""
        until = self._exchange.until()
        found = known_id or await self.national_id(fiscal_code, operator, until=until)
        if found is None:
            return None
        answer = await self._ask(UseCase.FAMILY, operator, until, id_anpr=found.value)
        return answers.family(answer, found)

    async def national_id(
        self, fiscal_code: str, operator: Operator, *, until: float | None = None
    ) -> IdAnpr | None:
        """Ask for the national id, which the caller may keep: it does not change."""
        limit = self._exchange.until() if until is None else until
        answer = await self._ask(UseCase.NATIONAL_ID, operator, limit, fiscal_code=fiscal_code)
        return answers.national_id(answer)

    async def _ask(
        self,
        use_case: UseCase,
        operator: Operator,
        until: float,
        *,
        fiscal_code: str | None = None,
        id_anpr: str | None = None,
    ) -> Answer:
        body = question(
            use_case,
            operation_id=self._new_id().replace("-", "")[:30],
            reason=self._reason,
            as_of=datetime.fromtimestamp(self._now(), UTC).astimezone(_ROME).date(),
            fiscal_code=fiscal_code,
            id_anpr=id_anpr,
        )
        access = self._accesses[use_case]
        sent: list[SecuredRequest] = []

        async def prepare() -> Outgoing:
            secured = await access.secure(
                body,
                operator=operator,
                content_encoding=_ENCODING,
                audience=use_case.audience(self._audience),
            )
            sent.append(secured)
            return Outgoing("POST", use_case.url(self._url), secured.headers, body)

        # NOTE the key holds the operator: ANPR records who asked, and nobody asks in another's name.
        key = (fiscal_code, id_anpr, operator)
        answer = await self._exchange.call(use_case.value, prepare, idempotent=True, key=key, until=until)
        if answer.status == 401 and sent:
            access.rejected(sent[-1])
        return answer
