# SPDX-License-Identifier: EUPL-1.2
"""A delivery as a span: to whom, the how-manieth attempt, what came of it, and the call below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.simulators.faults import EVERY, Fault, FaultKind
from tests.spans import Gathered, said_by

if TYPE_CHECKING:
    from tests.flows.outbound.conftest import Casework, Dispatch, Lazio


async def test_a_delivery_that_is_taken_and_one_that_is_not(
    casework: Casework, dispatch: Dispatch, lazio: Lazio
) -> None:
    gathering = Gathered()
    await casework.happens("ada")
    with gathering.taking():
        await dispatch().look()
    await casework.happens("ida")
    lazio.system.faults.set(EVERY, Fault(FaultKind.UNAVAILABLE))
    with gathering.taking():
        await dispatch().look()
    told, untold = gathering.named("delivery")
    about = {"snodo.agency": "regione-12", "snodo.channel": "REGION", "snodo.attempt": 1}
    assert dict(told.attributes or {}) == {
        **about,
        "snodo.outcome": "ACCEPTED",
        "snodo.delivery.state": "ACCEPTED",
    }
    assert dict(untold.attributes or {}) == {
        **about,
        "snodo.outcome": "UNAVAILABLE",
        "snodo.delivery.state": "WAITING",
    }
    for one in (told, untold):
        [(call, below)] = gathering.tree(one)[1]
        assert (call, below[-1]) == ("Regione Lazio eventi", ("POST", []))
    codes = [str(row["fiscal_code"]) for row in await casework.deliveries()]
    said = "\n".join(text for span in gathering.spans for text in said_by(span))
    assert not [code for code in codes if code in said]
