# SPDX-License-Identifier: EUPL-1.2
"""Operations nobody thought of, as each shipped purpose: those within it are answered as the reference says, all others refused."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLError

from tests.api.conftest import PURPOSES, with_named_cursors
from tests.api.operations import Writer
from tests.api.oracle import Oracle
from tests.api.purposes import LEVELS, FieldSet, needed
from tests.api.sight import Sight
from tests.api.test_generated_operations import AT_ONCE, FUZZ, SEED

if TYPE_CHECKING:
    from tests.api.conftest import Service
    from tests.api.world import World


class Within(Writer):
    """Writes what a purpose covers, but for what filters and orders tell."""

    def __init__(self, random: Random, nodes: list[str], purpose: FieldSet) -> None:
        super().__init__(random, nodes, feed=True)
        self.purpose = purpose

    def names(self, kind: Any, depth: int) -> list[str]:
        return [name for name in super().names(kind, depth) if self.purpose.permits(f"{kind.name}.{name}")]


@pytest.mark.parametrize("chunk", range((FUZZ or 1_000) // AT_ONCE))
async def test_generated_operations(
    chunk: int, ask: Service, oracle: Oracle, world: World, purposes: dict[str, FieldSet]
) -> None:
    outcomes = {True: 0, False: 0}
    for number in range(AT_ONCE):
        seed = f"{SEED} fields {chunk} {number}"
        random = Random(seed)
        name = random.choice(PURPOSES)
        purpose = purposes[name]
        writer = (
            Within(random, world.nodes, purpose)
            if random.random() < 0.75
            else Writer(random, world.nodes, feed=True)
        )
        query = writer.operation()
        if any(f"on {one} " in query for one in purpose.unseen):
            continue  # by name, what is unseen is refused; by the interface it is not there
        try:
            wanted = needed(query, writer.values)
        except GraphQLError:
            continue
        refused = {
            one
            for one in wanted
            if one.partition(".")[0] not in purpose.unseen
            and LEVELS[one] != "PUBLIC"
            and not purpose.permits(one)
        }
        whole = {one for one in wanted if one.startswith("Activity.") and not purpose.permits(one)}
        answer = await ask(query, as_=f"of-{name}", **writer.values)
        try:
            if refused or whole:
                assert (answer.status, {*answer.codes}) == (403, {"FORBIDDEN_FIELD"})
            elif answer.json.get("errors"):
                # Not permitted of an interface of whose types none is seen.
                assert {*answer.codes} == {"FORBIDDEN_FIELD"}
                assert purpose.unseen
                assert {
                    error["extensions"]["coordinate"].partition(".")[0] for error in answer.json["errors"]
                } == {"Activity"}
            else:
                sight = Sight("NATIONAL", unseen=frozenset(purpose.unseen), agency=f"of-{name}")
                assert with_named_cursors(answer.data) == oracle.answer(query, sight, writer.values)
        except Exception as error:
            raise AssertionError(f"{seed!r}, as {name}:\n{query}\n{writer.values}\n{refused}") from error
        outcomes[bool(refused)] += 1
    assert min(outcomes.values()) > AT_ONCE // 20, outcomes
