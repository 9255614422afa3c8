# SPDX-License-Identifier: EUPL-1.2
"""What can be wrong with a SAP: where, and which rule it breaks; never a value of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SapRule(StrEnum):
    """The rules, each as the sentence that is said where it is broken.

    Source: the SAP's "Modelli e regole", section 6, and its table of events (domain.md 6.3); the forms are those of the published
    sample. Two rules of section 6 are not here, for want of the lists they need: that the promoter is valid on the day of
    proposal, and which types of activity Garanzia Giovani does not take. Of a policy's identifier the form is a rule, and the
    control letter is none (`connectors.sap.policy_id` says why).
    """

    TWICE = "The element stands here more than once."
    DAY = "A day is written YYYY-MM-DD, with or without a time behind it."
    FISCAL_CODE = "The fiscal code has another form, or its last character does not belong to the others."
    SAP_ID = "The identifier of a SAP has 11 letters and digits."
    BODY_CODE = "The code of a centre or another body is a municipality's, a letter and six digits."
    PLACE = "A municipality or state is written as its Belfiore code: a letter and three digits."
    KIND = "A type of activity is a letter and two digits."
    DAYS_NEEDED = "A policy proposed on 9 December 2015 or later says when it begins and ends."
    END_NEEDED = "A policy of family C, D or E says when it ends."
    TITLE_NEEDED = "A policy of family C has a title."
    IDENTIFIER_NEEDED = "A policy proposed on 4 December 2017 or later has its identifier."
    EVENT_NEEDED = "A policy proposed on 4 December 2017 or later says its last event, and when that was."
    POLICY_ID = "A policy identifier is two digits of a known system, eight hexadecimal digits and a letter."
    EMPLOYER_NEEDED = "The description of a policy of this type is the employer's fiscal code or VAT number."
    UNIT_NEEDED = "A duration has its unit."
    NATIONAL_PROJECT = "Project 04 is for policies of national promoters."
    EVENT = "This is no event of an active policy: they are 01 to 15."
    EVENT_DAY = "The event's day is not the one of the policy that it must equal."


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule that is broken; `path` from the root, elements of one name numbered from 1."""

    path: str
    rule: SapRule

    def __str__(self) -> str:
        """Both, in a sentence."""
        return f"{self.path}: {self.rule}"
