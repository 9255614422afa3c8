# SPDX-License-Identifier: EUPL-1.2
"""What somebody declares, held by ANPR against what is registered (verifica della dichiarazione), and who ANPR says a person is.

A declaration is verified when it is asked about: no answer is kept, and there is no older one to give in its place. What was declared stands
in the access log, as whatever was asked with does.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

import strawberry

from connectors.anpr.declarations import (
    Declaration,
    DeclaredCitizenship,
    DeclaredGenerality,
    DeclaredResidence,
    Verification,
    Verified,
)
from hub.errors import InvalidInput
from hub.store.vocabulary import Sex
from schema.cost import about
from schema.residence import Freshness
from schema.scalars import FiscalCode
from schema.sensitivity import SPECIAL, personal

if TYPE_CHECKING:
    from schema.context import RequestContext

LONGEST = 100
"""Characters of a name, of a person or of a place."""
_ISTAT = re.compile(r"[0-9]{6}", re.ASCII)
_STATE = re.compile(r"[0-9A-Z]{1,6}", re.ASCII)
_POSTAL = re.compile(r"[0-9]{5}", re.ASCII)
_PROVINCE = re.compile(r"[A-Z]{2}", re.ASCII)

strawberry.enum(
    Verified,
    name="DeclarationAnswer",
    description="ANPR's `S`, `N` and `A`. CANNOT_TELL is no no: ANPR holds too little to say.",
)


@strawberry.input(description="Who somebody says to be (generalità); at least one member. C003.")
class DeclaredIdentityInput:
    fiscal_code: FiscalCode | None = strawberry.UNSET
    family_name: str | None = strawberry.UNSET
    given_name: str | None = strawberry.UNSET
    sex: Sex | None = strawberry.UNSET
    birth_date: datetime.date | None = strawberry.UNSET


@strawberry.input(description="Of which state somebody says to be a citizen (cittadinanza). C006.")
class DeclaredCitizenshipInput:
    state_code: str = strawberry.field(description="ANPR's code of the state: 100 is Italy.")
    state_name: str | None = strawberry.UNSET


@strawberry.input(description="Where somebody says to be resident in Italy (residenza). C008.")
class DeclaredResidenceInput:
    municipality_istat_code: str = strawberry.field(description="Six digits.")
    municipality_name: str | None = strawberry.UNSET
    province: str | None = strawberry.field(default=strawberry.UNSET, description="Two letters: RM.")
    postal_code: str | None = strawberry.field(default=strawberry.UNSET, description="CAP, five digits.")
    street_kind: str | None = strawberry.field(default=strawberry.UNSET, description="Specie: VIA, PIAZZA …")
    street: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its name, without its kind (denominazione toponimo)."
    )
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Numero civico.")


@strawberry.input(description="A declaration (dichiarazione): one of these.")
class DeclaredInput:
    identity: DeclaredIdentityInput | None = strawberry.UNSET
    citizenship: DeclaredCitizenshipInput | None = strawberry.UNSET
    residence: DeclaredResidenceInput | None = strawberry.UNSET


@personal
@strawberry.type(description="One thing ANPR looked at, and what it says of it.")
class VerifiedStatement:
    number: str | None = strawberry.field(description="In ANPR's table of what it verifies.")
    name: str = strawberry.field(description="What it looked at, in ANPR's words.")
    answer: Verified = strawberry.field(
        description="Of a citizenship it says, or hints at, where somebody comes from.",
        directives=[SPECIAL],
    )


@personal
@strawberry.type(
    description="A declaration, held by ANPR against what is registered (verifica). The services are not published: unverified."
)
class VerifiedDeclaration:
    statements: list[VerifiedStatement] = strawberry.field(directives=[about(4)])
    as_of: datetime.datetime
    source: str
    freshness: Freshness = strawberry.field(
        description="LIVE always: a declaration is verified when it is asked about."
    )
    unverified: bool = strawberry.field(
        description="True: what these services of ANPR answer is not published, and was read by its vocabulary."
    )

    @classmethod
    def of(cls, told: tuple[Verification, ...], as_of: datetime.datetime) -> VerifiedDeclaration:
        return cls(
            statements=[
                VerifiedStatement(number=one.number, name=one.name, answer=one.verified) for one in told
            ],
            as_of=as_of,
            source="ANPR",
            freshness=Freshness.LIVE,
            unverified=True,
        )


@personal
@strawberry.type(
    description="Who ANPR says a person is (generalità, C015). The service is not published: unverified."
)
class RegisteredIdentity:
    fiscal_code: str | None
    is_fiscal_code_valid: bool | None = strawberry.field(
        description="Whether the revenue agency has validated the code; null: ANPR does not say."
    )
    family_name: str | None
    given_name: str | None
    sex: Sex | None
    birth_date: datetime.date | None
    as_of: datetime.datetime
    source: str
    freshness: Freshness
    unverified: bool


async def verified_declaration(
    context: RequestContext, key: str, fiscal_code: str, declared: DeclaredInput
) -> VerifiedDeclaration | None:
    """Verify what is declared of a person, by row and fiscal code; None: ANPR does not know it.

    Raises:
        InvalidInput: it is not one declaration, or something in it cannot be; ANPR is not asked.
        UpstreamError: as the connector has it.

    """
    told, as_of = await context.live.verified(key, fiscal_code, declaration_of(declared))
    return None if told is None else VerifiedDeclaration.of(told, as_of)


def declaration_of(declared: DeclaredInput) -> Declaration:
    """The one declaration, as the connector takes it.

    Raises:
        InvalidInput: there are none or several, or something in it cannot be.

    """
    given = [one for one in (declared.identity, declared.citizenship, declared.residence) if one]
    if len(given) != 1:
        raise InvalidInput("`declared` is one declaration: `identity`, `citizenship` or `residence`.")
    match given[0]:
        case DeclaredIdentityInput() as identity:
            return _identity(identity)
        case DeclaredCitizenshipInput() as citizenship:
            return DeclaredCitizenship(
                _formed("citizenship.stateCode", citizenship.state_code, _STATE, "ANPR's code: `100`"),
                _named("citizenship.stateName", citizenship.state_name),
            )
        case residence:
            return DeclaredResidence(
                municipality_istat=_formed(
                    "residence.municipalityIstatCode", residence.municipality_istat_code, _ISTAT, "six digits"
                ),
                municipality_name=_named("residence.municipalityName", residence.municipality_name),
                province=_maybe("residence.province", residence.province, _PROVINCE, "two letters: `RM`"),
                postal_code=_maybe("residence.postalCode", residence.postal_code, _POSTAL, "five digits"),
                street_kind=_named("residence.streetKind", residence.street_kind),
                street=_named("residence.street", residence.street),
                number=_named("residence.number", residence.number),
            )


def _identity(identity: DeclaredIdentityInput) -> DeclaredGenerality:
    declared = DeclaredGenerality(
        fiscal_code=identity.fiscal_code or None,
        family_name=_named("identity.familyName", identity.family_name),
        given_name=_named("identity.givenName", identity.given_name),
        sex=identity.sex.value if identity.sex else None,
        birth_date=identity.birth_date or None,
    )
    if declared == DeclaredGenerality():
        raise InvalidInput("`declared.identity` declares nothing: give at least one of its members.")
    return declared


def _named(where: str, text: str | None) -> str | None:
    """A name, without what is around it; None where none is given."""
    if text is None or text is strawberry.UNSET:
        return None
    name = text.strip()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise InvalidInput(f"`declared.{where}` is a name, of {LONGEST} characters at most.")
    return name


def _maybe(where: str, text: str | None, form: re.Pattern[str], words: str) -> str | None:
    return None if text is None or text is strawberry.UNSET else _formed(where, text, form, words)


def _formed(where: str, text: str, form: re.Pattern[str], words: str) -> str:
    if not form.fullmatch(text):
        raise InvalidInput(f"`declared.{where}` is {words}.")
    return text
