# SPDX-License-Identifier: EUPL-1.2
"""Canonical operations, and what becomes of each: the SQL, the indexes PostgreSQL reads by, the answer.

`NAME.graphql` says in its comments what it is for, who asks, and with which variables; `$north` stands for a person of the tests'
world, `$pact:work` for the id of one of its pacts. Beside it lie `NAME.sql` (one statement for each root field), `NAME.plan` (how each
table is read, over 20,000 people) and `NAME.json` (the answer, over the world made by hand).

A second statement, a lost index or a changed answer shows as a difference. After a change that is meant, write the files anew with
`SNODO_WRITE_GOLDEN=1 make test ARGS="-k golden"`, and read what `git diff` says before committing it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
WRITES = "SNODO_WRITE_GOLDEN" in os.environ


@dataclass(frozen=True)
class Golden:
    """One canonical operation."""

    name: str
    text: str
    caller: str
    _variables: str

    def variables(self, named: Callable[[str], str]) -> dict[str, Any]:
        """Its variables; `named` gives the value of what begins with `$`."""
        return {
            name: named(value[1:]) if isinstance(value, str) and value.startswith("$") else value
            for name, value in json.loads(self._variables).items()
        }

    def compare(self, kind: str, found: str) -> None:
        """Hold what was found against the file, or write it."""
        path = FOLDER / f"{self.name}.{kind}"
        if WRITES:
            path.write_text(found, encoding="utf-8")
        assert path.exists(), f"there is no {path.name} yet; see {__name__}"
        assert found == path.read_text(encoding="utf-8")


def operations() -> list[Golden]:
    """All of them, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.graphql"))]


def _read(path: Path) -> Golden:
    text = path.read_text(encoding="utf-8")
    comments = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    said = dict(line.split(": ", 1) for line in comments if ": " in line)
    return Golden(path.stem, text, said["caller"], said["variables"])
