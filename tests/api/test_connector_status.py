# SPDX-License-Identifier: EUPL-1.2
"""`connectorStatus`: for everybody who may ask, of every way out the process has, with nothing of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Service

STATUS = "{ connectorStatus { agency retryBudget inUse waiting operations { operation state since failureRate } } }"


@pytest.mark.parametrize("who", ["of-public", "centre", "municipality"])
async def test_everybody_who_may_ask_is_told(ask: Service, who: str) -> None:
    answer = await ask(STATUS, as_=who)
    assert answer.data == {"connectorStatus": []}, "this hub is connected to no agency"


async def test_nobody_unknown_is(ask: Service) -> None:
    answer = await ask.send(json={"query": STATUS})
    assert answer.status == 401
