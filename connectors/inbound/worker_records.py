# SPDX-License-Identifier: EUPL-1.2
"""The workers' records (SAP) of a region by application cooperation: asked for person by person, landed policy by policy.

No list of what changed is published, so each run is a round: it asks about everybody of the region's territory that the hub holds, in the
order of their keys. The watermark is the last of them; it is taken away with the last page, and the next run begins a new round.

Whom the region cannot be asked about waits in quarantine until a later round can. When it is not one person's trouble but the region's,
the run ends, and nothing of its page lands: a breaker is open, the hub is not let in, or half of a page's people fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, DateTime, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from connectors.cooperation import (
    CooperatingRegion,
    PolicyRecord,
    SapActivity,
    SapConnector,
    policies_of,
    read_policy,
)
from connectors.cooperation.history import NoActivity
from connectors.inbound.pacts import land_pacts
from connectors.inbound.runs import Landing
from connectors.inbound.upserts import Versions, landing_values, upsert_newer
from connectors.records.delivery import Delivered, Page, Reach, Refusal
from connectors.regional import RegionalPact
from connectors.sap import SapDocument
from hub.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable
from hub.store.batch import Batch
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import Activity, Agency, Beneficiary, Pact, QuarantinedRecord

FLOW: Final = "worker-records"
PEOPLE: Final = 100
"""Asked about for one page."""
AT_ONCE: Final = 8
"""Questions under way: a round leaves room in the region's bulkhead for others."""
FEW: Final = 3
"""Of fewer people a failure that is not the region's own says nothing of the region."""
PERSON: Final = "persona"
"""The member that tells who could not be asked about from a policy; also how such a record's key begins."""


@dataclass(frozen=True, slots=True, repr=False)
class _Person:
    id: UUID
    fiscal_code: str

    @property
    def key(self) -> str:
        """Of the record that says that the region could not be asked."""
        return f"{PERSON}:{self.id}"


class KeptPolicies:
    """The policies in the SAPs of one region's people, where they were kept; see `KeptKind`."""

    flow = FLOW
    is_told = True

    def __init__(self, region: CooperatingRegion) -> None:
        """Take the region as its file has it: what its types of policies are."""
        self._region = region

    def read(self, payload: object) -> Delivered[PolicyRecord]:
        """See `KeptKind.read`."""
        if isinstance(payload, Mapping) and PERSON in payload:
            refusal = Refusal(None, str(payload.get("motivo")))
            return Delivered(f"{PERSON}:{payload[PERSON]}", None, payload, refusal)
        return read_policy(payload, self._region.activities)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[PolicyRecord]
    ) -> list[Refusal | None]:
        """See `KeptKind.land`. Pacts first: activities point at them."""
        outcomes: list[Refusal | None] = [None] * len(records)
        pacts = {at: one for at, one in enumerate(records) if isinstance(one, RegionalPact)}
        activities = {at: one for at, one in enumerate(records) if isinstance(one, SapActivity)}
        if pacts:
            landed = await land_pacts(connection, landing, [*pacts.values()])
            outcomes = _placed(outcomes, pacts, landed)
        if activities:
            landed = await _land_activities(connection, landing, [*activities.values()])
            outcomes = _placed(outcomes, activities, landed)
        return outcomes

    async def versions(
        self, connection: Connection, agency_id: UUID, keys: Sequence[str]
    ) -> dict[str, datetime]:
        """See `KeptKind.versions`."""
        return await _PACTS.of(connection, agency_id, keys) | await _ACTIVITIES.of(
            connection, agency_id, keys
        )


class WorkerRecords(KeptPolicies):
    """The same, and the region asked for them, as `Kind` wants a source."""

    def __init__(self, pool: Pool, region: SapConnector) -> None:
        """Take the pool the people are read by, and the region."""
        super().__init__(region.region)
        self._pool = pool
        self._connector = region
        self._room = asyncio.Semaphore(AT_ONCE)
        self._passed = 0
        self._everybody: int | None = None
        """People this run asks about; counted when it begins."""

    async def fetch(self, after: str | None, limit: int) -> Page[PolicyRecord]:
        """Ask about the people after a key, about `limit` of them; the policies of all, and who could not be asked about.

        Raises:
            UpstreamError: it is the region's trouble (see above).

        """
        # NOTE the last page has half a page at least, if there are so many: by one person alone nothing is said of the region.
        most = limit + limit // 2
        people = await self._people(after, most)
        if self._everybody is None:
            self._everybody = len(people) if len(people) < most else await self._count(after)
        if more := len(people) == most:
            people = people[:limit]
        told = await asyncio.gather(*(self._ask(one) for one in people))
        failures = [one for one in told if isinstance(one, UpstreamError)]
        if self._is_the_regions(failures, len(people)):
            raise failures[0]
        waiting = await self._waiting([one.key for one in people])
        records: list[Delivered[PolicyRecord]] = []
        for person, answer in zip(people, told, strict=True):
            if isinstance(answer, UpstreamError):
                records.append(self.read(_unasked(person, answer)))
                continue
            if person.key in waiting:
                # It could be asked about now: this resolves what is in quarantine.
                records.append(Delivered(person.key, None, {PERSON: str(person.id)}, NoActivity()))
            if answer is not None:
                records += [self.read(policy) for policy in policies_of(answer)]
        self._passed += len(people)
        reach = Reach(self._passed, self._everybody)
        return Page(tuple(records), str(people[-1].id) if more else None, more, reach)

    async def _people(self, after: str | None, most: int) -> list[_Person]:
        async with self._pool.acquire() as connection:
            rows = await _PEOPLE.fetch(connection, **self._beyond(after), most=most)
        return [_Person(row["id"], row["fiscal_code"]) for row in rows]

    async def _count(self, after: str | None) -> int:
        async with self._pool.acquire() as connection:
            found: int = await _COUNTED.fetchval(connection, **self._beyond(after))
        return found

    def _beyond(self, after: str | None) -> dict[str, Any]:
        return {"region": self._region.region_code, "after": UUID(after or str(UUID(int=0)))}

    async def _ask(self, person: _Person) -> SapDocument | UpstreamError | None:
        async with self._room:
            try:
                return await self._connector.of_person(person.fiscal_code)
            except UpstreamError as error:
                return error

    def _is_the_regions(self, failures: Sequence[UpstreamError], people: int) -> bool:
        if not failures:
            return False
        if self._connector.is_down or any(map(_is_not_let_in, failures)):
            return True
        alone = people < FEW and not any(isinstance(one, UpstreamUnavailable) for one in failures)
        return not alone and 2 * len(failures) >= people

    async def _waiting(self, keys: Sequence[str]) -> frozenset[str]:
        """Those of these keys that are in quarantine."""
        async with self._pool.acquire() as connection:
            rows = await _WAITING.fetch(connection, code=self._region.agency_code, flow=FLOW, keys=[*keys])
        return frozenset(row["record_key"] for row in rows)


def _is_not_let_in(error: UpstreamError) -> bool:
    """Whether HTTP itself refuses: that is about who asks, and not about whom."""
    return isinstance(error, UpstreamRefused) and "status" in error.extensions


def _unasked(person: _Person, error: UpstreamError) -> dict[str, Any]:
    return {PERSON: str(person.id), "codicefiscale": person.fiscal_code, "motivo": error.message}


def _placed(
    outcomes: Sequence[Refusal | None], at: Mapping[int, object], found: Sequence[Refusal | None]
) -> list[Refusal | None]:
    by_place = dict(zip(at, found, strict=True))
    return [by_place.get(place, was) for place, was in enumerate(outcomes)]


async def _land_activities(
    connection: Connection, landing: Landing, records: Sequence[SapActivity]
) -> list[Refusal | None]:
    codes = [one.fiscal_code for one in records]
    people = {row["fiscal_code"]: row["id"] for row in await _KNOWN.fetch(connection, codes=codes)}
    told = sorted({one.pact for one in records if one.pact is not None})
    pacts = {
        (row["external_id"], row["beneficiary_id"]): row["id"]
        for row in await _UNDER.fetch(connection, agency=landing.agency_id, keys=told)
    }
    known = [one for one in records if one.fiscal_code in people]
    rows = [
        {
            "external_id": one.external_id,
            "changed_at": one.changed_at,
            "beneficiary_id": people[one.fiscal_code],
            # A pact that waits in quarantine is pointed at once it has landed, and the next round has come.
            "pact_id": pacts.get((one.pact or "", people[one.fiscal_code])),
            "kind": one.kind.value,
            "status": one.status.value,
            "title": one.title,
            "starts_on": one.starts_on,
            "ends_on": one.ends_on,
        }
        for one in known
    ]
    await _PUT.execute(connection, **landing_values(landing), **_BATCH.bind(rows))
    return [
        None
        if one.fiscal_code in people
        else Refusal("codicefiscale", "No beneficiary has this fiscal code.")
        for one in records
    ]


_KEY = PG_UUID(as_uuid=True)
_BEYOND = (
    Beneficiary.region_code == bindparam("region", type_=Text),
    Beneficiary.id > bindparam("after", type_=_KEY),
)
_PEOPLE = Statement(
    select(Beneficiary.id, Beneficiary.fiscal_code)
    .where(*_BEYOND)
    .order_by(Beneficiary.id)
    .limit(bindparam("most"))
)
_COUNTED = Statement(select(func.count()).select_from(Beneficiary).where(*_BEYOND))
_WAITING = Statement(
    select(QuarantinedRecord.record_key)
    .join(Agency, Agency.id == QuarantinedRecord.agency_id)
    .where(
        Agency.code == bindparam("code", type_=Text),
        QuarantinedRecord.flow == bindparam("flow", type_=Text),
        QuarantinedRecord.resolved_at.is_(None),
        QuarantinedRecord.record_key == any_(bindparam("keys", type_=ARRAY(Text))),
    )
)
_KNOWN = Statement(
    select(Beneficiary.fiscal_code, Beneficiary.id).where(
        Beneficiary.fiscal_code == any_(bindparam("codes", type_=ARRAY(Text)))
    )
)
_UNDER = Statement(
    select(Pact.external_id, Pact.beneficiary_id, Pact.id).where(
        Pact.source_agency_id == bindparam("agency", type_=_KEY),
        Pact.external_id == any_(bindparam("keys", type_=ARRAY(Text))),
    )
)
_BATCH = Batch(
    "activities",
    external_id=Text,
    changed_at=DateTime(timezone=True),
    beneficiary_id=_KEY,
    pact_id=_KEY,
    kind=Text,
    status=Text,
    title=Text,
    starts_on=Date,
    ends_on=Date,
)
_SAID = ("beneficiary_id", "pact_id", "kind", "status", "title", "starts_on", "ends_on")
_PUT = upsert_newer(Activity, _BATCH, {name: _BATCH[name] for name in _SAID})
_PACTS, _ACTIVITIES = Versions(Pact), Versions(Activity)
