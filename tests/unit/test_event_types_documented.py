# SPDX-License-Identifier: EUPL-1.2
"""docs/reference/event-types.md is the table of rules, row by row; every word of it can be stored."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.ledger.event_rules import (
    EVENT_RULES,
    EVERY,
    HUB,
    JUSTIFIED_REASONS,
    EventRule,
    described_reason,
)
from hub.store.vocabulary import ConditionalityEventType, JustifiedReason

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "event-types.md"
HEAD = "| type | fact | source | measures | recorded by | also |\n|---|---|---|---|---|---|\n"


def _also(rule: EventRule) -> Iterator[str]:
    if rule.needs_pact:
        kinds = " or ".join(sorted(kind.value for kind in rule.pacts))
        yield "names its pact" if len(rule.pacts) > 1 else f"names its {kinds} pact"
    if not rule.follows_signature:
        yield "may come before the pact is signed"
    if rule.may_precede_benefit:
        yield "may come before the benefit begins"
    if rule.is_justified:
        yield "may say the justified reason"


def _rows() -> str:
    lines = []
    for word, rule in EVENT_RULES.items():
        measures = "all" if rule.measures == EVERY else ", ".join(sorted(m.value for m in rule.measures))
        kinds = ", ".join(sorted(kind.value for kind in rule.recorded_by))
        cells = (
            f"`{word.value}`",
            rule.says,
            "; ".join(rule.sources),
            measures,
            kinds,
            "; ".join(_also(rule)),
        )
        lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def test_the_page_is_the_table() -> None:
    before, head, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    assert head
    written, _, after = rest.partition("\n\n")
    if os.environ.get("SNODO_WRITE_GOLDEN"):
        PAGE.write_text(before + HEAD + _rows() + "\n" + after, encoding="utf-8")
    else:
        assert written + "\n" == _rows()


@pytest.mark.parametrize("word", ConditionalityEventType)
def test_each_type_says_its_fact_and_where_the_law_has_it(word: ConditionalityEventType) -> None:
    rule = EVENT_RULES[word]
    assert rule.says.endswith(".")
    assert all(source and not source.endswith(".") for source in rule.sources)
    assert rule.sources
    assert rule.measures
    assert rule.pacts
    assert not (rule.recorded_by == HUB and rule.needs_pact)


def test_each_justified_reason_is_on_the_page_with_its_source() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for reason in JustifiedReason:
        letter = described_reason(reason).rstrip(".")[-1]
        assert f"| `{reason}` | {JUSTIFIED_REASONS[reason]} | {letter} |" in page


def test_the_ledger_can_hold_each_word() -> None:
    tables = (ROOT / "migrations" / "sql" / "0001_tables.sql").read_text(encoding="utf-8")
    check = re.search(r"conditionality_event_type_check CHECK \(type IN \((.+)\)\)", tables)
    assert check is not None
    assert re.findall(r"'(\w+)'", check[1]) == [word.value for word in ConditionalityEventType]
