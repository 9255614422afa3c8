# SPDX-License-Identifier: EUPL-1.2
"""SAP documents for tests: a good one in the published form, and others at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from lxml import etree

POLICY = (
    "<politiche_attive><tipo_attivita>A02</tipo_attivita><titolo_denominazione/>"
    "<data_proposta>2018-01-01</data_proposta><data>2018-01-02</data><data_fine>2018-06-30</data_fine>"
    "<durata>180</durata><tipologia_durata>G</tipologia_durata><descrizione/><titolo_progetto>01</titolo_progetto>"
    "<codice_ente_promotore>H501C000523</codice_ente_promotore>"
    "<identificativo_politica>08008B3B94B</identificativo_politica><indice_profiling>0,5</indice_profiling>"
    "<identificativo_presa_in_carico/><ultimo_evento><evento>02</evento><data_evento>2018-01-02</data_evento>"
    "</ultimo_evento></politiche_attive>"
)
GOOD = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- as it was sent -->
<lavoratore>
 <datiinvio><dataultimoagg>2018-07-01T10:15:00</dataultimoagg><identificativosap>AA28868621H</identificativosap>
  <codiceentetit>H501C000523</codiceentetit><tipovariazione/><datadinascita>1980-01-01</datadinascita></datiinvio>
 <datianagrafici>
  <datipersonali><codicefiscale>RSSMRA80A01H501U</codicefiscale><cognome>Rossi</cognome><nome>Maria</nome><sesso>F</sesso>
   <datanascita>1980-01-01</datanascita><codcomune>H501</codcomune><codcittadinanza>000</codcittadinanza></datipersonali>
  <residenza><codcomune>H501</codcomune><cap>00185</cap><indirizzo>Via Marsala 1</indirizzo></residenza><domicilio/>
  <recapiti><telefono/><cellulare/><email/></recapiti>
 </datianagrafici>
 <datiamministrativi>
  <statoinanagrafe><codstatooccupazionale>02</codstatooccupazionale><codstatus/><categoria297/><anzianita/><indiceprofiling/>
   <dataevento>2018-01-01</dataevento><disponibilita/></statoinanagrafe>
  <listespeciali_lst/>
 </datiamministrativi>
 <esperienzelavoro_lst/>
 <politiche_attive_lst>{POLICY}</politiche_attive_lst>
</lavoratore>
<?after all?>
"""
KNOWN = (
    "datiinvio", "datianagrafici", "datipersonali", "codicefiscale", "datiamministrativi", "statoinanagrafe", "dataevento",
    "politiche_attive_lst", "politiche_attive", "tipo_attivita", "data", "ultimo_evento", "evento", "data_evento",
)  # fmt: skip

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r&<>\"']"),
    max_size=12,
)
_NAMES = st.sampled_from(KNOWN) | st.from_regex(r"[a-z_][a-z0-9_.-]{0,8}", fullmatch=True)
_SPACES = st.sampled_from([None, "urn:one", "urn:two"])
_NODES: Any = st.recursive(
    st.builds(lambda name, text: ("leaf", name, text, {}, []), _NAMES, _TEXT)
    | st.builds(lambda text: ("comment", "", text.replace("-", "").replace("\r", ""), {}, []), _TEXT),
    lambda below: st.builds(
        lambda name, space, text, attributes, children: (
            space or "plain",
            name,
            text,
            attributes,
            children,
        ),
        _NAMES,
        _SPACES,
        _TEXT,
        st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), _TEXT, max_size=3),
        st.lists(st.tuples(below, _TEXT), max_size=4),
    ),
    max_leaves=25,
)


def _built(node: Any) -> etree._Element:
    kind, name, text, attributes, children = node
    if kind == "comment":
        return etree.Comment(text)
    made = (
        etree.Element(f"{{{kind}}}{name}", nsmap={"n": kind})
        if kind.startswith("urn:")
        else etree.Element(name)
    )
    made.text = text or None
    for key, value in attributes.items():
        made.set(key, value)
    for child, tail in children:
        below = _built(child)
        below.tail = tail or None
        made.append(below)
    return made


def _document(children: Any) -> bytes:
    root = etree.Element("lavoratore")
    for child in children:
        root.append(_built(child))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


documents = st.lists(_NODES, max_size=6).map(_document)
"""Whole documents with elements known and unknown, in any order, as deep as they come."""


def canonical(content: bytes) -> bytes:
    """The canonical form (C14N 1.0, with comments)."""
    return etree.tostring(etree.ElementTree(etree.fromstring(content)), method="c14n")
