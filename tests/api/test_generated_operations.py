# SPDX-License-Identifier: EUPL-1.2
"""Operations nobody thought of, as each kind of caller, about every row there is: the hub's answer is the reference's.

So nothing that lies beyond a caller's reach is in any answer, and nothing within it is missing.

2,000 of them, the same at every run. `make fuzz` asks as many as `SNODO_FUZZ` says, others every time; what it finds is found again with
the seed it names in `SNODO_FUZZ_SEED`.
"""

from __future__ import annotations

import os
import secrets
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import SIGHTS, TooLarge
from tests.api.operations import WORDS, Writer

if TYPE_CHECKING:
    from tests.api.conftest import Agree
    from tests.api.oracle import Oracle

FUZZ = int(os.environ.get("SNODO_FUZZ", "0"))
"""How many operations; none: those of CI."""
SEED = os.environ.get("SNODO_FUZZ_SEED") or (secrets.token_hex(4) if FUZZ else "snodo")
AT_ONCE = 100
"""Operations of one test, so that they are spread over processes."""
READS_THE_FEED = "inps"


@pytest.mark.parametrize("chunk", range((FUZZ or 2_000) // AT_ONCE))
async def test_generated_operations(chunk: int, agree: Agree, oracle: Oracle) -> None:
    ids, codes, refused = oracle.ids, [*WORDS["fiscalCode"], *oracle.fiscal_codes], 0
    for number in range(AT_ONCE):
        seed = f"{SEED} {chunk} {number}"
        random = Random(seed)
        caller = Random(f"{seed} caller").choice(sorted(SIGHTS))  # apart: a caller more changes no operation
        writer = Writer(
            random,
            ids,
            codes=codes,
            feed=caller == READS_THE_FEED,
            entities=True,
            composes=SIGHTS[caller].kind != "AGGREGATE",  # refused: tests/api/test_counts.py
        )
        query = writer.operation()
        try:
            found = await agree(query, caller, **writer.values)
            await _from_a_cursor(random, agree, caller, query, writer, found)
        except TooLarge:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{seed!r}, as {caller}:\n{query}\n{writer.values}") from error
    assert refused <= AT_ONCE // 20


async def _from_a_cursor(
    random: Random, agree: Agree, caller: str, query: str, writer: Writer, found: Any
) -> None:
    """Ask again, with each list of the root from a cursor of its own, or up to one."""
    values = dict(writer.values)
    for key in writer.lists:
        cursors = [edge["cursor"] for edge in (found.get(key) or {"edges": []})["edges"]]
        if cursors:
            values[key + random.choice("AB")] = random.choice(cursors)
    if values != writer.values:
        await agree(query, caller, **values)
