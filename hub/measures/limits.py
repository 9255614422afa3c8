# SPDX-License-Identifier: EUPL-1.2
"""A value beside its limit, each of which may not be known: the one way all requirements are decided."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hub.measures.parameters import Amount
from hub.measures.reasons import Finding, Reason, Value, Verdict


@dataclass(frozen=True, slots=True)
class Limit:
    """What a value must not exceed; `least` and `most` differ where an unknown fact about a member matters."""

    least: Decimal
    most: Decimal
    article: str
    unverified: bool
    inclusive: bool = True

    @classmethod
    def of(cls, row: Amount) -> Limit:
        """A number of the law, as it stands."""
        return cls(row.value, row.value, row.source, row.unverified, row.inclusive)

    def within(self, value: Decimal, limit: Decimal) -> bool:
        """Whether a value is within one end of this limit."""
        return value <= limit if self.inclusive else value < limit


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked for: the word for programs, and the sentence for each verdict."""

    code: str
    met: str
    not_met: str = ""
    not_known: str = ""

    def found(
        self,
        verdict: Verdict,
        article: str,
        value: Value = None,
        limit: Value = None,
        *,
        unverified: bool = False,
    ) -> Finding:
        """The requirement with its verdict."""
        if verdict is Verdict.SATISFIED:
            sentence = self.met
        elif verdict is Verdict.NOT_SATISFIED:
            sentence = self.not_met
        else:
            sentence = self.not_known
        return Finding(verdict, Reason(self.code, article, sentence, value, limit, unverified))

    def compared(self, value: Decimal | None, limit: Limit, *, complete: bool = True) -> Finding:
        """A value beside its limit.

        `complete` False: the value is what is known of it, and may be more.
        """
        if value is not None and not limit.within(value, limit.most):
            return self._finding(Verdict.NOT_SATISFIED, value, limit.most, limit)
        if value is not None and complete and limit.within(value, limit.least):
            return self._finding(Verdict.SATISFIED, value, limit.least, limit)
        return self._finding(Verdict.UNDETERMINED, value, limit.least, limit)

    def _finding(self, verdict: Verdict, value: Value, bound: Decimal, limit: Limit) -> Finding:
        return self.found(verdict, limit.article, value, bound, unverified=limit.unverified)
