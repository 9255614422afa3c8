# SPDX-License-Identifier: EUPL-1.2
"""The SOAP services' documents fit the schema; what they need is what their how-to has granted, and no field more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from connectors.rdc.beneficiaries import BY_FISCAL_CODE, BY_PROTOCOL
from connectors.rdc.events import APPLICATION, FIND, RECORD, WITHDRAW
from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "serve-old-clients.md"
ASKED: list[tuple[str, dict[str, dict[str, Any]]]] = [
    (
        "service-rdc",
        {BY_FISCAL_CODE: {"codFiscale": "RSSMRA80A41H501Y"}, BY_PROTOCOL: {"codProtocolloInps": "INPS-1"}},
    ),
    (
        "eventi-rdc",
        {
            APPLICATION: {"codFiscale": "RSSMRA80A41H501Y"},
            FIND: {
                "codFiscale": "RSSMRA80A41H501Y",
                "types": ["CONVOCATION_MISSED"],
                "from": "2026-09-15T00:00:00Z",
                "before": "2026-09-16T00:00:00Z",
                "most": 2,
            },
            WITHDRAW: {"input": {"idempotencyKey": "k", "event": f"evt_{0:032x}", "reason": "r"}},
            RECORD: {
                "input": {
                    "idempotencyKey": "k",
                    "fiscalCode": "RSSMRA80A41H501Y",
                    "type": "CONVOCATION_MISSED",
                    "occurredAt": "2026-09-15T08:30:00Z",
                }
            },
        },
    ),
]


@pytest.mark.parametrize(("name", "asked"), ASKED)
def test_the_how_to_grants_what_a_service_asks_for_and_nothing_else(
    name: str, asked: dict[str, dict[str, Any]]
) -> None:
    documents, needed = Documents(build_schema()[1], most=10), set[str]()
    for text, variables in asked.items():
        operation = documents.operation(text, None)
        assert isinstance(operation, Operation), operation
        coerced, errors = operation.variables.coerce(variables)
        assert errors == []
        prepared = operation.prepare(coerced, Scope(GrantScope.REGION, single=True))
        assert prepared.is_stored or prepared.commands, "the executor has no part in it"
        needed |= set(prepared.fields._needed)
    page = HOW_TO.read_text(encoding="utf-8").partition(f"field-set define {name} ")[2].partition("snodo ")[0]
    assert needed == set(re.findall(r"--field (\S+)", page))
