# SPDX-License-Identifier: EUPL-1.2
"""ANPR's use cases that the hub calls, their addresses and their audiences (domain.md 1.1 and 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hub.errors import ConfigurationError

AGENCY = "ANPR"
RESOURCE = "anpr-service-e002"


class UseCase(StrEnum):
    """A use case (`casoUso`)."""

    RESIDENCE = "C020"
    FAMILY = "C021"
    NATIONAL_ID = "C030"

    @property
    def service(self) -> str:
        """The service's name in the path; the second half is ANPR's own Italian."""
        return _SERVICES[self]

    def url(self, base: str) -> str:
        """Give the address to call, from ANPR's base URL."""
        return f"{base.rstrip('/')}/{self.service}/v1/{RESOURCE}"

    def audience(self, base: str) -> str:
        """Give the audience of this service's tokens, from ANPR's base audience: it is not the URL."""
        return f"{base.rstrip('/')}/{self.service}/v1"


_SERVICES = {
    UseCase.RESIDENCE: "C020-servizioAccertamentoResidenza",
    UseCase.FAMILY: "C021-servizioAccertamentoStatoFamiglia",
    UseCase.NATIONAL_ID: "C030-servizioAccertamentoIdUnicoNazionale",
}


def purposes_from(text: str) -> Mapping[UseCase, str]:
    """Read the setting `anpr_purpose_id`: one purpose for all, or `C020=…,C021=…,C030=…`.

    PDND's catalogue lists each use case as an e-service of its own, and a purpose belongs to one e-service.

    Raises:
        ConfigurationError: a use case is missing, unknown, or named twice.

    """
    if "=" not in text:
        return dict.fromkeys(UseCase, text.strip())
    pairs = [part.strip().partition("=") for part in text.split(",")]
    named = {name.strip(): value.strip() for name, _, value in pairs}
    if len(named) != len(pairs) or set(named) != set(UseCase) or not all(named.values()):
        raise ConfigurationError("ANPR's purposes are one id, or one for each use case: C020=…,C021=…,C030=…")
    return {use_case: named[use_case] for use_case in UseCase}
