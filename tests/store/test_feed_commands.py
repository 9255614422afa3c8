# SPDX-License-Identifier: EUPL-1.2
"""`snodo feed` and what stands below it, on a real feed: what each prints, changes and ends with."""

from __future__ import annotations

import asyncio
import getpass
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from connectors.simulators.consumers import register_demo_consumers
from connectors.simulators.registry import demo_registry
from hub.cli import command_line
from hub.errors import ConfigurationError, InvalidInput
from hub.ledger.erasure import CannotErase
from hub.ledger.signed_note import VerifierKey
from hub.store.engine import connection_arguments

SIZE = 12_000


@pytest.fixture
def database(populated_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A population whose feed has 12,000 entries, as the commands find it."""
    monkeypatch.setenv("SNODO_DATABASE_URL", populated_url)
    return populated_url


def feed(*words: str | int) -> Result:
    return CliRunner().invoke(command_line(["feed"]), ["feed", *map(str, words)])


def done(url: str, *statements: str) -> list[Any]:
    """What these statements give, as the owner of the tables."""

    async def run() -> list[Any]:
        connection = await asyncpg.connect(**connection_arguments(url))
        try:
            return [await connection.fetchval(statement) for statement in statements]
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        return runner.run(run())


def consumers(url: str) -> None:
    async def register() -> None:
        connection = await asyncpg.connect(**connection_arguments(url))
        await register_demo_consumers(connection, demo_registry())
        await connection.close()

    with asyncio.Runner() as runner:
        runner.run(register())


SIGNED = "INSERT INTO feed_checkpoint (size, root, note) VALUES (11000, sha256('x'), 'x')"
WAITS = "INSERT INTO outbox_message (topic, subject_id, created_at) VALUES ('feed', uuidv7(), now() - interval '1 hour')"
SAID = "SELECT string_agg(note, '') FROM conditionality_event WHERE erases_position = 7"


# ── status ────────────────────────────────────────────────────────────────────────────────────────────


def test_where_a_feed_stands_that_keeps_up(database: str) -> None:
    assert feed().output == f"Last position {SIZE:,}; 0 events wait for theirs.\n"
    result = feed("status")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert first.startswith(f"Last position {SIZE:,}, given 20")
    assert first.endswith("0 events wait for theirs.")
    assert second == "Nothing was signed."


@pytest.mark.parametrize(
    ("statement", "said"),
    [(WAITS, "for its position: no sequencer runs"), (SIGNED, "for a checkpoint: nobody signs")],
)
def test_what_is_late_ends_it_with_2(statement: str, said: str, database: str) -> None:
    done(database, statement)
    result = feed("status")
    assert result.exit_code == 2
    assert said in result.stderr
    assert feed("status", "--within", 10**9).exit_code == 0


def test_who_should_sign_and_never_did_is_late(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNODO_CHECKPOINT_KEY_FILE", str(tmp_path / "key.pem"))
    assert feed("status").exit_code == 2
    assert feed("status", "--within", 10**9).exit_code == 0


def test_how_far_each_consumer_is(database: str) -> None:
    consumers(database)
    # INPS has read and dealt with all but the last hundred.
    read, up_to = SIZE - 50, SIZE - 100
    purpose = "(SELECT purpose_id FROM purpose JOIN agency a ON a.id = agency_id WHERE a.code = 'inps')"
    done(
        database,
        f"""INSERT INTO access_log (agency_id, purpose_id, selection_hash, asked, subjects, outcome, feed_reached)
            SELECT id, {purpose}, sha256('x'), '{{}}', '{{}}', 'ANSWERED', {read} FROM agency WHERE code = 'inps'""",
        f"INSERT INTO feed_acknowledgement (agency_id, purpose_id, up_to) SELECT id, {purpose}, {up_to} FROM agency WHERE code = 'inps'",
    )
    told = json.loads(feed("status", "--json").stdout)
    assert (told["lastPosition"], told["waiting"], told["late"]) == (SIZE, 0, [])
    by_agency = {one["agencyCode"]: one for one in told["consumers"]}
    assert {"inps", "regione-12", "comune-h501"} <= by_agency.keys()
    inps = by_agency["inps"]
    assert (inps["readUpTo"], inps["acknowledgedUpTo"], inps["behind"]) == (read, up_to, 100)
    [oldest] = done(
        database,
        f"SELECT to_char(sequenced_at, 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM feed_entry WHERE position = {up_to + 1}",
    )
    assert inps["oldestUnacknowledgedAt"].startswith(oldest)
    assert inps["secondsBehind"] > 0
    assert (by_agency["regione-12"]["behind"], by_agency["regione-12"]["acknowledgedUpTo"]) == (SIZE, 0)
    assert (
        f"inps ({inps['purposeId']}): read up to {read:,}, acknowledged up to {up_to:,}; 100 behind"
        in feed("status").stdout
    )

    late = feed("status", "--consumers-within", 0)
    assert late.exit_code == 2
    assert late.stderr.count("has not acknowledged") == len(told["consumers"])
    assert feed("status", "--consumers-within", 10**9).exit_code == 0


# ── key ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_key_is_made_once_and_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "checkpoint.pem"
    path.parent.mkdir()
    monkeypatch.setenv("SNODO_CHECKPOINT_KEY_FILE", str(path))
    monkeypatch.setenv("SNODO_FEED_ORIGIN", "snodo.test/feed")
    assert isinstance(feed("key").exception, ConfigurationError)
    made = feed("key", "--make")
    assert made.exit_code == 0, made.output
    assert VerifierKey.read(made.stdout).name == "snodo.test/feed"
    assert made.stdout.count("\n") == 1, "nothing else is printed"
    assert path.stat().st_mode & 0o077 == 0, "nobody else reads it"
    before = path.read_bytes()
    assert feed("key", "--make").stdout == feed("key").stdout == made.stdout
    assert path.read_bytes() == before


def test_without_a_setting_there_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SNODO_CHECKPOINT_KEY_FILE", raising=False)
    refused = feed("key").exception
    assert isinstance(refused, ConfigurationError)
    assert "SNODO_CHECKPOINT_KEY_FILE" in refused.message


# ── erase ─────────────────────────────────────────────────────────────────────────────────────────────


def an_agency(url: str) -> str:
    [code] = done(url, "SELECT code FROM agency ORDER BY code LIMIT 1")
    return str(code)


def test_content_is_erased_once_and_who_did_it_is_kept(database: str) -> None:
    words = (
        "erase",
        "--position",
        7,
        "--reason",
        "Meant for another person",
        "--agency",
        an_agency(database),
    )
    result = feed(*words, "--by", "dpo-3")
    assert result.exit_code == 0, result.output
    event, operator, content, told = done(
        database,
        "SELECT id FROM conditionality_event WHERE erases_position = 7",
        "SELECT operator FROM conditionality_event WHERE erases_position = 7",
        "SELECT content FROM feed_content WHERE position = 7",
        SAID,
    )
    assert (
        result.stdout
        == f"The content at position 7 is erased; evt_{event.hex} tells the readers of the feed.\n"
    )
    assert (operator, content, told) == ("dpo-3", None, "Meant for another person")
    again = feed(*words)
    assert isinstance(again.exception, CannotErase)
    assert again.exception.message == "The content at 7 was erased before."
    assert "1 events wait for theirs" in feed().stdout


def test_who_does_not_say_who_erases_is_the_systems_user(database: str) -> None:
    assert feed("erase", "--position", 8, "--reason", "x", "--agency", an_agency(database)).exit_code == 0
    assert done(database, "SELECT operator FROM conditionality_event WHERE erases_position = 8") == [
        getpass.getuser()
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--position": SIZE + 1}, "no entry at"),
        ({"--agency": "nobody"}, "No agency has this code"),
        ({"--reason": " "}, "1 to 500 characters"),
    ],
)
def test_what_cannot_be_erased_is_one_sentence(change: dict[str, Any], said: str, database: str) -> None:
    words = {"--position": 9, "--reason": "x", "--agency": an_agency(database), **change}
    result = feed("erase", *(word for pair in words.items() for word in pair))
    assert isinstance(result.exception, InvalidInput)
    assert said in result.exception.message
    assert done(database, "SELECT count(*) FROM feed_content WHERE content IS NULL") == [0]


@pytest.mark.parametrize("words", [("--position", 0), ("--position", "x"), ()])
def test_a_wrong_word_is_refused_before_anything_is_done(words: tuple[Any, ...], database: str) -> None:
    assert feed("erase", "--reason", "x", "--agency", "inps", *words).exit_code == 2
    assert done(database, "SELECT count(*) FROM feed_content WHERE content IS NULL") == [0]
