# SPDX-License-Identifier: EUPL-1.2
"""A key the hub signs with: from a PEM file, which may be replaced while the hub runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from hub.errors import ConfigurationError

ALGORITHM: Final = "RS256"
LOOK: Final = 1.0
"""Seconds between two looks whether the file has changed."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Loaded:
    key: RSAKey
    kid: str
    version: tuple[int, int, int]


class SigningKey:
    """Signs with the key in a file, and follows the file: who rotates the key puts another file in its place.

    The key of before stays published until the process ends, so that what it signed can still be verified. `clock` gives seconds
    that only grow. Belongs to one event loop.
    """

    def __init__(
        self,
        path: Path,
        kid: str | None,
        clock: Callable[[], float],
        setting: str = "SNODO_SIGNING_KEY_FILE",
    ) -> None:
        """Read the key. `kid`: its name on PDND; None for its thumbprint (RFC 7638), as PDND names keys; `setting`: what names the file.

        Raises:
            ConfigurationError: the file cannot be read, or holds no private RSA key.

        """
        self._path = path
        self._kid = kid
        self._clock = clock
        self._setting = setting
        self._loaded = _load(path, kid, setting)
        self._before: _Loaded | None = None
        self._look_at = clock() + LOOK
        self._loading: asyncio.Task[None] | None = None

    @property
    def kid(self) -> str:
        """The name of the key that is signed with now."""
        return self._loaded.kid

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims as a compact JWS with header `alg`, `typ: JWT`, `kid`."""
        if self._clock() >= self._look_at:
            self._look()
        loaded = self._loaded
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": loaded.kid}
        return jws.serialize_compact(header, orjson.dumps(claims), loaded.key, algorithms=[ALGORITHM])

    async def published(self) -> dict[str, list[dict[str, Any]]]:
        """The public halves of the key and the one before it, as a JWK Set (RFC 7517): as the file is now.

        Another process may have signed with a key that this one, which signs nothing, has not seen yet.
        """
        await asyncio.shield(self._look())
        known = [self._loaded] if self._before is None else [self._loaded, self._before]
        return {
            "keys": [
                {**one.key.as_dict(private=False), "kid": one.kid, "use": "sig", "alg": ALGORITHM}
                for one in known
            ]
        }

    async def close(self) -> None:
        """End a look at the file that is under way."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)

    def _look(self) -> asyncio.Task[None]:
        """Look at the file in the background, or join the look that is under way."""
        if self._loading is None:
            self._look_at = self._clock() + LOOK
            self._loading = asyncio.create_task(self._follow(), name="signing key")
        return self._loading

    async def _follow(self) -> None:
        try:
            if await asyncio.to_thread(_version, self._path) != self._loaded.version:
                loaded = await asyncio.to_thread(_load, self._path, self._kid, self._setting)
                # NOTE of one name there is one key: a file written anew, or a key that took over its name, has none before it.
                if loaded.kid != self._loaded.kid:
                    self._before = self._loaded
                self._loaded = loaded
                _log.info("signing_key_replaced", setting=self._setting, kid=loaded.kid)
        except (OSError, ConfigurationError) as error:
            # The one at hand is still good; what is in the file is not.
            _log.error("signing_key_unreadable", setting=self._setting, error=type(error).__name__)
        finally:
            self._loading = None


def _version(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _load(path: Path, kid: str | None, setting: str) -> _Loaded:
    try:
        version = _version(path)
        key = RSAKey.import_key(path.read_bytes())
    except (OSError, ValueError, JoseError) as error:
        raise ConfigurationError(f"{path} ({setting}) is not a PEM file with an RSA key.") from error
    if not key.is_private:
        raise ConfigurationError(f"{path} ({setting}) holds a public key; the private one is needed.")
    return _Loaded(key, kid or key.thumbprint(), version)
