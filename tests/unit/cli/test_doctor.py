# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor voucher`: what the hub would say, offline, check by check, and never the token."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from typer.testing import CliRunner, Result

from hub.access.refusal import Check
from hub.cli import command_line
from tests.unit.access.hostile import EVIDENCE, HOSTILE, PROOFS, VOUCHERS
from tests.unit.access.hostile.evidence import evidence_of
from tests.unit.access.hostile.forge import AUDIENCE, ISSUER, KID, NOW, OUR_IDS, TARGET, Forge, Sent
from tests.unit.access.test_hostile import CLAIMS

AT = datetime.fromtimestamp(NOW, UTC).isoformat()
SETTINGS = {
    "SNODO_PDND_ISSUER": ISSUER,
    "SNODO_AUDIENCE": AUDIENCE,
    "SNODO_PUBLIC_URL": TARGET,
    "SNODO_PRODUCER_ID": OUR_IDS["producerId"],
    "SNODO_ESERVICE_ID": OUR_IDS["eserviceId"],
    "SNODO_DESCRIPTOR_ID": OUR_IDS["descriptorId"],
    "SNODO_REQUIRE_ESERVICE_CLAIMS": "true",
}


@pytest.fixture(scope="session")
def forge() -> Forge:
    return Forge(
        RSAKey.generate_key(2048), KID, RSAKey.generate_key(2048), ECKey.generate_key("P-256"), CLAIMS, NOW
    )


class Doctor:
    """Asks the command about what a consumer sends."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder = folder
        self.jwks = self.file(
            "jwks.json", json.dumps({"keys": [{**forge.key.as_dict(private=False), "kid": KID}]})
        )

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode("latin-1", "replace"))
        return str(path)

    def examine(self, sent: Sent, *options: str, with_keys: bool = True) -> Result:
        words = ["doctor", "voucher", self.file("voucher.txt", f"{sent.scheme} {sent.token}\n"), "--at", AT]
        words += ["--method", sent.method]
        words += ["--jwks", self.jwks] if with_keys else []
        if sent.proofs:
            words += ["--dpop", self.file("proof.txt", ", ".join(sent.proofs))]
        if sent.evidence:
            words += ["--evidence", self.file("evidence.txt", ", ".join(sent.evidence))]
        return self.run(*words, *options)

    def run(self, *words: str, **options: Any) -> Result:
        return CliRunner().invoke(command_line(["doctor"]), list(words), env=SETTINGS, **options)


@pytest.fixture
def doctor(tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    # Or the whole test process would go on logging to the runner's stderr, which is closed.
    monkeypatch.setattr("hub.cli.options.log_to_stderr", lambda _level: None)
    return Doctor(tmp_path, forge)


def verdicts(result: Result) -> dict[str, str]:
    """What each line says, by the credential and what was looked at."""
    lines = [
        line
        for line in result.stdout.splitlines()
        if line[:1].isalpha() and line[:8].strip() in ("ok", "failed", "skipped")
    ]
    return {line[8:].partition(":")[0].strip(): line[:8].strip() for line in lines}


def test_a_good_voucher(doctor: Doctor, forge: Forge) -> None:
    result = doctor.examine(Sent(forge.voucher()))
    assert result.exit_code == 0, result.output
    found = verdicts(result)
    assert found.pop("voucher   client, purpose, grant") == "skipped"
    assert set(found.values()) == {"ok"}
    assert [name.split()[1] for name in found] == [
        "form", "header", "alg", "crit", "jwk,", "typ", "kid", "signature", "payload", "iss", "aud", "iat,", "client_id,", "purposeId",
        "producerId", "consumerId", "eserviceId", "descriptorId", "jti", "digest", "cnf", "scheme",
    ]  # fmt: skip
    assert "Nothing here would have it refused." in result.stdout


def test_without_keys_the_signature_is_said_to_be_unchecked(doctor: Doctor, forge: Forge) -> None:
    result = doctor.examine(Sent(forge.voucher()), with_keys=False)
    assert result.exit_code == 0
    assert verdicts(result)["voucher   signature"] == "skipped"
    assert "without checking the signature" in result.stdout


@pytest.mark.parametrize(
    "name", [name for name, one in HOSTILE.items() if one.check is not Check.REPLAYED and "\0" not in name]
)
def test_a_hostile_token_is_found_out_offline_too(doctor: Doctor, forge: Forge, name: str) -> None:
    hostile = HOSTILE[name]
    sent = hostile.sent(forge)
    result = doctor.examine(sent)
    if not sent.proofs and hostile.check is Check.CREDENTIALS:  # there is nothing to examine, and it says so
        assert "--dpop FILE" in result.stdout
        return
    assert result.exit_code == 1, result.output
    assert f": {hostile.check.value}, in `{hostile.claim}`" in result.stdout
    for token in (sent.token, *sent.proofs, *sent.evidence):
        for part in token.split("."):
            assert len(part) < 16 or part not in result.stdout


def test_all_that_is_wrong_is_said_at_once_and_how_to_mend_it(doctor: Doctor, forge: Forge) -> None:
    token = forge.voucher({"typ": "JWT"}, iss="uat", aud="x", exp=NOW - 100, iat=NOW - 700)
    result = doctor.examine(Sent(token))
    failed = [what for what, verdict in verdicts(result).items() if verdict == "failed"]
    assert [what.split()[1] for what in failed] == ["typ", "iss", "aud", "iat,"]
    assert "4 failed, and it stops at the first" in result.stdout
    assert "Ask PDND for a voucher for this e-service." in result.stdout
    assert "expected `interop.pagopa.it`" in result.stdout
    assert "received `uat`" in result.stdout


def test_what_rests_on_another_check_is_not_said_twice(doctor: Doctor, forge: Forge) -> None:
    result = doctor.examine(PROOFS["proof's jwk missing"].sent(forge))
    assert verdicts(result)["proof     jwk"] == "failed"
    assert verdicts(result)["proof     signature"] == "skipped"
    assert "1 failed" in result.stdout


def test_good_proof_and_good_evidence(doctor: Doctor, forge: Forge) -> None:
    evidence = evidence_of("op-7")
    digest = {"alg": "SHA256", "value": hashlib.sha256(evidence.encode()).hexdigest()}
    token = forge.bound(digest=digest)
    result = doctor.examine(Sent(token, "DPoP", (forge.proof(token),), (evidence,)))
    assert result.exit_code == 0, result.output
    assert verdicts(result)["evidence  digest"] == "ok"
    about_evidence = {
        name.split()[1]: one for name, one in verdicts(result).items() if name.startswith("evidence")
    }
    assert [name for name, one in about_evidence.items() if one == "skipped"] == ["signature", "used"]
    assert set(about_evidence) > {
        "alg",
        "typ",
        "kid",
        "iss",
        "sub",
        "aud",
        "iat,",
        "jti",
        "purposeId",
        "dnonce",
        "userID",
        "LoA",
    }
    assert set(about_evidence.values()) == {"ok", "skipped"}
    assert verdicts(result)["proof     used before"] == "skipped"
    assert "op-7" not in result.stdout, "the person at the desk is nobody's business here"


@pytest.mark.parametrize(
    ("check", "claim", "header", "change"),
    [
        (Check.ALGORITHM, "alg", {"alg": "none"}, {}),
        (Check.EMBEDDED_KEY, "jwk", {"jwk": {}}, {}),
        (Check.TYPE, "typ", {"typ": "at+jwt"}, {}),
        (Check.KEY, "kid", {"kid": ...}, {}),
        (Check.CRITICAL, "crit", {"crit": ["exp"]}, {}),
        (Check.ISSUER, "iss", {}, {"iss": "another"}),
        (Check.ISSUER, "iss", {}, {"iss": ...}),
        (Check.CLIENT, "sub", {}, {"sub": "another"}),
        (Check.AUDIENCE, "aud", {}, {"aud": "https://other.example"}),
        (Check.TIME, "iat", {}, {"iat": ...}),
        (Check.EXPIRED, "exp", {}, {"iat": NOW - 400, "exp": NOW - 100}),
        (Check.NOT_YET_VALID, "nbf", {}, {"nbf": NOW + 60}),
        (Check.IDENTIFIER, "jti", {}, {"jti": ...}),
        (Check.PURPOSE, "purposeId", {}, {"purposeId": ...}),
        (Check.NONCE, "dnonce", {}, {"dnonce": "12"}),
        (Check.OPERATOR, "LoA", {}, {"LoA": ""}),
    ],
)
def test_evidence_is_examined_itself(
    check: Check, claim: str, header: dict[str, Any], change: dict[str, Any], doctor: Doctor, forge: Forge
) -> None:
    """Though the voucher was issued for exactly this one."""
    evidence = evidence_of("op-7", header, **change)
    digest = {"alg": "SHA256", "value": hashlib.sha256(evidence.encode()).hexdigest()}
    result = doctor.examine(Sent(forge.voucher(digest=digest), evidence=(evidence,)))
    assert result.exit_code == 1, result.output
    assert f": {check.value}, in `{claim}`" in result.stdout
    assert "1 failed" in result.stdout
    assert verdicts(result)["evidence  digest"] == "ok"


def test_what_was_not_given_is_asked_for(doctor: Doctor, forge: Forge) -> None:
    digest = {"alg": "SHA256", "value": "0" * 64}
    result = doctor.run("doctor", "voucher", "-", "--at", AT, input=forge.bound(digest=digest))
    assert result.exit_code == 0
    for option in ("--jwks FILE", "--dpop FILE", "--evidence FILE"):
        assert option in result.stdout


def test_a_header_may_be_pasted_whole(doctor: Doctor, forge: Forge) -> None:
    token = forge.voucher()
    for pasted in (
        token,
        f"Bearer {token}\r\n",
        f"Authorization: Bearer {token}",
        f"authorization:bearer  {token} ",
    ):
        result = doctor.run("doctor", "voucher", "-", "--at", AT, "--jwks", doctor.jwks, input=pasted)
        assert result.exit_code == 0, (pasted[:20], result.output)
    assert doctor.run("doctor", "voucher", "-", "--at", AT, input=f"DPoP {token}").exit_code == 1


def test_what_came_beside_it_may_be_pasted_whole(doctor: Doctor, forge: Forge) -> None:
    """As `snodo voucher` prints it."""
    evidence, bound = evidence_of("op-7"), forge.bound()
    proof = forge.proof(bound)
    digest = {"alg": "SHA256", "value": hashlib.sha256(evidence.encode()).hexdigest()}
    voucher = forge.voucher(digest=digest)
    for name, exit_code in (("Agid-JWT-TrackingEvidence", 0), ("agid-jwt-tracking-evidence", 0), ("DPoP", 1)):
        result = doctor.examine(Sent(voucher, evidence=(f"{name}: {evidence}\r\n",)))
        assert result.exit_code == exit_code, result.output
    for name, exit_code in (("DPoP", 0), ("dpop", 0), ("Agid-JWT-TrackingEvidence", 1)):
        result = doctor.examine(Sent(bound, scheme="DPoP", proofs=(f"{name}: {proof}\r\n",)))
        assert result.exit_code == exit_code, result.output


def test_at_another_time(doctor: Doctor, forge: Forge) -> None:
    file = doctor.file("voucher.txt", forge.voucher())
    assert doctor.run("doctor", "voucher", file, "--at", "2026-09-21T16:13:20+02:00").exit_code == 0
    assert doctor.run("doctor", "voucher", file, "--at", "2026-09-21T14:33:20Z").exit_code == 1
    assert doctor.run("doctor", "voucher", file).exit_code == 1, "now"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.txt"], "nowhere.txt cannot be read"),
        (["VOUCHER", "--at", "noon"], "--at is a time with an offset"),
        (["VOUCHER", "--at", "2026-09-21T14:33:20"], "--at is a time with an offset"),
        (["VOUCHER", "--jwks", "VOUCHER"], "is not a JWK Set"),
        (["VOUCHER", "--dpop", "nowhere.txt"], "nowhere.txt cannot be read"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(doctor: Doctor, words: list[str], said: str) -> None:
    file = doctor.file("voucher.txt", "x")
    result = doctor.run("doctor", "voucher", *(file if word == "VOUCHER" else word for word in words))
    assert result.exit_code == 1
    assert said in str(result.exception)


def test_the_tables_are_all_examined() -> None:
    assert len(HOSTILE) == len(VOUCHERS) + len(PROOFS) + len(EVIDENCE)
