# SPDX-License-Identifier: EUPL-1.2
"""INPS's ISEE consultation: SOAP 1.1 over PDND (ConsultazioneISEE 2.8, published; domain.md 1.7).

records      what INPS says, typed
questions    the elements that ask, and the header block that says who
values       attributes of the answers, read
outcomes     what came of a question: `Esito`, before anything else is read
attestation  the attestation (attestazione), in the document that the answer carries as base64
indicator    one synthetic indicator, likewise
threshold    whether an indicator is below a threshold, and no more
connector    the calls

Operations, elements and documents are the published ones. Two things no description says: that the voucher goes with evidence and
signature (this hub sends both, as to every agency that is asked about a person), and the shape of the threshold's request and answer,
which is that of a client of INPS's (medium confidence).
"""

from connectors.isee.connector import IseeConnector, Office
from connectors.isee.questions import THRESHOLD
from connectors.isee.records import (
    Attestation,
    Indicator,
    IndicatorKind,
    Irregularity,
    IrregularityKind,
    MinorIsee,
    Standing,
    Values,
)

__all__ = [
    "THRESHOLD",
    "Attestation",
    "Indicator",
    "IndicatorKind",
    "Irregularity",
    "IrregularityKind",
    "IseeConnector",
    "MinorIsee",
    "Office",
    "Standing",
    "Values",
]
