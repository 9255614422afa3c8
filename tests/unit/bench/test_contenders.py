# SPDX-License-Identifier: EUPL-1.2
"""The bench's contenders are made of the hub's own parts: when those move, this says so before a bench is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLANS = """
from uuid import UUID
from bench.bare import know
from bench.bare_record import recording
from bench.questions import questions
from bench.unlogged import leave_lines_out, leave_marks_out
from hub.access.caller import Caller, Scope
from hub.store.vocabulary import AgencyKind, GrantScope
from typing import cast

leave_marks_out()
leave_lines_out()
some = UUID(int=1)
for question in questions(["RSSMRA80A01H501U"], ["x"], ["0"]):
    scope = Scope(GrantScope.CENTRE, single=True)
    caller = Caller(some, "centre", AgencyKind.EMPLOYMENT_CENTRE, some, some, scope, centres=(some,))
    if question.writes:
        recording(caller, question, None)
    else:
        known = know(caller, question.document, question.asked[0])
        assert chr(1) not in known.sql and "E'\\\\x02'" not in known.sql
    print(question.name)
"""
"""In a process of its own, since it takes the access log out of the planner."""


def test_bare_and_unlogged_are_made_of_parts_the_planner_has() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PLANS],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["one_person", "person_page", "list_50", "feed_1000", "insert_event"]
