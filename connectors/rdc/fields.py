# SPDX-License-Identifier: EUPL-1.2
"""The leaves of a request: each stands there once, in any order, with text alone in it."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.soap import NotAnswered
from connectors.soap.envelope import Element


def leaves(
    payload: Element, namespace: str, needed: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, str]:
    """The text of each leaf, without blanks around it; an optional one that is absent or empty is left out.

    Raises:
        NotAnswered: one is missing, empty, unknown, there twice, or holds elements; the message names it.

    """
    found: dict[str, str] = {}
    prefix = f"{{{namespace}}}"
    known = {f"{prefix}{name}": name for name in (*needed, *optional)}
    for child in payload.iterchildren("*"):
        name = known.get(child.tag)
        if name is None:
            raise NotAnswered(f"The request has these elements, and no other: {', '.join(known.values())}.")
        if name in found or len(child):
            raise NotAnswered(f"{name} stands in a request once, with a text in it.")
        found[name] = (child.text or "").strip()
    for name in needed:
        if not found.get(name):
            raise NotAnswered(f"{name} is missing.")
    return {name: text for name, text in found.items() if text}
