# SPDX-License-Identifier: EUPL-1.2
"""Operations nobody thought of, as each kind of caller: the hub's answer is the reference's.

2,000 of them, the same at every run; `make fuzz` asks as many as it is told (`SNODO_FUZZ`), and others every time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.api.conftest import SIGHTS
from tests.api.operations import Writer

if TYPE_CHECKING:
    from tests.api.conftest import Agree
    from tests.api.world import World

FUZZ = int(os.environ.get("SNODO_FUZZ", "0"))
"""How many operations; none: those of CI."""
AT_ONCE = 100
"""Operations of one test, so that they are spread over processes."""
CHUNKS = range((FUZZ or 2_000) // AT_ONCE)
READS_THE_FEED = "inps"


def _chunk(number: int) -> Any:
    """A test of its own share of the operations."""

    @settings(
        max_examples=AT_ONCE,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate, Phase.shrink],
    )
    @given(data=st.data())
    async def check(data: st.DataObject, agree: Agree, world: World) -> None:
        caller = data.draw(st.sampled_from(sorted(SIGHTS)))
        writer = Writer(data.draw, world.nodes, feed=caller == READS_THE_FEED)
        query = writer.operation()
        found = await agree(query, caller, **writer.values)
        await _from_a_cursor(data, agree, caller, query, writer, found)

    return check if FUZZ else seed(number)(check)


globals().update({f"test_generated_operations_{number}": _chunk(number) for number in CHUNKS})


async def _from_a_cursor(
    data: st.DataObject, agree: Agree, caller: str, query: str, writer: Writer, found: Any
) -> None:
    """Ask again, with each list of the root from a cursor of its own, or up to one."""
    values = dict(writer.values)
    for key in writer.lists:
        cursors = [edge["cursor"] for edge in (found.get(key) or {"edges": []})["edges"]]
        if cursors:
            values[key + data.draw(st.sampled_from("AB"))] = data.draw(st.sampled_from(cursors))
    if values != writer.values:
        await agree(query, caller, **values)
