# SPDX-License-Identifier: EUPL-1.2
"""Trusted documents: what a front end's build sends is written down beforehand, and asked for by its hash.

The registry is a file, made by `snodo schema trust` and named by SNODO_TRUSTED_DOCUMENTS:

    {"documents": [{"id": "sha256:…", "operations": ["Person"], "source": "person.graphql", "text": "query Person …"}],
     "format": "snodo-trusted-documents", "version": 1}
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import orjson

from hub.errors import ConfigurationError, Forbidden, InvalidInput

FORMAT = "snodo-trusted-documents"
VERSION = 1


class UnknownDocument(InvalidInput):
    """No trusted document has this id; it is the hash of another text, or of one that was not written down."""

    code = "PERSISTED_QUERY_NOT_FOUND"


class TrustedOnly(Forbidden):
    """This consumer may send trusted documents only: send `documentId`, or the text of one, unchanged."""

    code: ClassVar[str] = "PERSISTED_QUERY_REQUIRED"


class RegistryRefused(ConfigurationError):
    """The registry of trusted documents cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class TrustedDocument:
    """A document's text, the names of its operations, and the file it came from."""

    text: str
    operations: tuple[str, ...]
    source: str

    @property
    def id(self) -> str:
        """The hash of its text."""
        return document_id(self.text)


def document_id(text: str) -> str:
    """The id of a document: `sha256:` and the hash of its text in UTF-8 (GraphQL over HTTP, persisted documents, A.1.2)."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def registry_bytes(documents: Iterable[TrustedDocument]) -> bytes:
    """The registry as a file: the same for the same documents, one line to a document's member, for a diff in review."""
    listed = {one.id: one for one in sorted(documents, key=lambda one: one.source, reverse=True)}
    content = {
        "format": FORMAT,
        "version": VERSION,
        "documents": [
            {"id": key, "operations": list(one.operations), "source": one.source, "text": one.text}
            for key, one in sorted(listed.items())
        ],
    }
    return orjson.dumps(
        content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    )


def read_registry(file: Path) -> list[TrustedDocument]:
    """The documents of a registry.

    Raises:
        RegistryRefused: there is no such file, it is of another format, or a text is not the one its id names.

    """
    try:
        content = orjson.loads(file.read_bytes())
    except OSError as error:
        raise RegistryRefused(f"SNODO_TRUSTED_DOCUMENTS cannot be read: {error.strerror}: {file}.") from error
    except orjson.JSONDecodeError as error:
        raise RegistryRefused(f"{file} is not JSON; make it with `snodo schema trust`.") from error
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        raise RegistryRefused(
            f"{file} is not a registry of trusted documents in version {VERSION}; make it with `snodo schema trust`."
        )
    try:
        found = [
            (one["id"], TrustedDocument(one["text"], tuple(one["operations"]), one["source"]))
            for one in content["documents"]
        ]
        changed = [one.source for key, one in found if key != one.id]
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError) as error:
        raise RegistryRefused(
            f"{file} has a document without id, text, operations or source; make it with `snodo schema trust`."
        ) from error
    if changed:
        raise RegistryRefused(
            f"{file} was changed by hand: the text of {', '.join(changed)} is not the one its id names. "
            "Make it anew with `snodo schema trust`."
        )
    return [one for _, one in found]


def consumers(words: str) -> Container[str] | None:
    """The agency codes of a setting, apart by spaces or commas; `*` is every consumer, nothing is None."""
    codes = frozenset(words.replace(",", " ").split())
    return _Everyone() if "*" in codes else codes or None


class _Everyone:
    def __contains__(self, _code: object) -> bool:
        return True
