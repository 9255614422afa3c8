# SPDX-License-Identifier: EUPL-1.2
"""The rules of a SAP, over its records: what each value must look like, and what a policy must say (section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from connectors.sap.events import POLICY_EVENTS, PolicyDay
from connectors.sap.policy_id import InvalidPolicyId, read_policy_id
from connectors.sap.problems import Problem, SapRule
from connectors.sap.records import Policy, Sap
from hub.store.fiscal_code import InvalidFiscalCode, parse_fiscal_code

DAYS_SINCE = date(2015, 12, 9)
"""The first day of proposal from which a policy says when it begins and ends."""
IDENTIFIED_SINCE = date(2017, 12, 4)
"""The first day of proposal from which a policy has an identifier and its last event."""
OF_EMPLOYERS = frozenset({"D01", "E01", "E02", "E03", "H01", "H02", "H03"})
"""Types of activity whose description is the employer's code."""
ENDING = ("C", "D", "E")
"""Families of types that have an end."""
NATIONAL_PROJECT = "04"
NATIONAL = "N"
"""The fifth character of a national promoter's code (domain.md 6.5, medium confidence)."""

_SAP_ID = re.compile(r"[A-Z0-9]{11}", re.ASCII)
_BODY = re.compile(r"[A-Z][0-9]{3}[A-Z][0-9]{6}", re.ASCII)
_PLACE = re.compile(r"[A-Z][0-9]{3}", re.ASCII)
_KIND = re.compile(r"[A-Z][0-9]{2}", re.ASCII)
_FIELDS = {PolicyDay.PROPOSAL: "proposed_on", PolicyDay.START: "starts_on", PolicyDay.END: "ends_on"}


def broken_rules(sap: Sap) -> Iterator[Problem]:
    """Every rule that the records break, in the order of the document. Absent is not wrong, but where a rule says so."""
    submission, person = sap.submission, sap.person
    yield from _formed("datiinvio/identificativosap", submission.identifier, _SAP_ID, SapRule.SAP_ID)
    yield from _formed("datiinvio/codiceentetit", submission.holder, _BODY, SapRule.BODY_CODE)
    if not _is_fiscal_code(person.fiscal_code):
        yield _problem("datianagrafici/datipersonali/codicefiscale", SapRule.FISCAL_CODE)
    yield from _formed("datianagrafici/datipersonali/codcomune", person.birthplace, _PLACE, SapRule.PLACE)
    yield from _formed(
        "datianagrafici/residenza/codcomune", sap.residence.municipality, _PLACE, SapRule.PLACE
    )
    yield from _formed("datianagrafici/domicilio/codcomune", sap.domicile.municipality, _PLACE, SapRule.PLACE)
    for number, policy in enumerate(sap.policies, 1):
        for path, rule in _of_policy(policy):
            yield _problem(f"{Policy.path}[{number}]/{path}", rule)


def _of_policy(policy: Policy) -> Iterator[tuple[str, SapRule]]:
    kind = policy.kind or ""
    if not _KIND.fullmatch(kind):
        yield "tipo_attivita", SapRule.KIND
    if kind.startswith("C") and policy.title is None:
        yield "titolo_denominazione", SapRule.TITLE_NEEDED
    yield from _days_missing(policy, kind)
    if policy.duration is not None and policy.duration_unit is None:
        yield "tipologia_durata", SapRule.UNIT_NEEDED
    if kind in OF_EMPLOYERS and not _is_fiscal_code(policy.description):
        yield "descrizione", SapRule.EMPLOYER_NEEDED
    promoter = policy.promoter
    if promoter is not None and not _BODY.fullmatch(promoter):
        yield "codice_ente_promotore", SapRule.BODY_CODE
    elif policy.project == NATIONAL_PROJECT and (promoter is None or promoter[4] != NATIONAL):
        yield "titolo_progetto", SapRule.NATIONAL_PROJECT
    yield from _identified(policy)
    yield from _event(policy)


def _days_missing(policy: Policy, kind: str) -> Iterator[tuple[str, SapRule]]:
    is_needed = policy.proposed_on is not None and policy.proposed_on >= DAYS_SINCE
    if policy.starts_on is None and is_needed:
        yield "data", SapRule.DAYS_NEEDED
    if policy.ends_on is None and is_needed:
        yield "data_fine", SapRule.DAYS_NEEDED
    elif policy.ends_on is None and kind.startswith(ENDING):
        yield "data_fine", SapRule.END_NEEDED


def _identified(policy: Policy) -> Iterator[tuple[str, SapRule]]:
    is_needed = policy.proposed_on is not None and policy.proposed_on >= IDENTIFIED_SINCE
    if policy.identifier is not None:
        try:
            read_policy_id(policy.identifier)
        except InvalidPolicyId:
            yield "identificativo_politica", SapRule.POLICY_ID
    elif is_needed:
        yield "identificativo_politica", SapRule.IDENTIFIER_NEEDED
    if is_needed and policy.event is None:
        yield "ultimo_evento/evento", SapRule.EVENT_NEEDED


def _event(policy: Policy) -> Iterator[tuple[str, SapRule]]:
    if policy.event is None:
        return
    known = POLICY_EVENTS.get(policy.event)
    if known is None:
        yield "ultimo_evento/evento", SapRule.EVENT
    elif policy.event_on is None:
        yield "ultimo_evento/data_evento", SapRule.EVENT_NEEDED
    elif known.falls_on is not None and getattr(policy, _FIELDS[known.falls_on]) != policy.event_on:
        yield "ultimo_evento/data_evento", SapRule.EVENT_DAY


def _formed(path: str, value: str | None, form: re.Pattern[str], rule: SapRule) -> Iterator[Problem]:
    if value is not None and not form.fullmatch(value):
        yield _problem(path, rule)


def _is_fiscal_code(text: str | None) -> bool:
    """Whether it is a fiscal code, or a VAT number (partita IVA), whose last digit is made as a provisional code's."""
    if text is None:
        return False
    try:
        return parse_fiscal_code(text) == text
    except InvalidFiscalCode:
        return False


def _problem(path: str, rule: SapRule) -> Problem:
    return Problem(f"/lavoratore/{path}", rule)
