# SPDX-License-Identifier: EUPL-1.2
"""`POST /communications`: a mandatory communication of a hire, or one that corrects or annuls it, handed over by a labour system.

Nothing is told of the worker.

The answer to a communication that was taken is always the same: whether the worker receives a benefit is not the sender's to know
(docs/adr/0035). So no line of the access log is written: nobody was looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

import orjson

from connectors.communications import read_communication
from connectors.inbound.communications import HTTP_FLOW
from connectors.inbound.quarantine import keep
from connectors.records.delivery import Refusal as Kept
from connectors.records.reading import DIGEST_PREFIX
from connectors.xml import XmlLimits, read_xml
from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.errors import InvalidInput
from hub.http.admission import Admission
from hub.http.answers import Reply
from hub.http.demands import Demands
from hub.http.posted import PostedDocuments
from hub.http.watch import UnderWay, Watch
from hub.ledger.communications import HireTerms, Taken
from hub.ledger.hires import take_communication
from hub.ledger.refusals import Refusal, RefusalCode
from hub.plan.recorder import recorder_of
from hub.store.engine import Database
from hub.store.vocabulary import Capability

PATH: Final = "/communications"
UNTOLD: Final = frozenset({RefusalCode.COMMUNICATION_CHANGED, RefusalCode.COMMUNICATION_REPLACED})
"""Refusals that nobody is told who sends: what was kept before would show by them."""


class HireRefused(InvalidInput):
    """The communication cannot be taken."""

    code = "COMMUNICATION_REFUSED"


@dataclass(frozen=True, slots=True)
class Intake:
    """On which terms communications are taken. `now`: the time of day, with an offset."""

    now: Callable[[], datetime]
    terms: HireTerms
    max_body_bytes: int


class CommunicationsEndpoint(PostedDocuments):
    """The ASGI endpoint."""

    door = PATH
    capability = Capability.SEND_COMMUNICATIONS
    taken: ClassVar = frozenset({"application/xml", "text/xml"})
    advice = "Send the communication as `Content-Type: application/xml`."
    told = b"application/json"

    def __init__(
        self, database: Database, admission: Admission, demands: Demands, watch: Watch, intake: Intake
    ) -> None:
        super().__init__(admission, demands, watch, intake.max_body_bytes)
        self._database = database
        self._intake = intake

    async def take(
        self, body: bytes, charset: str | None, caller: Caller, operator: Operator | None, under_way: UnderWay
    ) -> Reply:
        """Take one communication."""
        limits = XmlLimits(bytes=self._intake.max_body_bytes)
        told = read_communication(read_xml(body, charset=charset, limits=limits))
        under_way.is_command = True
        async with self._database.write.acquire() as connection, connection.transaction():
            taken: Taken | Refusal | None = await take_communication(
                connection,
                recorder_of(caller, operator),
                told,
                now=self._intake.now(),
                terms=self._intake.terms,
            )
            if isinstance(taken, Refusal) and (taken.tells_of is not None or taken.code in UNTOLD):
                # NOTE not told: that the earlier one is known says that its worker receives a benefit. Whoever runs the hub sees it.
                await keep(
                    connection,
                    caller.agency_id,
                    HTTP_FLOW,
                    told.code,
                    # By its digest it is known whether the same came again: once it is dealt with, another of its code is not.
                    {"code": told.code, "digest": f"{DIGEST_PREFIX}{hashlib.sha256(body).hexdigest()}"},
                    Kept(taken.path[0], taken.message),
                    self._intake.now(),
                )
                taken = None
        if isinstance(taken, Refusal):
            raise HireRefused(taken.message, reason=taken.code.value)
        return Reply(200, orjson.dumps({"communicationCode": told.code, "status": "TAKEN"}))
