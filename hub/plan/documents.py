# SPDX-License-Identifier: EUPL-1.2
"""The documents one process remembers: each parsed and validated once, found again by its text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from hub.plan.catalogue import Catalogue
from hub.plan.deferral import DEFER, deferring
from hub.plan.limits import DocumentLimits, PageLimits
from hub.plan.operation import BYTES_OF_CHARACTER, Counts, Operation
from hub.plan.reading import read_document
from hub.plan.trusted import RegistryRefused, TrustedDocument, TrustedOnly, UnknownDocument

BYTES_OF_DOCUMENT = 4_000
"""Memory of each document beside its characters', with what stands around its tree and its plans."""
MOST_BYTES = 64_000_000
LONGEST_TOLD = 100
"""Characters of a name in a message: what a client sent by the megabyte is not sent back."""


class Documents:
    """The operations one process remembers, by their text: the least recently used goes first, with all its plans.

    They are as many as `most`, and as much as `most_bytes`, by estimate. Trusted documents are compiled once and stay.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        most: int,
        most_bytes: int = MOST_BYTES,
        limits: DocumentLimits | None = None,
        pages: PageLimits | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._most = most
        self._most_bytes = most_bytes
        self._limits = limits or DocumentLimits()
        self._pages = pages or PageLimits()
        self._known: OrderedDict[tuple[str, str | None], Operation] = OrderedDict()
        self._texts: dict[Operation, str] = {}
        """Of those that are remembered."""
        self._trusted: dict[tuple[str, str | None], Operation | list[GraphQLError]] = {}
        self._trusted_ids: dict[str, str] = {}
        self._lasting: dict[Operation, str] = {}
        """The trusted ones, with their documents' ids."""
        self.counts = Counts()
        self.weight = 0
        """The memory all of them take but the trusted documents themselves, in bytes, by estimate."""

    def __len__(self) -> int:
        """How many are remembered, the trusted ones not counted."""
        return len(self._known)

    def operation(self, text: str, name: str | None) -> Operation | list[GraphQLError]:
        """The operation `name` of a document, or the errors that stand in its way."""
        # NOTE by the text itself: its hash in a dict costs less than any digest, and two texts are never taken for one.
        key = (text, name)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            self.counts.documents_found += 1
            return found
        if text in self._trusted_ids:
            return self.trusted(self._trusted_ids[text], name)
        compiled = self._choose(self.read(text), text, name)
        if isinstance(compiled, Operation):
            self._known[key] = compiled
            self._texts[compiled] = text
            self.weight += _weight_of(text)
            self._make_room()
        return compiled

    def trusted(self, document_id: str, name: str | None) -> Operation | list[GraphQLError]:
        """The operation `name` of a trusted document, or the error that it has none of that name.

        Raises:
            UnknownDocument: no trusted document has this id.

        """
        found = self._trusted.get((document_id, name))
        if found is None:
            nameless = self._trusted.get((document_id, None))
            if nameless is None:
                raise UnknownDocument
            return [_unresolved(name)]
        self.counts.documents_found += 1
        return found

    def trusted_text(self, text: str, name: str | None) -> Operation | list[GraphQLError]:
        """The same, by the document's text.

        Raises:
            TrustedOnly: it is not the text of a trusted document.

        """
        document_id = self._trusted_ids.get(text)
        if document_id is None:
            raise TrustedOnly
        return self.trusted(document_id, name)

    def trust(self, documents: Iterable[TrustedDocument]) -> None:
        """Compile these and keep them, whatever else comes.

        Raises:
            RegistryRefused: some of them no longer fit the schema or the limits; names each, and where.

        """
        problems: list[str] = []
        for one in documents:
            read = self.read(one.text)
            if isinstance(read, list):
                problems += [f"{one.source}{place_of(error)}: {error.message}" for error in read]
                continue
            self._trusted_ids[one.text] = one.id
            for name in (None, *one.operations):
                found = self._trusted[one.id, name] = self._choose(read, one.text, name)
                if isinstance(found, Operation):
                    self._lasting[found] = one.id
        if problems:
            raise RegistryRefused(
                "Trusted documents do not fit this hub; mend them, and make the registry anew:\n"
                + "\n".join(problems)
            )

    def trusted_id(self, operation: Operation) -> str | None:
        """The id of the trusted document an operation is of; None for any other."""
        return self._lasting.get(operation)

    def read(self, text: str) -> DocumentNode | list[GraphQLError]:
        """A document, parsed and validated; or the errors that stand in its way."""
        self.counts.documents_compiled += 1
        return read_document(self._catalogue.schema, text, self._limits)

    def _choose(
        self, document: DocumentNode | list[GraphQLError], text: str, name: str | None
    ) -> Operation | list[GraphQLError]:
        if isinstance(document, list):
            return document
        defers = False
        if DEFER in text:
            document, defers = deferring(document, self._catalogue)
        operations = operations_of(document)
        if name is not None:
            operations = [node for node in operations if node.name is not None and node.name.value == name]
        if len(operations) != 1:
            return [_unresolved(name)]
        return Operation(
            self._catalogue, document, operations[0], self._pages, self.counts, self._grew, defers=defers
        )

    def _grew(self, operation: Operation, grown: int) -> None:
        """Count what an operation grew by, as long as it is remembered."""
        if operation in self._texts or operation in self._lasting:
            self.weight += grown
            self._make_room()

    def _make_room(self) -> None:
        while self._known and (len(self._known) > self._most or self.weight > self._most_bytes):
            _, oldest = self._known.popitem(last=False)
            self.weight -= _weight_of(self._texts.pop(oldest)) + oldest.weight
            self.counts.documents_dropped += 1
            oldest.forget_plans()
        if self.weight > self._most_bytes:  # by the plans of trusted documents alone
            for lasting in self._lasting:
                self.weight -= lasting.weight
                lasting.forget_plans()


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations among a document's definitions."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def place_of(error: GraphQLError) -> str:
    """`:line:column` of an error's first place in its document; nothing where it has none."""
    return f":{error.locations[0].line}:{error.locations[0].column}" if error.locations else ""


def _weight_of(text: str) -> int:
    return BYTES_OF_DOCUMENT + len(text) * BYTES_OF_CHARACTER


def _unresolved(name: str | None) -> GraphQLError:
    message = (
        "Say with `operationName` which of the document's operations to run."
        if name is None
        else f"The document has no operation named {name[:LONGEST_TOLD]!r}."
    )
    return GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})
