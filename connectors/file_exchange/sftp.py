# SPDX-License-Identifier: EUPL-1.2
"""An agency's folder on another machine, over SFTP (asyncssh, the extra `sftp`).

The server is known by its key beforehand, the hub by a key of its own; no password, no agent, nothing of the user's own SSH configuration.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

import asyncssh

from connectors.file_exchange.configuration import FilingAgency, Sftp
from connectors.file_exchange.folders import CHUNK, PLAIN_NAME, Entry
from hub.errors import ConfigurationError, UpstreamRefused, UpstreamUnavailable

T = TypeVar("T")


class SftpFolder:
    """A folder behind an SFTP connection."""

    def __init__(
        self,
        client: asyncssh.SFTPClient,
        abort: Callable[[], None],
        path: str,
        receipts: str,
        agency: str,
        timeout: float,
    ) -> None:
        """Take the connection and what cuts it, the folder, the one below it that receipts go to ("" for itself), whose it is, and seconds for an answer."""
        self._client = client
        self._abort = abort
        self._path = path
        self._receipts = posixpath.join(path, receipts)
        self._agency = agency
        self._timeout = timeout

    async def entries(self) -> list[Entry]:
        """See `Folder.entries`."""
        found = []
        for one in await self._ask(self._client.readdir(self._path)):
            name, about = str(one.filename), one.attrs
            # NOTE what is no regular file is not opened, where a link would be followed by the server.
            if (
                about.type == asyncssh.FILEXFER_TYPE_REGULAR
                and about.size is not None
                and about.mtime is not None
                and PLAIN_NAME.fullmatch(name)
            ):
                found.append(Entry(name, about.size, datetime.fromtimestamp(about.mtime, UTC)))
        return sorted(found, key=lambda one: one.name)

    async def read(self, name: str) -> AsyncIterator[bytes]:
        """See `Folder.read`."""
        file = await self._ask(self._client.open(posixpath.join(self._path, name), "rb"))
        try:
            while piece := await self._ask(file.read(CHUNK)):
                assert isinstance(piece, bytes)
                yield piece
        finally:
            await self._ask(file.close())

    async def write(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """See `Folder.write`."""
        unfinished = posixpath.join(self._receipts, f".{name}.part")
        file = await self._ask(self._client.open(unfinished, "wb"))
        async for piece in pieces:
            await self._ask(file.write(piece))
        await self._ask(file.close())
        # NOTE SFTP's own rename refuses a name that is there; OpenSSH's, which most servers have, replaces it at once.
        await self._ask(self._client.posix_rename(unfinished, posixpath.join(self._receipts, name)))

    async def _ask(self, call: Awaitable[T]) -> T:
        asked = asyncio.ensure_future(call)
        try:
            answered, _ = await asyncio.wait({asked}, timeout=self._timeout)
            if not answered:
                raise TimeoutError
            return asked.result()
        except asyncssh.SFTPError as error:
            raise UpstreamRefused(
                f"The SFTP server refuses (status {error.code}): the folder, a file in it, or the place for receipts.",
                agency=self._agency,
            ) from None
        except (TimeoutError, OSError, asyncssh.Error) as error:
            raise UpstreamUnavailable(
                f"The SFTP server does not answer: {type(error).__name__}.", agency=self._agency
            ) from None
        finally:
            if not asked.done():
                # NOTE the library tidies up after a call that is given up, and waits for the server again: the line is cut first.
                self._abort()
                asked.cancel()
                await asyncio.wait({asked}, timeout=self._timeout)


@asynccontextmanager
async def open_sftp(filing: FilingAgency, at: Sftp) -> AsyncIterator[SftpFolder]:
    """The agency's folder until the block ends; see `open_folder`."""
    agency = filing.agency_code
    try:
        key = asyncssh.read_private_key(at.key)
    except (OSError, asyncssh.KeyImportError):
        raise ConfigurationError(
            f"The file of {agency}: sftp.key is no private key, or has a password."
        ) from None
    try:
        host_key = asyncssh.import_public_key(at.host_key)
    except asyncssh.KeyImportError:
        raise ConfigurationError(f"The file of {agency}: sftp.host_key is no public key.") from None
    try:
        connection = await asyncssh.connect(
            at.host,
            at.port,
            username=at.user,
            client_keys=[key],
            # NOTE this key and no other: neither the user's known_hosts nor a first meeting is trusted.
            known_hosts=([host_key], [], []),
            server_host_key_algs=_algorithms(host_key),
            preferred_auth="publickey",
            agent_path=None,
            config=None,
            connect_timeout=at.timeout,
            login_timeout=at.timeout,
            keepalive_interval=at.timeout,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise UpstreamRefused(
            "The SFTP server is not the one whose key was agreed (sftp.host_key): nothing was sent or read.",
            agency=agency,
        ) from None
    except asyncssh.PermissionDenied:
        raise UpstreamRefused(
            "The SFTP server does not let the hub in: its user, or its key.", agency=agency
        ) from None
    except (TimeoutError, OSError, asyncssh.Error) as error:
        raise UpstreamUnavailable(
            f"The SFTP server does not answer: {type(error).__name__}.", agency=agency
        ) from None
    try:
        try:
            async with asyncio.timeout(at.timeout):
                client = await connection.start_sftp_client()
        except (TimeoutError, OSError, asyncssh.Error) as error:
            raise UpstreamUnavailable(
                f"The SSH server gives no SFTP: {type(error).__name__}.", agency=agency
            ) from None
        yield SftpFolder(client, connection.abort, filing.folder, filing.receipts, agency, at.timeout)
    finally:
        # NOTE no farewell is waited for: a server that hangs would keep the run for ever. What was written has been answered.
        connection.abort()


def _algorithms(key: asyncssh.SSHKey) -> list[str]:
    """The signatures of a host key's kind, so that the server shows that key and not another it has, too; of RSA none by SHA-1."""
    if key.get_algorithm() == "ssh-rsa":
        return ["rsa-sha2-512", "rsa-sha2-256"]
    return [key.get_algorithm()]
