# SPDX-License-Identifier: EUPL-1.2
"""A token examined: every check in its order, where the hub would stop at the first that fails.

The same lists of checks as the hub's own, so that what is said here is what the hub does. Nothing is asked of a database or of
PDND: whether a client is registered, a purpose granted, or a proof was used before is said to be open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from hub.access.client_token import CLAIM_CHECKS as CLIENT_TOKEN_CHECKS
from hub.access.client_token import ClientTokenRules, Terms
from hub.access.evidence import EVIDENCE_CHECKS, check_bound
from hub.access.evidence import FORM as EVIDENCE_FORM
from hub.access.jwks import SignatureKey
from hub.access.jws import HEADER_CHECKS, Form, Members, check_signature, json_object, split
from hub.access.possession import check_scheme_of
from hub.access.proof import PROOF_CHECKS, ProofRules, read_proof
from hub.access.received import described
from hub.access.refusal import Check, TokenRefused, VoucherRefused
from hub.access.voucher import CLAIM_CHECKS, FORM, LONGEST_LIFE, VoucherRules

T = TypeVar("T")


class Verdict(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: of what, what it looked at, and what came of it; `why` it was skipped, or how it was `refused`."""

    credential: str
    what: str
    verdict: Verdict
    why: str = ""
    refused: TokenRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """What a consumer sends: a voucher, perhaps by a scheme, with a proof for `method`, with tracking evidence."""

    token: str
    scheme: str | None = None
    proof: str | None = None
    method: str = "POST"
    evidence: str | None = None


@dataclass(slots=True)
class _Examination:
    """The findings so far."""

    findings: list[Finding] = field(default_factory=list)

    def check(self, credential: str, what: str, does: Callable[[], T]) -> T | None:
        """Note what comes of a check, and give its value; None when it fails."""
        try:
            value = does()
        except TokenRefused as refused:
            known = any(
                (one.refused.check, one.refused.claim) == (refused.check, refused.claim)
                for one in self.findings
                if one.refused is not None and one.credential == credential
            )
            if known and refused.claim != what:
                self.skip(credential, what, f"it rests on `{refused.claim}`, which failed")
            else:
                self.findings.append(Finding(credential, what, Verdict.FAILED, refused=refused))
            return None
        self.findings.append(Finding(credential, what, Verdict.OK))
        return value

    def skip(self, credential: str, what: str, why: str) -> None:
        self.findings.append(Finding(credential, what, Verdict.SKIPPED, why))


def examine(
    sent: Presentation,
    rules: VoucherRules,
    proof_rules: ProofRules,
    now: float,
    keys: Mapping[str, SignatureKey] | None,
) -> list[Finding]:
    """Every check of what a consumer sends, in order, as of `now` (Unix seconds).

    `keys`: PDND's, by `kid`; without them the signature is not checked, and the findings say so.
    """
    examination = _Examination()
    claims = _examine_token(
        examination, "voucher", sent.token, FORM, partial(_examine_signature, examination, keys)
    )
    read: dict[str, Any] = {}
    for what, check in CLAIM_CHECKS:
        if claims is None:
            examination.skip("voucher", what, "the payload cannot be read")
        else:
            read |= examination.check("voucher", what, partial(check, claims, rules, now)) or {}
    _examine_proof(examination, sent, read, proof_rules, now)
    _examine_evidence(examination, sent.evidence, read, rules, now)
    examination.skip(
        "voucher", "client, purpose, grant", "only the hub's registry knows them: `snodo agency list`"
    )
    return examination.findings


def _examine_token(
    examination: _Examination,
    credential: str,
    token: str,
    form: Form,
    signature: Callable[[str, str, Members | None], None],
) -> Members | None:
    """A token's form and header, its signature by `signature`; gives its payload, believed or not."""
    parts = examination.check(credential, "form", lambda: split(token, form.refuse))
    if parts is None:
        return None
    header_part, payload_part, signed_by = parts
    header = examination.check(credential, "header", lambda: json_object(header_part, "header", form.refuse))
    for what, check in HEADER_CHECKS:
        if header is None:
            examination.skip(credential, what, "the header cannot be read")
        else:
            examination.check(credential, what, partial(check, header, form))
    signature(f"{header_part}.{payload_part}", signed_by, header)
    return examination.check(credential, "payload", lambda: json_object(payload_part, "payload", form.refuse))


def _examine_signature(
    examination: _Examination,
    keys: Mapping[str, SignatureKey] | None,
    signed: str,
    signature: str,
    header: Members | None,
) -> None:
    if keys is None:
        examination.skip("voucher", "signature", "no keys were given: `--jwks FILE` with PDND's public keys")
    elif header is None or not isinstance(kid := header.get("kid"), str):
        examination.skip("voucher", "signature", "the header names no key")
    else:
        examination.check(
            "voucher", "signature", lambda: _check_signature(signed, signature, header, kid, keys)
        )


def _check_signature(
    signed: str, signature: str, header: Members, kid: str, keys: Mapping[str, SignatureKey]
) -> None:
    key = keys.get(kid)
    if key is None:
        raise VoucherRefused(Check.KEY, "kid", "the `kid` of a key in the file", described(kid))
    check_signature(signed, signature, header.get("alg"), key, FORM)


def _examine_proof(
    examination: _Examination, sent: Presentation, read: Mapping[str, Any], rules: ProofRules, now: float
) -> None:
    if "key_thumbprint" not in read:
        if sent.proof is not None:
            examination.skip("proof", "all", "whether the voucher is bound to a key cannot be read")
        return
    bound_to: str | None = read["key_thumbprint"]
    scheme = sent.scheme or ("dpop" if sent.proof is not None else None)
    if scheme is not None:
        examination.check("voucher", "scheme", lambda: check_scheme_of(bound_to, scheme))
    if sent.proof is None:
        if bound_to is not None:
            examination.skip("proof", "all", "the voucher is bound to a key: `--dpop FILE` with its proof")
        return
    proof = examination.check(
        "proof", "form", lambda: read_proof(sent.proof, sent.token, sent.method, bound_to, rules, now)
    )
    if proof is not None:
        for what, check in PROOF_CHECKS:
            examination.check("proof", what, partial(check, proof))
    examination.skip("proof", "used before", "only the running hub knows")


def _examine_evidence(
    examination: _Examination,
    evidence: str | None,
    read: Mapping[str, Any],
    rules: VoucherRules,
    now: float,
) -> None:
    if evidence is None:
        if read.get("digest") is not None:
            examination.skip(
                "evidence", "all", "the voucher has a digest: `--evidence FILE` with the evidence"
            )
        return
    if "digest" not in read:
        examination.skip("evidence", "digest", "the voucher's digest cannot be read")
    else:
        examination.check("evidence", "digest", partial(check_bound, evidence, read["digest"]))

    def signature(*_: object) -> None:
        examination.skip("evidence", "signature", "the consumer's key is looked up on PDND")

    claims = _examine_token(examination, "evidence", evidence, EVIDENCE_FORM, signature)
    if claims is None:
        examination.skip("evidence", "claims", "the payload cannot be read")
    elif not {"client_id", "purpose_id"} <= read.keys():
        examination.skip("evidence", "claims", "the voucher's client and purpose cannot be read")
    else:
        client_id, purpose_id = read["client_id"], read["purpose_id"]
        common = ClientTokenRules(rules.audience, rules.clock_skew)
        terms = Terms(client_id, common, LONGEST_LIFE, now, EVIDENCE_FORM.refuse)
        for what, check in CLIENT_TOKEN_CHECKS:
            examination.check("evidence", what, partial(check, claims, terms))
        for what, own in EVIDENCE_CHECKS:
            examination.check("evidence", what, partial(own, claims, client_id, purpose_id))
    examination.skip("evidence", "used before", "only the running hub knows")
