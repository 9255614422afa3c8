# SPDX-License-Identifier: EUPL-1.2
"""ANPR, the national register of residents, asked through PDND (domain.md section 1).

services     the use cases, their addresses, audiences and purposes
questions    the body of a question
answers      answers read into records (`fields` reads single values)
refusals     what the other answers mean
connector    the calls
"""

from connectors.anpr.connector import AnprConnector
from connectors.anpr.records import AddressType, BondType, FamilyMember, IdAnpr, Residence
from connectors.anpr.refusals import SeveralSubjects, SubjectDeceased
from connectors.anpr.services import UseCase, purposes_from

__all__ = [
    "AddressType",
    "AnprConnector",
    "BondType",
    "FamilyMember",
    "IdAnpr",
    "Residence",
    "SeveralSubjects",
    "SubjectDeceased",
    "UseCase",
    "purposes_from",
]
