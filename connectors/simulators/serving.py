# SPDX-License-Identifier: EUPL-1.2
"""Several ASGI applications as real HTTP servers on loopback, in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Generator, Mapping

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: whoever runs it stops it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Ports:
    """Loopback sockets bound beforehand, so that an address is known before its application is built."""

    def __init__(self, names: Mapping[str, int]) -> None:
        """Bind one socket per name to that port; 0 takes a free one.

        Raises:
            OSError: a port is taken.

        """
        self._sockets: dict[str, socket.socket] = {}
        try:
            for name, port in names.items():
                self._sockets[name] = _bind(port)
        except OSError:
            self.close()
            raise

    def url(self, name: str) -> str:
        """Give `http://127.0.0.1:<port>` of a name."""
        return f"http://{LOOPBACK}:{self._sockets[name].getsockname()[1]}"

    def socket(self, name: str) -> socket.socket:
        """Give the bound socket of a name."""
        return self._sockets[name]

    def close(self) -> None:
        """Close the sockets that no server has taken over or closed."""
        for one in self._sockets.values():
            one.close()


@contextlib.asynccontextmanager
async def serve(apps: Mapping[str, ASGIApp], ports: Ports | None = None) -> AsyncIterator[dict[str, str]]:
    """Serve applications until the block ends; gives name → base URL once all of them accept connections.

    Args:
        apps: name → application.
        ports: their sockets; free ports when absent. Closed at the end.

    Raises:
        RuntimeError: a server did not start.

    """
    bound = ports or Ports(dict.fromkeys(apps, 0))
    running: list[tuple[_Server, asyncio.Task[None]]] = []
    try:
        for name, app in apps.items():
            server = _Server(_config(app))
            running.append((server, asyncio.create_task(server.serve(sockets=[bound.socket(name)]))))
        await asyncio.gather(*(_started(server, task) for server, task in running))
        yield {name: bound.url(name) for name in apps}
    finally:
        for server, _ in running:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)
        bound.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


async def _started(server: _Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            raise RuntimeError("a simulator did not start") from task.exception()
        await asyncio.sleep(0.005)


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound
