# SPDX-License-Identifier: EUPL-1.2
"""Rows have names of their own, whoever named them: else a condition compares a row with itself."""

from __future__ import annotations

import re

from sqlalchemy import select

from hub.access.caller import Scope
from hub.plan.builder import Builder
from hub.plan.documents import Documents
from hub.plan.limits import PageLimits
from hub.plan.operation import Operation
from hub.store.base import table_of
from hub.store.tables import Beneficiary
from hub.store.vocabulary import GrantScope
from schema.build import build_schema


def test_a_row_without_a_name_does_not_hide_the_planners() -> None:
    _, catalogue = build_schema()
    operation = Documents(catalogue, most=1).operation("{ beneficiaries(first: 1) { nodes { id } } }", None)
    assert isinstance(operation, Operation)
    builder = Builder(catalogue, operation.walk({}), Scope(GrantScope.NATIONAL, single=False), PageLimits())
    person = builder.alias(catalogue.stored("Beneficiary"))
    others = [table_of(Beneficiary).alias() for _ in range(3)]
    alike = [select(1).where(one.c.household_id == person.c.household_id).exists() for one in others]
    text = str(select(person.c.id).where(*alike))
    names = re.findall(r"FROM beneficiary AS (\w+)", text)
    assert (len(names), len(set(names))) == (4, 4)
