# SPDX-License-Identifier: EUPL-1.2
"""The four words for what a member owes. The one list of them: the tables and the schema take it from here."""

from __future__ import annotations

from enum import StrEnum


class Obligation(StrEnum):
    """Whether a member is bound by the active-inclusion obligations (DL 4/2019 art. 4; DL 48/2023 art. 6)."""

    OBLIGED = "OBLIGED"
    """Tenuto agli obblighi."""
    EXEMPT = "EXEMPT"
    """Esonerato: the law binds such a person, and lets this one off."""
    EXCLUDED = "EXCLUDED"
    """Escluso: the obligations are not for such a person."""
    VOLUNTARY = "VOLUNTARY"
    """Not bound, and takes part because it asked to."""
