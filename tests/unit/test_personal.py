# SPDX-License-Identifier: EUPL-1.2
"""The scanner that looks for people in what the hub says: it finds each of them, in every writing, and nobody else."""

from __future__ import annotations

import json
import time
from random import Random
from urllib.parse import quote

import pytest

from tests.personal import Personal
from tests.witness import Witness


@pytest.fixture
def personal() -> Personal:
    known = Personal()
    known.add_code("12345678903")
    known.add_code("INPS-ADI-2026-zz9")
    known.add_name("Þóra Ánna", "D'Ångelo-Òrtis")
    known.add_name("Ugo", "De Luca")
    known.add_name("  ", "Nobody")
    known.add_name("</>", "\x01")
    return known


@pytest.mark.parametrize(
    "text",
    [
        "person 12345678903 came",
        "id=x12345678903y",
        "protocol inps-adi-2026-ZZ9!",
        "whoever: RSSMRA80A01H501U.",
        '{"name": "Ugo De Luca"}',
        "De Luca, Ugo (CPI)",
        "family_name=De Luca event=x given_name='Ugo'",
        json.dumps({"who": "Þóra Ánna D'Ångelo-Òrtis"}),
        "/x?q=" + quote("Þóra Ánna D'Ångelo-Òrtis"),
        "ÞÓRA ÁNNA D'ÅNGELO ÒRTIS",
        '"De\\nLuca" \\"Ugo\\"',
    ],
)
def test_each_writing_is_found(text: str, personal: Personal) -> None:
    assert personal.said_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1234567890",
        "INPS-ADI-2026-z",
        "De Luca\nUgo",
        "Luca de Santis, Ugolino",
        "Nobody  ",
        "RSSMRA80A01H501U0 XRSSMRA80A01H501U",
        "H501C900031 ben_0123456789abcdef0123456789abcdef",
        "\x01 </>",
    ],
)
def test_nothing_else_is(text: str, personal: Personal) -> None:
    assert personal.said_in(text) == set()


def test_an_error_may_repeat_what_its_sender_sent_and_a_log_may_not(personal: Personal) -> None:
    witness = Witness(personal)
    witness.hear("error", "no such person: 12345678903", echo_of='{"fiscalCode": "12345678903"}')
    assert witness.leaks() == []
    witness.hear("error", "12345678903, and RSSMRA80A01H501U", echo_of="12345678903")
    [leak] = witness.leaks()
    assert "['RSSMRA80A01H501U']" in leak
    witness.hear("log", "no such person: 12345678903")
    assert len(witness.leaks()) == 2


def test_many_people_and_many_lines_cost_little() -> None:
    """A megabyte of log against 20,000 people; what a whole run of the suite says is less."""
    random, personal = Random("cost"), Personal()
    for number in range(20_000):
        personal.add_code(f"{number:011}")
        personal.add_name(f"Given{number % 300}", f"Family{number % 3_000}")
    lines = "\n".join(
        json.dumps({"event": "request.failed", "n": random.randint(0, 9)}) for _ in range(25_000)
    )
    began = time.process_time()
    assert personal.said_in(lines) == set()
    assert time.process_time() - began < 5
    assert personal.said_in(lines + " given7 family7") == {"family7 given7"}
