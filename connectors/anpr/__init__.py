# SPDX-License-Identifier: EUPL-1.2
"""ANPR, the national register of residents, asked through PDND (domain.md section 1).

services          the use cases, their addresses, audiences and purposes
questions         the body of a question
declarations      what is declared for ANPR to verify, and what it says of it
subjects          whom an answer is about
answers           answers to C020, C021 and C030 read into records (`fields` reads single values)
registry_answers  the others
refusals          what the other answers mean
states            the states of the Union
registry_facts    records put into the words of the law, for the registry checks
connector         the calls
"""

from connectors.anpr.connector import AnprConnector
from connectors.anpr.declarations import (
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    Verification,
    Verified,
)
from connectors.anpr.lookups import Lookups
from connectors.anpr.records import (
    AddressType,
    BondType,
    CitizenshipRecord,
    FamilyMember,
    Generality,
    IdAnpr,
    PersonalRecord,
    Residence,
)
from connectors.anpr.refusals import SeveralSubjects, SubjectDeceased
from connectors.anpr.services import NoPurpose, UseCase, purposes_from, record_types_from

__all__ = [
    "AddressType",
    "AnprConnector",
    "BondType",
    "CitizenshipRecord",
    "DeclaredCitizenship",
    "DeclaredGenerality",
    "DeclaredResidence",
    "FamilyMember",
    "Generality",
    "IdAnpr",
    "Lookups",
    "NoPurpose",
    "PersonalRecord",
    "Residence",
    "SeveralSubjects",
    "SubjectDeceased",
    "UseCase",
    "Verification",
    "Verified",
    "purposes_from",
    "record_types_from",
]
