# SPDX-License-Identifier: EUPL-1.2
"""The answer for a household of which it may not be known who applies.

What holds whoever does is decided; the rest waits for that one fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from hub.errors import InvalidInput
from hub.measures.assessment import Application, Assessment, assess
from hub.measures.measure import Measure
from hub.measures.parameters import parameters
from hub.measures.reasons import Finding, Reason, Verdict, together
from hub.measures.worlds import Scale

APPLICANT = "APPLICANT"


class NobodyInHousehold(InvalidInput):
    """Nobody of this household was born on that day."""

    code = "NOBODY_IN_HOUSEHOLD"


def assess_any(measure: Measure, applications: Sequence[Application], on: date) -> Assessment:
    """Decide the one application that is meant, of those that differ in who applies; one: it is that.

    Raises:
        NobodyInHousehold: there is none.
        BeforeTheLaw, AfterTheLaw, and what `assess` raises.

    """
    law = parameters(measure, on).law
    if not applications:
        raise NobodyInHousehold(path=["on"])
    found = [assess(application, on) for application in applications]
    if len(found) == 1 or agree(found):
        return found[0]
    who = Finding(Verdict.UNDETERMINED, Reason(APPLICANT, law, "Who of the household applies is not known."))
    requirements = (who, *(_whoever(same) for same in zip(*(one.requirements for one in found), strict=True)))
    return replace(
        found[0],
        verdict=together(finding.verdict for finding in requirements),
        requirements=requirements,
        scale=_span([one.scale for one in found]),
        entitlement=None,
        duration=None,
    )


def agree(found: Sequence[Assessment]) -> bool:
    """Whether it does not matter who applies: the same verdicts, scale and amount."""
    answers = {
        (
            one.verdict,
            tuple(finding.verdict for finding in one.requirements),
            one.scale.least,
            one.scale.most,
            None if one.entitlement is None else one.entitlement.annual,
        )
        for one in found
    }
    return len(answers) == 1


def _whoever(findings: Sequence[Finding]) -> Finding:
    """A requirement that is met, or is not, whoever applies; else undetermined."""
    first = findings[0]
    if all(one.verdict is first.verdict for one in findings):
        return first
    reason = first.reason._replace(
        sentence="It depends on who of the household applies, which is not known.", value=None, limit=None
    )
    return Finding(Verdict.UNDETERMINED, reason)


def _span(scales: Sequence[Scale]) -> Scale:
    least = min(scales, key=lambda scale: scale.least)
    return replace(
        least,
        most=max(scale.most for scale in scales),
        unverified=any(scale.unverified for scale in scales),
    )
