# SPDX-License-Identifier: EUPL-1.2
"""Municipalities and employment centres."""

from __future__ import annotations

import strawberry

from hub.plan.declare import stored
from hub.store import tables


@stored(tables.Municipality)
@strawberry.type(description="Comune, as it is called today.")
class Municipality:
    istat_code: str = strawberry.field(description="ISTAT, 6 digits.")
    belfiore_code: str = strawberry.field(
        description="Belfiore (codice catastale): a letter and 3 digits; stays for ever."
    )
    name: str
    province: str = strawberry.field(description="Sigla of the province.")
    region_code: str = strawberry.field(
        description="ISTAT region code; 21 and 22 for the provinces of Bolzano and Trento."
    )


@stored(tables.EmploymentCentre)
@strawberry.type(description="Centro per l'impiego (CPI).")
class EmploymentCentre:
    code: str = strawberry.field(description="Ministry code: Belfiore, C and 6 digits.")
    name: str
    region_code: str
