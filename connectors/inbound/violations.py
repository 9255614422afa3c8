# SPDX-License-Identifier: EUPL-1.2
"""What a refusal of the database says about a record: the constraint's name, read as a field and a sentence.

The records were read and checked before; what is left for the database are contradictions with what is there.
"""

from __future__ import annotations

import asyncpg

from connectors.records.delivery import Refusal

Refused = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""What the database raises about the content of a row; anything else is not the record's fault."""

_KNOWN = {
    "pact_beneficiary_overlap_excl": Refusal(
        "codTipoPatto", "The person has another running pact of this kind in that period."
    ),
    "pact_household_overlap_excl": Refusal(
        "codTipoPatto", "The household has another running pact of this kind in that period."
    ),
    "benefit_overlap_excl": Refusal("beneficio", "The household has another benefit in that period."),
}


def refusal_of(error: Exception) -> Refusal:
    """The refusal for a record that the database refused; never the database's own text, which holds values."""
    name = getattr(error, "constraint_name", None)
    if name in _KNOWN:
        return _KNOWN[name]
    return Refusal(None, f"The database refuses the record ({name or type(error).__name__}).")
