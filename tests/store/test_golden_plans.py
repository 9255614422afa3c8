# SPDX-License-Identifier: EUPL-1.2
"""By which indexes the canonical operations are read, over 20,000 people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from tests.golden import Golden, operations

if TYPE_CHECKING:
    from tests.store.conftest import Planner

SCOPES = {
    "centre": GrantScope.CENTRE,
    "municipality": GrantScope.MUNICIPALITY,
    "region": GrantScope.REGION,
    "inps": GrantScope.NATIONAL,
    "citizen": GrantScope.SELF,
}
PREFIXES = {"pact": "pct", "household": "hsh", "person": "ben"}


def _any(name: str) -> str:
    """Some value of the kind: a plan is for all of them."""
    kind, _, _ = name.rpartition(":")
    return f"{PREFIXES[kind]}_{'0' * 32}" if kind else "RSSMRA80A01H501U"


@pytest.mark.parametrize("golden", operations(), ids=lambda golden: golden.name)
async def test_golden_plans(golden: Golden, planner: Planner) -> None:
    _, catalogue = build_schema()
    operation = Documents(catalogue, most=1).operation(golden.text, None)
    assert isinstance(operation, Operation)
    variables, errors = operation.variables.coerce(golden.variables(_any))
    assert not errors
    kind = SCOPES[golden.caller]
    plans = operation.prepare(variables, Scope(kind, single=kind is not GrantScope.NATIONAL)).plans
    lines: list[str] = []
    for key, plan in plans.items():
        lines.append(f"-- {key}")
        # A table that stays small is read as PostgreSQL likes; which way is no loss.
        reads = [read for read in await planner.reads(plan.statement.text) if read.table in planner.large]
        lines += [
            f"{read.table}: {read.index or 'FROM END TO END'}"
            for read in sorted(reads, key=lambda read: (read.table, read.index or ""))
        ]
    golden.compare("plan", "\n".join(lines) + "\n")
