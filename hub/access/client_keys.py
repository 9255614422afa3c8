# SPDX-License-Identifier: EUPL-1.2
"""The keys consumers sign with, as registered on PDND: each belongs to one client, and is found by its `kid`.

A voucher is signed by PDND; what a consumer says besides (its tracking evidence, its signature on a body) is signed by the
consumer itself, with the key it registered. Where keys are looked up is `KeySource`'s business: PDND's API, or a file.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import orjson
import structlog

from hub.access.jwks import SignatureKey, usable_keys
from hub.errors import ConfigurationError, Unavailable

KID: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""A key's name on PDND: its SHA-256 thumbprint (RFC 7638), in base64url."""

MOST: Final = 10_000
"""Keys remembered at once, and names without a key."""

RETRY: Final = 5.0
"""Seconds between two questions about a key that is known, while the source does not answer."""

MISSES: Final = 10
"""Names without a key that one client may have asked for within `unknown_for` seconds: a flood of invented ones ends here."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A public key, and the PDND client it is registered for."""

    client_id: UUID
    key: SignatureKey


class KeySource(Protocol):
    """Where the keys of clients are looked up."""

    async def find(self, kid: str) -> ClientKey | None:
        """The key of this name; None when no client has it.

        Raises:
            UpstreamError: it cannot be said now.

        """


@dataclass(slots=True, eq=False)
class Found:
    """A key that was found, as it stands now: whoever remembers what it signed asks `ClientKeys.holds`."""

    kid: str
    client_id: UUID
    key: SignatureKey
    until: float
    """Unix seconds; moved on when the key was looked up again, and back when it is no longer there."""
    renew_at: float


class ClientKeys:
    """Looks keys up, and remembers what it found for `longest_age` seconds: a key that was deleted verifies no longer than that.

    A key that is used is asked for again, in the background, once half its age is over. A name without a key is not asked for
    again for `unknown_for` seconds, nor is any for a client that has named `MISSES` such within them. Those who need the same key
    share one look-up. `clock` gives Unix seconds. Belongs to one event loop.
    """

    def __init__(
        self,
        source: KeySource,
        clock: Callable[[], float],
        *,
        longest_age: float = 300.0,
        unknown_for: float = 30.0,
        most: int = MOST,
    ) -> None:
        self._source = source
        self._clock = clock
        self._longest_age = longest_age
        self._unknown_for = unknown_for
        self._most = most
        self._found: OrderedDict[str, Found] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Found | None]] = {}
        self._misses: OrderedDict[UUID, tuple[float, int]] = OrderedDict()

    async def key(self, kid: str, asker: UUID) -> Found | None:
        """The key of this name; None when it cannot be one, or no client has it. `asker`: the client that named it.

        Raises:
            UpstreamError: it is not remembered, and cannot be looked up now.

        """
        # NOTE checked before anything is asked: a name becomes part of a URL.
        if KID.fullmatch(kid) is None:
            return None
        now = self._clock()
        found = self._found.get(kid)
        if found is not None and self.holds(found):
            self._found.move_to_end(kid)
            return found
        if now < self._unknown.get(kid, 0.0) or self._has_missed(asker, now):
            return None
        # NOTE: shielded, so that a caller who gives up does not take the answer from those who share it.
        found = await asyncio.shield(self._ask(kid))
        if found is None:
            self._miss(asker)
        return found

    def _has_missed(self, asker: UUID, now: float) -> bool:
        ends, count = self._misses.get(asker, (0.0, 0))
        return count >= MISSES and now < ends

    def _miss(self, asker: UUID) -> None:
        now = self._clock()
        ends, count = self._misses.get(asker, (0.0, 0))
        self._misses[asker] = (ends, count + 1) if now < ends else (now + self._unknown_for, 1)
        self._misses.move_to_end(asker)
        if len(self._misses) > self._most:
            self._misses.popitem(last=False)

    def holds(self, found: Found) -> bool:
        """Whether a key that was found still counts; it is asked for again, in the background, while it does."""
        now = self._clock()
        if now >= found.renew_at and now < found.until:
            found.renew_at = now + RETRY
            self._ask(found.kid)
        return now < found.until

    async def close(self) -> None:
        """End the look-ups that are under way."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, kid: str) -> asyncio.Task[Found | None]:
        task = self._asking.get(kid)
        if task is None:
            task = self._asking[kid] = asyncio.create_task(self._look_up(kid), name="client key")
            task.add_done_callback(lambda done: self._asked(kid, done))
        return task

    def _asked(self, kid: str, task: asyncio.Task[Found | None]) -> None:
        del self._asking[kid]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("client_key_lookup_failed", kid=kid, error=type(error).__name__)

    async def _look_up(self, kid: str) -> Found | None:
        asked_at = self._clock()
        answer = await self._source.find(kid)
        known = self._found.get(kid)
        if known is not None and (
            answer is None or (answer.client_id, answer.key) != (known.client_id, known.key)
        ):
            # NOTE at once, for everybody who remembers what it signed.
            known.until = 0.0
            del self._found[kid]
            _log.info("client_key_withdrawn", kid=kid)
        if answer is None:
            self._unknown[kid] = asked_at + self._unknown_for
            if len(self._unknown) > self._most:
                self._unknown.popitem(last=False)
            return None
        until, renew_at = asked_at + self._longest_age, asked_at + self._longest_age / 2
        found = self._found.get(kid)
        if found is None:
            found = self._found[kid] = Found(kid, answer.client_id, answer.key, until, renew_at)
        else:
            found.until, found.renew_at = until, renew_at
        self._unknown.pop(kid, None)
        self._found.move_to_end(kid)
        if len(self._found) > self._most:
            self._found.popitem(last=False)
        return found


class NoClientKeys(Unavailable):
    """This hub cannot look up consumers' keys now, so it cannot verify what they sign; tell whoever runs it."""

    code = "CLIENT_KEYS_UNAVAILABLE"


class NoSource:
    """Where neither PDND's API nor a file is set up."""

    async def find(self, kid: str) -> ClientKey | None:  # noqa: ARG002
        """Nothing: raises NoClientKeys."""
        raise NoClientKeys(
            "This hub is set up without consumers' keys, so it cannot verify what they sign: whoever runs it sets "
            "SNODO_PDND_API_URL or SNODO_CLIENT_KEYS. A consumer of whom no evidence is demanded may leave it out."
        )


class KeyFile:
    """Keys in a file: a JWK Set whose members also have a `clientId`. It is read anew at each look-up."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def find(self, kid: str) -> ClientKey | None:
        """The key of this name in the file, as it is now.

        Raises:
            NoClientKeys: the file cannot be read.

        """
        try:
            return (await asyncio.to_thread(self.read)).get(kid)
        except ConfigurationError as error:
            raise NoClientKeys from error

    def read(self) -> dict[str, ClientKey]:
        """All keys of the file, by `kid`.

        Raises:
            ConfigurationError: it cannot be read, or is no such set.

        """
        try:
            return client_key_set(orjson.loads(self._path.read_bytes()))
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"{self._path} (SNODO_CLIENT_KEYS) is not a JWK Set of RSA keys with a clientId each."
            ) from error


def client_key_set(content: Mapping[str, object]) -> dict[str, ClientKey]:
    """Read a JWK Set whose members have a `clientId` beside what a JWK has.

    Raises:
        ValueError: it is no JWK Set, or a member has no client.

    """
    keys = usable_keys(content)
    listed = content["keys"]
    assert isinstance(listed, list)  # usable_keys has seen to it
    owners = {
        member.get("kid"): member.get("clientId") for member in reversed(listed) if isinstance(member, dict)
    }
    return {kid: ClientKey(UUID(str(owners[kid])), key) for kid, key in keys.items()}
