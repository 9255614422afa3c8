# SPDX-License-Identifier: EUPL-1.2
"""How a contestant is asked: its own documents and variables for the hub's questions, and its answers in the hub's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.questions import Question, Variables, body

Ask = Callable[[bytes], Any]
"""Sends a body, gives the answer's `data`."""


@dataclass
class Dialect:
    """The hub's own, and what another's differs in.

    `cursors` are its cursors, by the question and the hub's cursor; filled by `learn`, before it is asked.
    """

    cursors: dict[tuple[str, str | None], str | None] = field(default_factory=dict)

    def document(self, question: Question) -> str:
        """Its document for the question."""
        return question.document

    def variables(self, question: Question, variables: Variables) -> Variables:  # noqa: ARG002
        """Its variables for the hub's."""
        return variables

    def read(self, question: Question, data: Any) -> Any:  # noqa: ARG002
        """Its `data`, in the hub's words."""
        return data

    def learn(self, asked: list[Question], ask: Ask) -> None:
        """Ask it for the cursors that say what the hub's say."""

    def bodies(self, question: Question) -> list[bytes]:
        """The request bodies, in turn."""
        document = self.document(question)
        return [body(document, self.variables(question, variables)) for variables in question.asked]
