# SPDX-License-Identifier: EUPL-1.2
"""A region, or INPS, that sends its records as files, with a checksum beside each, and reads the receipts; strict about both.

Its records are those of a `RegionWorld` or an `InpsWorld`, the same a service would serve. A file appears whole and its checksum after it, unless a
fault says otherwise.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from connectors.file_exchange.configuration import Encoding, Format, Separator
from connectors.file_exchange.shapes import SHAPES, Shape
from connectors.simulators.region_world import SimulatedRecord

Record = dict[str, Any]

_ABOUT = {
    "type",
    "name",
    "outcome",
    "sha256",
    "toldSha256",
    "repeats",
    "code",
    "reason",
    "records",
    "landed",
    "refused",
    "unknownColumns",
    "at",
}
_REFUSED = {"type", "line", "key", "code", "field", "reason"}


class FileFault(StrEnum):
    """What is wrong with a file that is sent."""

    NO_CHECKSUM = "no-checksum"
    """The file is still being written: its checksum is not there."""
    CHECKSUM_BEGUN = "checksum-begun"
    """The checksum file itself is still being written."""
    WRONG_CHECKSUM = "wrong-checksum"
    """The checksum is another file's."""
    CHECKSUM_OF_ANOTHER = "checksum-of-another"
    """The checksum file names another file."""
    HALF = "half"
    """The file is cut in the middle, with the checksum of the whole."""
    WRONG_CHARSET = "wrong-charset"
    """The text is in UTF-16."""
    MISSING_COLUMN = "missing-column"
    """A column that is needed is not there."""
    OTHER_COLUMNS = "other-columns"
    """There is a column nobody knows."""
    DUPLICATES = "duplicates"
    """Every record stands there twice."""
    GZIP_CUT = "gzip-cut"
    """The packed file is cut, and its checksum is of the half."""


class FileSender:
    """Writes files into a folder as an agency does."""

    def __init__(
        self,
        folder: Path,
        written: Format,
        *,
        encoding: Encoding = Encoding.UTF_8,
        separator: Separator = Separator.SEMICOLON,
        columns: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Take the folder, how files are written, and its own names of columns by flow."""
        self.folder = folder
        self._written = written
        self._encoding = encoding
        self._separator = separator
        self._columns = columns or {}

    def send(
        self, name: str, flow: str, records: Iterable[SimulatedRecord], fault: FileFault | None = None
    ) -> str:
        """Write records as a file, packed when its name ends in `.gz`; give the digest of what is there."""
        told = [one.record() for one in records]
        if fault is FileFault.DUPLICATES:
            told = [one for one in told for _ in range(2)]
        return self.send_bytes(name, self.content(flow, told, fault), fault)

    def send_bytes(self, name: str, content: bytes, fault: FileFault | None = None) -> str:
        """Write a file of this content; give the digest of what is there."""
        if name.endswith(".gz"):
            content = gzip.compress(content, mtime=0)
            if fault is FileFault.GZIP_CUT:
                content = content[: len(content) // 2]
        whole = hashlib.sha256(content).hexdigest()
        there = content[: len(content) // 2] if fault is FileFault.HALF else content
        (self.folder / name).write_bytes(there)
        if fault is not FileFault.NO_CHECKSUM:
            told = hashlib.sha256(b"another").hexdigest() if fault is FileFault.WRONG_CHECKSUM else whole
            named = f"other-{name}" if fault is FileFault.CHECKSUM_OF_ANOTHER else name
            end = "" if fault is FileFault.CHECKSUM_BEGUN else "\n"
            (self.folder / f"{name}.sha256").write_text(f"{told}  {named}{end}", encoding="ascii")
        return hashlib.sha256(there).hexdigest()

    def content(self, flow: str, records: Sequence[Record], fault: FileFault | None = None) -> bytes:
        """The bytes of a file of these records."""
        if self._written is Format.CSV:
            text = self._csv(flow, records, fault)
        elif self._written is Format.NDJSON:
            text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)
        else:
            return self._xml(flow, records, fault)
        return text.encode("utf-16" if fault is FileFault.WRONG_CHARSET else self._encoding.value)

    def _csv(self, flow: str, records: Sequence[Record], fault: FileFault | None) -> str:
        shape = SHAPES[flow]
        paths = [*shape.needed, *shape.optional]
        for inside, items in shape.listed.items():
            most = max((len(one.get(inside) or ()) for one in records), default=0)
            numbered = [f"{inside}.{n}.{path}" for n in range(1, most + 1) for path in items.paths]
            paths += [path for path in numbered if path not in paths]
        if fault is FileFault.MISSING_COLUMN:
            paths.remove(shape.needed[-1])
        if fault is FileFault.OTHER_COLUMNS:
            paths.append("umore")
        names = self._columns.get(flow, {})
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self._separator.value)
        writer.writerow([names.get(path, path) for path in paths])
        for record in records:
            writer.writerow([_at(record, path) for path in paths])
        return out.getvalue()

    def _xml(self, flow: str, records: Sequence[Record], fault: FileFault | None) -> bytes:
        shape = SHAPES[flow]
        root = ET.Element("invio")
        for record in records:
            _fill(ET.SubElement(root, shape.element), record, shape)
        if fault is FileFault.WRONG_CHARSET:
            return bytes(ET.tostring(root, encoding="utf-16"))
        charset = "windows-1252" if self._encoding is Encoding.CP1252 else "utf-8"
        return bytes(ET.tostring(root, encoding=charset, xml_declaration=True))

    def receipt(self, name: str, digest: str, receipts: str = "") -> tuple[Record, list[Record]]:
        """The NDJSON receipt of a file, read strictly: what it says of the file, and each refused record.

        Raises:
            AssertionError: it is not as agreed.

        """
        file = self.folder / receipts / f"{name}.{digest[:16]}.receipt.ndjson"
        about, *refused = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
        assert set(about) == _ABOUT, "a receipt says of its file what was agreed, and no more"
        assert about["type"] == "file"
        assert about["name"] == name
        assert about["sha256"] in {digest, None}
        assert about["landed"] + about["refused"] == about["records"]
        assert len(refused) == about["refused"], "each refused record has a line"
        for one in refused:
            assert set(one) == _REFUSED, "a receipt says of a record what was agreed, and no more"
            assert one["type"] == "record"
        assert (about["outcome"] == "REFUSED") == (about["code"] is not None)
        return about, refused


def _at(record: Record, path: str) -> object:
    found: Any = record
    for name in path.split("."):
        if isinstance(found, list):
            at = int(name) - 1
            found = found[at] if at < len(found) else None
        else:
            found = found.get(name) if found is not None else None
    return "" if found is None else found


def _fill(element: ET.Element, record: Record, shape: Shape) -> None:
    for name, value in record.items():
        if value is None:
            continue
        child = ET.SubElement(element, name)
        if isinstance(value, list):
            for one in value:
                _fill(ET.SubElement(child, shape.listed[name].element), one, shape)
        elif isinstance(value, dict):
            _fill(child, value, shape)
        else:
            child.text = str(value)
