# SPDX-License-Identifier: EUPL-1.2
"""Bodies and parameters made to hurt: each is refused with a code, soon, and no statement is sent for it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.http.request import DEEPEST_VALUE, LONGEST_VALUE
from tests.api.slowness import slowness
from tests.api.statements import counted

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

SOON = 0.050
"""Seconds of CPU of this process, which is hub and client at once; the best of eight, at this machine's usual pace."""
ASKED = "query ($p: String, $f: BeneficiaryFilter, $n: Int) { households(filter: { inpsProtocol: $p }, first: $n) { totalCount } beneficiaries(filter: $f) { totalCount } }"
NESTED = 1_000


def _with(variables: str, query: str = ASKED) -> bytes:
    """A body with these variables, as they are written."""
    return f'{{"query": {json.dumps(query)}, "variables": {variables}}}'.encode()


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf" + _with("{}"),
    "a megabyte of brackets": b"[" * 1_000_000,
    "a megabyte of objects": b'{"a":' * 200_000,
    "brackets that close": b"[" * 400_000 + b"]" * 400_000,
    "deep variables": _with('{"p": ' + "[" * NESTED + "]" * NESTED + "}"),
    "deep objects": _with('{"f": ' + '{"and":' * 300 + "{}" + "}" * 300 + "}"),
    "deep variables with a NUL": _with('{"p": ' + "[" * NESTED + '"\\u0000"' + "]" * NESTED + "}"),
    "one level too many": _with('{"x": ' + "[" * DEEPEST_VALUE + "]" * DEEPEST_VALUE + "}"),
    "latin 1": _with('{"p": "%s"}').replace(b"%s", b"\xe8"),
    "utf-16": _with("{}").decode().encode("utf-16"),
    "an overlong encoding": _with('{"p": "%s"}').replace(b"%s", b"\xc0\xaf"),
    "a surrogate in bytes": _with('{"p": "%s"}').replace(b"%s", b"\xed\xa0\x80"),
    "a lone surrogate": _with('{"p": "\\ud800"}'),
    "surrogates the wrong way round": _with('{"p": "\\udc00\\ud800"}'),
    "a lone surrogate in the query": b'{"query": "{ __typename } # \\udfff"}',
    "a lone surrogate in a name": _with('{"\\ud800": 1}'),
    "a lone surrogate in an id": b'{"documentId": "sha256:\\ud83e"}',
    "a NUL": _with('{"p": "\\u0000"}'),
    "a NUL in a name": _with('{"\\u0000": 1}'),
    "a NUL in the query": b'{"query": "{ __typename } # \\u0000"}',
    "a NUL in the operation's name": b'{"query": "{ __typename }", "operationName": "\\u0000"}',
    "a NUL as it is": _with('{"p": "%s"}').replace(b"%s", b"\x00"),
    "not a number": _with('{"n": NaN}'),
    "infinity": _with('{"n": Infinity}'),
    "a number too large for any float": _with('{"n": 1e400}'),
    "a number too large for Int": _with('{"n": 9223372036854775808}'),
    "a number of a thousand digits": _with('{"n": ' + "9" * 1_000 + "}"),
    "a number with a point": _with('{"n": 1.5}'),
    "a number in words": _with('{"n": "1"}'),
    "true for a number": _with('{"n": true}'),
    "an object for a number": _with('{"n": {}}'),
    "a number for a text": _with('{"p": 1}'),
    "a list for a text": _with('{"p": ["a"]}'),
    "a text for an object": _with('{"f": "{}"}'),
    "a giant text": _with('{"p": "' + "x" * 900_000 + '"}'),
    "a text a little too long": _with('{"p": "' + "è" * (LONGEST_VALUE + 1) + '"}'),
    "a giant text inside": _with('{"f": {"fiscalCode": "' + "x" * 900_000 + '"}}'),
    "a giant name": _with('{"f": {"' + "x" * 900_000 + '": 1}}'),
    "a giant name of an operation": b'{"query": "{ __typename }", "operationName": "' + b"x" * 900_000 + b'"}',
    "ten thousand members nobody knows": _with(json.dumps({"f": {f"a{n}": n for n in range(10_000)}})),
    "two bodies": _with("{}") + _with("{}"),
    "a comment": b"/* */" + _with("{}"),
    "a comma too many": b'{"query": "{ __typename }",}',
    "single quotes": b"{'query': '{ __typename }'}",
    "a form": b"query=%7B__typename%7D",
}  # fmt: skip


def _headers(ask: Service) -> dict[str, str]:
    return {"authorization": f"Bearer {ask.token('inps')}", "content-type": "application/json"}


async def _refused(ask: Service, **request: Any) -> Answer:
    """The answer, which refuses the whole request, was soon there, and cost no statement."""
    took: list[float] = []
    for _ in range(8):
        pace = slowness() if took else 1.0
        with counted(ask) as seen:
            began = time.process_time()
            answer = await ask.send(headers=_headers(ask), **request)
            took.append((time.process_time() - began) / pace)
        assert seen == []
        assert 400 <= answer.status < 500, answer.body[:300]
        assert "data" not in answer.json
        assert answer.codes
        assert len(answer.body) < 10_000, "what was sent is not sent back"
        if took[-1] < SOON:
            break
    assert min(took) < SOON
    return answer


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body(body: bytes, ask: Service) -> None:
    await _refused(ask, content=body)


async def test_what_is_just_within_the_limits(ask: Service) -> None:
    deepest = "[" * (DEEPEST_VALUE - 3) + "]" * (DEEPEST_VALUE - 3)
    for variables in (f'{{"p": "{"x" * LONGEST_VALUE}"}}', f'{{"unknown": {deepest}}}', '{"p": "\\\\u0000"}'):
        answer = await ask.send(headers=_headers(ask), content=_with(variables))
        assert answer.data["households"]["totalCount"] == 0 or "unknown" in variables


async def test_of_a_name_that_stands_twice_the_last_counts(ask: Service) -> None:
    """As JSON's own readers have it; and whoever stands before the hub reads it so too."""
    body = b'{"query": "{ nothing }", "query": "query ($n: Int!) { a: __typename b: pacts(first: $n) { nodes { __typename } } }", "variables": {"n": "x", "n": 1}}'
    for _ in range(2):
        answer = await ask.send(headers=_headers(ask), content=body)
        assert answer.data["a"] == "Query"


PARAMETERS: dict[str, str] = {
    "a surrogate": "query=%7B__typename%7D%20%23%ED%A0%80",
    "no utf-8": "query=%7B__typename%7D%20%23%FF",
    "an overlong encoding": "query=%7B__typename%7D%20%23%C0%AF",
    "a NUL": "query=%7B__typename%7D%20%23%00",
    "a NUL in a name": "query=%7B__typename%7D&variables=" + quote('{"\\u0000": 1}'),
    "variables with a lone surrogate": urlencode({"query": ASKED, "variables": '{"p": "\\ud800"}'}),
    "variables that nest": urlencode({"query": ASKED, "variables": '{"p": ' + "[" * 900 + "]" * 900 + "}"}),
    "a query twice": "query=%7B__typename%7D&query=%7Bnothing%7D",
    "variables twice": "query=%7B__typename%7D&variables=%7B%7D&variables=%7B%7D",
    "many parameters": "query=%7B__typename%7D" + "".join(f"&a{n}=1" for n in range(900)),
    "no value": "query",
    "ampersands": "&" * 5_000,
    "percent signs": "%" * 5_000,
    "a NUL as the query": "query=%00",
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
async def test_parameters(parameters: str, ask: Service) -> None:
    await _refused(ask, method="GET", path=f"/graphql?{parameters}")


async def test_a_url_as_long_as_a_body(ask: Service) -> None:
    answer = await ask.send("GET", f"/graphql?query={'a' * 60_000}", headers=_headers(ask))
    assert 400 <= answer.status < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
MEMBERS = st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "x"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.dictionaries(MEMBERS, JSON, max_size=6).map(lambda content: json.dumps(content).encode())
    | st.binary(max_size=200)
    | st.text(alphabet='{}[]",:\\u0d8ntrue1e+-. ', max_size=200).map(str.encode)
)
async def test_bodies_nobody_thought_of(body: bytes, ask: Service) -> None:
    with counted(ask) as seen:
        answer = await ask.send(headers=_headers(ask), content=body)
    assert seen == []
    assert 400 <= answer.status < 500
    assert answer.codes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(variables=st.dictionaries(st.sampled_from(["p", "f", "n", "x"]), JSON, max_size=4))
async def test_variables_nobody_thought_of(variables: dict[str, Any], ask: Service) -> None:
    answer = await ask.send(
        headers=_headers(ask), content=json.dumps({"query": ASKED, "variables": variables}).encode()
    )
    assert answer.status in (200, 400), answer.body
    if answer.status == 400:
        assert answer.codes
