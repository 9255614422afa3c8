# SPDX-License-Identifier: EUPL-1.2
"""Orders are total, and a column named twice counts where it was named first."""

from __future__ import annotations

import pytest

from hub.plan.order import total_order
from schema.build import build_schema
from schema.people_filters import BeneficiaryOrder as Asked

_, CATALOGUE = build_schema()
PERSON = CATALOGUE.stored("Beneficiary")


@pytest.mark.parametrize(
    ("asked", "mark"),
    [
        (None, "family_name_key,given_name_key,id"),
        ([], "family_name_key,given_name_key,id"),
        ([Asked.BIRTH_DATE_DESC], "-birth_date,-id"),
        ([Asked.FAMILY_NAME_DESC], "-family_name_key,-given_name_key,-id"),
        ([Asked.BIRTH_DATE_DESC, Asked.FAMILY_NAME_ASC], "-birth_date,family_name_key,given_name_key,id"),
        (
            [Asked.FAMILY_NAME_ASC, Asked.BIRTH_DATE_ASC, Asked.FAMILY_NAME_DESC],
            "family_name_key,given_name_key,birth_date,id",
        ),
        ([Asked.BIRTH_DATE_ASC, Asked.BIRTH_DATE_DESC], "birth_date,id"),
    ],
)
def test_orders(asked: list[Asked] | None, mark: str) -> None:
    order = total_order(PERSON, list(asked) if asked is not None else None)
    assert order.mark == f"beneficiary {mark}"
    assert order.reversed().reversed() == order


def test_types_without_an_id_are_ordered_by_their_key() -> None:
    assert total_order(CATALOGUE.stored("FeedEntry"), None).mark == "feed_entry position"
    assert total_order(CATALOGUE.stored("Household"), None).mark == "household id"
    assert (
        total_order(CATALOGUE.stored("ConditionalityEvent"), None).mark
        == "conditionality_event -occurred_at,-id"
    )
