# SPDX-License-Identifier: EUPL-1.2
"""Documents and arguments made to hurt: each is refused with a code, soon, and no statement is sent for it.

A table of what is known to hurt others, and what hypothesis makes of a question that is well.
"""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hub.http.request import LONGEST_VALUE
from tests.api.slowness import slowness
from tests.api.statements import counted

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

SOON = 0.050
"""Seconds of CPU of this process, which is hub and client at once; the best of eight, at this machine's usual pace."""


async def _refused(ask: Service, query: str, variables: Any = None, as_: str = "inps") -> Answer:
    """The answer, which refuses the whole request, was soon there, and cost no statement."""
    body = {"query": query, "variables": variables}
    headers = {"authorization": f"Bearer {ask.token(as_)}"}
    took: list[float] = []
    for _ in range(8):
        pace = slowness() if took else 1.0
        with counted(ask) as seen:
            began = time.process_time()
            answer = await ask.send(json=body, headers=headers)
            took.append((time.process_time() - began) / pace)
        assert seen == []
        assert 400 <= answer.status < 500, answer.body
        assert "data" not in answer.json
        assert answer.codes
        if took[-1] < SOON:
            break
    assert min(took) < SOON
    return answer


async def test_the_counter_sees_what_is_sent(ask: Service) -> None:
    with counted(ask) as seen:
        await ask("{ pacts(first: 1) { nodes { id } } }")
    assert len(seen) == 1


# ── documents that are too much ───────────────────────────────────────────────────────────────────────


def _fragments(count: int, body: str) -> str:
    return " ".join(f"fragment F{n} on Query {{ {body.format(n=n, next=n + 1)} }}" for n in range(count))


TOO_MUCH: dict[str, tuple[str, str]] = {
    "a thousand times a thousand": ("{ beneficiaries(first: 1000) { nodes { conditionalityEvents(first: 1000) { nodes { id } } } } }", "COST_ESTIMATED_TOO_EXPENSIVE"),
    "and its edges": ("{ beneficiaries(first: 1000) { edges { node { conditionalityEvents(first: 1000) { edges { node { id } } } } } } }", "COST_ESTIMATED_TOO_EXPENSIVE"),
    "by an alias each": ("{" + " ".join(f"a{n}: beneficiaries(first: 1000) {{ nodes {{ pacts {{ goals {{ status }} }} }} }}" for n in range(20)) + "}", "COST_ESTIMATED_TOO_EXPENSIVE"),
    "by a fragment": ("{ beneficiaries(first: 1000) { nodes { ...F } } } fragment F on Beneficiary { conditionalityEvents(first: 1000) { nodes { id } } }", "COST_ESTIMATED_TOO_EXPENSIVE"),
    "a thousand calls to an agency": ("{ beneficiaries(first: 1000) { nodes { residence { source } registeredFamily { source } } } }", "COST_ESTIMATED_TOO_EXPENSIVE"),
    "10,000 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", "MAX_LENGTH_LIMIT"),
    "400 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(400)) + "}", "MAX_ALIASES_LIMIT"),
    "aliases of one field deep down": ("{ pacts { nodes {" + " ".join(f"a{n}: id" for n in range(300)) + "} } }", "MAX_ALIASES_LIMIT"),
    "root fields": ("{" + " __typename" * 30 + "}", "MAX_ROOT_FIELDS_LIMIT"),
    "root fields in fragments": ("{ ...A ...A } fragment A on Query {" + " __typename" * 15 + "}", "MAX_ROOT_FIELDS_LIMIT"),
    "directives": ("{ __typename" + " @include(if: true)" * 200 + "}", "MAX_DIRECTIVES_LIMIT"),
    "directives without a definition": ("{ __typename" + " @nothing" * 500 + "}", "MAX_DIRECTIVES_LIMIT"),
    "tokens": ("{" + " a" * 20_000 + "}", "MAX_TOKENS_LIMIT"),
    "one field again and again": ("{ pacts { nodes {" + " id" * 1_900 + "} } }", "MAX_FIELD_COMPARISONS_LIMIT"),
    "a million of comments": ("#\n" * 290_000 + "{ __typename }", "MAX_LENGTH_LIMIT"),
    "a megabyte of commas": ("," * 900_000 + "{ __typename }", "MAX_LENGTH_LIMIT"),
    "a giant string": ('{ node(id: "' + "x" * 900_000 + '") { id } }', "MAX_LENGTH_LIMIT"),
    "a giant block string": ('{ node(id: """' + "x\n" * 200_000 + '""") { id } }', "MAX_LENGTH_LIMIT"),
    "a giant name": ("{ " + "x" * 900_000 + " }", "MAX_LENGTH_LIMIT"),
    "selection sets": ("{ a" * 900 + " }" * 900, "MAX_DEPTH_LIMIT"),
    "fields": ("{ households { nodes {" + " members { household {" * 9 + " id" + " } }" * 9 + " } } }", "MAX_DEPTH_LIMIT"),
    "inline fragments": ("{" + " ... {" * 300 + " __typename" + " }" * 301, "MAX_DEPTH_LIMIT"),
    "lists in a literal": ("{ pacts(filter: { kinds: " + "[" * 900 + "]" * 900 + " }) { totalCount } }", "MAX_DEPTH_LIMIT"),
    "objects in a literal": ("{ pacts(filter: " + "{ a: " * 400 + "1" + " }" * 400 + ") { totalCount } }", "MAX_DEPTH_LIMIT"),
    "a type of lists": ("query ($x: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }", "MAX_DEPTH_LIMIT"),
    "fragments in a chain": ("{ ...F0 } " + _fragments(150, "... {{ ...F{next} }}") + " fragment F150 on Query { __typename }", "MAX_DEPTH_LIMIT"),
    "introspection in a circle": ("{ __schema { types {" + " fields { type {" * 6 + " name" + " } }" * 6 + " } } }", "GRAPHQL_VALIDATION_FAILED"),
    "a fragment in itself": ("{ ...A } fragment A on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"),
    "a fragment in its field": ("{ households { nodes { ...A } } } fragment A on Household { members { household { ...A } } }", "GRAPHQL_VALIDATION_FAILED"),
    "fragments in a circle": ("{ ...F0 } " + _fragments(100, "...F{next}") + " fragment F100 on Query { ...F0 }", "GRAPHQL_VALIDATION_FAILED"),
    "fragments that double": ("{ ...F0 } " + _fragments(60, "...F{next} ... {{ ...F{next} }}") + " fragment F60 on Query { __typename }", "MAX_ROOT_FIELDS_LIMIT"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_too_much(name: str, ask: Service) -> None:
    query, code = TOO_MUCH[name]
    answer = await _refused(ask, query)
    assert (answer.status, set(answer.codes)) == (400, {code})
    if code.startswith(("MAX_", "COST_")):
        (error,) = answer.json["errors"]
        assert str(error["extensions"]["limit"]) in error["message"]


# ── documents that are wrong ──────────────────────────────────────────────────────────────────────────

WRONG: dict[str, str] = {
    "two operations of one name": "query A { __typename } query A { __typename }",
    "two fragments of one name": "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }",
    "two variables of one name": "query ($x: Int, $x: Int) { pacts(first: $x) { totalCount } }",
    "two arguments of one name": "{ pacts(first: 1, first: 2) { totalCount } }",
    "two members of one name": "{ pacts(filter: { kinds: [], kinds: [] }) { totalCount } }",
    "one directive twice": "{ pacts @skip(if: false) @skip(if: false) { totalCount } }",
    "one key for two fields": "{ a: pacts { totalCount } a: households { totalCount } }",
    "one key, other arguments": "{ pacts(first: 1) { totalCount } pacts(first: 2) { totalCount } }",
    "a variable nobody declared": "{ pacts(first: $n) { totalCount } }",
    "a variable nobody uses": "query ($n: Int) { __typename }",
    "a variable of another type": "query ($n: String) { pacts(first: $n) { totalCount } }",
    "a variable of no type": "query ($n: Nothing) { pacts(first: $n) { totalCount } }",
    "a fragment nobody uses": "{ __typename } fragment F on Query { __typename }",
    "an unknown enum value": "{ pacts(filter: { kinds: [NOTHING] }) { totalCount } }",
    "an enum value in quotes": '{ pacts(filter: { kinds: ["WORK"] }) { totalCount } }',
    "a size as text": '{ pacts(first: "1") { totalCount } }',
    "a size with a point": "{ pacts(first: 1.0) { totalCount } }",
    "a size beyond Int": "{ pacts(first: 2147483648) { totalCount } }",
    "a size far beyond": "{ pacts(first: " + "9" * 5_000 + ") { totalCount } }",
    "a size far below": "{ pacts(first: -" + "9" * 5_000 + ") { totalCount } }",
    "a size that explodes": "{ pacts(first: 1e999999999) { totalCount } }",
    "a negative size": "{ pacts(first: -1) { totalCount } }",
    "a size above the page": "{ pacts(last: 1001) { totalCount } }",
    "first and last": "{ pacts(first: 1, last: 1) { totalCount } }",
    "first and last, further down": "{ beneficiaries { nodes { conditionalityEvents(first: 1, last: 1) { totalCount } } } }",
    "a negative size beside a good field": "{ households { totalCount } pacts(first: -1) { totalCount } }",
    "a negative size beside an agency": '{ beneficiary(fiscalCode: "12345678903") { residence { source } } pacts(first: -1) { totalCount } }',
    "no such feed position": '{ conditionalityFeed(after: "-1") { hasMore } }',
    "a feed position beyond BigInt": '{ conditionalityFeed(after: "99999999999999999999") { hasMore } }',
    "a feed page too large": "{ conditionalityFeed(first: 1001) { hasMore } }",
    "a lone surrogate": '{ households(filter: { inpsProtocol: "\\uD800" }) { totalCount } }',
    "surrogates the wrong way round": '{ households(filter: { inpsProtocol: "\\uDC00\\uD800" }) { totalCount } }',
    "a lone surrogate in braces": '{ households(filter: { inpsProtocol: "\\u{D800}" }) { totalCount } }',
    "a code point beyond Unicode": '{ households(filter: { inpsProtocol: "\\u{110000}" }) { totalCount } }',
    "an escape that is none": '{ households(filter: { inpsProtocol: "\\x41" }) { totalCount } }',
    "NUL by an escape": '{ households(filter: { inpsProtocol: "\\u0000" }) { totalCount } }',
    "NUL in braces": '{ node(id: "ben_\\u{0}") { id } }',
    "a string without its end": '{ node(id: "x) { id } }',
    "a block string without its end": '{ node(id: """x) { id } }',
    "a character that is none": "{ pacts(first: 1) { totalCount } \x07 }",
    "another language": "DROP TABLE beneficiary",
    "a type definition": "type Query { a: Int }",
    "a type definition beside a question": "{ __typename } extend type Query { a: Int }",
    "an id of another table": '{ household(id: "ben_00000000000000000000000000000000") { id } }',
    "an id cut short": '{ node(id: "ben_0000") { id } }',
    "an object without a selection": "{ pacts }",
    "a scalar with a selection": "{ pacts { totalCount { x } } }",
    "only ignored tokens": " \n\t,,, # nothing\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_wrong(name: str, ask: Service) -> None:
    await _refused(ask, WRONG[name])


VARIABLES: dict[str, tuple[str, Any]] = {
    "Int": ("query ($x: Int) { pacts(first: $x) { totalCount } }",
            ["1", 1.5, True, [], {}, 2**31, -(2**31) - 1, 2**63, 10**300, -1, 1001, 1e300, [[1]], {"a": 1}]),
    "Int!": ("query ($x: Int!) { conditionalityFeed(first: $x) { hasMore } }", [None, "5", 5.5, -1, 10**30]),
    "String": ("query ($x: String) { households(filter: { inpsProtocol: $x }) { totalCount } }",
               [1, True, [], {}, ["a", "b"], "a\x00"]),
    "FiscalCode": ("query ($x: FiscalCode!) { beneficiary(fiscalCode: $x) { id } }",
                   [None, 1, [], {}, "", "x" * 500_000, "RSSMRA80A01H501X", "\x00" * 16, "🦊" * 16]),
    "ID": ("query ($x: ID!) { node(id: $x) { id } }",
           [None, True, [], {}, 1.5, "", "ben_", "ben_" + "g" * 32, "ben_" + "0" * 100_000, "x" * 500_000, 10**300]),
    "enum": ("query ($x: [PactKind!]) { pacts(filter: { kinds: $x }) { totalCount } }",
             ["NOTHING", ["WORK", "NOTHING"], [None], [["WORK"]], 1, {}, ["WORK"] * 20_000 + ["NOTHING"]]),
    "order": ("query ($x: [BeneficiaryOrder!]) { beneficiaries(orderBy: $x) { totalCount } }", ["NOTHING", [None], 1, ["family_name"]]),
    "input": ("query ($x: BeneficiaryFilter) { beneficiaries(filter: $x) { totalCount } }",
              [1, "a", [], {"nothing": 1}, {"measure": "PENSION"}, {"fiscalCode": 1}, {f"m{n}": n for n in range(5_000)}]),
    "DateTime": ("query ($x: DateTime) { conditionalityEvents(filter: { occurredFrom: $x }) { totalCount } }",
                 [1, "", "yesterday", "2026-09-01", "2026-09-01T00:00:00", "99999-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "9" * 100_000]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "value"),
    [
        pytest.param(query, value, id=f"{kind} {number}")
        for kind, (query, values) in VARIABLES.items()
        for number, value in enumerate(values)
    ],
)
async def test_variables_of_the_wrong_kind(query: str, value: Any, ask: Service) -> None:
    await _refused(ask, query, {"x": value})


async def test_lists_in_variables_are_counted_together(ask: Service) -> None:
    filters = {"or": [{"kinds": ["WORK"] * 500} for _ in range(5)]}
    answer = await _refused(
        ask, "query ($x: PactFilter) { pacts(filter: $x) { totalCount } }", {"x": filters}
    )
    assert answer.codes == ["MAX_ITEMS_LIMIT"]
    assert answer.json["errors"][0]["extensions"]["limit"] == 2_000
    assert "2000" in answer.json["errors"][0]["message"]


async def test_as_many_items_as_are_allowed_are_read(ask: Service) -> None:
    answer = await ask(
        "query ($x: [PactKind!]) { pacts(filter: { kinds: $x }) { totalCount } }", x=["WORK"] * 2_000
    )
    assert answer.status == 200, answer.body


# ── cursors ───────────────────────────────────────────────────────────────────────────────────────────

EVENTS = "query ($c: String) { conditionalityEvents(after: $c) { nodes { id } } }"


def _encoded(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.b64encode(text).decode()


async def _cursor(ask: Service, name: str, order: str = "") -> str:
    answer = await ask(f"{{ {name}(first: 1{order}) {{ edges {{ cursor }} }} }}", as_="inps")
    cursor: str = answer.data[name]["edges"][0]["cursor"]
    return cursor


async def _hostile(ask: Service) -> list[str]:
    mine = await _cursor(ask, "conditionalityEvents")
    mark, at, key = json.loads(base64.b64decode(mine))
    return [
        await _cursor(ask, "pacts"),
        await _cursor(ask, "conditionalityEvents", ", orderBy: [OCCURRED_AT_ASC]"),
        *(mine[:length] for length in range(0, len(mine), 7)),
        mine + "=",
        mine.swapcase(),
        "5",
        "🦊",
        "x" * 500_000,
        "=" * 1_000,
        _encoded(b"[" * 100_000),
        _encoded(b"[" * 1_000 + b"]" * 1_000),
        _encoded(b'{"a":' * 1_000 + b"1" + b"}" * 1_000),
        _encoded(b"1" * 100_000),
        _encoded(b"[1e999999999]"),
        _encoded(b'["\xff"]'),
        _encoded(b'["\\ud800"]'),
        _encoded(None),
        _encoded({}),
        _encoded([mark]),
        _encoded([mark, at]),
        _encoded([mark, at, key, key]),
        _encoded([mark.upper(), at, key]),
        _encoded([[mark], at, key]),
        _encoded([mark, at + "\x00", key]),
        _encoded([mark, "9" * 100_000, key]),
        _encoded([mark, 10**300, key]),
        _encoded([mark, "0001-01-01T00:00:00+14:00", key]),
        _encoded([mark, "9999-12-31T23:59:59-14:00", key]),
        _encoded([mark, "2026-09-01T00:00:00", key]),
        _encoded([mark, "-infinity", key]),
        _encoded([mark, at, "0" * 100_000]),
        _encoded([mark, at, "'; DROP TABLE beneficiary; --"]),
        _encoded([mark, at, None]),
        _encoded([mark, [at], {"a": key}]),
    ]


async def test_cursors_that_are_none(ask: Service) -> None:
    for cursor in await _hostile(ask):
        answer = await _refused(ask, EVENTS, {"c": cursor})
        # A text that no value may have is refused before anybody asks what it is.
        code = "BAD_USER_INPUT" if len(cursor) > LONGEST_VALUE else "INVALID_CURSOR"
        assert answer.codes == [code], cursor[:80]
        literal = await _refused(
            ask, f"{{ conditionalityEvents(after: {json.dumps(cursor[:20_000])}) {{ totalCount }} }}"
        )
        assert set(literal.codes) <= {"INVALID_CURSOR", "GRAPHQL_PARSE_FAILED"}


# ── what hypothesis makes of it ───────────────────────────────────────────────────────────────────────

GOOD = """query ($n: Int = 3, $f: BeneficiaryFilter) {
  beneficiaries(first: $n, filter: $f) { ...P pageInfo { endCursor } }
  pacts(filter: { kinds: [WORK] }) @include(if: true) { totalCount edges { cursor node { id } } }
}
fragment P on BeneficiaryConnection { nodes { id name: givenName conditionalityEvents(last: 2) { nodes { note } } } }"""
TOKENS = ["{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "...", "|", "=", "&", '"', '"""', "\\", "#", "\x00", "\ufeff",
          "fragment", "on", "query", "null", "true", "$n", "-1", "1e9999", "first: 1", "@skip(if: $n)", "__typename"]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
async def test_a_good_question_spoilt(data: st.DataObject, ask: Service) -> None:
    """A few pieces put in, taken out or doubled: it is answered or refused with a code, never a fault."""
    query = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(query)))
        end = data.draw(st.integers(start, min(len(query), start + 12)))
        piece = data.draw(
            st.one_of(st.sampled_from(TOKENS), st.just(query[start:end] * 2), st.text(max_size=3))
        )
        query = query[:start] + piece + query[end:]
    assume(query.isprintable() or "\n" in query)
    try:
        query.encode()
    except UnicodeEncodeError:  # no JSON can hold it: the other half of what is bad, and its tests
        assume(False)
    with counted(ask) as seen:
        answer = await ask(query, as_="inps", n=2)
    assert answer.status in (200, 400), answer.body
    if answer.status == 400:
        assert answer.codes
        assert seen == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["WORK", "ADI", "OBLIGED", "12345678903", "FAMILY_NAME_ASC", "2026-09-03T11:00:00Z"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["measure", "obligation", "fiscalCode", "kinds", "x"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
async def test_any_value_for_any_variable(data: st.DataObject, ask: Service) -> None:
    query = data.draw(
        st.sampled_from([query for query, _ in VARIABLES.values()] + [EVENTS.replace("$c", "$x")])
    )
    value = data.draw(VALUES)
    assume(not (isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63))
    with counted(ask) as seen:
        answer = await ask(query, as_="inps", x=value)
    assert answer.status in (200, 400), answer.body
    if answer.status == 400:
        assert answer.codes
        assert seen == []
