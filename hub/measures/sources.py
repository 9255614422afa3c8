# SPDX-License-Identifier: EUPL-1.2
"""Where a rule stands, and how well that was read."""

from __future__ import annotations

from dataclasses import dataclass

from hub.measures.parameters import Confidence
from hub.measures.reasons import Reason, Value


@dataclass(frozen=True, slots=True)
class Source:
    """An article of law, or the act that explains it.

    `ambiguous`: its words can be read in two ways, and one was chosen; `other`: the other, in words.
    """

    article: str
    confidence: Confidence = Confidence.H
    ambiguous: bool = False
    other: str = ""

    @property
    def unverified(self) -> bool:
        """Whether the text itself was not read, or does not decide."""
        return self.confidence is not Confidence.H or self.ambiguous or bool(self.other)

    def reason(self, code: str, sentence: str, value: Value = None, limit: Value = None) -> Reason:
        """A reason that rests on this source."""
        return Reason(code, self.article, sentence, value, limit, self.unverified)
