# SPDX-License-Identifier: EUPL-1.2
"""The bench's contenders are made of the hub's own parts: when those move, this says so before a bench is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLANS = r"""
import sys
from typing import cast
from uuid import UUID

from bench.bare import know
from bench.bare_record import at_once, recording
from bench.questions import questions
from bench.unlogged import leave_lines_out, leave_marks_out
from hub.access.caller import Caller, Scope
from hub.store.vocabulary import AgencyKind, GrantScope

if "unlogged" in sys.argv:
    leave_marks_out()
    leave_lines_out()
some = UUID(int=1)
for question in questions(["RSSMRA80A01H501U"], ["x"], ["0"]):
    scope = Scope(GrantScope.CENTRE, single=True)
    caller = Caller(some, "centre", AgencyKind.EMPLOYMENT_CENTRE, some, some, scope, centres=(some,))
    if question.writes:
        recording(caller, question, None)
        sql = at_once(caller, question).statement.text
    else:
        sql = know(caller, question.document, question.asked[0]).sql
    print(question.name, r"E'\x01'" in sql or r"E'\x02'" in sql, "access_log" in sql)
"""
"""In a process of its own, since it takes the access log out of the planner: whether each statement marks, and whether it writes a line."""
NAMES = ["one_person", "person_page", "list_50", "feed_1000", "insert_event"]


def planned(*arguments: str) -> dict[str, tuple[str, str]]:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLANS, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: (marks, writes) for name, marks, writes in map(str.split, done.stdout.splitlines())}


def test_bare_and_unlogged_are_made_of_parts_the_planner_has() -> None:
    assert planned("unlogged") == dict.fromkeys(NAMES, ("False", "False"))


def test_with_the_log_each_of_them_marks_or_writes_its_line() -> None:
    assert planned() == {**dict.fromkeys(NAMES, ("True", "False")), "insert_event": ("True", "True")}
