# SPDX-License-Identifier: EUPL-1.2
"""SOAP 1.1, as the labour systems speak it.

envelope     a message: read, written; a fault
egov         the header of the e-Gov envelope, which domain gateways add and take off
service      what a service of the hub is to whoever serves it
client       an agency's service, called
faults       a fault that came as an answer: whose it is
"""

from connectors.soap.client import CONTENT_TYPE, Credentials, Operation, SoapClient
from connectors.soap.egov import EGovHeader, InvalidEGovHeader, message_identifier, read_egov, write_egov
from connectors.soap.envelope import (
    FaultCode,
    Message,
    SoapRefused,
    element,
    read_envelope,
    write_envelope,
    write_fault,
    written,
)
from connectors.soap.faults import Fault, read_fault
from connectors.soap.service import Ask, NotAnswered, SoapService

__all__ = [
    "CONTENT_TYPE",
    "Ask",
    "Credentials",
    "EGovHeader",
    "Fault",
    "FaultCode",
    "InvalidEGovHeader",
    "Message",
    "NotAnswered",
    "Operation",
    "SoapClient",
    "SoapRefused",
    "SoapService",
    "element",
    "message_identifier",
    "read_egov",
    "read_envelope",
    "read_fault",
    "write_egov",
    "write_envelope",
    "write_fault",
    "written",
]
