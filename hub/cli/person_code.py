# SPDX-License-Identifier: EUPL-1.2
"""A person's fiscal code, as commands ask for it: never an argument, which every process of the system can read."""

from __future__ import annotations

import sys

import typer

from hub.store.fiscal_code import parse_fiscal_code

LONGEST_CODE = 64
"""Characters that are read of a fiscal code."""


def asked_fiscal_code() -> str:
    """The code, from the terminal without an echo or from stdin.

    Raises:
        InvalidFiscalCode: it is none.

    """
    if sys.stdin.isatty():
        return parse_fiscal_code(typer.prompt("Fiscal code", hide_input=True))
    return parse_fiscal_code(sys.stdin.readline(LONGEST_CODE).strip())
