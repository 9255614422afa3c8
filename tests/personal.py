# SPDX-License-Identifier: EUPL-1.2
"""What is personal in the tests' data, and where a text says it.

Codes and protocols are found as they are, wherever they stand; anything in the form of a fiscal code is found, known or not. A
name is found where all words of a given name and all words of its surname stand in one line: a surname alone is a word like others.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

import asyncpg

from hub.store.engine import connection_arguments

FISCAL_CODE = re.compile(
    r"(?<![0-9A-Z])[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z](?![0-9A-Z])"
)
FIRST = 6
"""Characters by which a code is looked up."""
_WORD = re.compile(r"[^\W_]+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_WHITE = re.compile(r"\\[nrt]")

ROWS = "SELECT fiscal_code, given_name, family_name FROM beneficiary"
PROTOCOLS = "SELECT inps_protocol FROM household"


class Personal:
    """The people known so far. A text is scanned in one pass, however many they are."""

    def __init__(self) -> None:
        self._codes: dict[str, set[str]] = {}
        self._names: dict[str, set[tuple[frozenset[str], frozenset[str]]]] = {}
        """By the longest word of the surname: words of the given name, words of the surname."""

    def add_code(self, code: str) -> None:
        """Know a fiscal code, or the protocol of a household; a shorter one than any of these says nothing of its own."""
        if len(code) >= FIRST:
            self._codes.setdefault(code[:FIRST].upper(), set()).add(code.upper())

    def add_name(self, given: str, family: str) -> None:
        """Know a person's name; one without letters in either half cannot be told from other text."""
        first, last = _words(given), _words(family)
        if max(map(len, first), default=0) > 1 and max(map(len, last), default=0) > 1:
            self._names.setdefault(max(last, key=len), set()).add((first, last))

    async def learn(self, url: str) -> None:
        """Know everybody in a database; one without the hub's tables, or that is closed, holds nobody."""
        try:
            connection = await asyncpg.connect(**connection_arguments(url))
            try:
                for code, given, family in await connection.fetch(ROWS):
                    self.add_code(code)
                    self.add_name(given, family)
                for (protocol,) in await connection.fetch(PROTOCOLS):
                    self.add_code(protocol)
            finally:
                await connection.close()
        except asyncpg.PostgresError:
            return

    def said_in(self, text: str) -> set[str]:
        """What a text says of anybody: codes, and names in lower case."""
        found: set[str] = set()
        for form in _forms(text):
            found |= self._codes_in(form.upper())
            for line in form.splitlines():
                found |= self._names_in(_words(line))
        return found

    def _codes_in(self, text: str) -> set[str]:
        found = set(FISCAL_CODE.findall(text))
        for start in range(len(text) - FIRST + 1):
            known = self._codes.get(text[start : start + FIRST])
            if known is not None:
                found.update(code for code in known if text.startswith(code, start))
        return found

    def _names_in(self, words: frozenset[str]) -> set[str]:
        return {
            " ".join(sorted(first | last))
            for word in words & self._names.keys()
            for first, last in self._names[word]
            if first | last <= words
        }


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _forms(text: str) -> set[str]:
    """The text, and what it says where JSON or a URL escapes characters."""
    forms = {text}
    if "\\" in text:
        plain = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
        forms.add(_WHITE.sub(" ", plain).replace("\\", ""))
    if "%" in text:
        forms.add(unquote_plus(text))
    return forms
