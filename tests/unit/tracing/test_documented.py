# SPDX-License-Identifier: EUPL-1.2
"""docs/how-to/see-where-time-goes.md names each attribute that a span may have, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAME = r"(?:snodo|graphql|http|db|error)(?:\.[a-z_]+)+"


def _said() -> set[str]:
    files = [one for part in ("hub", "connectors", "schema") for one in (ROOT / part).rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    found = re.findall(rf'"({NAME})"(?:: |\] = )|set_attribute\("({NAME})"', text)
    return {name for names in found for name in names if name}


def _documented() -> set[str]:
    page = (ROOT / "docs" / "how-to" / "see-where-time-goes.md").read_text(encoding="utf-8")
    return set(re.findall(rf"`({NAME})`", page))


def test_each_attribute_of_a_span_is_on_the_page_and_no_other() -> None:
    assert len(_said()) > 20
    assert _said() == _documented()
