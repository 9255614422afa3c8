# SPDX-License-Identifier: EUPL-1.2
"""A page of records as an agency delivered it: each one either read or refused, none lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any, Generic, TypeVar

R = TypeVar("R")
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record cannot land: the field as the agency names it, and a sentence without personal data."""

    field: str | None
    reason: str
    aside: tuple[str, Payload] | None = dataclass_field(default=None, compare=False, repr=False)
    """The key and payload it is kept under in place of its own: a good record of its own key stands, and must not settle it."""


class RecordRefused(Exception):
    """A record cannot be read; carries the refusal."""

    def __init__(self, field: str | None, reason: str) -> None:
        self.refusal = Refusal(field, reason)
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Delivered(Generic[R]):
    """One record as it came.

    `key` names it in the agency's own world (the same thing told again has the same key); `version` orders what
    is told about one key, None when that cannot be read; `payload` is the record whole, for the quarantine; `line` is where
    it stands in the file it came in.
    """

    key: str
    version: datetime | None
    payload: Payload = dataclass_field(repr=False)
    content: R | Refusal = dataclass_field(repr=False)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a page goes: `done` of `total`, both counted from where its run began."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some records, the watermark after the last of them, and whether there are more.

    `reach`: where it is known how many there are; they may be people asked about, and not records.
    """

    records: tuple[Delivered[R], ...]
    watermark: str | None
    more: bool
    reach: Reach | None = None
