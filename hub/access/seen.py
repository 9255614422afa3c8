# SPDX-License-Identifier: EUPL-1.2
r"""Whom an answer is about travels in the answer's own text, and is taken out before it leaves.

Where an object begins that is about somebody new, the statement writes a mark and the key: `\x01` and the 36 characters of a UUID. JSON
holds no such character unescaped, so that a mark is never taken for data, nor data for a mark. What stands in the answer and who is
written down are one and the same: there is no second statement, and no second column, that could say otherwise.

A page of the feed begins with how far it reaches, and, where it is read as a whole, with its places, `\x02500 (0,500]\x02`: they
stand for a thousand keys.
"""

from __future__ import annotations

MARK, PLACES = b"\x01", b"\x02"
KEY = 36
"""Characters of a UUID."""


class Seen:
    """Whom the answer to one request is about, as it is read: by keys, and by places of the feed."""

    __slots__ = ("keys", "places", "reached")

    def __init__(self) -> None:
        self.keys: dict[bytes, None] = {}
        self.places: list[bytes] = []
        self.reached: int | None = None
        """The furthest position of the feed that pages reached."""

    def __bool__(self) -> bool:
        """Whether anybody was shown."""
        return bool(self.keys or self.places)

    def take(self, text: bytes) -> bytes:
        """The JSON in a statement's text; whom it is about is kept here."""
        if text[:1] == PLACES:
            _, told, text = text.split(PLACES, 2)
            reached, _, places = told.partition(b" ")
            self.reached = max(self.reached or 0, int(reached))
            if places:
                self.places.append(places)
        if MARK not in text:
            return text
        first, *rest = text.split(MARK)
        self.keys.update(dict.fromkeys([piece[:KEY] for piece in rest]))
        return b"".join([first, *[piece[KEY:] for piece in rest]])

    def subjects(self) -> str:
        """The keys, as PostgreSQL writes an array of them: no UUID is made of any."""
        return f"{{{b','.join(self.keys).decode()}}}"

    def positions(self) -> str | None:
        """The places, as PostgreSQL writes a multirange; None if there are none."""
        return f"{{{b','.join(self.places).decode()}}}" if self.places else None
