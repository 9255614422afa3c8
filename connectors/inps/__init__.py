# SPDX-License-Identifier: EUPL-1.2
"""INPS: who was admitted to a measure, and what became of the payment.

records      what INPS says, typed
codes        INPS's codes as configuration
admitted     one household of the list, read
payments     the state of a payment, read
connector    the calls

No public contract exists for either question (domain.md section 9). The members of a household carry the field
names of serviceRDC's `beneficiario` (3.3), which are published; the envelope, the benefit's fields and all code
values are **unverified**: this hub's reading, to be replaced when INPS says otherwise. Outcomes are spelled as in
INPS's published ConsultazioneISEE (`Esito`: OK, DATI_NON_TROVATI …; 1.7).
"""

from connectors.inps.codes import PROVISIONAL_CODES, InpsCodes, PaymentState
from connectors.inps.connector import InpsConnector
from connectors.inps.records import AdmittedHousehold, Member, PaymentStatus

__all__ = [
    "PROVISIONAL_CODES",
    "AdmittedHousehold",
    "InpsCodes",
    "InpsConnector",
    "Member",
    "PaymentState",
    "PaymentStatus",
]
