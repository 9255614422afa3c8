# SPDX-License-Identifier: EUPL-1.2
"""The SOAP services' documents fit the schema; what they need is what their how-to has granted, and no field more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from connectors.rdc.beneficiaries import BY_FISCAL_CODE, BY_PROTOCOL
from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.operation import Operation
from hub.store.vocabulary import GrantScope
from schema.build import build_schema

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "serve-old-clients.md"
ASKED: dict[str, dict[str, Any]] = {
    BY_FISCAL_CODE: {"codFiscale": "RSSMRA80A41H501Y"},
    BY_PROTOCOL: {"codProtocolloInps": "INPS-1"},
}


def test_the_how_to_grants_what_the_service_asks_for_and_nothing_else() -> None:
    documents, needed = Documents(build_schema()[1], most=10), set[str]()
    for text, variables in ASKED.items():
        operation = documents.operation(text, None)
        assert isinstance(operation, Operation), operation
        prepared = operation.prepare(variables, Scope(GrantScope.REGION, single=True))
        assert prepared.is_stored, "one statement answers it"
        needed |= set(prepared.fields._needed)
    assert needed == set(re.findall(r"--field (\S+)", HOW_TO.read_text(encoding="utf-8")))
