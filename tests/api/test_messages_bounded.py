# SPDX-License-Identifier: EUPL-1.2
"""What a client wrote is not sent back to it at length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Service

LONG = "A" * 9_000


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (f"{{ {LONG} }}", {}),
        (f"query ($x: {LONG}) {{ __typename }}", {}),
        (f"{{ __typename ...{LONG} }}", {}),
        (f"{{ __typename @{LONG} }}", {}),
        (f"{{ beneficiaries(first: {'9' * 9_000}) {{ totalCount }} }}", {}),
        ("query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }", {"f": {LONG: 1}}),
        ("query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }", {"f": {"obligation": LONG}}),
    ],
)  # fmt: skip
async def test_a_message_is_cut(query: str, variables: dict[str, Any], ask: Service) -> None:
    answer = await ask(query, **variables)
    assert answer.status == 400
    assert answer.codes
    for error in answer.json["errors"]:
        assert 10 < len(error["message"]) <= 501
