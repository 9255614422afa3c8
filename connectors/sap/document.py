# SPDX-License-Identifier: EUPL-1.2
"""A SAP document: the XML as it came, what it says as records, and what is wrong with it.

The XML itself is kept, so that writing gives back what was read: elements nobody here knows, their order, empty ones, attributes,
comments. A change makes another document, in which the one value is another and all the rest is as it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, get_args, get_type_hints

from lxml import etree

from connectors.sap.problems import Problem, SapRule
from connectors.sap.records import (
    Contacts,
    Domicile,
    Person,
    Policy,
    Residence,
    Sap,
    Section,
    Standing,
    Submission,
)
from connectors.sap.rules import broken_rules
from connectors.xml import XmlLimits, read_xml
from hub.errors import InvalidInput

ROOT = "lavoratore"
MOST_BYTES = 1_000_000
"""Of one document: a working life of 50 years with a policy a month has a third of it."""
_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]{5,18}(?:Z|[+-][0-9]{2}:[0-9]{2})?|Z|[+-][0-9]{2}:[0-9]{2})?"
)

Element = etree._Element  # noqa: SLF001 (lxml has no other name for it)
_SECTIONS = frozenset({"datiinvio", "datianagrafici", "datiamministrativi", "politiche_attive_lst"})
_PERSONAL = frozenset({"datipersonali", "residenza", "domicilio", "recapiti"})
_OFFICIAL = frozenset({"statoinanagrafe"})
R = TypeVar("R", Submission, Person, Residence, Domicile, Contacts, Standing, Policy)


class NotASap(InvalidInput):
    """The document's root is not `lavoratore`: it is no SAP."""


class SapRefused(InvalidInput):
    """A SAP breaks rules. `problems`: each with its path; the message has the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"The SAP breaks a rule: {problems[0]}{more}")


@dataclass(frozen=True, slots=True)
class _Value:
    """Where one field of a record stands, below the record's element."""

    name: str
    tag: str
    is_day: bool


_Known: TypeAlias = "_Value | dict[str, _Value]"


class SapDocument:
    """One document; it never changes."""

    def __init__(self, tree: etree._ElementTree) -> None:
        """Take a tree that nobody else holds."""
        self._tree = tree

    @cached_property
    def sap(self) -> Sap:
        """What it says. A value that cannot be read is None, and among the problems."""
        return self._read[0]

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Every rule it breaks; nothing for a good one."""
        sap, unread = self._read
        return (*unread, *broken_rules(sap))

    def check(self) -> None:
        """Pass a good document.

        Raises:
            SapRefused: it breaks a rule.

        """
        if self.problems:
            raise SapRefused(self.problems)

    def to_bytes(self) -> bytes:
        """The document in UTF-8; its canonical form (C14N) is that of what was read, but for what was changed."""
        return etree.tostring(self._tree, encoding="UTF-8", xml_declaration=True)

    def with_section(self, section: Section) -> SapDocument:
        """A document in which a section says this. Elements it has not are made; values of None leave theirs empty."""
        tree = deepcopy(self._tree)
        was = getattr(
            self.sap, type(section).__name__.lower()
        )  # NOTE a section's name in `Sap` is its record's
        _write(_made(tree.getroot(), section.path), was, section)
        return SapDocument(tree)

    def with_policy(self, policy: Policy, at: int | None = None) -> SapDocument:
        """A document in which the policy at an index, from 0, says this; without one it stands behind those there are.

        Raises IndexError for a policy that is not there.
        """
        tree = deepcopy(self._tree)
        listed, name = Policy.path.split("/")
        parent = _made(tree.getroot(), listed)
        if at is None:
            _write(etree.SubElement(parent, name), Policy(), policy)
        else:
            _write(parent.findall(name)[at], self.sap.policies[at], policy)
        return SapDocument(tree)

    @cached_property
    def _read(self) -> tuple[Sap, tuple[Problem, ...]]:
        root, problems = self._tree.getroot(), list[Problem]()
        parts = _parts(root, _SECTIONS, "", problems)
        personal = _parts(parts.get("datianagrafici"), _PERSONAL, "datianagrafici/", problems)
        official = _parts(parts.get("datiamministrativi"), _OFFICIAL, "datiamministrativi/", problems)
        listed = parts.get("politiche_attive_lst")
        policies = [] if listed is None else listed.findall("politiche_attive")
        sap = Sap(
            _record(Submission, parts.get("datiinvio"), Submission.path, problems),
            _record(Person, personal.get("datipersonali"), Person.path, problems),
            _record(Residence, personal.get("residenza"), Residence.path, problems),
            _record(Domicile, personal.get("domicilio"), Domicile.path, problems),
            _record(Contacts, personal.get("recapiti"), Contacts.path, problems),
            _record(Standing, official.get("statoinanagrafe"), Standing.path, problems),
            tuple(
                _record(Policy, one, f"{Policy.path}[{number}]", problems)
                for number, one in enumerate(policies, 1)
            ),
        )
        return sap, tuple(problems)


def read_sap(content: bytes) -> SapDocument:
    """Read a document. It may break rules: `check` says so.

    Raises:
        XmlRefused: it is no XML, larger than `MOST_BYTES`, or has what could hurt.
        NotASap: it is another document.

    """
    root = read_xml(content, limits=XmlLimits(MOST_BYTES))
    if root.tag != ROOT:
        raise NotASap
    return SapDocument(root.getroottree())


def _values(record: type[Any]) -> tuple[_Value, ...]:
    """The values of a record, in the published order, as its annotations have them."""
    hints = get_type_hints(record, include_extras=True)
    return tuple(
        _Value(one.name, hints[one.name].__metadata__[0], date in get_args(hints[one.name].__origin__))
        for one in fields(record)
    )


def _by_tag(values: Sequence[_Value]) -> dict[str, _Known]:
    """What is known below a record's element: by name a value, or, by what stands around them, several."""
    known: dict[str, _Known] = {}
    for value in values:
        around, _, tag = value.tag.rpartition("/")
        if around:
            known.setdefault(around, {})[tag] = value  # type: ignore[index]
        else:
            known[tag] = value
    return known


_RECORDS: tuple[type[Any], ...] = (Submission, Person, Residence, Domicile, Contacts, Standing, Policy)
_VALUES = {record: _values(record) for record in _RECORDS}
_KNOWN = {record: _by_tag(values) for record, values in _VALUES.items()}


def _record(kind: type[R], element: Element | None, path: str, problems: list[Problem]) -> R:
    """What an element says."""
    found: dict[str, Any] = {}
    if element is not None:
        _find(element, _KNOWN[kind], path, found, problems)
    return kind(**found)


def _find(
    element: Element, known: Mapping[str, _Known], path: str, found: dict[str, Any], problems: list[Problem]
) -> None:
    """Put the values below an element by their fields' names; of two of one name the first, and a problem."""
    around = set[str]()
    for child in element:
        tag = child.tag
        value = known.get(tag)
        if value is None:  # nobody here knows it; or a comment, whose tag is none
            continue
        if isinstance(value, dict):
            if tag in around:
                problems.append(Problem(f"/{ROOT}/{path}/{tag}", SapRule.TWICE))
                continue
            around.add(tag)
            _find(child, value, f"{path}/{tag}", found, problems)
            continue
        assert isinstance(value, _Value)
        if value.name in found:
            problems.append(Problem(f"/{ROOT}/{path}/{tag}", SapRule.TWICE))
            continue
        text = _said(child)
        if text is not None and value.is_day:
            found[value.name] = day = _day(text)
            if day is None:
                problems.append(Problem(f"/{ROOT}/{path}/{tag}", SapRule.DAY))
        else:
            found[value.name] = text


def _parts(
    element: Element | None, names: Collection[str], path: str, problems: list[Problem]
) -> dict[str, Element]:
    """The sections of these names below an element; of two of one name the first, and a problem."""
    found: dict[str, Element] = {}
    for child in () if element is None else element:
        name = child.tag
        if name not in names:
            continue
        if name in found:
            problems.append(Problem(f"/{ROOT}/{path}{name}", SapRule.TWICE))
        else:
            found[name] = child
    return found


def _said(leaf: Element) -> str | None:
    """The text of an element without blanks around it; None for an empty one."""
    text = leaf.text
    if len(leaf):  # a comment in it, say
        text = "".join([text or "", *(child.tail or "" for child in leaf)])
    return (text.strip() or None) if text else None


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    try:
        return None if found is None else date.fromisoformat(found[1])
    except ValueError:
        return None


def _made(root: Element, path: str) -> Element:
    """The element at a path, made where it is not there."""
    element = root
    for name in path.split("/"):
        found = element.find(name)
        element = etree.SubElement(element, name) if found is None else found
    return element


def _write(element: Element, was: Any, becomes: Any) -> None:
    """Change what differs. What is new stands behind the last element that comes before it in the published order."""
    values = _VALUES[type(becomes)]
    for place, value in enumerate(values):
        now = getattr(becomes, value.name)
        if now == getattr(was, value.name):
            continue
        parent, _, tag = value.tag.rpartition("/")
        within = element if not parent else _placed(element, parent, values[:place])
        leaf = _placed(within, tag, [] if parent else values[:place])
        for child in [*leaf]:
            leaf.remove(child)
        leaf.text = None if now is None else now.isoformat() if value.is_day else now


def _placed(element: Element, tag: str, before: Sequence[_Value]) -> Element:
    found = element.find(tag)
    if found is not None:
        return found
    made = etree.Element(tag)
    for value in reversed(before):
        last = element.find(value.tag.partition("/")[0])
        if last is not None:
            element.insert(element.index(last) + 1, made)
            return made
    element.append(made)
    return made
