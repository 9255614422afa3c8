# SPDX-License-Identifier: EUPL-1.2
"""PDND, the national platform that gives vouchers: the hub as its client (domain.md section 2).

identity     the hub's client id and key
assertion    the client assertion          ─┐
tokens       the token endpoint             ├─ passes: vouchers and evidence, kept while they last
evidence     Agid-JWT-TrackingEvidence     ─┘
integrity    Digest and Agid-JWT-Signature
access       all headers of a request to one e-service
jwks         PDND's public keys
interop_api  whose key is this: PDND's own API, by a voucher bound to a key (dpop), its answers verified (signed_answer)
key_source   where consumers' keys are looked up
"""

from connectors.pdnd.access import EServiceAccess, SecuredRequest
from connectors.pdnd.dpop import ProofKey
from connectors.pdnd.evidence import Operator
from connectors.pdnd.identity import ClientIdentity
from connectors.pdnd.interop_api import InteropApi
from connectors.pdnd.jwks import PublishedKeys
from connectors.pdnd.key_source import key_source
from connectors.pdnd.passes import Passes
from connectors.pdnd.tokens import TokenEndpoint

__all__ = [
    "ClientIdentity",
    "EServiceAccess",
    "InteropApi",
    "Operator",
    "Passes",
    "ProofKey",
    "PublishedKeys",
    "SecuredRequest",
    "TokenEndpoint",
    "key_source",
]
