# SPDX-License-Identifier: EUPL-1.2
"""The OpenAPI document of `POST /opportunities` is the committed one, and says of lines what the hub does with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from hub.http.publication_lines import PublicationLines
from hub.http.publications import MOST_LINES
from hub.http.publications_openapi import openapi_bytes
from schema.build import build_schema
from schema.publications import READINGS
from tests.golden import WRITES

COMMITTED = Path(__file__).parents[3] / "schema" / "opportunities.openapi.json"
OFFER: dict[str, Any] = {
    "reference": "A-1", "title": "Magazziniera", "employerName": "Acme Srl", "municipality": "H501", "contractType": "A.02.00",
    "weeklyHours": "37.5", "places": 2, "publishedOn": "2026-09-01",
}  # fmt: skip
COURSE: dict[str, Any] = {
    "reference": "C-1", "title": "Saldatura", "providerName": "Ente", "mode": "ON_SITE", "municipality": "H501",
    "startsOn": "2198-02-01", "endsOn": "2198-04-30", "hours": 120, "places": 15,
}  # fmt: skip
LINES: tuple[Any, ...] = (
    {"publishJobOffer": OFFER},
    {"publishJobOffer": {**OFFER, "monthlyPay": None, "expiresOn": "2199-01-01"}},
    {"publishTrainingCourse": COURSE},
    {"publishTrainingCourse": {**COURSE, "enrolled": 3}},
    {"withdrawOpportunity": {"kind": "PLACEMENT", "reference": "T-1"}},
    {},
    [],
    {"publishJobOffer": COURSE},
    {"publishJobOffer": None},
    {"recordHire": {}},
    {"publishJobOffer": OFFER, "publishTrainingCourse": COURSE},
    {"publishJobOffer": {**OFFER, "note": "x"}},
    {"publishJobOffer": {**OFFER, "title": None}},
    {"publishJobOffer": {**OFFER, "weeklyHours": 37.5}},
    {"publishJobOffer": {**OFFER, "places": "2"}},
    {"publishTrainingCourse": {**COURSE, "mode": "AT_SEA"}},
    {"publishTrainingCourse": {**COURSE, "enrolled": None}},
    {"withdrawOpportunity": {"kind": "PLACEMENT"}},
)


def document() -> bytes:
    return openapi_bytes(build_schema()[0], READINGS, MOST_LINES)


def test_the_golden_document_is_the_committed_one() -> None:
    if WRITES:
        COMMITTED.write_bytes(document())
    assert COMMITTED.read_bytes() == document()


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_is_read_if_and_only_if_the_document_allows_it(line: Any) -> None:
    described = orjson.loads(document())
    validator = Draft202012Validator({**described, "$ref": "#/components/schemas/Line"})
    read = PublicationLines(build_schema()[0], READINGS).read(orjson.dumps(line))
    assert validator.is_valid(line) == (not isinstance(read, list))


def test_every_reference_within_it_leads_somewhere() -> None:
    described = orjson.loads(document())
    schemas = described["components"]["schemas"]
    found = {one.split(b'"')[0].decode() for one in document().split(b'"#/components/schemas/')[1:]}
    assert found <= schemas.keys()
    for one in schemas.values():
        Draft202012Validator.check_schema(one)
