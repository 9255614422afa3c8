# SPDX-License-Identifier: EUPL-1.2
"""The table of hostile tokens: each by its name, with the check and the claim that refuse it."""

from tests.unit.access.hostile.evidence import EVIDENCE
from tests.unit.access.hostile.forge import Hostile
from tests.unit.access.hostile.proofs import PROOFS
from tests.unit.access.hostile.vouchers import VOUCHERS

__all__ = ["EVIDENCE", "HOSTILE", "PROOFS", "VOUCHERS"]

HOSTILE: dict[str, Hostile] = {**VOUCHERS, **PROOFS, **EVIDENCE}
