# SPDX-License-Identifier: EUPL-1.2
"""An agency that leaves its records as files in a folder, and leaves them again, right or wrong, when it is told to.

Each sending has the next number in its names: what a hub has dealt with is never written over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from connectors.file_exchange.configuration import Format
from connectors.file_exchange.shapes import ADMITTED_HOUSEHOLDS, JOB_OFFERS, PACTS, TRAINING_COURSES
from connectors.simulators.filing_agency import FileFault, FileSender
from connectors.simulators.region_world import SimulatedRecord

STEMS: Final[Mapping[str, str]] = {
    JOB_OFFERS: "offerte",
    TRAINING_COURSES: "corsi",
    PACTS: "patti",
    ADMITTED_HOUSEHOLDS: "ammesse",
}
"""How the names of a flow's files begin."""
RECEIPTS: Final = "ricevute"
OF_COLUMNS: Final = frozenset({FileFault.MISSING_COLUMN, FileFault.OTHER_COLUMNS})
"""Faults that only CSV can have."""
_NUMBER = re.compile(r"-([0-9]{4,})\.")


class FilingSimulator:
    """One agency's folder. `faults`: what was wrong with a flow's last file; `sent`: the names of the last files."""

    def __init__(
        self, folder: Path, written: Format, whose: str, records: Mapping[str, Sequence[SimulatedRecord]]
    ) -> None:
        """Take the folder, which is made; the format; whose files they are, as a line of their TOML file; the records by flow."""
        (folder / RECEIPTS).mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.format = written
        self.faults: dict[str, FileFault] = {}
        self.sent: dict[str, str] = {}
        self._whose = whose
        self._records = records
        self._sender = FileSender(folder, written)

    @property
    def flows(self) -> tuple[str, ...]:
        """What it sends."""
        return tuple(self._records)

    @property
    def has_columns(self) -> bool:
        """Whether its files are CSV."""
        return self.format is Format.CSV

    def send(self, flows: Collection[str], fault: FileFault | None = None) -> None:
        """Write the files of these flows anew, under the next number, with this wrong with them."""
        number = 1 + max(map(_number, self.folder.iterdir()), default=0)
        for flow in flows:
            packed = ".gz" if fault is FileFault.GZIP_CUT else ""
            name = f"{STEMS[flow]}-{number:04d}.{self.format.value}{packed}"
            self._sender.send(name, flow, self._records[flow], fault)
            self.sent[flow] = name
            if fault is None:
                self.faults.pop(flow, None)
            else:
                self.faults[flow] = fault

    def configuration(self) -> str:
        """The TOML file by which a hub finds the files; it belongs beside the folder."""
        patterns = "".join(f'{flow} = "{STEMS[flow]}-*.{self.format.value}*"\n' for flow in self.flows)
        return (
            f'kind = "batch"\n{self._whose}\nformat = "{self.format.value}"\nfolder = "{self.folder.name}"\n'
            f'receipts = "{RECEIPTS}"\n\n[files]\n{patterns}'
        )


def _number(file: Path) -> int:
    found = _NUMBER.search(file.name)
    return int(found[1]) if found is not None else 0
