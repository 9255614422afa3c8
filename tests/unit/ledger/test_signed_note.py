# SPDX-License-Identifier: EUPL-1.2
"""Signed notes and checkpoints: another implementation's note, and whatever is wrong with one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.ledger.checkpoint import Checkpoint, read_checkpoint
from hub.ledger.signed_note import MalformedNote, Signer, UnsignedNote, VerifierKey, text_of, verified

# From the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = Signer("snodo.example/feed", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CHECKPOINT = Checkpoint("snodo.example/feed", 10_000_000, bytes(range(32)))


def test_the_note_of_another_implementation() -> None:
    key = VerifierKey.read(GO_KEY)
    assert verified(GO_NOTE, key).startswith("If you think cryptography")
    assert str(key) == GO_KEY


def test_what_is_signed_is_verified_and_read_again() -> None:
    note = CHECKPOINT.signed(SIGNER)
    key = VerifierKey.read(str(SIGNER.key))
    assert key == SIGNER.key
    assert read_checkpoint(note, key) == read_checkpoint(note) == CHECKPOINT
    assert note.startswith(
        "snodo.example/feed\n10000000\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— snodo.example/feed "
    )


def test_signatures_of_others_are_passed_over() -> None:
    other = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = CHECKPOINT.signed(SIGNER) + CHECKPOINT.signed(other).rpartition("\n\n")[2]
    assert read_checkpoint(note, SIGNER.key) == read_checkpoint(note, other.key) == CHECKPOINT


def test_each_changed_character_is_found() -> None:
    note = CHECKPOINT.signed(SIGNER)
    for at, character in enumerate(note):
        changed = note[:at] + ("A" if character != "A" else "B") + note[at + 1 :]
        with pytest.raises((MalformedNote, UnsignedNote)):
            read_checkpoint(changed, SIGNER.key)
        with pytest.raises((MalformedNote, UnsignedNote)):
            read_checkpoint(note[:at], SIGNER.key)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("", "an empty line"),
        ("a\n1\nx\n", "an empty line"),
        ("a\n\n", "an empty line"),
        ("a\r\n\n— x AAAAAAA=\n", "control characters"),
        ("a\n\nx AAAAAAA=\n", "not a signature"),
        ("a\n\n— x\n", "not a signature"),
        ("a\n\n— x !\n", "not base64"),
        ("a\n\n— x AAAA\n", "too short"),
    ],
)
def test_what_is_no_note_is_refused_with_a_sentence(note: str, message: str) -> None:
    with pytest.raises(MalformedNote, match=message):
        text_of(note)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n1\n", "three lines"),
        ("\n1\nAAAA\n", "three lines"),
        ("a\n01\nAAAA\n", "decimal"),
        ("a\n-1\nAAAA\n", "decimal"),
        ("a\n1\nAAAA\n", "32 bytes"),
        ("a\n1\n?\n", "32 bytes"),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_a_sentence(text: str, message: str) -> None:
    with pytest.raises(MalformedNote, match=message):
        read_checkpoint(SIGNER.sign(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "on one line"),
        ("a b+c+d", "on one line"),
        (GO_KEY.replace("c74f20a3", "c74f20a4"), "c74f20a3"),
        (GO_KEY[:-4] + "!!!!", "base64"),
        ("x+00000000+AgAA", "Ed25519"),
    ],
)
def test_what_is_no_key_is_refused_with_a_sentence(text: str, message: str) -> None:
    with pytest.raises(MalformedNote, match=message):
        VerifierKey.read(text)


def test_a_signer_needs_a_name_that_a_line_can_hold() -> None:
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(MalformedNote):
            Signer(name, Ed25519PrivateKey.generate())
