# SPDX-License-Identifier: EUPL-1.2
"""XML from outside: what is read, and every way of harm refused by its own error, which holds nothing of the content."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.xml import (
    XmlCharsetRefused,
    XmlDoctypeRefused,
    XmlLimits,
    XmlNotWellFormed,
    XmlRefused,
    XmlTooDeep,
    XmlTooLarge,
    read_xml,
    reading,
)

SECRET = "RSSMRA80A01H501U"


@pytest.fixture
def called() -> Iterator[tuple[str, list[str]]]:
    """A web server of this machine: its address, and the paths it was asked for."""
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!ENTITY fetched 'fetched'>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def laughs(levels: int = 9) -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels + 1))
    return f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><a>&l{levels};</a>'.encode()


BLOW_UP = b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 50_000 + b'">]><a>' + b"&x;" * 50_000 + b"</a>"
DOCTYPES = {
    "billion laughs": laughs(),
    "laughs in an attribute": b'<!DOCTYPE a [<!ENTITY x "ha">]><a b="&x;"/>',
    "quadratic blow-up": BLOW_UP,
    "parameter entities": b"<!DOCTYPE a [<!ENTITY % p \"<!ENTITY q 'x'>\"> %p;]><a>&q;</a>",
    "default attributes": b'<!DOCTYPE a [<!ATTLIST a b CDATA "put in">]><a/>',
    "a public identifier": b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://127.0.0.1/x.dtd"><html/>',
    "an empty one": b"<!DOCTYPE a><a/>",
    "after a comment": b"<!-- <a> --><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    "after an instruction": b"<?go <a> ?>\n<!DOCTYPE a><a/>",
    "after both, twice": b"\r\n<!--a--> <?b c?><!--d-->\t<!DOCTYPE a><a/>",
    "after the declaration": b"<?xml version='1.0' encoding='ISO-8859-1' standalone='no'?>\n<!DOCTYPE a><a/>",
    "cut short": b"<!DOCTYPE a [",
    "after a byte order mark": b"\xef\xbb\xbf <!DOCTYPE a><a/>",
}


@pytest.mark.parametrize("document", DOCTYPES.values(), ids=DOCTYPES.keys())
def test_a_document_type_is_refused(document: bytes) -> None:
    with pytest.raises(XmlDoctypeRefused):
        read_xml(document, limits=XmlLimits(bytes=10_000_000))


MARKED = {
    "twice": b"\xef\xbb\xbf\xef\xbb\xbf",
    "after the declaration": b'<?xml version="1.0"?>\xef\xbb\xbf',
    "before and after": b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\xef\xbb\xbf ',
    "after its lines": b'<?xml\nversion="1.0"?>\xef\xbb\xbf',
}


@pytest.mark.parametrize("before", MARKED.values(), ids=MARKED.keys())
@pytest.mark.parametrize("document", [b'<!DOCTYPE a [<!ATTLIST a b CDATA "put in">]><a/>', b"<a/>"])
def test_a_second_mark_hides_no_document_type(before: bytes, document: bytes) -> None:
    with pytest.raises(XmlNotWellFormed):
        read_xml(before + document)


def test_a_document_type_is_refused_when_its_first_letters_were_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_has_doctype", lambda _: False)
    for document in (b"<!DOCTYPE a><a/>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"):
        with pytest.raises(XmlDoctypeRefused):
            read_xml(document)


def test_nothing_is_fetched(called: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = called
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    include = 'xmlns:i="http://www.w3.org/2001/XInclude"'
    for place in (f"{address}/entity", secret.as_uri()):
        for document in (
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{place}">]><a>&x;</a>',
            f'<!DOCTYPE a SYSTEM "{place}"><a/>',
            f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{place}"> %p;]><a/>',
        ):
            with pytest.raises(XmlDoctypeRefused):
                read_xml(document.encode())
        for document in (
            f'<a {include}><i:include href="{place}" parse="text"/></a>',
            f'<?xml-stylesheet href="{place}"?><a/>',
            f'<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:noNamespaceSchemaLocation="{place}"/>',
        ):
            assert SECRET not in "".join(map(str, read_xml(document.encode()).itertext()))
    assert asked == []


def test_an_inclusion_stays_the_element_it_is() -> None:
    root = read_xml(b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="x"/></a>')
    assert [child.tag for child in root] == ["{http://www.w3.org/2001/XInclude}include"]


@pytest.mark.parametrize(
    "document",
    [
        "<a><![CDATA[<!DOCTYPE a>]]></a>",
        "<!-- <!DOCTYPE a> --><a/>",
        "<?b <!DOCTYPE a> ?><a/>",
        "<a>&lt;!DOCTYPE a></a>",
    ],
)
def test_what_looks_like_a_document_type_is_none(document: str) -> None:
    assert read_xml(document.encode()).tag == "a"


CHARSETS = [
    ("utf-8", "UTF-8"), ("utf-8", "utf-8"), ("iso-8859-1", "ISO-8859-1"), ("iso-8859-15", "iso-8859-15"),
    ("cp1252", "windows-1252"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "name"), CHARSETS)
def test_a_charset_is_read_as_it_is_declared_or_carried(codec: str, name: str) -> None:
    word = "perché" + ("€" if codec != "iso-8859-1" else "")
    body = f"<a>{word}</a>".encode(codec)
    declared = f'<?xml version="1.0" encoding="{name}"?>\r\n'.encode() + body
    assert read_xml(declared).text == word
    assert read_xml(declared, charset=name.upper()).text == word
    assert read_xml(body, charset=name).text == word


REFUSED_CHARSETS = {
    "UTF-16 with its mark": "<a>\u00e8</a>".encode("utf-16"),
    "UTF-16 without one": "<a/>".encode("utf-16-le"),
    "UTF-16, declared": '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16-be"),
    "UTF-16 in name alone": b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    "UTF-32": "<a/>".encode("utf-32"),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
    "a charset of Python's": b'<?xml version="1.0" encoding="unicode_escape"?><a/>',
    "EBCDIC by name": b'<?xml version="1.0" encoding="cp037"?><a/>',
    "a mark against the declaration": b'\xef\xbb\xbf<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    "Latin-1 that says nothing": b"<a>perch\xe9</a>",
    "Latin-1 that says UTF-8": b'<?xml version="1.0" encoding="UTF-8"?><a>perch\xe9</a>',
    "a surrogate": b"<a>\xed\xa0\x80</a>",
    "an overlong <": b"\xc0\xbc!DOCTYPE a><a/>",
    "more than ASCII": b'<?xml version="1.0" encoding="US-ASCII"?><a>\xe8</a>',
    "NUL": b"<a>\x00</a>",
    "NUL at the end": b"<a/>\x00",
}


@pytest.mark.parametrize("document", REFUSED_CHARSETS.values(), ids=REFUSED_CHARSETS.keys())
def test_another_charset_is_refused(document: bytes) -> None:
    with pytest.raises(XmlCharsetRefused):
        read_xml(document)


def test_what_carries_it_may_not_contradict_it() -> None:
    with pytest.raises(XmlCharsetRefused):
        read_xml(b'<?xml version="1.0" encoding="UTF-8"?><a/>', charset="iso-8859-1")
    with pytest.raises(XmlCharsetRefused):
        read_xml(b"<a/>", charset="utf-7")


BROKEN = {
    "nothing": b"",
    "blanks": b" \n ",
    "no XML": SECRET.encode(),
    "cut in a tag": b"<a><b",
    "cut in the text": b"<a>" + SECRET.encode(),
    "cut in a comment": b"<!-- " + SECRET.encode(),
    "cut in an instruction": b"<?a " + SECRET.encode(),
    "two roots": b"<a/><b/>",
    "text after the root": b"<a/>" + SECRET.encode(),
    "a document type after the root": b"<a/><!DOCTYPE a>",
    "an entity of nobody's": b"<a>&RSSMRA80A01H501U;</a>",
    "a character XML has not": b"<a>&#0;</a>",
    "another": b"<a>\x01</a>",
    "an attribute twice": b'<a b="1" b="2"/>',
    "an unknown prefix": b"<p:a/>",
    "XML 1.1": b'<?xml version="1.1"?><a/>',
    "a declaration that is none": b'<?xml encoding="UTF-8"?><a/>',
    "a declaration after a blank": b' <?xml version="1.0"?><a/>',
    "a long name for a charset": b'<?xml version="1.0" encoding="' + b"x" * 500 + b'"?><a/>',
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_well_formed_is_refused_without_its_words(document: bytes) -> None:
    with pytest.raises(XmlNotWellFormed) as refused:
        read_xml(document)
    assert SECRET not in refused.value.message
    assert SECRET not in repr(refused.value.extensions)
    assert refused.value.__cause__ is None


def test_the_line_is_the_senders_own() -> None:
    with pytest.raises(XmlNotWellFormed) as refused:
        read_xml(b'<?xml version="1.0"\nencoding="UTF-8"?>\n<a>\n<b></a>')
    assert refused.value.extensions["line"] == 4


def test_what_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(XmlTooLarge) as refused:
        read_xml(bytes(100_000_000))
    assert refused.value.extensions == {"limit": 1_000_000}
    assert refused.value.status == 413
    assert read_xml(b"<a/>", limits=XmlLimits(bytes=4)).tag == "a"
    with pytest.raises(XmlTooLarge):
        read_xml(b"<a/>", limits=XmlLimits(bytes=3))


@pytest.mark.parametrize("limit", [1, 2, 64])
def test_what_is_nested_too_deep_is_refused(limit: int) -> None:
    def nested(levels: int) -> bytes:
        return b"<a>" * levels + b"</a>" * levels

    assert read_xml(nested(limit), limits=XmlLimits(depth=limit)).tag == "a"
    with pytest.raises(XmlTooDeep):
        read_xml(nested(limit + 1), limits=XmlLimits(depth=limit))
    wide = b"<a>" + b"<b/>" * 1_000 + b"</a>"
    assert len(read_xml(wide, limits=XmlLimits(depth=2))) == 1_000


def test_the_deepest_nesting_is_refused_and_no_stack_is_used_up() -> None:
    with pytest.raises(XmlRefused):
        read_xml(b"<a>" * 140_000 + b"</a>" * 140_000)


def test_very_many_attributes_are_read_or_refused() -> None:
    many = " ".join(f'x{n}=""' for n in range(50_000))
    assert len(read_xml(f"<a {many}/>".encode()).attrib) == 50_000


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"), max_size=20
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> etree._Element:
    element = etree.Element(draw(NAMES), {name: draw(TEXTS) for name in draw(st.lists(NAMES, max_size=3))})
    element.text = draw(TEXTS)
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        child = draw(trees(depth - 1))
        child.tail = draw(TEXTS)
        element.append(child)
    return element


@given(trees(), st.sampled_from(["UTF-8", "ISO-8859-1", "windows-1252", "US-ASCII"]))
def test_what_is_written_is_read_the_same(tree: etree._Element, charset: str) -> None:
    written: bytes = etree.tostring(tree, encoding=charset, xml_declaration=True)  # type: ignore[assignment]
    assert etree.tostring(read_xml(written), method="c14n") == etree.tostring(tree, method="c14n")


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    for document in (content, b"<a>" + content + b"</a>", b"<!" + content, b"<?xml " + content):
        with suppress(XmlRefused):
            assert read_xml(document).getroottree().docinfo.internalDTD is None
