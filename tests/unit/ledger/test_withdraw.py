# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a withdrawal whatever the tables hold, and what makes two of them one."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from hub.ledger.refusals import AGAINST_WITHDRAWAL, RefusalCode
from hub.ledger.withdraw import WithdrawEvent, refuse_form

COMMAND = WithdrawEvent("k", UUID(int=1), "Un'altra persona")


@pytest.mark.parametrize("reason", ["x", " x", "🦊" * 2_000, "a\nb"])
def test_a_reason(reason: str) -> None:
    assert refuse_form(replace(COMMAND, reason=reason)) is None


@pytest.mark.parametrize("reason", ["", " ", "\n\t\u2003", "🦊" * 2_001])
def test_a_reason_that_is_none(reason: str) -> None:
    refusal = refuse_form(replace(COMMAND, reason=reason))
    assert refusal is not None
    assert (refusal.code, refusal.path) == (RefusalCode.REASON_INVALID, ("reason",))


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb"])
def test_a_key_that_is_none(key: str) -> None:
    refusal = refuse_form(replace(COMMAND, idempotency_key=key))
    assert refusal is not None
    assert refusal.code is RefusalCode.IDEMPOTENCY_KEY_INVALID


def test_what_was_sent_is_told_apart_but_for_its_key() -> None:
    assert replace(COMMAND, idempotency_key="other").input_hash == COMMAND.input_hash
    others = [replace(COMMAND, event_id=UUID(int=2)), replace(COMMAND, reason="y")]
    assert len({one.input_hash for one in (COMMAND, *others)}) == 3


def test_each_refusal_is_a_sentence_about_the_event() -> None:
    for code, refusal in AGAINST_WITHDRAWAL.items():
        assert refusal.code is code
        assert refusal.message.endswith(".")
        assert refusal.path == ("event",)
