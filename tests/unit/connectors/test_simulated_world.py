# SPDX-License-Identifier: EUPL-1.2
"""The demo world's ids, keys, memory of used tokens, and vouchers without HTTP."""

from __future__ import annotations

import json
import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import Registry, demo_registry
from connectors.simulators.replay import SeenTokens

NOW = 1_790_000_000.0


def test_ids_are_the_same_in_every_process(registry: Registry) -> None:
    assert demo_registry() == registry
    assert registry.consumer("hub").client_id == "07c54f3b-6e76-5346-9591-2115f82104ee"


def test_ids_are_all_different(registry: Registry) -> None:
    ids = [one.client_id for one in registry.consumers.values()]
    ids += [purpose.purpose_id for one in registry.consumers.values() for purpose in one.purposes]
    ids += [i for one in registry.eservices.values() for i in (one.eservice_id, one.descriptor_id)]
    assert len(set(ids)) == len(ids)


def test_the_world_has_the_named_consumers_and_e_services(registry: Registry) -> None:
    assert set(registry.consumers) == {
        "centre", "municipality", "region", "inps", "ministry", "accredited", "dpo", "admin", "hub", "hub-m2m",
    }  # fmt: skip
    assert set(registry.eservices) == {"hub", "anpr", "inps", "isee", "region"}
    for name in ("centre", "municipality", "region", "inps"):
        assert registry.consumer(name).purpose_for("hub").eservice == "hub"
    for eservice in ("anpr", "inps", "region"):
        assert registry.consumer("hub").purpose_for(eservice).eservice == eservice
    with pytest.raises(LookupError, match="municipality"):
        registry.consumer("citizen")
    with pytest.raises(LookupError, match="no purpose"):
        registry.consumer("centre").purpose_for("anpr")


def test_an_organisation_is_one_whether_it_offers_or_consumes(registry: Registry) -> None:
    assert registry.consumer("inps").organisation_id == registry.eservices["inps"].producer_id
    assert registry.consumer("hub").organisation_id == registry.eservices["hub"].producer_id


def test_keys_are_private_files_made_once(keys: DemoKeys, registry: Registry) -> None:
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    for name in keys.private:
        assert stat.S_IMODE(keys.path(name).stat().st_mode) == 0o600
    assert {path.name for path in keys.folder.iterdir()} == {
        *(f"{name}.pem" for name in ("pdnd", "identity-provider", "hub-signing", *registry.consumers)),
        "pdnd-jwks.json",
        "citizen-jwks.json",
        "client-keys.json",
    }
    before = keys.path("hub").read_bytes()
    again = open_keys(keys.folder.parent, registry)
    assert again.path("hub").read_bytes() == before
    assert again.kid("pdnd") == keys.kid("pdnd")


def test_the_published_key_set_is_pdnds_public_key_only(keys: DemoKeys) -> None:
    published = json.loads(keys.jwks_path.read_bytes())
    assert [set(key) for key in published["keys"]] == [{"kty", "n", "e", "kid", "use", "alg"}]
    assert published["keys"][0]["kid"] == keys.kid("pdnd")


def _open(folder: Path) -> str:
    return json.dumps(sorted(open_keys(folder, demo_registry()).client_keys(demo_registry())))


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        seen = set(pool.map(_open, [tmp_path, tmp_path], chunksize=1))
    assert seen == {_open(tmp_path)}
    assert not [path for path in (tmp_path / "demo").iterdir() if path.name.startswith(".")]


def test_a_voucher_has_pdnds_shape_and_verifies_with_joserfc(registry: Registry, keys: DemoKeys) -> None:
    token = issue_voucher(registry, keys, "centre", now=NOW, lifespan=300, digest="d" * 64)
    centre, hub = registry.consumer("centre"), registry.eservices["hub"]
    lenient = JWSRegistry(algorithms=["RS256"], strict_check_header=False)  # `use` is no header of RFC 7515
    read = jwt.decode(token, KeySet.import_key_set(keys.jwks()), registry=lenient)  # type: ignore[arg-type]
    assert read.header == {"alg": "RS256", "use": "sig", "typ": "at+jwt", "kid": keys.kid("pdnd")}
    jti = read.claims.pop("jti")
    assert len(jti) == 36
    assert read.claims == {
        "iss": "interop.pagopa.it",
        "aud": "https://snodo.example/graphql",
        "client_id": centre.client_id,
        "sub": centre.client_id,
        "iat": int(NOW),
        "nbf": int(NOW),
        "exp": int(NOW) + 300,
        "purposeId": centre.purpose_for("hub").purpose_id,
        "producerId": hub.producer_id,
        "consumerId": centre.organisation_id,
        "eserviceId": hub.eservice_id,
        "descriptorId": hub.descriptor_id,
        "digest": {"alg": "SHA256", "value": "d" * 64},
    }


@pytest.mark.parametrize("name", ["citizen", "nobody", ""])
def test_there_are_no_vouchers_for_others(registry: Registry, keys: DemoKeys, name: str) -> None:
    with pytest.raises(LookupError):
        issue_voucher(registry, keys, name, now=NOW)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_token_is_new_once_per_issuer(clock: Clock) -> None:
    seen = SeenTokens(clock)
    uses: list[Callable[[], bool]] = [
        lambda: seen.first_use("a", "j", NOW + 60),
        lambda: seen.first_use("a", "j", NOW + 60),
        lambda: seen.first_use("b", "j", NOW + 60),
        lambda: seen.first_use("a", None, NOW + 60),
        lambda: seen.first_use("a", 7, NOW + 60),
    ]
    assert [use() for use in uses] == [True, False, True, False, False]


def test_an_evidence_belongs_to_the_voucher_it_came_with(clock: Clock) -> None:
    seen = SeenTokens(clock)
    assert seen.same_use("a", "j", NOW + 60, "v1")
    assert seen.same_use("a", "j", NOW + 60, "v1")
    assert not seen.same_use("a", "j", NOW + 60, "v2")
    assert not seen.same_use("a", None, NOW + 60, "v1")


def test_expired_tokens_are_forgotten(clock: Clock) -> None:
    seen = SeenTokens(clock)
    assert seen.first_use("a", "j", NOW + 60)
    clock.now += 59
    assert not seen.first_use("a", "j", NOW + 60)
    clock.now += 1
    assert seen.first_use("a", "j", NOW + 120)
