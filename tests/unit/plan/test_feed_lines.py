# SPDX-License-Identifier: EUPL-1.2
"""Lines of the feed: what their statement says."""

from __future__ import annotations

import re

from hub.access.caller import Scope
from hub.plan.documents import Documents
from hub.plan.feed_lines import FeedLines
from hub.plan.limits import PageLimits
from hub.store.vocabulary import GrantScope
from schema.build import build_schema


def test_entries_and_contents_are_both_read_from_the_cursor_on() -> None:
    # PostgreSQL carries no inequality across a join: merging, it read all contents from the first, 0.7 s for 500 lines far in.
    _, catalogue = build_schema()
    lines = FeedLines(Documents(catalogue, most=10), catalogue, PageLimits())
    asked = lines.asked({"after": "7"})
    text = lines._plan(asked, Scope(GrantScope.NATIONAL, single=False)).statement.text
    starts = re.findall(r"(\w+)\.position > (\$\d+)", text)
    assert {table.rstrip("_0123456789") for table, _ in starts} == {"feed_entry", "feed_content"}
    assert len({place for _, place in starts}) == 1
