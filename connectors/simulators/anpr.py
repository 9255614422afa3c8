# SPDX-License-Identifier: EUPL-1.2
"""ANPR behind its GovWay gateway: the use cases the hub calls, at their paths (domain.md section 1).

The gateway looks at voucher, digest, signature and evidence first, then at the form of the body; what it
refuses it refuses as GovWay does, in RFC 7807, with no reason that would help an attacker. ANPR itself
answers in its own shapes. Why something was refused is in `AnprSimulator.refusals`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.simulators import anpr_answers, anpr_records, anpr_verifications
from connectors.simulators.anpr_answers import NotAnswered
from connectors.simulators.anpr_requests import Asked, NotConform, read_request
from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.keys import DemoKeys
from connectors.simulators.modi import ModiVerifier, Refused
from connectors.simulators.people import Population
from connectors.simulators.registry import ANPR_AUDIENCES, Registry

Answering = Callable[[Asked, Population], list[dict[str, Any]]]
ANSWERING: dict[str, Answering] = {
    "C003": anpr_verifications.generality,
    "C006": anpr_verifications.citizenship,
    "C008": anpr_verifications.residence,
    "C015": anpr_records.generality,
    "C018": anpr_records.citizenship,
    "C020": anpr_answers.residence,
    "C021": anpr_answers.family,
    "C029": anpr_records.personal_record,
    "C030": anpr_answers.national_id,
}
REMEMBERED = 10_000
"""Operations whose answer is kept, for a client that repeats an `idOperazioneClient`."""

_INVALID_TOKEN = ("TokenAuthenticationFailed", "Invalid token")
_INVALID_REQUEST = ("InteroperabilityInvalidRequest", "Invalid request for the interoperability profile")


class AnprSimulator:
    """ANPR as an ASGI application (`app`) with switches for faults (`faults`; the operations are the use cases)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        population: Population,
        *,
        eservices: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.time,
        single_use_evidence: bool = False,
    ) -> None:
        """Take the demo world, its keys and the people in it.

        Args:
            registry: consumers and e-services.
            keys: PDND's and the clients' keys.
            population: whom ANPR knows.
            eservices: the e-service of each use case; `anpr` for all when absent.
            now: seconds since the epoch.
            single_use_evidence: whether an evidence is good for one call only (see `modi`).

        """
        self._population = population
        self._answers: OrderedDict[tuple[str, str, str], tuple[int, bytes]] = OrderedDict()
        self.refusals: list[str] = []
        self.operators: list[tuple[str, str]] = []
        """(use case, userID) of each question that was let in: what ANPR's own audit would show."""
        self.faults = Faults(now)
        self._verifiers = {
            use_case: ModiVerifier(
                registry,
                registry.eservices[(eservices or {}).get(use_case, "anpr")],
                jwks=keys.jwks(),
                client_keys=keys.client_keys(registry),
                now=self.faults.clock,
                single_use_evidence=single_use_evidence,
            )
            for use_case in ANSWERING
        }
        if eservices is None:  # one e-service: what was used at one of its addresses was used at all
            self._verifiers = dict.fromkeys(ANSWERING, self._verifiers["C020"])
        routes = [
            route
            for use_case, audience in ANPR_AUDIENCES.items()
            for route in self._routes(use_case, audience)
        ]
        self.operations = tuple(ANSWERING)
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, _operation)

    def _routes(self, use_case: str, audience: str) -> list[Route]:
        base = f"/{audience.rsplit('/', 2)[1]}/v1"

        async def e002(request: Request) -> Response:
            return self._answer(use_case, audience, request, await request.body())

        async def status(_: Request) -> Response:
            return _json(200, {"idOperazioneANPR": _number(), "listaErrori": []}, problem=True)

        return [
            Route(f"{base}/anpr-service-e002", e002, methods=["POST"]),
            Route(f"{base}/status", status, methods=["GET"]),
        ]

    def _answer(self, use_case: str, audience: str, request: Request, body: bytes) -> Response:
        try:
            caller = self._verifiers[use_case].verify(request.headers, body, audience=audience)
        except Refused as refused:
            self.refusals.append(str(refused))
            return (
                _fault(401, *_INVALID_TOKEN) if refused.part == "voucher" else _fault(400, *_INVALID_REQUEST)
            )
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            self.refusals.append("body: content-type")
            return _fault(400, "InvalidRequestContent", "Request content not conform to API specification")
        try:
            asked = read_request(body, use_case)
        except NotConform as refused:
            self.refusals.append(str(refused))
            detail = f"Request content not conform to API specification: {refused}"
            return _fault(400, "InvalidRequestContent", detail)
        self.operators.append((use_case, (caller.evidence or {})["userID"]))
        known = (caller.consumer.client_id, use_case, asked.operation_id)
        if known not in self._answers:
            self._answers[known] = self._ask(use_case, asked)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        status, content = self._answers[known]
        return _raw(status, content, problem=status != 200)

    def _ask(self, use_case: str, asked: Asked) -> tuple[int, bytes]:
        operation_id = _number()
        try:
            subjects = ANSWERING[use_case](asked, self._population)
        except NotAnswered as error:
            return error.status, _encode(anpr_answers.not_answered(operation_id, error))
        return 200, _encode(anpr_answers.found(operation_id, subjects))


def _operation(path: str) -> str | None:
    use_case = path.lstrip("/")[:4]
    return use_case if use_case in ANSWERING and path.endswith("/anpr-service-e002") else None


def _number() -> str:
    return str(uuid.uuid4().int % 100_000_000)


def _fault(status: int, title: str, detail: str) -> Response:
    return _json(status, anpr_answers.gateway_fault(status, title, detail, str(uuid.uuid4())), problem=True)


def _json(status: int, content: Mapping[str, Any], *, problem: bool) -> Response:
    return _raw(status, _encode(content), problem=problem)


def _raw(status: int, content: bytes, *, problem: bool) -> Response:
    return Response(content, status, media_type="application/problem+json" if problem else "application/json")


def _encode(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
