# SPDX-License-Identifier: EUPL-1.2
"""An e-service that takes signed JSON and answers JSON: what the simulated INPS and region have in common.

Voucher, digest and signature are looked at first (`modi`), the evidence where it is demanded, then the media type,
then the form of the body. A refusal is RFC 7807 with no reason that would help an attacker; the reason is in
`refusals`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.simulators.faults import Faults, FaultyAsgi
from connectors.simulators.keys import DemoKeys
from connectors.simulators.modi import Caller, ModiVerifier, Refused
from connectors.simulators.registry import EService, Registry

Content = Mapping[str, Any]


class NotConform(Exception):
    """The body does not conform to the interface; the text names the member."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its name for the faults, its path, whether it demands evidence, and what answers it.

    `answer` gets the body's object; it may raise NotConform.
    """

    name: str
    path: str
    audit: bool
    answer: Callable[[Content], Content]


class SignedService:
    """One agency's operations as an ASGI application (`app`) with switches for faults (`faults`)."""

    def __init__(
        self,
        registry: Registry,
        keys: DemoKeys,
        eservice: EService,
        operations: tuple[Operation, ...],
        *,
        now: Callable[[], float],
        single_use_evidence: bool,
    ) -> None:
        """Take the demo world, its keys, the e-service that is offered, and its operations."""
        self.faults = Faults(now)
        self._verifier = ModiVerifier(
            registry,
            eservice,
            jwks=keys.jwks(),
            client_keys=keys.client_keys(registry),
            now=self.faults.clock,
            single_use_evidence=single_use_evidence,
        )
        self._audience = eservice.audiences[0]
        self.refusals: list[str] = []
        self.operators: list[tuple[str, str]] = []
        """(operation, userID) of each question with evidence that was let in: what the agency's audit would show."""
        names = {f"/{one.path}": one.name for one in operations}
        routes = [Route("/status", self._status, methods=["GET"]), *map(self._route, operations)]
        self.operations = tuple(names.values())
        self.app = FaultyAsgi(Starlette(routes=routes), self.faults, names.get)

    def _route(self, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            return self._answer(operation, request, await request.body())

        return Route(f"/{operation.path}", endpoint, methods=["POST"])

    def _answer(self, operation: Operation, request: Request, body: bytes) -> Response:
        try:
            caller = self._verifier.verify(
                request.headers, body, audience=self._audience, audit=operation.audit
            )
            answer = operation.answer(self._read(request, body))
        except Refused as refused:
            self.refusals.append(str(refused))
            status, title = (401, "Unauthorized") if refused.part == "voucher" else (400, "Bad Request")
            return _problem(status, title, "The request is not let in")
        except NotConform as refused:
            self.refusals.append(f"body: {refused}")
            return _problem(
                400, "Bad Request", f"Request content not conform to API specification: {refused}"
            )
        self._audit(operation, caller)
        content = json.dumps(answer, ensure_ascii=False).encode()
        return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})

    @staticmethod
    def _read(request: Request, body: bytes) -> Content:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise NotConform("content-type")
        try:
            content = json.loads(body, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            raise NotConform("not JSON") from None
        if not isinstance(content, dict):
            raise NotConform("not an object")
        return content

    def _audit(self, operation: Operation, caller: Caller) -> None:
        if caller.evidence is not None:
            self.operators.append((operation.name, caller.evidence["userID"]))

    async def _status(self, _: Request) -> Response:
        return _problem(200, "OK", "The service answers")


def members(content: Content, required: set[str], optional: set[str]) -> Content:
    """The same object, with these members and no others.

    Raises:
        NotConform: one is missing, or unknown.

    """
    if missing := required - set(content):
        raise NotConform(f"required {', '.join(sorted(missing))}")
    if set(content) - required - optional:
        raise NotConform("unknown members")
    return content


class Pages:
    """A growing list in pages. A cursor says how many records were given; only one this list gave is taken."""

    def __init__(self, name: str, *, most: int = 1_000) -> None:
        """Take the cursor's prefix, and the records a page may have at most."""
        self._prefix = f"{name}-"
        self._most = most

    def page(
        self, records: list[Any], question: Content, cursor_name: str, limit_name: str
    ) -> tuple[list[Any], str, bool]:
        """Some records, the cursor after them, and whether there are more.

        Raises:
            NotConform: the limit is no whole number in range, or the cursor is none of this list's.

        """
        limit = question[limit_name]
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= self._most:
            raise NotConform(f"{limit_name}: not a whole number between 1 and {self._most}")
        start = (
            self._position(question[cursor_name], len(records), cursor_name) if cursor_name in question else 0
        )
        end = min(start + limit, len(records))
        return records[start:end], f"{self._prefix}{end:09d}", end < len(records)

    def _position(self, cursor: object, length: int, name: str) -> int:
        digits = cursor[len(self._prefix) :] if isinstance(cursor, str) else ""
        if not (isinstance(cursor, str) and cursor.startswith(self._prefix) and len(digits) == 9):
            raise NotConform(f"{name}: not a cursor of this list")
        if not (digits.isascii() and digits.isdigit() and int(digits) <= length):
            raise NotConform(f"{name}: not a cursor of this list")
        return int(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise NotConform("a member stands twice")
    return content


def _problem(status: int, title: str, detail: str) -> Response:
    content = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{uuid.uuid4()}",
    }
    return Response(json.dumps(content).encode(), status, media_type="application/problem+json")
