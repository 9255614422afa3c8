# SPDX-License-Identifier: EUPL-1.2
"""Proof that the hub has the key a voucher is bound to (DPoP, RFC 9449), for PDND's own API."""

from __future__ import annotations

import base64
import hashlib

import orjson
from joserfc import jws
from joserfc.jwk import ECKey

ALGORITHM = "ES256"


class ProofKey:
    """A key made for this process: a voucher bound to it is of no use to anybody else."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256")
        self._public = self._key.as_dict(private=False)

    @property
    def thumbprint(self) -> str:
        """RFC 7638, as a bound voucher says it in `cnf.jkt`."""
        return self._key.thumbprint()

    def proof(self, method: str, url: str, *, jti: str, now: float, token: str | None = None) -> str:
        """Sign a proof for one request.

        Args:
            method: the request's, in capitals.
            url: the request's; a proof names it without query and fragment.
            jti: unique per proof.
            now: seconds since the epoch.
            token: the bound voucher that goes with it; None where one is asked for.

        """
        header = {
            "typ": "dpop+jwt",
            "alg": ALGORITHM,
            "jwk": {name: self._public[name] for name in ("kty", "crv", "x", "y")},
        }
        claims = {"htm": method, "htu": url.partition("?")[0].partition("#")[0], "iat": int(now), "jti": jti}
        if token is not None:
            digest = hashlib.sha256(token.encode("ascii")).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        return jws.serialize_compact(header, orjson.dumps(claims), self._key, algorithms=[ALGORITHM])
