# SPDX-License-Identifier: EUPL-1.2
"""The services of the national platform that regional systems call, and that the hub serves in its place.

serviceRDC                who is in a household, and where its benefit stands (`beneficiaries`)
EventiCondizionalitaRDC   conditionality events, from a centre (`events`)

and serviceRDC asked of somebody else (`client`).
"""

from connectors.rdc.beneficiaries import BeneficiaryService
from connectors.rdc.client import RdcClient, ToldPerson, by_password
from connectors.rdc.codes import RdcCodes, read_codes
from connectors.rdc.events import EventService
from connectors.rdc.outcomes import Outcome

__all__ = [
    "BeneficiaryService",
    "EventService",
    "Outcome",
    "RdcClient",
    "RdcCodes",
    "ToldPerson",
    "by_password",
    "read_codes",
]
