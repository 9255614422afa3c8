# SPDX-License-Identifier: EUPL-1.2
"""What is sent wrongly: each gets a status, a code and, where there is one, its place; never a trace of the inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service
    from tests.api.world import World

RESPONSE = "application/graphql-response+json"


async def _post(ask: Service, content: Any, **headers: str) -> Answer:
    base = {"authorization": f"Bearer {ask.token('centre')}", "content-type": "application/json"}
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    return await ask.send(content=content, headers={**base, **extra})


async def _get(ask: Service, method: str = "GET", **parameters: str) -> Answer:
    return await ask.send(
        method, params=parameters, headers={"authorization": f"Bearer {ask.token('centre')}"}
    )


# ── fiscal codes ──────────────────────────────────────────────────────────────────────────────────────

BY_CODE = "query ($code: FiscalCode!) { beneficiary(fiscalCode: $code) { fiscalCode } }"


@pytest.mark.parametrize(
    "code", ["RSSMRA80A01H501X", "12345678904", "RSSMRA80A01H50", "", "RSSMRA80A01H501U\x00", "🦊"]
)
async def test_a_fiscal_code_that_is_none(code: str, ask: Service) -> None:
    for answer in (
        await ask(BY_CODE, code=code),
        await ask(f"{{ beneficiary(fiscalCode: {json.dumps(code)}) {{ fiscalCode }} }}"),
        await ask(
            "query ($f: BeneficiaryFilter) { beneficiaries(filter: $f) { totalCount } }",
            f={"fiscalCode": code},
        ),
    ):
        assert answer.status == 400
        if "\x00" not in code:
            assert answer.codes == ["INVALID_FISCAL_CODE"]
            assert answer.json["errors"][0]["locations"]


async def test_a_fiscal_code_in_any_of_its_forms(ask: Service, world: World) -> None:
    omocodia = world.people["latina"].fiscal_code
    assert not omocodia[12:15].isdigit()
    for code in (world.people["north"].fiscal_code, omocodia, world.people["scattered-rome"].fiscal_code):
        for written in (code, code.lower(), f" {code.title()}\n"):
            answer = await ask(BY_CODE, as_="inps", code=written)
            assert answer.data == {"beneficiary": {"fiscalCode": code}}
            literal = await ask(
                f"{{ beneficiary(fiscalCode: {json.dumps(written)}) {{ fiscalCode }} }}", as_="inps"
            )
            assert literal.data == answer.data


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries { nodes { passwords } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries(first: true) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries(filter: { measure: PENSION }) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries(filter: { age: 3 }) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiary { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiary(fiscalCode: 12) { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ beneficiaries { totalCount { x } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: Int) { beneficiaries(filter: $x) { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ a: pacts { totalCount } a: households { totalCount } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename } { __typename }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", {}, None),
        ("{ beneficiaries(", {}, "GRAPHQL_PARSE_FAILED"),
        ("   ", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ beneficiaries(filter: { fiscalCode: \"\\ud800\" }) { totalCount } }", {}, "GRAPHQL_PARSE_FAILED"),
        ("query ($x: Int!) { beneficiaries(first: $x) { totalCount } }", {}, "BAD_USER_INPUT"),
        ("query ($x: Int!) { beneficiaries(first: $x) { totalCount } }", {"x": None}, "BAD_USER_INPUT"),
        ("query ($x: Int!) { beneficiaries(first: $x) { totalCount } }", {"x": "1"}, "BAD_USER_INPUT"),
        ("query ($x: Measure) { beneficiaries(filter: { measure: $x }) { totalCount } }", {"x": "PENSION"}, "BAD_USER_INPUT"),
        ("query ($x: BeneficiaryFilter) { beneficiaries(filter: $x) { totalCount } }", {"x": {"age": 1}}, "BAD_USER_INPUT"),
        ("query ($x: BeneficiaryFilter) { beneficiaries(filter: $x) { totalCount } }", {"x": 1}, "BAD_USER_INPUT"),
        ("query ($x: DateTime) { conditionalityEvents(filter: { occurredFrom: $x }) { totalCount } }", {"x": "2026-09-01"}, "BAD_USER_INPUT"),
        ("query ($x: DateTime) { conditionalityEvents(filter: { occurredFrom: $x }) { totalCount } }", {"x": "2026-09-01T00:00:00"}, "BAD_USER_INPUT"),
        ("query ($x: DateTime) { conditionalityEvents(filter: { occurredFrom: $x }) { totalCount } }", {"x": "0001-01-01T00:00:00+10:00"}, "BAD_USER_INPUT"),
        ("query ($x: [PactKind!]) { pacts(filter: { kinds: $x }) { totalCount } }", {"x": ["WORK", None]}, "BAD_USER_INPUT"),
    ],
)  # fmt: skip
async def test_documents_and_variables(
    query: str, variables: dict[str, Any], code: str | None, ask: Service
) -> None:
    answer = await ask(query, **variables)
    assert answer.status == 400
    assert "data" not in answer.json
    codes = {error.get("extensions", {}).get("code") for error in answer.json["errors"]}
    assert code is None or codes == {code}
    assert all(place["line"] >= 1 for error in answer.json["errors"] for place in error["locations"])


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($x: FiscalCode = \"12345678903\") { beneficiary(fiscalCode: $x) { id } }", {"x": None}),
        ("query ($x: ID = \"hsh_1\") { household(id: $x) { id } }", {"x": None}),
        ("query ($x: ID = \"hsh_1\") { node(id: $x) { id } }", {"x": None}),
        ("query ($x: Boolean = true) { pacts @skip(if: $x) { totalCount } }", {"x": None}),
        ("query ($x: Boolean = true) { pacts { totalCount @include(if: $x) } }", {"x": None}),
        ("query ($x: PactKind = WORK) { pacts(filter: { kinds: [$x] }) { totalCount } }", {"x": None}),
        ("query ($x: BeneficiaryOrder = BIRTH_DATE_ASC) { beneficiaries(orderBy: [$x]) { totalCount } }", {"x": None}),
    ],
)  # fmt: skip
async def test_a_variable_that_is_null_where_null_is_not_taken(
    query: str, variables: dict[str, Any], ask: Service
) -> None:
    for given in (variables, {}, variables):
        answer = await ask(query, **given)
        if given:
            assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_a_feed_without_a_size_cannot_be(ask: Service) -> None:
    answer = await ask("query ($x: Int) { conditionalityFeed(first: $x) { endCursor } }", as_="inps", x=None)
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("root", ["household", "pact", "node"])
@pytest.mark.parametrize(
    "id_", ["", "x", "hsh_", "pct_12", "ben_" + "0" * 33, "BEN_" + "0" * 32, "ben-" + "0" * 32, "🦊"]
)
async def test_an_id_that_is_none(root: str, id_: str, ask: Service) -> None:
    answer = await ask(f"query ($id: ID!) {{ {root}(id: $id) {{ id }} }}", id=id_)
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    literal = await ask(f"{{ {root}(id: {json.dumps(id_)}) {{ id }} }}")
    assert (literal.status, literal.codes) == (400, ["BAD_USER_INPUT"])


async def test_an_id_of_another_kind(ask: Service, world: World) -> None:
    for root in ("household", "pact"):
        answer = await ask(f"query ($id: ID!) {{ {root}(id: $id) {{ id }} }}", id=world.people["north"].node)
        assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_too_deep(ask: Service) -> None:
    deep = "household { members { " * 9 + "id" + " } }" * 9
    answer = await ask(f"{{ beneficiaries {{ nodes {{ {deep} }} }} }}")
    assert (answer.status, answer.codes) == (400, ["MAX_DEPTH_LIMIT"])
    spread = (
        f"{{ ...A }} fragment A on Query {{ pacts {{ nodes {{ ...B }} }} }} fragment B on Pact {{ {deep} }}"
    )
    assert (await ask(spread)).codes == ["MAX_DEPTH_LIMIT"]
    for hopeless in ("{ a" * 4000 + " }" * 4000, "{ a(b: " + "[" * 4000 + "]" * 4000 + ") }", "{" * 9000):
        assert (await ask(hopeless)).status == 400


async def test_fragments_that_would_open_into_too_much(ask: Service) -> None:
    """Thirty lines that would be a statement of many megabytes, and minutes to plan."""
    query = "{ households { nodes { ...H0 } } }"
    for n in range(5):
        spread = "id" if n == 4 else f"...H{n + 1}"
        query += (
            f" fragment H{n} on Household {{ "
            + " ".join(f"a{i}: members {{ ...P{n} }}" for i in range(4))
            + " }"
        )
        query += (
            f" fragment P{n} on Beneficiary {{ "
            + " ".join(f"a{i}: household {{ {spread} }}" for i in range(4))
            + " }"
        )
    answer = await ask(query)
    assert (answer.status, answer.codes) == (400, ["MAX_FIELDS_LIMIT"])


async def test_too_many_tokens(ask: Service) -> None:
    for query in ("{" + " a" * 20_000 + "}", "{ a(b: [" + "1 " * 20_000 + "]) }"):
        answer = await ask(query)
        assert (answer.status, answer.codes) == (400, ["MAX_TOKENS_LIMIT"])


async def test_which_operation(ask: Service) -> None:
    two = "query A { __typename } query B { __typename }"
    for body in (
        {"query": two},
        {"query": two, "operationName": "C"},
        {"query": "fragment F on Query { __typename }"},
    ):
        answer = await _post(ask, json.dumps(body))
        assert answer.status == 400
        assert set(answer.codes) <= {"OPERATION_RESOLUTION_FAILURE", "GRAPHQL_VALIDATION_FAILED"}


async def test_deep_variables(ask: Service) -> None:
    body = '{"query": "{ __typename }", "variables": {"x": ' + "[" * 5_000 + "]" * 5_000 + "}}"
    assert (await _post(ask, body)).status in (200, 400)


# ── bodies ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "nothing",
        "[]",
        '[{"query": "{ __typename }"}]',
        '"{ __typename }"',
        "null",
        "{}",
        '{"query": null}',
        '{"query": ""}',
        '{"query": 1}',
        '{"query": "{ __typename }", "variables": []}',
        '{"query": "{ __typename }", "variables": "{}"}',
        '{"query": "{ __typename }", "operationName": 1}',
        '{"query": "{ __typename }", "extensions": 1}',
        '{"query": "{ __typename } \\ud800"}',
        '{"query": "{ __typename }", "variables": {"a": "\\udfff"}}',
        '{"query": "{ __typename }", "variables": {"a": "\\u0000"}}',
        b'{"query": "\xff"}',
        '{"query": "{ __typename }", "variables": {"a": NaN}}',
    ],
)
async def test_bodies(body: str | bytes, ask: Service) -> None:
    answer = await _post(ask, body)
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


async def test_extra_members_and_nulls_are_taken(ask: Service) -> None:
    body = {
        "query": "{ __typename }",
        "variables": None,
        "operationName": None,
        "extensions": {"a": 1},
        "id": 7,
    }
    assert (await _post(ask, json.dumps(body))).data == {"__typename": "Query"}


async def test_a_nul_character_by_any_road(ask: Service) -> None:
    with_nul = [
        await ask(
            "query ($p: String) { households(filter: { inpsProtocol: $p }) { totalCount } }", p="a\x00"
        ),
        await ask('{ households(filter: { inpsProtocol: "a\\u0000" }) { totalCount } }'),
        await ask('{ households(filter: { inpsProtocol: "a\\u{0}" }) { totalCount } }'),
        await _get(ask, query='{ households(filter: { inpsProtocol: "\x00" }) { totalCount } }'),
        await _get(
            ask,
            query="query ($p: String) { households(filter: { inpsProtocol: $p }) { totalCount } }",
            variables='{"p": "\\u0000"}',
        ),
    ]
    for answer in with_nul:
        assert answer.status == 400
        assert set(answer.codes) <= {"BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}


async def test_a_backslash_before_u0000_is_text(ask: Service) -> None:
    answer = await ask(
        "query ($p: String) { households(filter: { inpsProtocol: $p }) { totalCount } }", p="\\u0000"
    )
    assert answer.data == {"households": {"totalCount": 0}}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch+json",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
    ],
)
async def test_content_types(content_type: str, ask: Service) -> None:
    answer = await _post(ask, '{"query": "{ __typename }"}', content_type=content_type)
    assert (answer.status, answer.codes) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON;charset=UTF-8", 'application/json; charset="utf-8"'],
)
async def test_content_types_that_are_taken(content_type: str, ask: Service) -> None:
    assert (await _post(ask, '{"query": "{ __typename }"}', content_type=content_type)).status == 200


async def test_a_body_too_large(ask: Service) -> None:
    body = b'{"query": "{ __typename }"}' + b" " * 3_000_000
    answer = await _post(ask, body)
    assert (answer.status, answer.codes) == (413, ["BODY_TOO_LARGE"])

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    answer = await _post(ask, chunks())
    assert (answer.status, answer.codes) == (413, ["BODY_TOO_LARGE"])
    assert (await _post(ask, body[:900_000])).status == 200


async def test_a_body_in_chunks(ask: Service) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for byte in b'{"query": "{ __typename }"}':
            yield bytes([byte])

    assert (await _post(ask, chunks())).data == {"__typename": "Query"}


async def test_a_body_that_is_not_sent_to_its_end(ask: Service) -> None:
    """Half a body that reads as a whole request is not one: the caller has gone."""
    address = urlsplit(ask.url)
    assert address.hostname
    body = b'{"query": "query Gone { __typename }"}'
    before = await ask.metric("snodo_documents_compiled_total")
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer "
        + ask.token("centre").encode()
        + b"\r\ncontent-length: 1000\r\n\r\n"
        + body
    )
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.05)
    assert await ask.metric("snodo_documents_compiled_total") == before


# ── methods, media types ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_methods(method: str, ask: Service) -> None:
    answer = await _get(ask, method, query="{ __typename }")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_get_reads_and_never_writes(ask: Service) -> None:
    assert (await _get(ask, query="{ __typename }")).data == {"__typename": "Query"}
    found = await _get(
        ask,
        query="query A($n: Int) { beneficiaries(first: $n) { nodes { id } } } query B { __typename }",
        variables='{"n": 2}',
        operationName="A",
    )
    assert len(found.data["beneficiaries"]["nodes"]) == 2
    mutation = "mutation { recordConditionalityEvent(input: {}) { event { id } } }"
    assert (await _get(ask, query=mutation)).status == 400
    valid = (
        'mutation { recordConditionalityEvent(input: { idempotencyKey: "k", fiscalCode: "12345678903", '
        'type: PACT_SIGNED, occurredAt: "2026-09-01T00:00:00Z" }) { event { id } } }'
    )
    answer = await _get(ask, query=valid)
    assert (answer.status, answer.codes, answer.headers["allow"]) == (405, ["METHOD_NOT_ALLOWED"], "POST")


@pytest.mark.parametrize(
    "parameters",
    [{}, {"query": ""}, {"variables": "{}"}, {"query": "{ __typename }", "variables": "x"},
     {"query": "{ __typename }", "variables": "[]"}, {"query": "{ __typename }", "extensions": "1"}],
)  # fmt: skip
async def test_parameters_of_a_url(parameters: dict[str, str], ask: Service) -> None:
    answer = await _get(ask, **parameters)
    assert (answer.status, answer.codes) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("accept", "media", "status"),
    [
        (RESPONSE, RESPONSE, 400),
        (f"{RESPONSE}, application/json;q=0.9", RESPONSE, 400),
        ("*/*", "application/json", 400),
        ("application/json, */*", "application/json", 400),
        ("application/json", "application/json", 200),
        ("application/json; charset=utf-8", "application/json", 200),
    ],
)
async def test_the_answer_is_of_the_kind_asked_for(
    accept: str, media: str, status: int, ask: Service
) -> None:
    """A client that takes `application/json` alone is one of before the standard: it finds errors in the body (6.4.1)."""
    body = {"query": "{ nothing }"}
    answer = await _post(ask, json.dumps(body), accept=accept)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert (answer.status, "data" in answer.json) == (status, False)
    assert answer.headers["cache-control"] == "no-store"
    assert (await _post(ask, "{", accept=accept)).status == 400
    assert (await ask.send(json=body, headers={"accept": accept})).status == 401


async def test_no_answer_without_a_trace_of_the_inside(ask: Service, world: World) -> None:
    """Names in a text are never a template, a path or a statement."""
    for text in ("{{7*7}}", "%(a)s", "'; SELECT pg_sleep(9); --", "../../etc/passwd", "$1", ":p0", "\\", '"'):
        answer = await ask(
            "query ($p: String) { households(filter: { inpsProtocol: $p }) { totalCount } }", p=text
        )
        assert answer.data == {"households": {"totalCount": 0}}
