# SPDX-License-Identifier: EUPL-1.2
"""`snodo serve` and `snodo worker`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp

from connectors.connected import connect_agencies
from connectors.outbound.dispatcher import Dispatcher
from connectors.tls import open_client
from hub.access.log_months import LogMonths
from hub.access.seen_tokens import SeenTokens
from hub.app import running_hub, signer_of
from hub.cli.options import DataDir, Port, run, settings_of
from hub.errors import ConfigurationError
from hub.http.heads import BoundedHeads
from hub.http.worker_metrics import LOOPBACK, worker_metrics
from hub.ledger.checkpointing import Checkpointing
from hub.ledger.hires_due import HiresDue
from hub.ledger.sequencer import Sequencer
from hub.settings import Environment, Settings
from hub.spans import SPANS
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version
from hub.tracing.parts import tracing_of


class PortTaken(ConfigurationError):
    """Another program listens on this port."""


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(serve)
    app.command()(worker)


def serve(
    port: Port = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the hub on a migrated database."""
    settings = settings_of(port=port, host=host, data_dir=data_dir)
    _refuse_simulated_keys(settings)
    listening = listen(settings.host, settings.port)
    with database_url(settings) as url:
        run(_serve(settings, url, listening))


def _refuse_simulated_keys(settings: Settings) -> None:
    # Whoever reads the data directory can sign as any consumer with the simulators' keys: a database of one's own may hold
    # real people, so there they are trusted only on request.
    if (
        settings.database_url is not None
        and settings.pdnd_jwks is None
        and settings.environment is not Environment.DEMO
    ):
        raise ConfigurationError(
            "With SNODO_DATABASE_URL set, SNODO_PDND_JWKS must name PDND's public keys (a URL or a file): the simulated PDND's "
            "are taken in its place only with SNODO_ENVIRONMENT=demo."
        )


async def _serve(settings: Settings, url: str, listening: socket.socket) -> None:
    async with (
        running_hub(settings, url) as hub,
        http_server(hub, listening, closing=hub.close_streams, max_message_bytes=settings.max_body_bytes) as (
            server,
            address,
        ),
    ):
        typer.echo(f"Snodo serves {address}/graphql", err=True)
        keep_out_of_collection()
        await server


def keep_out_of_collection() -> None:
    """Take what is there once the hub has started, the schema above all, out of the garbage collector's rounds.

    It stays until the process ends, and looking through it again and again was a tenth of the CPU of a page of the feed.
    """
    gc.collect()
    gc.freeze()


def worker(
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port on loopback at which /metrics is told; absent, it is not."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Do the hub's background work without serving: competes for the sequencer's lock, makes checkpoints while it has it, tells other systems what was recorded, forgets tokens that have ended, keeps the access log's months."""
    settings = settings_of(worker_metrics_port=metrics_port, data_dir=data_dir)
    port = settings.worker_metrics_port
    listening = None if port is None else listen(LOOPBACK, port, option="--metrics-port")
    with database_url(settings) as url:
        run(_work(settings, url, listening))


async def _work(settings: Settings, url: str, listening: socket.socket | None) -> None:
    async with (
        open_database(url, settings) as database,
        open_client(settings) as http,
        contextlib.aclosing(connect_agencies(settings, http)) as agencies,
        tracing_of(settings) as tracing,
        contextlib.AsyncExitStack() as served,
    ):
        SPANS.set(tracing.spans)  # for every task begun here
        async with database.write.acquire() as connection:
            await check_version(connection, url)
        sequencer = Sequencer(database.write, settings.sequencer_interval)
        checkpointing = Checkpointing(
            database.write, lambda: sequencer.active, signer_of(settings), settings.checkpoint_interval
        )
        months = LogMonths(database.write, settings.access_log_months)
        due = HiresDue(
            database.write, lambda: datetime.now(UTC), timedelta(seconds=settings.event_clock_tolerance)
        )
        dispatcher = Dispatcher(
            database.write,
            agencies.recipients(),
            lambda: datetime.now(UTC),
            random.random,
        )
        work = asyncio.gather(
            sequencer.run(),
            checkpointing.run(),
            SeenTokens(database.write).run(),
            months.run(),
            due.run(),
            dispatcher.run(),
        )
        if listening is not None:
            told = worker_metrics(
                agencies.exchanges, months, lambda: float(sequencer.active), tracing.metrics
            )
            server, address = await served.enter_async_context(http_server(told, listening))
            typer.echo(f"Snodo's worker tells {address}/metrics", err=True)
            # NOTE the server takes the signals to itself until the work has them: one that came then ends the work, too.
            server.add_done_callback(lambda _: work.cancel())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await work


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A socket bound to the address, taken before anything else is started; `option`: what says the port.

    Raises:
        PortTaken: another program has it; or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only on sockets that name it.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"Port {port} on {host} cannot be had ({error.strerror}): another program listens there. "
            f"Choose another with {option}, or 0 for any free one."
        ) from error
    return listening


@contextlib.asynccontextmanager
async def http_server(
    app: ASGIApp,
    listening: socket.socket,
    *,
    closing: Callable[[], Awaitable[None]] | None = None,
    max_message_bytes: int = 1_000_000,
) -> AsyncIterator[tuple[asyncio.Task[None], str]]:
    """Serve `app` on the socket; gives the task that ends with the server (on a signal), and the address.

    `closing` is awaited before connections are closed: what would else stay open ends by it. A WebSocket's message is at most
    `max_message_bytes` long: it is refused before it is held in memory.
    """
    config = uvicorn.Config(
        app,
        loop="none",
        http=BoundedHeads,
        ws="websockets-sansio",
        ws_max_size=max_message_bytes,
        ws_per_message_deflate=False,  # answers with personal data beside a client's own text: no compression across them
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # hub/http/addresses.py reads them, where and only where it matters
        timeout_graceful_shutdown=5,
        backlog=1024,
    )
    server = _Server(config, closing)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn says so in an attribute, not an event)
        await asyncio.sleep(0.005)
    host, port = listening.getsockname()[:2]
    try:
        yield serving, f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """uvicorn's server, which a signal stops and does not kill: the database is still to be closed."""

    def __init__(self, config: uvicorn.Config, closing: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._closing is not None:
            await self._closing()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
