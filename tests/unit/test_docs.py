# SPDX-License-Identifier: EUPL-1.2
"""The documentation as a reader walks it: from the index to every page, with no link into nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INDEX = DOCS / "index.md"
PAGES = sorted(DOCS.rglob("*.md"))
DECISIONS = sorted((DOCS / "adr").glob("*.md"))
OTHERS = [*ROOT.glob("*.md"), *(ROOT / "hub").rglob("*.md")]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def short(page: Path) -> str:
    """A page's path, for the name of a test."""
    return str(page.relative_to(ROOT))


def links(page: Path) -> list[tuple[Path, str]]:
    """Where a page's relative links lead: file and anchor."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            found.append(((page.parent / path).resolve() if path else page, anchor))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors a page's headings make."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reachable_from_the_index() -> None:
    reached, ahead = set[Path](), [INDEX]
    while ahead:
        page = ahead.pop()
        if page not in reached and page in PAGES:
            reached.add(page)
            ahead += [target for target, _ in links(page)]
    assert [short(page) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=short)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_page_has_one_title(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    assert text.startswith("# ")
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


def test_decisions_are_numbered_once_and_linked_from_the_index() -> None:
    # A number is given out before its page is written: one may be missing for a while, none is there twice.
    numbers = [page.name[:4] for page in DECISIONS]
    assert len(numbers) == len(set(numbers))
    assert set(DECISIONS) <= {target for target, _ in links(INDEX)}


@pytest.mark.parametrize("page", DECISIONS, ids=short)
def test_a_decision_has_its_four_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]} · ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "What would change our mind",
    ]


def test_a_decision_that_code_names_exists() -> None:
    numbers = {page.name[:4] for page in DECISIONS}
    for folder in ("hub", "schema", "connectors", "migrations", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            named = set(re.findall(r"docs/adr/(\d{4})", file.read_text(encoding="utf-8")))
            assert named <= numbers, file
