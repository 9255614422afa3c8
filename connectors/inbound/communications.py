# SPDX-License-Identifier: EUPL-1.2
"""Mandatory communications from a folder of files, one each: what a labour system leaves there, run again as often as one likes.

The folder keeps the documents: of one that cannot land the quarantine holds its name, its digest and the reason, and no person. Its
key is its code, so that a good document of that code settles it; of one that says something else than an earlier of its code it is code
and file, since there the good one is what it is at odds with.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from connectors.communications import CommunicationRefused, code_of, read_communication
from connectors.inbound.flow import PAGE_SIZE, RunReport, run_flow
from connectors.inbound.runs import Clock, Landing
from connectors.progress import Progress, unwatched
from connectors.records.delivery import Delivered, Page, Payload, Reach, Refusal
from connectors.records.reading import DIGEST_PREFIX
from connectors.xml import XmlLimits, XmlRefused, read_xml
from hub.errors import ConfigurationError
from hub.ledger.append import Everyone
from hub.ledger.communications import HireTerms, Told
from hub.ledger.event_rules import EVENT_RULES
from hub.ledger.hires import take_communication
from hub.ledger.record import Recorder
from hub.ledger.refusals import Refusal as LedgerRefusal
from hub.ledger.refusals import RefusalCode
from hub.store.engine import Pool
from hub.store.statement import Connection, Statement
from hub.store.tables import Agency
from hub.store.vocabulary import AgencyKind, ConditionalityEventType

FLOW = "communications"
HTTP_FLOW = "communications-http"
"""Of what comes by HTTP (`hub.http.communications`): it is no file's, and settled by no run of a folder."""
SUFFIX = ".xml"
_ASIDE = "aside"
"""Member of what is kept of a document that says something else than an earlier of its code."""


@dataclass(frozen=True, slots=True)
class FromFile:
    """A communication, and what the quarantine would hold of it."""

    told: Told
    payload: Payload


class Communications:
    """The files of one folder, in the order of their names, each run from the first: what landed before changes nothing."""

    flow = FLOW
    is_told = False

    def __init__(self, folder: Path, recorder: Recorder, terms: HireTerms, limits: XmlLimits) -> None:
        self._folder = folder
        self._recorder = recorder
        self._terms = terms
        self._limits = limits
        self._names: list[str] | None = None
        self._passed = 0

    async def fetch(self, _after: str | None, limit: int) -> Page[FromFile]:
        """See `Kind.fetch`. Where an earlier run came to does not matter: a file may come under any name."""
        return await asyncio.to_thread(self._page, limit)

    def _page(self, limit: int) -> Page[FromFile]:
        if self._names is None:
            self._names = sorted(one.name for one in _files(self._folder))
        names = self._names[self._passed : self._passed + limit]
        self._passed += len(names)
        return Page(
            tuple(self._delivered(name) for name in names),
            names[-1] if names else None,
            len(names) == limit,
            Reach(self._passed, len(self._names)),
        )

    def read(self, payload: object) -> Delivered[FromFile]:
        """See `Kind.read`: the file as it is there now."""
        known: dict[str, Any] = payload if isinstance(payload, dict) else {}
        name = str(known.get("file", ""))
        if Path(name).name == name and (self._folder / name).is_file():
            found = self._delivered(name)
        else:
            gone = Refusal("file", "The file is not in the folder any more.")
            found = Delivered(str(known.get("code") or known.get("digest", "")), None, known, gone)
        if not known.get(_ASIDE):
            return found
        key, kept = _aside(str(known.get("code", "")), {**found.payload, "file": name})
        return replace(found, key=key, payload=kept)

    def _delivered(self, name: str) -> Delivered[FromFile]:
        with (self._folder / name).open("rb") as file:
            content = file.read(self._limits.bytes + 1)
        digest = f"{DIGEST_PREFIX}{hashlib.sha256(content).hexdigest()}"
        payload: dict[str, Any] = {"file": name, "digest": digest, "code": None}
        told: FromFile | Refusal
        try:
            root = read_xml(content, limits=self._limits)
            payload["code"] = code_of(root)
            told = FromFile(read_communication(root), payload)
        except CommunicationRefused as refused:
            told = Refusal(refused.field, refused.message)
        except XmlRefused as refused:
            told = Refusal("file", refused.message)
        return Delivered(payload["code"] or digest, None, payload, told)

    async def land(
        self, connection: Connection, landing: Landing, records: Sequence[FromFile]
    ) -> list[Refusal | None]:
        """See `Kind.land`."""
        assert landing.agency_id == self._recorder.agency_id
        outcomes: list[Refusal | None] = []
        for one in records:
            taken = await take_communication(
                connection, self._recorder, one.told, now=landing.at, terms=self._terms
            )
            outcomes.append(_refusal(one, taken) if isinstance(taken, LedgerRefusal) else None)
        return outcomes

    async def versions(
        self, _connection: Connection, _agency_id: UUID, _keys: Sequence[str]
    ) -> dict[str, datetime]:
        """See `Kind.versions`: a communication has none, since what corrects it has a code of its own."""
        return {}


async def pull_communications(
    pool: Pool,
    folder: Path,
    *,
    agency_code: str,
    operator: str,
    clock: Clock,
    terms: HireTerms,
    limits: XmlLimits | None = None,
    page_size: int = PAGE_SIZE,
    progress: Progress = unwatched,
) -> RunReport:
    """Take the communications of a folder, for the agency they came from; see `run_flow`.

    `operator`: who runs it, as the events that come of it say.

    Raises:
        ConfigurationError: the folder is none, there is no such agency, or its kind does not record hires.

    """
    if not await asyncio.to_thread(folder.is_dir):
        raise ConfigurationError(f"{folder} is no folder.")
    async with pool.acquire() as connection:
        row = await _AGENCY.fetchrow(connection, code=agency_code)
    if row is None:
        raise ConfigurationError(
            f"No agency has the code {agency_code}: register it before its flow is pulled."
        )
    kinds = EVENT_RULES[ConditionalityEventType.HIRED].recorded_by
    if AgencyKind(row["kind"]) not in kinds:
        raise ConfigurationError(f"Hires are of {', '.join(sorted(kinds))}; {agency_code} is {row['kind']}.")
    recorder = Recorder(
        agency_id=row["id"],
        agency_kind=AgencyKind(row["kind"]),
        client_id=None,
        purpose_id=None,
        operator=operator,
        reach=Everyone(),
        reach_values={},
    )
    kind = Communications(folder, recorder, terms, limits or XmlLimits())
    return await run_flow(
        pool, kind, agency_code=agency_code, clock=clock, page_size=page_size, progress=progress
    )


def _refusal(one: FromFile, refusal: LedgerRefusal) -> Refusal:
    is_at_odds = refusal.code is RefusalCode.COMMUNICATION_CHANGED
    return Refusal(
        next(iter(refusal.path), None),
        refusal.message,
        aside=_aside(one.told.code, one.payload) if is_at_odds else None,
    )


def _aside(code: str, payload: Payload) -> tuple[str, Payload]:
    return f"{code} {payload['file']}", {**payload, _ASIDE: True}


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in folder.iterdir() if one.suffix.lower() == SUFFIX and one.is_file())


_AGENCY = Statement(select(Agency.id, Agency.kind).where(Agency.code == bindparam("code")))
