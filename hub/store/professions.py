# SPDX-License-Identifier: EUPL-1.2
"""Professions by the CP2011 (classificazione delle professioni, ISTAT): a code, whole or its beginning: `5.2` takes in `5.2.2.1`.

The classification is a long, dated table of others, which the hub does not hold: the shape of a code is all that is checked.
"""

from __future__ import annotations

PROFESSION = r"[1-9](\.[0-9]{1,2}){0,5}"
"""What a code matches from its first character to its last."""
MOST_OF_A_PACT = 20
"""Professions that one pact may name."""
