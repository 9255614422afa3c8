# SPDX-License-Identifier: EUPL-1.2
"""Where the pages of the centre's list end, as the hub says."""

from __future__ import annotations

import httpx2

from bench.questions import PAGE_SIZE, PEOPLE, body
from bench.served import Served, ask, data_of

LIST_PAGES = 40


def cursors(hub: Served) -> list[str]:
    """The ends of the first pages, without the last, which may be short."""
    found: list[str] = []
    voucher = hub.world.voucher("centre")
    with httpx2.Client(trust_env=False) as http:
        more, after = True, None
        while more and len(found) < LIST_PAGES:
            asked = body(PEOPLE, {"first": PAGE_SIZE, "after": after, "events": 0})
            page = data_of(ask(http, hub.url, voucher, asked), hub.name)["beneficiaries"]["pageInfo"]
            more, after = page["hasNextPage"], page["endCursor"]
            if more:
                found.append(after)
    return found[:-1] or found
