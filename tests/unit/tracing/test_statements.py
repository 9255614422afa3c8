# SPDX-License-Identifier: EUPL-1.2
"""A statement's hash names it, and can be taken for nobody's code."""

from __future__ import annotations

from hub.tracing.statements import statement_hash
from tests.personal import FISCAL_CODE


def test_no_hash_looks_like_a_fiscal_code() -> None:
    """Of hexadecimal digits one in some two hundred thousand would, had it sixteen: `cebace72d82a401c` did."""
    assert FISCAL_CODE.fullmatch("CEBACE72D82A401C")
    shortest = 16
    assert len(statement_hash("SELECT 1")) < shortest
    assert statement_hash("SELECT 1") == statement_hash("SELECT 1") != statement_hash("SELECT 2")
