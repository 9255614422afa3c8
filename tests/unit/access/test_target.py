# SPDX-License-Identifier: EUPL-1.2
"""Addresses that mean the same are spelt the same, and none that means another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access.proof import ProofRules
from hub.access.target import normalised
from hub.errors import ConfigurationError
from hub.settings import Settings

HUB = "https://hub.example/graphql"


@pytest.mark.parametrize(
    "address",
    [
        HUB,
        "HTTPS://HUB.example/graphql",
        "https://hub.example:443/graphql",
        "https://hub.example:/graphql",
        "https://hub.example/graphql?query=%7B",
        "https://hub.example/graphql#top",
        "https://hub.example/%67raph%71l",
        "https://hub.example/a/../graphql",
        "https://hub.example/./graphql",
        "https://hub.example/../graphql",
    ],
)
def test_the_same(address: str) -> None:
    assert normalised(address) == HUB


@pytest.mark.parametrize(
    ("address", "spelt"),
    [
        ("https://hub.example", "https://hub.example/"),
        ("https://hub.example/graphql/", "https://hub.example/graphql/"),
        ("https://hub.example/graphql/.", "https://hub.example/graphql/"),
        ("https://hub.example//graphql", "https://hub.example//graphql"),
        ("https://hub.example/GraphQL", "https://hub.example/GraphQL"),
        ("https://hub.example/a%2fb", "https://hub.example/a%2Fb"),
        ("https://hub.example/a/b", "https://hub.example/a/b"),
        ("http://hub.example:80/graphql", "http://hub.example/graphql"),
        ("http://hub.example:443/graphql", "http://hub.example:443/graphql"),
        ("https://hub.example:8443/graphql", "https://hub.example:8443/graphql"),
        ("https://hub.example./graphql", "https://hub.example./graphql"),
        ("https://[2001:DB8::1]:8443/graphql", "https://[2001:db8::1]:8443/graphql"),
        ("https://[2001:db8::1]/graphql", "https://[2001:db8::1]/graphql"),
    ],
)
def test_another(address: str, spelt: str) -> None:
    assert normalised(address) == spelt
    assert normalised(spelt) == spelt


@pytest.mark.parametrize(
    "address",
    ["", "graphql", "/graphql", "//hub.example/graphql", "https:/graphql", "https://", "wss://hub.example/graphql", "ftp://hub.example/", "javascript:alert(1)",
     "https://user@hub.example/graphql", "https://user:word@hub.example/graphql", "https://hub.example\\@evil.example/", "https://hub.example /graphql",
     "https://hub.example/gra\nphql", "\thttps://hub.example/graphql", "https://hub.example/%", "https://hub.example/%4", "https://hub.example/%zz",
     "https://hub.example:port/", "https://hub.example:99999/", "https://[::1/", "https://hùb.example/", "https://%68ub.example/", "https://hub.example/" + "a" * 2_000],
)  # fmt: skip
def test_no_address(address: str) -> None:
    assert normalised(address) is None


@given(
    st.text(max_size=60) | st.text("htps:/.%@?#[]abc0123456789", max_size=60).map(lambda t: "https://" + t)
)
def test_any_text_has_one_spelling_or_none(text: str) -> None:
    spelt = normalised(text)
    assert spelt is None or (normalised(spelt) == spelt and spelt.startswith(("http://", "https://")))


def test_proofs_are_for_the_public_address_and_for_the_audience_where_none_is_set() -> None:
    told = ProofRules.from_settings(
        Settings(public_url="https://Hub.example:443/graphql?x", proof_life=30, clock_skew=1)
    )
    assert told == ProofRules(target=HUB, longest_life=30, clock_skew=1)
    assert ProofRules.from_settings(Settings(audience=HUB)).target == HUB
    assert ProofRules.from_settings(Settings(audience="snodo")).target == "", "then no proof is taken"
    with pytest.raises(ConfigurationError, match="SNODO_PUBLIC_URL"):
        ProofRules.from_settings(Settings(public_url="snodo"))
