# SPDX-License-Identifier: EUPL-1.2
"""Why the law says what it says, as the schema tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import strawberry

from hub.measures.reasons import Reason, Value
from schema.sensitivity import public

T = TypeVar("T")


@public
@strawberry.type(description="Why (motivazione): the article, a sentence, and what was compared with what.")
class LegalReason:
    code: str
    article: str
    sentence: str
    value: str | None
    limit: str | None
    unverified: bool = strawberry.field(
        description="It rests on something that was not read in the law itself, or can be read in two ways."
    )

    @classmethod
    def of(cls, reason: Reason) -> LegalReason:
        return as_told(cls, reason)


def as_told(kind: Callable[..., T], reason: Reason) -> T:
    """A reason as one of the schema's types of it, which differ in who may read what they hold."""
    return kind(
        code=reason.code,
        article=reason.article,
        sentence=reason.sentence,
        value=_text(reason.value),
        limit=_text(reason.limit),
        unverified=reason.unverified,
    )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
