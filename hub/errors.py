# SPDX-License-Identifier: EUPL-1.2
"""The one tree of exceptions.

    SnodoError                      every refusal the hub makes on purpose
    ├── ClientError                 the caller can mend it; the message may reach the caller
    │   ├── Unauthenticated         who is asking could not be established      (401)
    │   ├── Forbidden               who is asking may not do this               (403)
    │   └── InvalidInput            what was sent cannot be read or is refused  (400)
    │       └── InvalidFiscalCode, InvalidId, InvalidCursor … (beside what they guard)
    ├── Unavailable                 the hub cannot do now what must come before the answer (503)
    ├── UpstreamError               an agency did not give a usable answer
    │   ├── UpstreamUnavailable     down, slow, over its limit, breaker open
    │   ├── UpstreamRefused         it answered, and refused our request
    │   └── UpstreamInvalid         it answered with something its contract does not allow
    └── OperatorError               the people who run the hub must act
        ├── ConfigurationError      a setting is missing or contradicts another
        └── DatabaseError           the database is absent, too old, too new

An exception's docstring is the sentence it says when nothing more precise is given. No message ever holds
personal data: it names the field, never its value.
"""

from __future__ import annotations

import inspect
from typing import ClassVar


class SnodoError(Exception):
    """Something was refused."""

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str | None = None, **extensions: object) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "").partition("\n\n")[0]
        self.extensions = extensions
        super().__init__(self.message)


class ClientError(SnodoError):
    """The request cannot be served as it was sent."""

    code = "BAD_REQUEST"
    status: ClassVar[int] = 400


class Unauthenticated(ClientError):
    """Present a PDND voucher, or a citizen's access token: `Authorization: Bearer …`."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(ClientError):
    """The purpose of this voucher does not cover this operation."""

    code = "FORBIDDEN"
    status = 403


class InvalidInput(ClientError):
    """A value in the request is not acceptable."""

    code = "BAD_USER_INPUT"
    status = 400


class Unavailable(SnodoError):
    """The hub cannot serve this request now; ask again in a moment."""

    code = "DATABASE_UNAVAILABLE"
    status: ClassVar[int] = 503


class UpstreamError(SnodoError):
    """An agency did not give a usable answer."""

    code = "UPSTREAM_ERROR"

    def __init__(self, message: str | None = None, *, agency: str, **extensions: object) -> None:
        self.agency = agency
        super().__init__(message, agency=agency, **extensions)


class UpstreamUnavailable(UpstreamError):
    """The agency is not answering now; ask again later."""

    code = "UPSTREAM_UNAVAILABLE"

    def __init__(
        self,
        message: str | None = None,
        *,
        agency: str,
        retry_after: float | None = None,
        **extensions: object,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(message, agency=agency, retryAfter=retry_after, **extensions)


class UpstreamRefused(UpstreamError):
    """The agency refused the hub's request."""

    code = "UPSTREAM_REFUSED"


class UpstreamInvalid(UpstreamError):
    """The agency answered with something its contract does not allow."""

    code = "UPSTREAM_INVALID"


class OperatorError(SnodoError):
    """The hub cannot run as it is set up."""

    code = "OPERATOR_ERROR"


class ConfigurationError(OperatorError):
    """A setting is missing or contradicts another; see docs/reference/settings.md."""


class DatabaseError(OperatorError):
    """The database cannot be used as it is."""
