# SPDX-License-Identifier: EUPL-1.2
"""ANPR's use cases that the hub calls, their addresses and their audiences (domain.md 1.1 and 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hub.errors import ConfigurationError, UpstreamRefused
from hub.measures.registry_check import Register

AGENCY = "ANPR"
RESOURCE = "anpr-service-e002"


class UseCase(StrEnum):
    """A use case (`casoUso`): what is verified of a declaration is answered S, N or A; what is ascertained is told."""

    VERIFY_GENERALITY = "C003"
    VERIFY_CITIZENSHIP = "C006"
    VERIFY_RESIDENCE = "C008"
    GENERALITY = "C015"
    CITIZENSHIP = "C018"
    RESIDENCE = "C020"
    FAMILY = "C021"
    RECORD = "C029"
    NATIONAL_ID = "C030"

    @property
    def service(self) -> str:
        """The service's name in the path; the second half is ANPR's own Italian."""
        return _SERVICES[self]

    @property
    def verifies(self) -> bool:
        """Whether it is asked about a declaration (`verifica`)."""
        return self in _VERIFYING

    def url(self, base: str) -> str:
        """Give the address to call, from ANPR's base URL."""
        return f"{base.rstrip('/')}/{self.service}/v1/{RESOURCE}"

    def audience(self, base: str) -> str:
        """Give the audience of this service's tokens, from ANPR's base audience: it is not the URL."""
        return f"{base.rstrip('/')}/{self.service}/v1"


# As PDND's catalogue names them; the addresses of C008, C020, C021 and C030 were seen in use.
_SERVICES = {
    UseCase.VERIFY_GENERALITY: "C003-servizioVerificaDichGeneralita",
    UseCase.VERIFY_CITIZENSHIP: "C006-servizioVerificaDichCittadinanza",
    UseCase.VERIFY_RESIDENCE: "C008-servizioVerificaDichResidenza",
    UseCase.GENERALITY: "C015-servizioAccertamentoGeneralita",
    UseCase.CITIZENSHIP: "C018-servizioAccertamentoCittadinanza",
    UseCase.RESIDENCE: "C020-servizioAccertamentoResidenza",
    UseCase.FAMILY: "C021-servizioAccertamentoStatoFamiglia",
    UseCase.RECORD: "C029-servizioAccertamentoDatiAnagrafici",
    UseCase.NATIONAL_ID: "C030-servizioAccertamentoIdUnicoNazionale",
}
_VERIFYING = frozenset({UseCase.VERIFY_GENERALITY, UseCase.VERIFY_CITIZENSHIP, UseCase.VERIFY_RESIDENCE})
_NEEDED = (UseCase.RESIDENCE, UseCase.FAMILY, UseCase.NATIONAL_ID)
"""Without these there is no connection to ANPR; the others are refused when they are needed."""


class NoPurpose(UpstreamRefused):
    """The hub has no purpose on PDND for this service of ANPR: an administrator names it in SNODO_ANPR_PURPOSE_ID."""

    code = "UPSTREAM_NO_PURPOSE"

    def __init__(self, use_case: UseCase) -> None:
        super().__init__(
            f"The hub has no purpose on PDND for ANPR's {use_case.value}: an administrator names it in "
            "SNODO_ANPR_PURPOSE_ID.",
            agency=AGENCY,
            operation=use_case.value,
        )


def purposes_from(text: str) -> Mapping[UseCase, str]:
    """Read the setting `anpr_purpose_id`: one purpose for all, or `C020=…,C021=…,C030=…` and others as they are agreed.

    PDND's catalogue lists each use case as an e-service of its own, and a purpose belongs to one e-service.

    Raises:
        ConfigurationError: one of these three is missing; or one is unknown, or named twice.

    """
    if "=" not in text:
        return dict.fromkeys(UseCase, text.strip())
    pairs = [part.strip().partition("=") for part in text.split(",")]
    named = {name.strip(): value.strip() for name, _, value in pairs}
    if len(named) != len(pairs) or not set(_NEEDED) <= set(named) <= set(UseCase) or not all(named.values()):
        raise ConfigurationError(
            "ANPR's purposes are one id, or one for each use case: C020=…,C021=…,C030=… and, where they are agreed, "
            f"{', '.join(one for one in UseCase if one not in _NEEDED)}; each once."
        )
    return {use_case: named[use_case] for use_case in UseCase if use_case in named}


def record_types_from(text: str | None) -> Mapping[str, Register]:
    """Read the setting `anpr_record_types`: what each `tipoScheda` means, `1=RESIDENTS,2=ABROAD`; nothing where it is not set.

    Raises:
        ConfigurationError: a register is none, or a code is named twice.

    """
    if not text:
        return {}
    pairs = [part.strip().partition("=") for part in text.split(",")]
    named = {code.strip(): register.strip() for code, _, register in pairs}
    if len(named) != len(pairs) or not all(named) or not set(named.values()) <= set(Register):
        raise ConfigurationError(
            f"ANPR's record types are CODE=REGISTER, each code once; a register is one of {', '.join(Register)}."
        )
    return {code: Register(register) for code, register in named.items()}
