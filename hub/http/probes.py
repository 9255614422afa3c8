# SPDX-License-Identifier: EUPL-1.2
"""What runs the hub asks of it: alive, ready, ModI's status, metrics; and the schema."""

from __future__ import annotations

import asyncpg
import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.store.engine import Database


def probe_routes(database: Database, metrics: CollectorRegistry, sdl: str) -> list[Route]:
    """`/healthz`, `/readyz`, `/status`, `/metrics`, `/schema.graphql`."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def answers() -> bool:
        try:
            async with database.write.acquire(timeout=2) as connection:
                return bool(await connection.fetchval("SELECT true", timeout=2))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def readyz(_request: Request) -> Response:
        ready = await answers()
        return PlainTextResponse(
            "ready\n" if ready else "the database does not answer\n", 200 if ready else 503
        )

    async def status(_request: Request) -> Response:
        ready = await answers()
        code = 200 if ready else 503
        problem = {
            "type": "about:blank",
            "title": "OK" if ready else "Service Unavailable",
            "status": code,
            "detail": "The hub is answering." if ready else "The database does not answer.",
        }
        return Response(
            orjson.dumps(problem),
            code,
            {"cache-control": "no-store"},
            "application/problem+json",
        )

    async def schema(_request: Request) -> Response:
        return PlainTextResponse(sdl, media_type="application/graphql")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/status", status),
        metrics_route(metrics),
        Route("/schema.graphql", schema),
    ]


def metrics_route(metrics: CollectorRegistry) -> Route:
    """`/metrics`, as Prometheus reads it."""

    async def measured(_request: Request) -> Response:
        return Response(generate_latest(metrics), headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", measured)
