# SPDX-License-Identifier: EUPL-1.2
"""The canonical operations answer, byte for byte, and by the SQL, they are known to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema
from tests.api.conftest import SIGHTS
from tests.golden import Golden, operations

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.world import World


def _named(world: World, name: str) -> str:
    kind, _, key = name.rpartition(":")
    match kind:
        case "pact":
            return f"pct_{world.pacts[key].hex}"
        case "household":
            return f"hsh_{world.households[key].hex}"
        case "person":
            return world.people[key].node
        case _:
            return world.people[key].fiscal_code


@pytest.mark.parametrize("golden", operations(), ids=lambda golden: golden.name)
async def test_golden_answers(golden: Golden, ask: Service, world: World) -> None:
    variables = golden.variables(lambda name: _named(world, name))
    answer = await ask(golden.text, as_=golden.caller, **variables)
    assert answer.status == 200
    golden.compare("json", json.dumps(answer.json, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("golden", operations(), ids=lambda golden: golden.name)
def test_golden_statements(golden: Golden, world: World) -> None:
    _, catalogue = build_schema()
    operation = Documents(catalogue, most=1).operation(golden.text, None)
    assert isinstance(operation, Operation)
    variables, errors = operation.variables.coerce(golden.variables(lambda name: _named(world, name)))
    assert not errors
    sight = SIGHTS[golden.caller]
    scope = Scope(GrantScope(sight.kind), single=len(sight.areas) == 1)
    plans = operation.prepare(variables, scope).plans
    statements = [f"-- {key}\n{plan.statement.text}\n" for key, plan in plans.items()]
    golden.compare("sql", "\n".join(line.rstrip() for line in "\n".join(statements).splitlines()) + "\n")
