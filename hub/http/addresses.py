# SPDX-License-Identifier: EUPL-1.2
"""From which address a request comes: the connection's, or, behind a reverse proxy that is trusted, the one it forwards for."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from hub.errors import ConfigurationError

UNIX = "unix"
"""The word for whoever connects over a Unix socket."""


class Addresses:
    """Knows the reverse proxies that are believed: in what, their setting says."""

    def __init__(self, trusted: str = "", setting: str = "SNODO_TRUSTED_PROXIES") -> None:
        """Take addresses and networks of proxies, apart by spaces or commas; `unix` for a Unix socket.

        Raises:
            ConfigurationError: one of them is neither.

        """
        words = trusted.replace(",", " ").lower().split()
        self._trusts_unix = UNIX in words
        try:
            self._trusted = [ip_network(word) for word in words if word != UNIX]
        except ValueError as error:
            raise ConfigurationError(
                f"{setting} has a word that is no address and no network: write 10.0.0.7, 10.0.0.0/24, fd00::/8 or unix."
            ) from error

    def of(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """The address that is held to account; for IPv6 its network of 64 bits, which one subscriber has as a whole."""
        address = _peer(scope)
        if self._trusts(address):
            # NOTE from the right: each proxy appends whom it heard from, and whoever asks may have written what stands before.
            for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
                before = _address(hop)
                if before is None:
                    break
                address = before
                if not self._trusts(address):
                    break
        if isinstance(address, IPv6Address):
            return str(IPv6Network((int(address) >> 64 << 64, 64)))
        return str(address or UNIX)

    def is_trusted(self, scope: Scope) -> bool:
        """Whether a request comes by a proxy whose headers are believed."""
        return self._trusts(_peer(scope))

    def is_own(self, scope: Scope) -> bool:
        """Whether it comes from this machine, by a loopback address or a Unix socket."""
        address = _peer(scope)
        return address is None or address.is_loopback

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        if address is None:
            return self._trusts_unix
        return any(address in network for network in self._trusted)


def _peer(scope: Scope) -> IPv4Address | IPv6Address | None:
    """Who is at the other end of the connection; None over a Unix socket."""
    peer = scope.get("client")
    return _address(peer[0]) if peer else None


def _address(word: str) -> IPv4Address | IPv6Address | None:
    """An address, also with a port; None where there is none."""
    word = word.strip()
    if word.startswith("["):
        word = word[1:].partition("]")[0]
    elif word.count(":") == 1:
        word = word.partition(":")[0]
    try:
        address = ip_address(word)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
