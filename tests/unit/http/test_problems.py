# SPDX-License-Identifier: EUPL-1.2
"""Problems say what they are themselves, whatever an error says beside it."""

from __future__ import annotations

import json
from typing import Any, cast

import orjson
from starlette.requests import Request

from hub.errors import InvalidInput
from hub.http.faults import told_as_problem
from hub.http.problems import problem

SAID = {
    "status": 404,
    "title": "an agency's",
    "type": "an agency's",
    "detail": "an agency's",
    "agency": "ANPR",
}


def check(content: dict[str, Any], status: int, message: str) -> None:
    assert list(content)[:4] == ["type", "title", "status", "detail"]
    assert (content["type"], content["status"], content["detail"]) == ("about:blank", status, message)
    assert content["agency"] == "ANPR"


def test_an_agency_s_status_is_not_the_answer_s() -> None:
    body = orjson.dumps(
        {"errors": [{"message": "Refused.", "extensions": {**SAID, "code": "UPSTREAM_REFUSED"}}]}
    )
    content = json.loads(problem(body, 502))
    check(content, 502, "Refused.")
    assert (content["title"], content["code"]) == ("Bad Gateway", "UPSTREAM_REFUSED")


async def test_nor_is_that_of_another_path() -> None:
    error = InvalidInput("Refused.", **cast("Any", SAID), code="an agency's")
    response = await told_as_problem(Request({"type": "http"}), error)
    content = json.loads(bytes(response.body))
    check(content, 400, "Refused.")
    assert (content["title"], content["code"]) == ("Bad Request", "BAD_USER_INPUT")


async def test_what_nobody_expected_says_nothing_of_itself() -> None:
    response = await told_as_problem(
        Request({"type": "http"}), RuntimeError("Key (fiscal_code)=(RSSMRA80A01H501U)")
    )
    content = json.loads(bytes(response.body))
    assert (response.status_code, content["code"]) == (500, "INTERNAL_ERROR")
    assert b"RSSMRA" not in bytes(response.body)
