# SPDX-License-Identifier: EUPL-1.2
"""ANPR asked about the person with a fiscal code, by way of C030: residence, family, registrations, citizenship; declarations verified."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson

from connectors.anpr import answers, registry_answers
from connectors.anpr.declarations import (
    Declaration,
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    Verification,
)
from connectors.anpr.lookups import Lookups
from connectors.anpr.questions import question
from connectors.anpr.records import (
    CitizenshipRecord,
    FamilyMember,
    Generality,
    IdAnpr,
    PersonalRecord,
    Residence,
)
from connectors.anpr.refusals import SubjectDeceased
from connectors.anpr.services import NoPurpose, UseCase
from connectors.exchange import Answer, Exchange, Outgoing
from connectors.pdnd import ClientIdentity, EServiceAccess, Operator, Passes, SecuredRequest
from hub.errors import UpstreamInvalid, UpstreamRefused
from hub.measures.registry_check import Register

T = TypeVar("T")
_ROME = ZoneInfo("Europe/Rome")
_ENCODING = "UTF-8"
"""What ANPR's clients send, and sign, as `Content-Encoding`, although it is no encoding (domain.md 1.1)."""
_VERIFYING: Mapping[type[Declaration], UseCase] = {
    DeclaredGenerality: UseCase.VERIFY_GENERALITY,
    DeclaredCitizenship: UseCase.VERIFY_CITIZENSHIP,
    DeclaredResidence: UseCase.VERIFY_RESIDENCE,
}


class AnprConnector:
    """ANPR's e-services as the hub uses them.

    Every method raises `UpstreamUnavailable` (ANPR or PDND does not answer in time), `UpstreamRefused`
    (`SubjectDeceased`, `NoPurpose` among others) or `UpstreamInvalid` (`SeveralSubjects` among others); a person
    ANPR does not know is None. One method's calls share one deadline.
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
        record_types: Mapping[str, Register] | None = None,
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
            purposes: the purpose of each use case (`services.purposes_from`); one without is refused when it is asked for.
            record_types: what each `tipoScheda` of a history of registrations means (`services.record_types_from`).
            reason: `motivoRichiesta`: what the questions are asked for.
            now: seconds since the epoch.
            new_id: a new UUID as text.

        """
        self._exchange = exchange
        self._url = url
        self._audience = audience
        self._record_types = record_types or {}
        self._reason = reason
        self._now = now
        self._new_id = new_id
        self._accesses = {
            use_case: EServiceAccess(
                identity,
                passes,
                purpose_id=purpose,
                # Use cases under one purpose share a voucher: its evidence names the audiences of all.
                audiences=[one.audience(audience) for one in UseCase if purposes.get(one) == purpose],
                now=now,
                new_id=new_id,
            )
            for use_case, purpose in purposes.items()
        }

    async def residence(
        self,
        fiscal_code: str,
        operator: Operator,
        *,
        lookups: Lookups | None = None,
    ) -> Residence | None:
        """Ask where the person is registered; `lookups`: the ids of one request, of which each that is known saves a call."""
        return await self._of_person(UseCase.RESIDENCE, fiscal_code, operator, lookups, answers.residence)

    async def registered_family(
        self,
        fiscal_code: str,
        operator: Operator,
        *,
        lookups: Lookups | None = None,
    ) -> tuple[FamilyMember, ...] | None:
        """Ask who is on the person's family record; of a deceased person ANPR names that person alone."""
        return await self._of_person(UseCase.FAMILY, fiscal_code, operator, lookups, answers.family)

    async def generality(
        self, fiscal_code: str, operator: Operator, *, lookups: Lookups | None = None
    ) -> Generality | None:
        """Ask who the person is (C015)."""
        return await self._of_person(
            UseCase.GENERALITY, fiscal_code, operator, lookups, registry_answers.generality
        )

    async def personal_record(
        self,
        fiscal_code: str,
        operator: Operator,
        *,
        lookups: Lookups | None = None,
    ) -> PersonalRecord | None:
        """Ask for the history of the person's registrations (C029)."""
        return await self._of_person(
            UseCase.RECORD,
            fiscal_code,
            operator,
            lookups,
            lambda answer, asked: registry_answers.personal_record(answer, asked, self._record_types),
        )

    async def citizenship_record(
        self,
        fiscal_code: str,
        operator: Operator,
        *,
        lookups: Lookups | None = None,
    ) -> CitizenshipRecord | None:
        """Ask of which states the person is a citizen, and by what title it stays (C018)."""
        return await self._of_person(
            UseCase.CITIZENSHIP,
            fiscal_code,
            operator,
            lookups,
            registry_answers.citizenship_record,
        )

    async def verify(
        self,
        fiscal_code: str,
        declaration: Declaration,
        operator: Operator,
        *,
        lookups: Lookups | None = None,
    ) -> tuple[Verification, ...] | None:
        """Ask whether what was declared is what is registered: S, N or A for each thing ANPR looked at (C003, C006, C008)."""
        return await self._of_person(
            _VERIFYING[type(declaration)],
            fiscal_code,
            operator,
            lookups,
            registry_answers.verifications,
            declared=declaration.content(),
        )

    async def national_id(
        self, fiscal_code: str, operator: Operator, *, until: float | None = None
    ) -> IdAnpr | None:
        """Ask for the national id, which the caller may keep: it does not change."""
        limit = self._exchange.until() if until is None else until
        answer = await self._ask(UseCase.NATIONAL_ID, operator, limit, fiscal_code=fiscal_code)
        with self._exchange.reading(UseCase.NATIONAL_ID):
            return answers.national_id(answer)

    async def _of_person(
        self,
        use_case: UseCase,
        fiscal_code: str,
        operator: Operator,
        lookups: Lookups | None,
        read: Callable[[Answer, IdAnpr], T | None],
        *,
        declared: Mapping[str, Any] | None = None,
    ) -> T | None:
        """Ask about a person: C030 first, unless the national id is known, or the request has asked for it already."""
        if use_case not in self._accesses:  # before anybody is looked up
            raise NoPurpose(use_case)
        until = self._exchange.until()
        ids = Lookups() if lookups is None else lookups

        async def look_up() -> IdAnpr | None:
            return await self.national_id(fiscal_code, operator, until=until)

        async def by(found: IdAnpr) -> T | None:
            answer = await self._ask(use_case, operator, until, id_anpr=found.value, declared=declared)
            with self._exchange.reading(use_case):
                return read(answer, found)

        if not ids.goes_by_kept(fiscal_code):
            found = await ids.of(fiscal_code, look_up)
            return None if found is None else await by(found)
        # NOTE an id of earlier may have been replaced: nobody is unknown, or another, before C030 has said so today.
        kept, trouble = await ids.of(fiscal_code, look_up), None
        assert kept is not None
        try:
            if (told := await by(kept)) is not None:
                return told
        except SubjectDeceased:
            raise
        except (UpstreamInvalid, UpstreamRefused) as error:
            trouble = error
        anew = await ids.anew(fiscal_code, look_up)
        if anew is not None and anew != kept:
            return await by(anew)
        if anew is not None and trouble is not None:
            raise trouble
        return None

    async def _ask(
        self,
        use_case: UseCase,
        operator: Operator,
        until: float,
        *,
        fiscal_code: str | None = None,
        id_anpr: str | None = None,
        declared: Mapping[str, Any] | None = None,
    ) -> Answer:
        if use_case not in self._accesses:
            raise NoPurpose(use_case)
        body = question(
            use_case,
            operation_id=self._new_id().replace("-", "")[:30],
            reason=self._reason,
            as_of=datetime.fromtimestamp(self._now(), UTC).astimezone(_ROME).date(),
            fiscal_code=fiscal_code,
            id_anpr=id_anpr,
            declared=declared,
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
        key = (fiscal_code, id_anpr, operator, None if declared is None else orjson.dumps(declared))
        answer = await self._exchange.call(use_case.value, prepare, idempotent=True, key=key, until=until)
        if answer.status == 401 and sent:
            access.rejected(sent[-1])
        return answer
