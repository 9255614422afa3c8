# SPDX-License-Identifier: EUPL-1.2
"""The simulated PDND refuses what PDND refuses: each check, one wrong thing at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from connectors.pdnd import ClientIdentity
from connectors.pdnd.assertion import client_assertion
from connectors.simulators.assertions import AssertionRefused, Granted, check_assertion
from connectors.simulators.jws import sign
from connectors.simulators.keys import DemoKeys
from connectors.simulators.registry import Purpose, Registry, Standing, demo_id

NOW = 1_790_000_000.0
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Json = dict[str, Any]


def good(registry: Registry, keys: DemoKeys) -> tuple[Json, Json]:
    """Header and claims as domain.md 2.1 has them."""
    hub = registry.consumer("hub")
    header = {"alg": "RS256", "typ": "JWT", "kid": keys.kid("hub")}
    claims = {
        "iss": hub.client_id,
        "sub": hub.client_id,
        "aud": registry.assertion_audience,
        "jti": "0c7c6d0e",
        "iat": int(NOW),
        "exp": int(NOW) + 60,
        "purposeId": hub.purpose_for("anpr").purpose_id,
        "digest": {"alg": "SHA256", "value": "0" * 64},
    }
    return header, claims


def form(assertion: str, **more: str) -> dict[str, str]:
    return {
        "client_assertion": assertion,
        "client_assertion_type": TYPE,
        "grant_type": "client_credentials",
        **more,
    }


def check(registry: Registry, keys: DemoKeys, assertion: str, **more: str) -> Granted:
    granted = check_assertion(form(assertion, **more), registry, keys.client_keys(registry), NOW)
    assert isinstance(granted, Granted)
    return granted


def test_the_hubs_own_assertion_is_taken(
    registry: Registry, keys: DemoKeys, identity: ClientIdentity
) -> None:
    purpose = registry.consumer("hub").purpose_for("inps")
    assertion = client_assertion(
        identity,
        audience=registry.assertion_audience,
        purpose_id=purpose.purpose_id,
        jti="j",
        now=NOW,
        digest="a" * 64,
    )
    granted = check(registry, keys, assertion, client_id=identity.client_id)
    assert (granted.consumer.name, granted.purpose, granted.eservice.name, granted.digest) == (
        "hub",
        purpose,
        "inps",
        "a" * 64,
    )


def test_the_digest_and_the_client_id_field_are_optional(registry: Registry, keys: DemoKeys) -> None:
    header, claims = good(registry, keys)
    del claims["digest"]
    assert check(registry, keys, sign(header, claims, keys.private["hub"])).digest is None


def test_the_audience_may_be_an_array(registry: Registry, keys: DemoKeys) -> None:
    header, claims = good(registry, keys)
    claims["aud"] = ["https://elsewhere.example", registry.assertion_audience]
    assert check(registry, keys, sign(header, claims, keys.private["hub"])).consumer.name == "hub"


Change = Callable[[Json, Json], object]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda h, _: h.update(alg="HS256"), "algorithmNotAllowed"),
        (lambda h, _: h.update(alg="none"), "algorithmNotAllowed"),
        (lambda h, _: h.update(typ="at+jwt"), "unexpectedClientAssertionSignature"),
        (lambda h, _: h.pop("kid"), "kidNotFound"),
        (lambda h, _: h.update(kid="my-key"), "invalidKidFormat"),
        (lambda h, _: h.update(kid="A" * 43), "invalidSignature"),
        (lambda _, c: c.update(nbf=int(NOW)), "clientAssertionInvalidClaims"),
        (lambda _, c: c.update(aud="https://auth.interop.pagopa.it/client-assertion"), "invalidAudience"),
        (lambda _, c: c.pop("aud"), "audienceNotFound"),
        (lambda _, c: c.pop("jti"), "jtiNotFound"),
        (lambda _, c: c.pop("iat"), "issuedAtNotFound"),
        (lambda _, c: c.pop("exp"), "expNotFound"),
        (lambda _, c: c.update(exp=str(int(NOW) + 60)), "expNotFound"),
        (lambda _, c: c.pop("iss"), "issuerNotFound"),
        (lambda _, c: c.pop("sub"), "subjectNotFound"),
        (lambda _, c: c.update(exp=int(NOW)), "tokenExpired"),
        (lambda _, c: c.update(iat=int(NOW) + 1), "notBefore"),
        (lambda _, c: c.update(iss="somebody"), "invalidSubject"),
        (lambda _, c: c.pop("purposeId"), "purposeIdNotProvided"),
        (lambda _, c: c.update(purposeId="anpr"), "invalidPurposeIdClaimFormat"),
        (lambda _, c: c.update(purposeId=7), "invalidPurposeIdClaimFormat"),
        (lambda _, c: c.update(purposeId=demo_id("purpose", "centre", "hub")), "platformStateNotFound"),
        (lambda _, c: c.update(digest="0" * 64), "invalidDigestClaim"),
        (lambda _, c: c["digest"].update(more=1), "invalidDigestClaim"),
        (lambda _, c: c["digest"].update(alg="SHA-256"), "invalidHashAlgorithm"),
        (lambda _, c: c["digest"].update(value="0" * 63), "invalidHashLength"),
        (lambda _, c: c["digest"].update(value="z" * 64), "invalidHashLength"),
    ],
)
def test_one_wrong_thing_is_refused_for_its_reason(
    registry: Registry, keys: DemoKeys, change: Change, reason: str
) -> None:
    header, claims = good(registry, keys)
    change(header, claims)
    with pytest.raises(AssertionRefused) as caught:
        check(registry, keys, sign(header, claims, keys.private["hub"]))
    assert caught.value.reason == reason


def test_another_clients_key_proves_nothing(registry: Registry, keys: DemoKeys) -> None:
    header, claims = good(registry, keys)
    with pytest.raises(AssertionRefused, match="invalidSignature"):
        check(registry, keys, sign(header, claims, keys.private["centre"]))
    own_kid = {**header, "kid": keys.kid("centre")}
    with pytest.raises(AssertionRefused, match="invalidSignature"):
        check(registry, keys, sign(own_kid, claims, keys.private["centre"]))


def test_the_form_is_checked_too(registry: Registry, keys: DemoKeys) -> None:
    assertion = sign(*good(registry, keys), keys.private["hub"])
    for field, value, reason in (
        ("grant_type", "password", "invalidGrantType"),
        ("client_assertion_type", "jwt-bearer", "invalidAssertionType"),
        ("client_assertion", "nonsense", "unexpectedClientAssertionSignature"),
        ("client_id", registry.consumer("centre").client_id, "invalidSubject"),
    ):
        with pytest.raises(AssertionRefused, match=reason):
            check_assertion({**form(assertion), field: value}, registry, keys.client_keys(registry), NOW)


def test_a_body_changed_after_signing_is_refused(registry: Registry, keys: DemoKeys) -> None:
    header, claims = good(registry, keys)
    first = sign(header, claims, keys.private["hub"]).split(".")
    second = sign(header, {**claims, "jti": "other"}, keys.private["hub"]).split(".")
    with pytest.raises(AssertionRefused, match="invalidSignature"):
        check(registry, keys, ".".join((first[0], second[1], first[2])))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": Standing.SUSPENDED}, "invalidPurposeState"),
        ({"agreement": Standing.SUSPENDED}, "invalidAgreementState"),
    ],
)
def test_purpose_and_agreement_must_be_active(
    registry: Registry, keys: DemoKeys, change: dict[str, Standing], reason: str
) -> None:
    hub = registry.consumer("hub")
    purposes: tuple[Purpose, ...] = tuple(dataclasses.replace(one, **change) for one in hub.purposes)
    consumers = {**registry.consumers, "hub": dataclasses.replace(hub, purposes=purposes)}
    altered = dataclasses.replace(registry, consumers=MappingProxyType(consumers))
    with pytest.raises(AssertionRefused, match=reason):
        check(altered, keys, sign(*good(registry, keys), keys.private["hub"]))


def test_the_descriptor_must_be_active(registry: Registry, keys: DemoKeys) -> None:
    archived = dataclasses.replace(registry.eservices["anpr"], descriptor=Standing.ARCHIVED)
    altered = dataclasses.replace(registry, eservices={**registry.eservices, "anpr": archived})
    with pytest.raises(AssertionRefused, match="invalidEServiceState"):
        check(altered, keys, sign(*good(registry, keys), keys.private["hub"]))
