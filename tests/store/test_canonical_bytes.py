# SPDX-License-Identifier: EUPL-1.2
"""The bytes the database draws, against RFC 8785 by somebody else's hand and against the reader's own check."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.ledger.canonical import _PROPOSAL, _object, read_line
from hub.ledger.merkle import leaf_hash

AT_ONCE = 4_096
DRAWN_BY = (
    "canonical_content($1, $2, $3, uuidv7(), repeat('0', 64), '12', gen_random_uuid())",
    "canonical_content_2($1, $2, $3, uuidv7(), 'null', repeat('0', 64), '12', gen_random_uuid())",
)
"""Contents of version 1, and of version 2."""


@pytest.fixture
def database_url(populated_url: str) -> str:
    """A population whose feed is full."""
    return populated_url


async def test_every_character_is_written_as_rfc_8785_says(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    characters = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]
    for start in range(0, len(characters), AT_ONCE):
        said = characters[start : start + AT_ONCE]
        found = await owner.fetch("SELECT canonical_text(said) AS text FROM unnest($1::text[]) AS said", said)
        assert [row["text"].encode() for row in found] == [rfc8785.dumps(one) for one in said]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.lists(TEXT | st.none(), min_size=3, max_size=3), min_size=1, max_size=20))
def test_contents_are_canonical_whatever_is_written_in_them(
    contents: list[list[str | None]], database_url: str
) -> None:
    import asyncio

    from hub.store.engine import connection_arguments

    async def drawn() -> list[str]:
        connection = await asyncpg.connect(**connection_arguments(database_url))
        try:
            return [
                await connection.fetchval(
                    f"SELECT {drawn_by}",
                    *content,
                )
                for content in contents
                for drawn_by in DRAWN_BY
            ]
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        found = runner.run(drawn())
    for content, text in zip([one for one in contents for _ in DRAWN_BY], found, strict=True):
        value = json.loads(text)
        assert rfc8785.dumps(value) == text.encode()
        assert [value["fiscalCode"], value["inpsProtocol"], value["municipality"]] == content


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXT, min_size=2, max_size=2),
    cents=st.integers(0, 10**9),
    word=st.sampled_from(["PUC", None]),
)
def test_proposals_are_canonical_whatever_is_written_in_them(
    texts: list[str], cents: int, word: str | None, database_url: str
) -> None:
    import asyncio

    from hub.store.engine import connection_arguments

    async def drawn() -> str:
        connection = await asyncpg.connect(**connection_arguments(database_url))
        try:
            found: str = await connection.fetchval(
                "SELECT canonical_proposal($1, NULL, $2, 3, 1, NULL, $3, 0, true, $4, false)",
                texts[0],
                word,
                Decimal(cents) / 100,
                texts[1],
            )
            return found
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        text = runner.run(drawn())
    assert rfc8785.dumps(json.loads(text)) == text.encode()
    assert re.fullmatch(_object(_PROPOSAL), text.encode())
    assert json.loads(text) == {
        "article": texts[0],
        "atMostMonths": None,
        "breach": word,
        "count": 3,
        "edition": 1,
        "effect": None,
        "monthlyCut": f"{Decimal(cents) / 100:.2f}",
        "months": 0,
        "retroactive": True,
        "sentence": texts[1],
        "unverified": False,
    }


async def test_every_entry_is_one_of_the_format_and_says_what_its_event_says(
    owner: asyncpg.Connection[asyncpg.Record],
) -> None:
    rows = await owner.fetch(
        """
        SELECT f.*, c.content, c.record_salt, e.fiscal_code, e.inps_protocol, e.note, e.pact_id, e.occurred_at, e.recorded_at,
            e.withdraws_event_id, e.beneficiary_id, e.household_id, e.client_id, e.purpose_id, e.operator, a.code AS source,
            h.region_code AS region, m.belfiore_code AS municipality, feed_leaf(f.entry) AS leaf
        FROM feed_entry f JOIN feed_content c USING (position) JOIN conditionality_event e ON e.id = f.event_id
        JOIN agency a ON a.id = e.agency_id JOIN household h ON h.id = e.household_id
        JOIN municipality m ON m.id = h.municipality_id ORDER BY f.position
        """
    )
    assert len(rows) > 10_000
    for row in rows:
        line = read_line(f'{{"content":{row["content"]},"entry":{row["entry"]}}}'.encode())
        assert line.entry == row["entry"].encode()
        assert row["leaf"] == leaf_hash(line.entry)
        entry, content = json.loads(row["entry"]), json.loads(row["content"])
        assert rfc8785.dumps(entry).decode() == row["entry"]
        assert rfc8785.dumps(content).decode() == row["content"]
        record = {
            "beneficiary": f"ben_{row['beneficiary_id'].hex}",
            "client": _hex(row["client_id"]),
            "household": f"hsh_{row['household_id'].hex}",
            "note": row["note"],
            "operator": row["operator"],
            "purpose": _hex(row["purpose_id"]),
            "salt": row["record_salt"].hex,
        }
        assert content == {
            "fiscalCode": row["fiscal_code"],
            "inpsProtocol": row["inps_protocol"],
            "municipality": row["municipality"],
            "pact": None if row["pact_id"] is None else f"pct_{row['pact_id'].hex}",
            "recordHash": hashlib.sha256(rfc8785.dumps(record)).hexdigest(),
            "region": row["region"],
            "salt": content["salt"],
        }
        withdrawn = row["withdraws_event_id"]
        assert entry == {
            "contentHash": hashlib.sha256(row["content"].encode()).hexdigest(),
            "erases": None,
            "event": f"evt_{row['event_id'].hex}",
            "measure": row["measure"],
            "occurredAt": _moment(row["occurred_at"]),
            "position": row["position"],
            "recordedAt": _moment(row["recorded_at"]),
            "sequencedAt": _moment(row["sequenced_at"]),
            "source": row["source"],
            "type": row["type"],
            "version": 1,
            "withdraws": None if withdrawn is None else f"evt_{withdrawn.hex}",
        }
        assert (row["region_code"], row["municipality_code"]) == (row["region"], row["municipality"])
    assert len({json.loads(row["content"])["salt"] for row in rows}) == len(rows)


async def test_an_entry_names_nobody(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    named = await owner.fetchval(
        """
        SELECT count(*) FROM feed_entry f JOIN conditionality_event e ON e.id = f.event_id
        WHERE f.entry LIKE '%' || e.fiscal_code || '%' OR f.entry LIKE '%' || e.inps_protocol || '%'
            OR f.entry LIKE '%' || encode(uuid_send(e.beneficiary_id), 'hex') || '%'
            OR f.entry LIKE '%' || encode(uuid_send(e.household_id), 'hex') || '%'
        """
    )
    assert named == 0


def _hex(key: Any) -> str | None:
    return None if key is None else key.hex


def _moment(moment: Any) -> str:
    found: str = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return found
