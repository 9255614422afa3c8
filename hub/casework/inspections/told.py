# SPDX-License-Identifier: EUPL-1.2
"""What an inspectorate knows beside what the hub keeps: a CSV of `household_id,signal`, one signal of one household a line.

`MUST` in place of a signal: the household is inspected whatever is drawn (a report, a court's order).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from hub.errors import InvalidInput
from hub.measures.controls import Signal
from hub.store.csv_lines import lines_of, read_text
from hub.store.identifiers import InvalidId, decode_id, encode_id

HOUSEHOLD_PREFIX = "hsh"
COLUMNS = ("household_id", "signal")
MUST = "MUST"


class InvalidSignals(InvalidInput):
    """The file of signals cannot be read."""

    code = "INVALID_SIGNALS"


@dataclass(frozen=True, slots=True)
class Told:
    """Signals by household, and who must be inspected."""

    signals: Mapping[UUID, frozenset[Signal]] = field(default_factory=dict)
    must: frozenset[UUID] = frozenset()

    @property
    def households(self) -> frozenset[UUID]:
        """Everybody it tells of."""
        return self.must | frozenset(self.signals)

    def digest(self) -> str:
        """SHA-256, in hex, of what it tells: `id TAB word LF`, sorted."""
        lines = [f"{encode_id(HOUSEHOLD_PREFIX, key)}\t{MUST}\n" for key in self.must]
        lines += [
            f"{encode_id(HOUSEHOLD_PREFIX, key)}\t{one}\n"
            for key, all_ in self.signals.items()
            for one in all_
        ]
        return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def read_told(file: Path) -> Told:
    """The file, whatever the order of its lines.

    Raises:
        InvalidSignals: it cannot be read; names the line.

    """
    signals, must = defaultdict[UUID, set[Signal]](set), set[UUID]()
    for line in lines_of(read_text(file, InvalidSignals), COLUMNS, InvalidSignals):
        told, word = line.cells
        try:
            _, key = decode_id(told, HOUSEHOLD_PREFIX)
        except InvalidId:
            raise line.refuse("household_id is no id of a household (`hsh_…`).") from None
        if word == MUST:
            must.add(key)
            continue
        try:
            signals[key].add(Signal(word))
        except ValueError:
            raise line.refuse(f"signal is one of {', '.join((MUST, *Signal))}.") from None
    return Told({key: frozenset(all_) for key, all_ in signals.items()}, frozenset(must))
