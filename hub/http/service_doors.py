# SPDX-License-Identifier: EUPL-1.2
"""How clients of the old services say who they are: a voucher like everybody, a password, or a certificate their gateway vouches for.

A password is heard over TLS only, or from this machine; a certificate from a gateway of SNODO_CERTIFICATE_PROXIES, which has verified it
and says so (`Client-Cert`, RFC 9440). Why so: docs/explanation/clients-of-before.md.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import ClassVar, Final

from starlette.types import Scope

from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.access.rate import RateLimiter
from hub.access.refusal import Check, Explained
from hub.access.service_clients import HASHED_AT_ONCE, ServiceClient, ServiceClients
from hub.errors import ConfigurationError, Forbidden, Unauthenticated, Unavailable
from hub.http.addresses import Addresses
from hub.http.admission import Admission
from hub.http.attempts import FailedAttempts
from hub.http.authentication import Allow, Authenticator, Headers

CERTIFICATE = b"client-cert"
MOST_WAITING: Final = 50
"""Passwords that wait to be hashed, of all clients: two seconds of work, or so."""
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto")


class NoCredentials(Explained, Unauthenticated):
    """The request says nothing, or nothing that can be read, of who asks."""

    def __init__(self, received: str) -> None:
        super().__init__(
            "Say who you are.",
            check=Check.CREDENTIALS,
            claim="authorization",
            expected="`Authorization: Basic …`, a PDND voucher as `Bearer …`, or a certificate by way of your gateway",
            received=received,
            remedy="Send one of these.",
        )


class PlainTransport(Forbidden):
    """A password was sent without TLS, and may have been read on the way: have it changed, and send it over https."""


class VoucherDemanded(Forbidden):
    """More is demanded of this agency than a password or a certificate: ask with a PDND voucher."""

    code: ClassVar[str] = "FORBIDDEN"


class TooManyGuesses(Unavailable):
    """More clients than this hub can hear at once say a password it has not heard yet; ask again in a moment."""

    code: ClassVar[str] = "TOO_MANY_GUESSES"


class Transport:
    """What is believed of how a request came: `proxies` in who asked, and over what; `gateways` in a certificate."""

    def __init__(self, proxies: Addresses, gateways: Addresses) -> None:
        self._addresses = proxies
        self._gateways = gateways

    def believed(self, scope: Scope, headers: Headers) -> Headers:
        """The headers, without a certificate that no gateway vouches for.

        Raises:
            PlainTransport: there is a password among them that anybody on the way could read.

        """
        is_trusted = self._addresses.is_trusted(scope)
        if _basic(headers) is not None and not self._is_private(scope, headers, is_trusted):
            raise PlainTransport
        # NOTE of a proxy that is believed in addresses alone it may be whoever asks who wrote this header: a certificate is no secret.
        if CERTIFICATE in headers and not self._gateways.is_trusted(scope):
            return {name: value for name, value in headers.items() if name != CERTIFICATE}
        return headers

    def _is_private(self, scope: Scope, headers: Headers, is_trusted: bool) -> bool:
        if is_trusted:
            return headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https"
        # NOTE on this machine, too, a proxy may pass on what came in the clear: one that is not trusted is not believed.
        is_passed_on = any(name in headers for name in _FORWARDED)
        return scope.get("scheme") == "https" or (self._addresses.is_own(scope) and not is_passed_on)


class ServiceAuthenticator:
    """See `hub.http.admission.Identifies`. What is demanded of an agency beyond its voucher, no password makes up for."""

    def __init__(self, clients: ServiceClients, vouchers: Authenticator) -> None:
        self._clients = clients
        self._vouchers = vouchers

    async def authenticate(
        self, headers: Headers, method: str | None, allow: Allow = lambda _: None
    ) -> tuple[Caller, Operator | None]:
        """Who asks. `headers` are those that `Transport` believes.

        Raises:
            Unauthenticated: nobody who is known; says what is missing or wrong.
            Forbidden: the purpose has no grant, or a voucher is demanded of the agency.

        """
        credentials, certificate = _basic(headers), headers.get(CERTIFICATE)
        if credentials is not None:
            caller = await self._clients.by_password(*_read_basic(credentials))
        elif b"authorization" in headers:
            return await self._vouchers.authenticate(headers, method, allow)
        elif certificate is not None:
            caller = await self._clients.by_certificate(_read_certificate(certificate))
        else:
            raise NoCredentials("nothing")
        if caller.demands:
            raise VoucherDemanded
        return caller, None

    def knows(self, headers: Headers) -> bool:
        """Whether who sends this was let in when they last came, or has a certificate of ours: nothing is guessed with one."""
        credentials, certificate = _basic(headers), headers.get(CERTIFICATE)
        try:
            if credentials is not None:
                return self._clients.knows(*_read_basic(credentials))
            if b"authorization" in headers or certificate is None:
                return self._vouchers.knows(headers)
            return self._clients.has_certificate(_read_certificate(certificate))
        except NoCredentials:
            return False

    def is_guess(self, headers: Headers) -> bool:
        """Whether there is a password that must be hashed slowly."""
        return _basic(headers) is not None and not self.knows(headers)


class ServiceAdmission(Admission):
    """Lets clients of the old services in. Passwords not heard yet are heard in turn, so that failures count before the next is."""

    def __init__(
        self,
        authenticator: ServiceAuthenticator,
        limiter: RateLimiter,
        attempts: FailedAttempts,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(authenticator, limiter, attempts, clock)
        self._guesses = authenticator
        self._turn = asyncio.Semaphore(HASHED_AT_ONCE)
        self._waiting = 0

    async def identify(self, scope: Scope, headers: Headers) -> tuple[Caller, Operator | None]:
        """See `Admission.identify`.

        Raises:
            TooManyGuesses: too many wait already.

        """
        if not self._guesses.is_guess(headers):
            return await super().identify(scope, headers)
        if self._attempts.is_over(scope, headers):
            self._attempts.refuse()
        async with self._in_turn():
            try:
                # NOTE it asks once more whether this address is over: those before may have failed meanwhile.
                return await super().identify(scope, headers)
            except asyncio.CancelledError:
                # Who hangs up, or is let go at the deadline, has had the work all the same.
                if self._guesses.is_guess(headers):
                    self._attempts.failed(scope, headers)
                raise

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise TooManyGuesses
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()


def gateways_of(setting: str, clients: Iterable[ServiceClient]) -> Addresses:
    """Those whose `Client-Cert` is believed.

    Raises:
        ConfigurationError: a word of the setting is no address; or a client has a certificate, and nobody may vouch for it.

    """
    if not setting.strip() and any(one.certificate is not None for one in clients):
        raise ConfigurationError(
            "A client in SNODO_SOAP_FILE has a certificate: name the gateways that verify it in SNODO_CERTIFICATE_PROXIES."
        )
    return Addresses(setting, "SNODO_CERTIFICATE_PROXIES")


def _basic(headers: Headers) -> bytes | None:
    """What follows the word Basic (RFC 7617); None for another scheme."""
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    return credentials.strip() if scheme.lower() == b"basic" else None


def _read_basic(credentials: bytes) -> tuple[str, bytes]:
    try:
        user, colon, password = b64decode(credentials, validate=True).partition(b":")
    except binascii.Error:
        raise NoCredentials("a name and a password that are not base64") from None
    if not colon:
        raise NoCredentials("a name without a password")
    return user.decode("latin-1"), password


def _read_certificate(value: bytes) -> bytes:
    """The DER in a byte sequence of structured fields: base64 between colons (RFC 9440, section 2.1)."""
    text = value.strip()
    if len(text) < 2 or text[:1] != b":" or text[-1:] != b":":
        raise NoCredentials("a `Client-Cert` that is not base64 between colons")
    try:
        return b64decode(text[1:-1], validate=True)
    except binascii.Error:
        raise NoCredentials("a `Client-Cert` that is not base64 between colons") from None
