# SPDX-License-Identifier: EUPL-1.2
"""Passwords of programs: hashed, written, read, and what is no hash."""

from __future__ import annotations

import pytest

from hub.access.passwords import (
    MalformedHash,
    PasswordHash,
    hash_password,
    new_password,
    nobodys_hash,
    read_hash,
)

SALT, DIGEST = "MDEyMzQ1Njc4OWFiY2RlZg==", "A" * 43 + "="


def test_a_hash_is_of_its_password_alone() -> None:
    kept = read_hash(str(hash_password("sé:gretò")))
    assert kept.is_of("sé:gretò".encode())
    assert not kept.is_of(b"segreto")
    assert not kept.is_of(b"")


def test_the_same_password_has_another_hash_each_time() -> None:
    assert str(hash_password("x")) != str(hash_password("x"))
    assert new_password() != new_password()
    assert len(new_password()) >= 32


def test_the_standards_own_example_is_met() -> None:
    """RFC 7914, section 12: password, NaCl, N 1024, r 8, p 16; its first 32 bytes."""
    digest = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    assert PasswordHash(1_024, 8, 16, b"NaCl", digest).is_of(b"password")


def test_it_is_not_shown_by_accident() -> None:
    assert "$" not in repr(hash_password("x"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "segreto",
        f"scrypt$16384$8$1${SALT}",
        f"scrypt$16383$8$1${SALT}${DIGEST}",
        f"scrypt$1$8$1${SALT}${DIGEST}",
        f"scrypt$16384$0$1${SALT}${DIGEST}",
        f"scrypt$4194304$8$1${SALT}${DIGEST}",
        f"scrypt$16384$8$1$====={SALT}${DIGEST}",
        f"bcrypt$16384$8$1${SALT}${DIGEST}",
    ],
)
def test_what_is_no_hash_or_costs_too_much_is_refused(text: str) -> None:
    with pytest.raises(MalformedHash):
        read_hash(text)


def test_nobodys_hash_costs_what_everybodys_does() -> None:
    nobody, somebody = nobodys_hash(), hash_password("x")
    assert (nobody.n, nobody.r, nobody.p) == (somebody.n, somebody.r, somebody.p)
    assert nobody is nobodys_hash()
