# SPDX-License-Identifier: EUPL-1.2
"""What proves the feed, over HTTP: the last checkpoint and the key it is verified by, for anyone; proofs, for who may read a feed."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import ClassVar

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from hub.errors import ClientError, InvalidInput
from hub.http.accept import PROBLEM
from hub.http.admission import Admission
from hub.http.answers import fault
from hub.http.authentication import Headers, headers_of
from hub.http.demands import Demands
from hub.http.problems import problem
from hub.http.watch import UnderWay, Watch
from hub.ledger.proofs import Proof, consistency_proof, inclusion_proof, last_checkpoint
from hub.ledger.signed_note import VerifierKey
from hub.store.engine import Database
from hub.store.statement import Connection
from hub.store.vocabulary import Capability

_JSON = b"application/json"
_LONGEST_NUMBER = 18


class NoCheckpoint(ClientError):
    """Nothing was signed yet: the feed is empty, or whoever runs this hub has given it no key (SNODO_CHECKPOINT_KEY_FILE)."""

    code = "NO_CHECKPOINT"
    status: ClassVar[int] = 404


class FeedProofs:
    """The routes. `key`: None where the hub signs nothing; `clock` in seconds."""

    def __init__(
        self,
        database: Database,
        admission: Admission,
        demands: Demands,
        watch: Watch,
        key: VerifierKey | None,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._admission = admission
        self._demands = demands
        self._watch = watch
        self._key = key
        self._clock = clock
        self._kept: tuple[float, str] | None = None

    def routes(self) -> list[Route]:
        """Where they are."""
        prefix = "/feeds/conditionality"
        return [
            Route(f"{prefix}/checkpoint", self._checkpoint, methods=["GET"]),
            Route(f"{prefix}/key", self._verifier_key, methods=["GET"]),
            Route(f"{prefix}/proofs/inclusion", self._inclusion, methods=["GET"]),
            Route(f"{prefix}/proofs/consistency", self._consistency, methods=["GET"]),
        ]

    async def _checkpoint(self, _request: Request) -> Response:
        # Anyone may ask, as often as they like: the database is asked once a second.
        if self._kept is None or self._kept[0] < self._clock():
            async with self._database.write.acquire() as connection:
                note = await last_checkpoint(connection)
            if note is None:
                raise NoCheckpoint
            self._kept = (self._clock() + 1, note)
        return PlainTextResponse(self._kept[1], headers={"cache-control": "max-age=1"})

    async def _verifier_key(self, _request: Request) -> Response:
        if self._key is None:
            raise NoCheckpoint
        return PlainTextResponse(f"{self._key}\n", headers={"cache-control": "no-cache"})

    async def _inclusion(self, request: Request) -> Response:
        async def prove(connection: Connection) -> dict[str, object]:
            position, size = _number(request, "position"), _number(request, "size")
            return {
                "position": position,
                "size": size,
                **_hashes(await inclusion_proof(connection, position, size)),
            }

        return await self._proved(request, prove)

    async def _consistency(self, request: Request) -> Response:
        async def prove(connection: Connection) -> dict[str, object]:
            old, new = _number(request, "from"), _number(request, "to")
            return {"from": old, "to": new, **_hashes(await consistency_proof(connection, old, new))}

        return await self._proved(request, prove)

    async def _proved(
        self, request: Request, prove: Callable[[Connection], Awaitable[dict[str, object]]]
    ) -> Response:
        headers, under_way = headers_of(request.scope["headers"]), self._watch.enter()
        try:
            under_way.receive = request.receive
            caller, operator = await self._admission.admit(request.scope, headers, under_way)
            if self._demands.concern(caller, headers):
                await self._demands.check(caller, operator, headers, b"")
            caller.require(Capability.READ_FEED)
            async with self._database.write.acquire() as connection:
                body = orjson.dumps(await prove(connection))
            signed = self._demands.sign(caller, headers, body, _JSON) if caller.demands else ()
        except asyncio.CancelledError:
            reason = under_way.reason()
            if reason is None:
                raise
            return self._refused(reason, request.scope, headers, under_way)
        except Exception as error:
            return self._refused(error, request.scope, headers, under_way)
        finally:
            self._watch.leave(under_way)
        response = Response(body, media_type=_JSON.decode(), headers={"cache-control": "no-store"})
        response.raw_headers += [*under_way.headers, *signed]
        return response

    def _refused(self, error: Exception, scope: Scope, headers: Headers, under_way: UnderWay) -> Response:
        reply = fault(error)
        body, caller = problem(reply.body, reply.status), under_way.caller
        signed = self._demands.sign(caller, headers, body, PROBLEM) if caller and caller.demands else ()
        told = under_way.headers or self._admission.told_to_nobody(scope, headers)
        response = Response(
            body, reply.status, media_type=PROBLEM.decode(), headers={"cache-control": "no-store"}
        )
        response.raw_headers += [*told, *reply.headers, *signed]
        return response


def _hashes(proof: Proof) -> dict[str, object]:
    return {"hashes": [b64encode(one).decode() for one in proof.hashes]}


def _number(request: Request, name: str) -> int:
    given = request.query_params.getlist(name)
    if len(given) != 1 or not given[0].isascii() or not given[0].isdigit() or len(given[0]) > _LONGEST_NUMBER:
        raise InvalidInput(f"`{name}` must be given once, as a decimal number.")
    return int(given[0])
