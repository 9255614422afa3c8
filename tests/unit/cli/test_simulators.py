# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate`: whom one gets for whom one names, and that its page knows every name and every fault."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.simulators.faults import FaultKind
from connectors.simulators.filing_agency import FileFault
from hub.cli.simulation import AGENCIES, NEEDS_PDND
from hub.cli.simulators import EVERYBODY, WHAT, needed

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "try-against-simulators.md"


@pytest.mark.parametrize("name", EVERYBODY)
def test_who_takes_vouchers_comes_with_pdnd_and_nobody_else_brings_anybody(name: str) -> None:
    expected = {name, "pdnd"} if name in {"anpr", "inps", "region", "isee"} else {name}
    assert set(needed([name])) == expected
    assert (name in NEEDS_PDND) == (expected != {name})


def test_they_come_in_one_order_whatever_one_says_first() -> None:
    assert needed(["inps-files", "isee", "anpr", "isee"]) == ("pdnd", "anpr", "isee", "inps-files")
    assert needed(EVERYBODY) == EVERYBODY
    assert needed(AGENCIES) == AGENCIES, "the demo's"


def test_the_page_has_every_name_and_every_fault() -> None:
    text = PAGE.read_text(encoding="utf-8")
    first_cells = {
        word
        for line in re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
        for word in re.findall(r"`([^`]+)`", line)
    }
    assert {*EVERYBODY, *FaultKind, *FileFault} <= first_cells
    assert WHAT.keys() == set(EVERYBODY)
