# SPDX-License-Identifier: EUPL-1.2
"""Passwords of programs, kept as scrypt hashes (RFC 7914): `scrypt$N$r$p$salt$hash`, both in base64."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cache

N, R, P = 16_384, 8, 1
"""What a new hash costs: 16 MB and some 50 ms. The passwords are made here, of 192 random bits: no list holds one."""
MOST_MEMORY = 256 * 1024 * 1024
"""Bytes a configured hash may ask for."""
_FORM = re.compile(
    r"scrypt\$([0-9]{1,7})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9+/=]{16,88})\$([A-Za-z0-9+/=]{44})"
)


class MalformedHash(ValueError):
    """The text is no scrypt hash, or one that would cost too much."""


@dataclass(frozen=True, slots=True, repr=False)
class PasswordHash:
    """A hash: its cost (N, r, p), its salt and 32 bytes."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def __str__(self) -> str:
        """As it is configured."""
        salt, digest = b64encode(self.salt).decode(), b64encode(self.digest).decode()
        return f"scrypt${self.n}${self.r}${self.p}${salt}${digest}"

    def is_of(self, password: bytes) -> bool:
        """Whether it is this password's. Takes its time: not for an event loop."""
        return hmac.compare_digest(_scrypt(password, self.salt, self.n, self.r, self.p), self.digest)


def new_password() -> str:
    """A password for a program."""
    return secrets.token_urlsafe(24)


def hash_password(password: str) -> PasswordHash:
    """The hash of a new password."""
    salt = secrets.token_bytes(16)
    return PasswordHash(N, R, P, salt, _scrypt(password.encode(), salt, N, R, P))


def read_hash(text: str) -> PasswordHash:
    """Read a configured hash.

    Raises:
        MalformedHash: it is none.

    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise MalformedHash
    n, r, p = (int(number) for number in found.groups()[:3])
    if n < 2 or n & (n - 1) or not r or not p or _memory(n, r, p) > MOST_MEMORY:
        raise MalformedHash
    try:
        return PasswordHash(n, r, p, b64decode(found[4], validate=True), b64decode(found[5], validate=True))
    except ValueError:
        raise MalformedHash from None


@cache
def nobodys_hash() -> PasswordHash:
    """A hash of nobody's password, so that who is not known takes as long to refuse as who is."""
    return hash_password(new_password())


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2 * _memory(n, r, p), dklen=32)


def _memory(n: int, r: int, p: int) -> int:
    return 128 * r * (n + p + 2)
