# SPDX-License-Identifier: EUPL-1.2
"""What a process of the hub says on stderr is heard by the witness of every test, as what is said within the test's own process is."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Snodo, hear
from tests.personal import Personal
from tests.witness import WITNESS, Witness

PLANTED = "INPS-PLANTED-0002"


def test_a_command_is_heard(snodo: Snodo) -> None:
    ended = snodo("voucher", "--as", "centre", "--fiscal-code", "12345678903")
    assert "fiscal" in ended.stderr
    assert ended.stderr in {text for text, _ in WITNESS.heard["process"]}


@pytest.mark.parametrize(
    ("typed", "leaks"), [((), 1), (("feed", PLANTED), 0)], ids=["of its own", "as it was typed"]
)
def test_a_person_in_what_it_says_is_found(typed: tuple[str, ...], leaks: int) -> None:
    personal = Personal()
    personal.add_code(PLANTED)
    witness = Witness(personal)
    hear(f'{{"event": "request.failed", "protocol": "{PLANTED}"}}\n', typed, witness)
    assert len(witness.leaks()) == leaks


def test_the_demo_s_people_are_looked_for() -> None:
    assert WITNESS.personal.said_in("INPS-ADI-2026-0000001")
    assert WITNESS.personal.said_in("could not reach ZOE ALBERICI")
