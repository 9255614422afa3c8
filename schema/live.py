# SPDX-License-Identifier: EUPL-1.2
"""Federated fields: each agency asked once per request and subject, however often a field is selected.

Who says how old an answer may be (`maxAge`) is given one that is kept, as CACHED, and the agency is not asked. When it is asked and
does not answer, its last answer is given as STALE if policy allows its age; else the field is null and its error says so. What the
agency refuses, or answers wrongly, is never covered up with an older answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import structlog
from aiodataloader import DataLoader

from connectors.anpr import AnprConnector, FamilyMember, IdAnpr, Lookups, Residence, UseCase
from connectors.anpr.declarations import Declaration, Verification
from connectors.anpr.records import Generality
from connectors.anpr.registry_facts import kept_citizenship, kept_record
from connectors.calls import ConnectorStatus
from connectors.exchange import Exchange
from connectors.inps import InpsConnector
from connectors.inps.records import PaymentStatus as PaidStatus
from connectors.isee import THRESHOLD, IseeConnector
from connectors.kept_answers import DATABASE_TROUBLE, KeptAnswer, KeptAnswers, Subject
from connectors.pdnd import Operator
from hub.errors import InvalidInput, Unavailable, UpstreamUnavailable
from hub.measures.registry_check import RegistryCheckKind
from hub.store.vocabulary import Sex
from schema.isee import (
    IseeAttestation,
    IseeStanding,
    isee_of,
    kept_isee,
    kept_standing,
    standing_of,
)
from schema.residence import (
    Freshness,
    PaymentStatus,
    RegisteredFamily,
    RegisteredFamilyMember,
    ResidenceRecord,
)
from schema.standing import ROME
from schema.verified_declaration import RegisteredIdentity

log = structlog.get_logger()

NATIONAL_ID = UseCase.NATIONAL_ID.value
"""C030, whose answer does not change (`IdAnpr`): it is kept for as long as the person's row is."""
EVER = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")
Ask = Callable[[str], Awaitable[dict[str, Any] | None]]
Wanted = tuple[UUID, str, int]
"""Whom a question is about (the key of its row), what the agency is asked by, and how old the answer may be, in seconds."""
Loader: TypeAlias = DataLoader[Wanted, "tuple[KeptAnswer, Freshness]"]


@dataclass(frozen=True)
class AgencySources:
    """The connectors this hub is set up with; None where an agency is not connected."""

    anpr: AnprConnector | None
    inps: InpsConnector | None
    kept: KeptAnswers
    stale_answer_age: timedelta
    at_once: int = 16
    """Calls one request may have under way: a long list waits for itself, and leaves room for others."""
    isee: IseeConnector | None = None
    exchanges: Sequence[Exchange] = ()
    """Every way out of this process."""


class LiveAnswers:
    """The agencies, as one request asks them."""

    def __init__(self, sources: AgencySources, operator: Operator, now: Callable[[], datetime]) -> None:
        self._sources = sources
        self._operator = operator
        self._now = now
        self._room = asyncio.Semaphore(sources.at_once)
        self._asking: set[asyncio.Task[object]] = set()
        self._closed = False
        self._lookups = Lookups()
        self._residence = self._loader("ANPR", "C020", self._ask_residence)
        self._family = self._loader("ANPR", "C021", self._ask_family)
        self._identity = self._loader("ANPR", "C015", self._ask_identity)
        self._registry = {
            RegistryCheckKind.RESIDENCE: self._loader("ANPR", "C029", self._ask_record, is_evidence=True),
            RegistryCheckKind.STAY: self._loader("ANPR", "C018", self._ask_citizenship, is_evidence=True),
        }
        self._payments = self._loader("INPS", "payment-status", self._ask_payments, of_household=True)
        self._isee = self._loader("INPS", "isee", self._ask_isee, of_household=True)
        self._standings: dict[str, Loader] = {}
        """Of ISEE, by the code of the threshold."""

    def connectors(self) -> list[ConnectorStatus]:
        """How the agencies do, as this process has seen them."""
        return [exchange.status for exchange in self._sources.exchanges]

    async def residence(self, key: str, fiscal_code: str, max_age: int) -> ResidenceRecord | None:
        """ANPR C020, by the person's row and fiscal code; at most so many seconds old."""
        kept, freshness = await self._residence.load(self._wanted(key, fiscal_code, max_age))
        if kept.answer is None:
            return None
        return ResidenceRecord(
            **{**kept.answer, "since": _day(kept.answer["since"])},
            as_of=kept.answered_at, source="ANPR", freshness=freshness,
        )  # fmt: skip

    async def registered_family(self, key: str, fiscal_code: str, max_age: int) -> RegisteredFamily | None:
        """ANPR C021, by the person's row and fiscal code; at most so many seconds old."""
        kept, freshness = await self._family.load(self._wanted(key, fiscal_code, max_age))
        if kept.answer is None:
            return None
        members = [
            RegisteredFamilyMember(
                **{
                    **member,
                    "birth_date": _day(member["birth_date"]),
                    "deceased_on": _day(member["deceased_on"]),
                }
            )
            for member in kept.answer["members"]
        ]
        return RegisteredFamily(told=members, as_of=kept.answered_at, source="ANPR", freshness=freshness)

    async def identity(self, key: str, fiscal_code: str, max_age: int) -> RegisteredIdentity | None:
        """ANPR C015, by the person's row and fiscal code; at most so many seconds old."""
        kept, freshness = await self._identity.load(self._wanted(key, fiscal_code, max_age))
        if kept.answer is None:
            return None
        sex = kept.answer["sex"]
        return RegisteredIdentity(
            **{
                **kept.answer,
                "sex": None if sex is None else Sex(sex),
                "birth_date": _day(kept.answer["birth_date"]),
            },
            as_of=kept.answered_at, source="ANPR", freshness=freshness, unverified=True,
        )  # fmt: skip

    async def verified(
        self, key: str, fiscal_code: str, declaration: Declaration
    ) -> tuple[tuple[Verification, ...] | None, datetime]:
        """ANPR C003, C006 or C008, by the person's row and fiscal code, and when it was asked; of what it says nothing is kept but the national id."""
        anpr, subject = _connected(self._sources.anpr, "ANPR"), Subject(UUID(key))
        await self._know({subject: fiscal_code})
        asked_at = self._now()
        async with self._room:
            told = await anpr.verify(fiscal_code, declaration, self._operator, lookups=self._lookups)
        if (found := self._told_id(fiscal_code, asked_at)) is not None:
            self._sources.kept.keep("ANPR", subject, {NATIONAL_ID: found})
        return told, asked_at

    async def registry(
        self, kind: RegistryCheckKind, key: str, fiscal_code: str, max_age: int
    ) -> tuple[KeptAnswer, Freshness]:
        """What ANPR tells for a registry check (C029, C018), by the person's row and fiscal code; at most so many seconds old."""
        return await self._registry[kind].load(self._wanted(key, fiscal_code, max_age))

    async def payments(self, key: str, inps_protocol: str, max_age: int) -> PaymentStatus | None:
        """INPS's payment status, by the household's row and protocol; at most so many seconds old."""
        kept, freshness = await self._payments.load(self._wanted(key, inps_protocol, max_age))
        if kept.answer is None:
            return None
        amount = kept.answer["last_amount"]
        return PaymentStatus(
            state=kept.answer["state"],
            last_payment_on=_day(kept.answer["last_payment_on"]),
            last_amount=None if amount is None else Decimal(amount),
            suspension_reason=kept.answer["suspension_reason"],
            as_of=kept.answered_at, source="INPS", freshness=freshness, unverified=True,
        )  # fmt: skip

    async def isee(self, key: str, members: list[str], max_age: int) -> IseeAttestation | None:
        """INPS's attestation, by the household's row and its people's fiscal codes, eldest first."""
        kept, freshness = await self._isee.load(self._wanted(key, " ".join(members), max_age))
        if kept.answer is None:
            return None
        return isee_of(kept.answer, as_of=kept.answered_at, source="INPS", freshness=freshness)

    async def isee_standing(
        self, key: str, members: list[str], threshold: str, max_age: int
    ) -> IseeStanding | None:
        """Whether INPS says that it is below a threshold, by the household's row and its people's fiscal codes, eldest first.

        Raises:
            InvalidInput: the threshold is no code.

        """
        if not THRESHOLD.fullmatch(threshold):
            raise InvalidInput("`threshold` is the code INPS gave it: four letters and two digits.")
        if threshold not in self._standings:
            self._standings[threshold] = self._loader(
                "INPS",
                f"isee-threshold {threshold}",
                partial(self._ask_standing, threshold),
                of_household=True,
            )
        kept, freshness = await self._standings[threshold].load(self._wanted(key, " ".join(members), max_age))
        if kept.answer is None:
            return None
        return standing_of(kept.answer, as_of=kept.answered_at, source="INPS", freshness=freshness)

    async def aclose(self) -> None:
        """Stop what is still being asked: nobody waits for it any more."""
        self._closed = True
        if self._asking:
            asking = list(self._asking)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    def _wanted(self, key: str, content: str, max_age: int) -> Wanted:
        """What is asked for.

        Raises:
            InvalidInput: the age is negative, or more than any answer's that this hub gives again.

        """
        most = int(self._sources.stale_answer_age.total_seconds())
        if not 0 <= max_age <= most:
            raise InvalidInput(
                f"`maxAge` is a number of seconds from 0 to {most}: older answers are not given again here.",
                limit=most,
            )
        return UUID(key), content, max_age

    def _loader(
        self,
        agency: str,
        operation: str,
        ask: Ask,
        *,
        of_household: bool = False,
        is_evidence: bool = False,
    ) -> Loader:
        """Questions of one operation. `is_evidence`: what is concluded from an answer rests on it, and is not given before it is kept."""
        kept_answers, by_id = self._sources.kept, agency == "ANPR"

        def subject_of(key: UUID) -> Subject:
            return Subject(household_id=key) if of_household else Subject(beneficiary_id=key)

        async def one(subject: Subject, content: str) -> tuple[KeptAnswer, Freshness]:
            asked_at = self._now()
            try:
                async with self._room:
                    kept = KeptAnswer(await ask(content), asked_at)
            except UpstreamUnavailable:
                since = asked_at - self._sources.stale_answer_age
                last = (await kept_answers.latest(agency, operation, [subject], since=since)).get(subject)
                if last is None:
                    raise
                return last, Freshness.STALE
            told = {operation: kept}
            if by_id and (found := self._told_id(content, asked_at)) is not None:
                told[NATIONAL_ID] = found
            is_kept = kept_answers.keep(agency, subject, told)
            if is_evidence and not await asyncio.shield(is_kept):
                raise Unavailable(
                    "What the agency told could not be kept as evidence: ask again in a moment."
                )
            return kept, Freshness.LIVE

        async def young(keys: list[Wanted]) -> Mapping[Wanted, KeptAnswer]:
            """Of the questions that may be answered with what is kept, those that can."""
            asked_at = self._now()
            since = {key: asked_at - timedelta(seconds=key[2]) for key in keys if key[2]}
            if not since:
                return {}
            subjects = [subject_of(key[0]) for key in since]
            try:
                found = await kept_answers.latest(agency, operation, subjects, since=min(since.values()))
            except DATABASE_TROUBLE as error:
                log.warning(
                    "answer.not_found", agency=agency, operation=operation, error=type(error).__name__
                )
                return {}
            kept = {key: found.get(subject_of(key[0])) for key in since}
            return {
                key: one for key, one in kept.items() if one is not None and one.answered_at >= since[key]
            }

        async def many(keys: list[Wanted]) -> list[Any]:
            if self._closed:
                raise asyncio.CancelledError
            # NOTE the loader asks in a task of its own, which outlives whoever waits for it unless it is stopped here.
            task = asyncio.current_task()
            assert task is not None
            self._asking.add(task)
            try:
                if is_evidence:  # what waits is evidence once it is written
                    await kept_answers.written()
                cached = await young(keys)
                asked = [key for key in keys if key not in cached]
                if by_id:
                    await self._know({Subject(key): content for key, content, _ in asked})
                answers = await asyncio.gather(
                    *(one(subject_of(key), content) for key, content, _ in asked), return_exceptions=True
                )
                given: dict[Wanted, Any] = dict(zip(asked, answers, strict=True))
                return [given[key] if key in given else (cached[key], Freshness.CACHED) for key in keys]
            finally:
                self._asking.discard(task)

        return DataLoader(many)

    def _told_id(self, fiscal_code: str, asked_at: datetime) -> KeptAnswer | None:
        """The national id that ANPR told for this request, to be kept; None where it was known, or not told."""
        found = self._lookups.told(fiscal_code)
        return (
            None
            if found is None
            else KeptAnswer({"fiscal_code": fiscal_code, "id_anpr": found.value}, asked_at)
        )

    async def _know(self, people: Mapping[Subject, str]) -> None:
        """Have the national ids at hand that ANPR told before, so that C030 is asked about the others alone.

        NOTE one that was told under another fiscal code is not taken: a row's code may have been mended since.
        """
        unknown = {subject: code for subject, code in people.items() if not self._lookups.knows(code)}
        if not unknown:
            return
        try:
            found = await self._sources.kept.latest("ANPR", NATIONAL_ID, list(unknown), since=EVER)
        except DATABASE_TROUBLE as error:
            log.warning("answer.not_found", agency="ANPR", operation=NATIONAL_ID, error=type(error).__name__)
            return
        for subject, kept in found.items():
            if kept.answer is not None and kept.answer["fiscal_code"] == unknown[subject]:
                self._lookups.know(unknown[subject], IdAnpr(kept.answer["id_anpr"]))

    async def _ask_residence(self, fiscal_code: str) -> dict[str, Any] | None:
        record = await _connected(self._sources.anpr, "ANPR").residence(
            fiscal_code, self._operator, lookups=self._lookups
        )
        return None if record is None else _residence(record)

    async def _ask_family(self, fiscal_code: str) -> dict[str, Any] | None:
        members = await _connected(self._sources.anpr, "ANPR").registered_family(
            fiscal_code, self._operator, lookups=self._lookups
        )
        return None if members is None else {"members": [_member(member) for member in members]}

    async def _ask_identity(self, fiscal_code: str) -> dict[str, Any] | None:
        told = await _connected(self._sources.anpr, "ANPR").generality(
            fiscal_code, self._operator, lookups=self._lookups
        )
        return None if told is None else _identity(told)

    async def _ask_record(self, fiscal_code: str) -> dict[str, Any] | None:
        record = await _connected(self._sources.anpr, "ANPR").personal_record(
            fiscal_code, self._operator, lookups=self._lookups
        )
        return None if record is None else kept_record(record)

    async def _ask_citizenship(self, fiscal_code: str) -> dict[str, Any] | None:
        record = await _connected(self._sources.anpr, "ANPR").citizenship_record(
            fiscal_code, self._operator, lookups=self._lookups
        )
        return None if record is None else kept_citizenship(record)

    async def _ask_payments(self, inps_protocol: str) -> dict[str, Any] | None:
        status = await _connected(self._sources.inps, "INPS").payment_status(inps_protocol, self._operator)
        return None if status is None else _payment(status)

    async def _ask_isee(self, members: str) -> dict[str, Any] | None:
        connector = _connected(self._sources.isee, "INPS")
        told = await connector.attestation(
            members.split(), self._operator, self._now().astimezone(ROME).date()
        )
        return None if told is None else kept_isee(told)

    async def _ask_standing(self, threshold: str, members: str) -> dict[str, Any] | None:
        connector, today = _connected(self._sources.isee, "INPS"), self._now().astimezone(ROME).date()
        told = await connector.standing(threshold, members.split(), self._operator, today)
        return None if told is None else kept_standing(told)


def _connected(connector: T | None, agency: str) -> T:
    if connector is None:
        raise UpstreamUnavailable(f"{agency} is not connected to this hub.", agency=agency)
    return connector


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _residence(record: Residence) -> dict[str, Any]:
    address = " ".join(part for part in (record.street, record.number, record.unit) if part)
    return {
        "municipality_istat_code": record.municipality_istat,
        "municipality_name": record.municipality_name or record.locality or record.country_name,
        "province": record.province,
        "postal_code": record.postal_code,
        "address": address or None,
        "since": record.since.isoformat() if record.since else None,
    }


def _member(member: FamilyMember) -> dict[str, Any]:
    return {
        "fiscal_code": member.fiscal_code,
        "given_name": member.given_name,
        "family_name": member.family_name,
        "birth_date": member.birth_date.isoformat() if member.birth_date else None,
        "relationship_code": member.relationship,
        "deceased_on": member.deceased_on.isoformat() if member.deceased_on else None,
    }


def _identity(told: Generality) -> dict[str, Any]:
    return {
        "fiscal_code": told.fiscal_code,
        "is_fiscal_code_valid": told.valid_code,
        "family_name": told.family_name,
        "given_name": told.given_name,
        "sex": told.sex,
        "birth_date": told.birth_date.isoformat() if told.birth_date else None,
    }


def _payment(status: PaidStatus) -> dict[str, Any]:
    return {
        "state": status.state.value,
        "last_payment_on": status.last_payment_on.isoformat() if status.last_payment_on else None,
        "last_amount": None if status.last_amount is None else str(status.last_amount),
        "suspension_reason": status.suspension_reason,
    }
