# SPDX-License-Identifier: EUPL-1.2
"""`POST /soap/…`: the SOAP services of before PDND, answered by the hub's own schema (docs/reference/soap-services.md).

A request is let in, read, and turned into questions that are asked as every client asks them, by trusted documents: rows, fields, limits and
the access log are theirs. What keeps a known operation from its answer is an outcome code of the service; what comes before that is a
fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.soap import FaultCode, SoapRefused, SoapService, read_envelope, write_envelope, write_fault
from connectors.soap.envelope import Element
from connectors.xml import XmlLimits
from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.errors import ClientError, SnodoError
from hub.http.admission import Admission
from hub.http.answers import Reply, fault
from hub.http.authentication import Headers, headers_of
from hub.http.bodies import read_body
from hub.http.demands import Demands
from hub.http.door_outcomes import DoorMetrics, DoorOutcomes
from hub.http.operations import Operations
from hub.http.request import GraphQLRequest
from hub.http.service_doors import Transport
from hub.http.watch import Gone, UnderWay, Watch
from hub.plan.documents import Documents
from hub.plan.trusted import TrustedDocument, document_id

PREFIX: Final = "/soap/"
MOST_BYTES: Final = 65_536
"""Of a request: its XML becomes a tree at once, beside everybody's requests, and is ten small leaves and a header."""
MEDIA: Final = b"text/xml; charset=utf-8"
_TAKEN: Final = b"text/xml"
_CHALLENGE: Final = (b"www-authenticate", b'Basic realm="snodo", charset="UTF-8"')


class NotTextXml(ClientError):
    """SOAP 1.1 is sent as `Content-Type: text/xml`, without attachments and not compressed."""

    code: ClassVar[str] = "UNSUPPORTED_MEDIA_TYPE"
    status: ClassVar[int] = 415


class _Refused(SnodoError):
    """A question was answered by an error, as told to a client of GraphQL."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.told: str = error["extensions"]["code"]
        super().__init__(error["message"])


@dataclass(frozen=True, slots=True)
class SoapParts:
    """What every service is served with. `limits`: of a request's XML; its bytes are those of the body."""

    operations: Operations
    admission: Admission
    demands: Demands
    transport: Transport
    watch: Watch
    limits: XmlLimits


class SoapEndpoint:
    """One service, as an ASGI endpoint."""

    def __init__(self, service: SoapService, parts: SoapParts) -> None:
        self._service = service
        self._parts = parts
        self.path = PREFIX + service.path
        self.outcomes = DoorOutcomes(self.path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one POST."""
        headers, under_way = headers_of(scope["headers"]), self._parts.watch.enter()
        request = _Request(self._service, self._parts, headers, under_way)
        try:
            reply = await request.reply(scope, receive)
            self.outcomes.answered()
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            if isinstance(reason, Gone):
                return
            reply = self._failed(reason, request, under_way)
        except Exception as error:
            reply = self._failed(error, request, under_way)
        finally:
            self._parts.watch.leave(under_way)
        told = under_way.headers or self._parts.admission.told_to_nobody(scope, headers)
        caller = under_way.caller
        if caller is not None and caller.demands:
            told = (*told, *self._parts.demands.sign(caller, headers, reply.body, MEDIA))
        length = (b"content-length", b"%d" % len(reply.body))
        start = [(b"content-type", MEDIA), (b"cache-control", b"no-store"), length, *told, *reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": start})
        await send({"type": "http.response.body", "body": reply.body})

    def _failed(self, error: Exception, request: _Request, under_way: UnderWay) -> Reply:
        """The answer to a request that got none: an outcome once it is known what was asked, before that a fault."""
        headers: Sequence[tuple[bytes, bytes]] = ()
        if isinstance(error, _Refused):
            status, code, sentence = 200, error.told, error.message
        else:
            reply = fault(error)
            [told, *_] = orjson.loads(reply.body)["errors"]
            status, headers = reply.status, reply.headers
            code, sentence = told["extensions"]["code"], told["message"]
        self.outcomes.refused(error, code, under_way.caller)
        if request.payload is not None:
            return Reply(200, write_envelope(self._service.outcome(request.payload, code, sentence)))
        whose = error.fault if isinstance(error, SoapRefused) else _whose(status)
        if status == 401:
            headers = (_CHALLENGE, *headers)
        # NOTE a fault is a 500 (SOAP 1.1, section 6.2), but for what HTTP has a word for.
        return Reply(500 if status in (200, 400) else status, write_fault(whose, sentence), headers)


class _Request:
    """One request; `payload`: the element of its body, once it is known to be one of the service's."""

    def __init__(self, service: SoapService, parts: SoapParts, headers: Headers, under_way: UnderWay) -> None:
        self._service, self._parts = service, parts
        self._headers, self._under_way = headers, under_way
        self._caller: Caller
        self._operator: Operator | None = None
        self.payload: Element | None = None

    async def reply(self, scope: Scope, receive: Receive) -> Reply:
        """The answer. Raises what kept it from being one."""
        parts, headers = self._parts, self._headers
        charset = _charset(headers)
        headers = parts.transport.believed(scope, headers)
        self._caller, self._operator = await parts.admission.admit(scope, headers, self._under_way)
        body = await read_body(headers, receive, parts.limits.bytes)
        self._under_way.receive = receive
        if parts.demands.concern(self._caller, headers):
            await parts.demands.check(self._caller, self._operator, headers, body)
        payload = read_envelope(body, charset=charset, limits=parts.limits).payload
        name = self._service.operations.get(str(payload.tag))
        if name is None:
            raise SoapRefused("The Body holds no request of this service.")
        action = headers.get(b"soapaction", b"").strip().strip(b'"').decode("latin-1")
        if action and action.rpartition("/")[2] != name:
            raise SoapRefused("SOAPAction names another operation than the Body.")
        self.payload = payload
        return Reply(200, write_envelope(await self._service.answer(payload, self._ask)))

    async def _ask(
        self, document: str, variables: Mapping[str, Any], operator: Operator | None = None
    ) -> Mapping[str, Any]:
        """See `connectors.soap.Ask`."""
        request = GraphQLRequest("", variables, None, document_id(document))
        reply = await self._parts.operations.run(
            request, self._caller, self._operator or operator, under_way=self._under_way
        )
        assert isinstance(reply, Reply), "no stream was asked for"
        answer: Mapping[str, Any] = orjson.loads(reply.body)
        if "errors" in answer:
            raise _Refused(answer["errors"][0])
        found: Mapping[str, Any] = answer["data"]
        return found


def soap_metrics(endpoints: Sequence[SoapEndpoint]) -> DoorMetrics:
    """What came of the requests of each service, for `/metrics`; nothing of who asked."""
    return DoorMetrics(
        "snodo_soap_requests",
        "Requests of the SOAP services, by what came of them",
        "service",
        {one.path.removeprefix(PREFIX): one.outcomes for one in endpoints},
    )


def soap_endpoints(
    services: Sequence[SoapService], parts: SoapParts, documents: Documents
) -> list[SoapEndpoint]:
    """The services, and their documents among those that are trusted.

    Raises:
        RegistryRefused: a document does not fit this hub's schema or limits.

    """
    documents.trust(
        TrustedDocument(text, (), f"{PREFIX}{service.path}")
        for service in services
        for text in service.documents
    )
    return [SoapEndpoint(service, parts) for service in services]


def soap_routes(endpoints: Sequence[SoapEndpoint]) -> list[Route]:
    """Where they are."""
    return [Route(one.path, one, methods=["POST"]) for one in endpoints]


def _charset(headers: Headers) -> str | None:
    """The charset of a body of XML, where its media type says one."""
    media, *parameters = (part.strip() for part in headers.get(b"content-type", b"").lower().split(b";"))
    if media != _TAKEN or headers.get(b"content-encoding", b"identity") != b"identity":
        raise NotTextXml
    said = [
        value.strip(b"\" '")
        for name, _, value in (one.partition(b"=") for one in parameters)
        if name == b"charset"
    ]
    return said[0].decode("latin-1") if said else None


def _whose(status: int) -> FaultCode:
    return FaultCode.SERVER if status >= 500 else FaultCode.CLIENT
