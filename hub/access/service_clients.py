# SPDX-License-Identifier: EUPL-1.2
"""Clients of before PDND: known by a password, or by the certificate a domain gateway presents; each is an agency and a purpose.

Configuration says who they are (docs/how-to/serve-old-clients.md); what they may see is what the purpose is granted, like everybody's.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from hub.access.caller import Caller
from hub.access.directory import granted
from hub.access.fields import Unseen
from hub.access.passwords import MalformedHash, PasswordHash, nobodys_hash, read_hash
from hub.access.refusal import Check, Explained
from hub.access.remembered import LONGEST, Found, Remembered
from hub.errors import ConfigurationError, Unauthenticated
from hub.store.announcements import Word
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.statement import Statement
from hub.store.tables import Agency

HASHED_AT_ONCE: Final = 2
"""Passwords that are hashed at a time: each takes 16 MB."""
LONGEST_PASSWORD: Final = 200
_USER = re.compile(r"[!-9;-~]{1,100}", re.ASCII)
_CERTIFICATE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MEMBERS: Final = {"agency", "purpose", "user", "password", "certificate"}


class ClientUnknown(Explained, Unauthenticated):
    """No client of the old services has these credentials."""

    def __init__(self, claim: str) -> None:
        super().__init__(
            "No client of this service has these credentials.",
            check=Check.CLIENT,
            claim=claim,
            expected="those of a client that whoever runs the hub has configured",
            received="others",
            remedy="Ask them for a client's credentials (`snodo agency credential`).",
        )


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """One client. It has a password under the name `user`, or a certificate: the SHA-256 of its DER, in lower-case hex."""

    agency: str
    purpose: UUID
    user: str | None = None
    password: PasswordHash | None = None
    certificate: str | None = None


class ServiceClients:
    """Knows them; an instance for each process."""

    def __init__(
        self,
        clients: Iterable[ServiceClient],
        pool: Pool,
        clock: Callable[[], float],
        unseen: Unseen,
        changed: Word,
    ) -> None:
        """Take the clients; the rest as `hub.access.directory.Directory` does."""
        self._users = {one.user: one for one in clients if one.user is not None}
        self._certificates = {one.certificate: one for one in clients if one.certificate is not None}
        self._pool = pool
        self._unseen = unseen
        self._known = Remembered[tuple[str, UUID]](clock, changed)
        self._secret = secrets.token_bytes(32)
        self._good: dict[str, bytes] = {}
        """Of each user the password that was right, hashed with a secret of this process: what is asked for all day is hashed slowly once."""
        # NOTE threads of its own: a request that is let go frees no place while its thread still hashes.
        self._hashing = ThreadPoolExecutor(HASHED_AT_ONCE, "passwords")

    async def by_password(self, user: str, password: bytes) -> Caller:
        """The caller with this user's name and password.

        Raises:
            Unauthenticated: there is none.
            Forbidden: its purpose has no grant in force.

        """
        client = self._users.get(user)
        if len(password) > LONGEST_PASSWORD:
            raise ClientUnknown("authorization")
        mark = hashlib.blake2b(password, key=self._secret).digest()
        if client is None or self._good.get(user) != mark:
            kept = nobodys_hash() if client is None or client.password is None else client.password
            is_right = await asyncio.get_running_loop().run_in_executor(self._hashing, kept.is_of, password)
            if client is None or not is_right:
                raise ClientUnknown("authorization")
            self._good[user] = mark
        return await self._caller(client)

    async def by_certificate(self, certificate: bytes) -> Caller:
        """The caller with this certificate, in DER. Raises as `by_password` does."""
        client = self._certificates.get(hashlib.sha256(certificate).hexdigest())
        if client is None:
            raise ClientUnknown("client-cert")
        return await self._caller(client)

    def has_certificate(self, certificate: bytes) -> bool:
        """Whether this certificate, in DER, is a client's."""
        return hashlib.sha256(certificate).hexdigest() in self._certificates

    def close(self) -> None:
        """End its threads, when what they hash is hashed."""
        self._hashing.shutdown(wait=False, cancel_futures=True)

    def knows(self, user: str, password: bytes) -> bool:
        """Whether this password was right when it last came."""
        return self._good.get(user) == hashlib.blake2b(password, key=self._secret).digest()

    async def _caller(self, client: ServiceClient) -> Caller:
        key = client.agency, client.purpose
        return self._known.get(key) or await self._known.find(key, partial(self._look, client))

    async def _look(self, client: ServiceClient) -> Found:
        async with self._pool.acquire() as connection:
            agency = await _agency().fetchrow(connection, code=client.agency)
            if agency is None:
                return ClientUnknown("agency"), LONGEST
            return await granted(
                connection, agency, client_id=None, purpose_id=client.purpose, unseen=self._unseen
            )


def read_clients(entries: object) -> tuple[ServiceClient, ...]:
    """The clients as configured: tables with `agency` and `purpose`, and with `user` and `password` or `certificate`.

    Raises:
        ConfigurationError: one is incomplete, or two are the same; names its number and the member, never what stands in it.

    """
    if not isinstance(entries, list):
        raise ConfigurationError("`client` is a list of tables: each begins with [[client]].")
    clients = tuple(_client(number, entry) for number, entry in enumerate(entries, 1))
    for said in ("user", "certificate"):
        named = [getattr(one, said) for one in clients if getattr(one, said) is not None]
        if len(set(named)) < len(named):
            raise ConfigurationError(f"Two clients have the same {said}.")
    return clients


def _client(number: int, entry: object) -> ServiceClient:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise _wrong(number, "its members are texts")
    if unknown := sorted(set(entry) - _MEMBERS):
        raise _wrong(number, f"it knows no {unknown[0]}")
    try:
        agency, purpose = entry["agency"], UUID(entry["purpose"])
    except (KeyError, ValueError):
        raise _wrong(number, "it has the code of an agency and the id of a purpose") from None
    user, certificate = entry.get("user"), entry.get("certificate")
    if (user is None) == (certificate is None) or (user is None) != ("password" not in entry):
        raise _wrong(number, "it has user and password, or certificate")
    if user is not None and not _USER.fullmatch(user):
        raise _wrong(number, "user is 1 to 100 visible ASCII characters without a colon")
    if certificate is not None and not _CERTIFICATE.fullmatch(certificate):
        raise _wrong(
            number, "certificate is the SHA-256 of the certificate, 64 hexadecimal digits in lower case"
        )
    return ServiceClient(agency, purpose, user, _password(number, entry), certificate)


def _password(number: int, entry: Mapping[str, Any]) -> PasswordHash | None:
    if "password" not in entry:
        return None
    try:
        return read_hash(entry["password"])
    except MalformedHash:
        raise _wrong(number, "password is a hash as `snodo agency credential` prints it") from None


def _wrong(number: int, what: str) -> ConfigurationError:
    return ConfigurationError(f"Client {number} is not configured as one is: {what}.")


@cache
def _agency() -> Statement:
    agency = table_of(Agency)
    columns: Sequence[Any] = (agency.c.id, agency.c.code, agency.c.kind, agency.c.demands)
    return Statement(select(*columns).where(agency.c.code == bindparam("code")))
