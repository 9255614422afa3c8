# SPDX-License-Identifier: EUPL-1.2
"""`POST /communications`: a mandatory communication of a hire, or one that corrects or annuls it, handed over by a labour system.

Nothing is told of the worker.

The answer to a communication that was taken is always the same: whether the worker receives a benefit is not the sender's to know
(docs/adr/0035). So no line of the access log is written: nobody was looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from connectors.communications import read_communication
from connectors.inbound.quarantine import keep
from connectors.records.delivery import Refusal as Kept
from connectors.xml import XmlLimits, read_xml
from hub.errors import InvalidInput
from hub.http.accept import PROBLEM
from hub.http.admission import Admission
from hub.http.answers import Reply, fault, refusal
from hub.http.authentication import Headers, headers_of
from hub.http.bodies import read_body
from hub.http.demands import Demands
from hub.http.problems import problem
from hub.http.request import UnsupportedMediaType
from hub.http.watch import Gone, UnderWay, Watch
from hub.ledger.communications import HireTerms, Taken
from hub.ledger.hires import take_communication
from hub.ledger.refusals import Refusal, RefusalCode
from hub.plan.recorder import recorder_of
from hub.store.engine import Database
from hub.store.vocabulary import Capability

PATH: Final = "/communications"
FLOW: Final = "communications-http"
"""What is kept aside here is no file's, and settled by no run of a folder."""
UNTOLD: Final = frozenset({RefusalCode.COMMUNICATION_CHANGED, RefusalCode.COMMUNICATION_REPLACED})
"""Refusals that nobody is told who sends: what was kept before would show by them."""
_JSON: Final = b"application/json"
_MEDIA: Final = frozenset({"application/xml", "text/xml"})


class HireRefused(InvalidInput):
    """The communication cannot be taken."""

    code = "COMMUNICATION_REFUSED"


@dataclass(frozen=True, slots=True)
class Intake:
    """On which terms communications are taken. `now`: the time of day, with an offset."""

    now: Callable[[], datetime]
    terms: HireTerms
    max_body_bytes: int


class CommunicationsEndpoint:
    """The ASGI endpoint."""

    def __init__(
        self, database: Database, admission: Admission, demands: Demands, watch: Watch, intake: Intake
    ) -> None:
        self._database = database
        self._admission = admission
        self._demands = demands
        self._watch = watch
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one communication."""
        headers, under_way = headers_of(scope["headers"]), self._watch.enter()
        try:
            reply = await self._reply(scope, headers, receive, under_way)
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            if isinstance(reason, Gone):
                return
            reply = refusal(reason)
        except Exception as error:
            reply = fault(error)
        finally:
            self._watch.leave(under_way)
        await self._send(reply, scope, headers, under_way, send)

    async def _reply(self, scope: Scope, headers: Headers, receive: Receive, under_way: UnderWay) -> Reply:
        charset = _charset(headers)
        body = await read_body(headers, receive, self._intake.max_body_bytes)
        under_way.receive = receive
        caller, operator = await self._admission.admit(scope, headers, under_way)
        if self._demands.concern(caller, headers):
            await self._demands.check(caller, operator, headers, body)
        caller.require(Capability.SEND_COMMUNICATIONS)
        # NOTE only now: of who may not send, nothing is parsed.
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
                    FLOW,
                    told.code,
                    {"code": told.code},
                    Kept(taken.path[0], taken.message),
                    self._intake.now(),
                )
                taken = None
        if isinstance(taken, Refusal):
            raise HireRefused(taken.message, reason=taken.code.value)
        return Reply(200, orjson.dumps({"communicationCode": told.code, "status": "TAKEN"}))

    async def _send(
        self, reply: Reply, scope: Scope, headers: Headers, under_way: UnderWay, send: Send
    ) -> None:
        taken = reply.status == 200
        body, media = (reply.body, _JSON) if taken else (problem(reply.body, reply.status), PROBLEM)
        caller = under_way.caller
        signed = self._demands.sign(caller, headers, body, media) if caller and caller.demands else ()
        told = under_way.headers or self._admission.told_to_nobody(scope, headers)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", media),
                    (b"content-length", b"%d" % len(body)),
                    (b"cache-control", b"no-store"),
                    *told,
                    *reply.headers,
                    *signed,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})


def _charset(headers: Headers) -> str | None:
    """The charset the media type says, if any."""
    message = Message()
    message["content-type"] = headers.get(b"content-type", b"").decode("latin-1")
    if message.get_content_type() not in _MEDIA:
        raise UnsupportedMediaType("Send the communication as `Content-Type: application/xml`.")
    said = message.get_param("charset")
    return said if isinstance(said, str) else None
