# SPDX-License-Identifier: EUPL-1.2
"""An agency's code tables: configuration, since few of them are published (domain.md section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.records.delivery import RecordRefused
from connectors.records.fields import text

W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class CodeTable(Generic[W]):
    """What an agency's codes mean here.

    `unverified` says that the codes, or their meaning, are not established by a public source; `source` says
    where they come from. A code outside the table is never guessed: its record is refused.
    """

    source: str
    unverified: bool
    words: Mapping[str, W]

    def read(self, record: Mapping[str, Any], name: str, path: str = "") -> W:
        """The word for the code in a field.

        Raises:
            RecordRefused: the field is missing, or its code is not in the table.

        """
        code = text(record, name, path)
        try:
            return self.words[code]
        except KeyError:
            raise RecordRefused(path + name, "The code is not in the configured table.") from None
