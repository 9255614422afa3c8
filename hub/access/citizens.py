# SPDX-License-Identifier: EUPL-1.2
"""The citizens' door: from an OIDC token to a caller who sees itself and its household.

All citizens are one agency, `citizens`, under one purpose with one grant, and so share their plans; who one of them is, is two
values that every statement binds. A citizen the hub knows nothing of is a caller like any other: every answer is empty, so
that being refused tells nobody who receives a measure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from uuid import UUID

from sqlalchemy import bindparam, select

from hub.access.caller import Caller
from hub.access.citizen_token import Citizen, CitizenVerifier
from hub.access.directory import granted
from hub.access.fields import Unseen
from hub.access.jws import claimed_issuer
from hub.access.remembered import Found, Remembered
from hub.errors import ClientError, Forbidden
from hub.store.announcements import Word
from hub.store.base import table_of
from hub.store.engine import Pool
from hub.store.reference.agency_codes import CITIZENS_AGENCY_CODE, CITIZENS_PURPOSE_ID
from hub.store.statement import Statement
from hub.store.tables import Agency, Beneficiary
from hub.store.vocabulary import GrantScope


class CitizensDoor:
    """Lets citizens in. A token seen lately costs two look-ups in memory."""

    def __init__(
        self, verifier: CitizenVerifier, pool: Pool, clock: Callable[[], float], unseen: Unseen, changed: Word
    ) -> None:
        """Take the verifier of their tokens, the pool to look people up in, and the rest as `Directory` does."""
        self._verifier = verifier
        self._pool = pool
        self._unseen = unseen
        # NOTE: by fiscal code, in memory alone; it is in no log, no error and no key that leaves the process. By None: what all share.
        self._known = Remembered[str | None](clock, changed)

    def is_for(self, token: str) -> bool:
        """Whether a token is to be verified here, by the issuer it names: nothing else in it is believed yet."""
        return self._verifier.cached(token) is not None or claimed_issuer(token) == self._verifier.issuer

    async def caller(self, token: str) -> Caller:
        """The citizen as a caller.

        Raises:
            CitizenTokenRefused: the token does not hold; says which check failed.
            Forbidden: citizens have no grant in force.
            UpstreamUnavailable: the identity provider's keys cannot be had.

        """
        citizen = self._verifier.cached(token) or await self._verifier.verify(token)
        code = citizen.fiscal_code
        return self._known.get(code) or await self._known.find(code, partial(self._look, citizen))

    async def seconds_left(self, token: str) -> float:
        """How long the token still holds. Raises as `caller` does."""
        return self._verifier.seconds_left(self._verifier.cached(token) or await self._verifier.verify(token))

    async def _look(self, citizen: Citizen) -> Found:
        caller, seconds = await self._known.found(None, self._look_at_purpose)
        if isinstance(caller, ClientError):
            return caller, seconds
        async with self._pool.acquire() as connection:
            person = await _person().fetchrow(connection, fiscal_code=citizen.fiscal_code)
        citizen_caller = replace(
            caller,
            demands=frozenset(),  # they are of consumers, who hold keys of their own
            person_id=None if person is None else person["id"],
            household_id=None if person is None else person["household_id"],
        )
        return citizen_caller, seconds

    async def _look_at_purpose(self) -> Found:
        """What all citizens share."""
        async with self._pool.acquire() as connection:
            agency = await _agency().fetchrow(connection, code=CITIZENS_AGENCY_CODE)
            assert agency is not None, "a migration makes it"
            caller, seconds = await granted(
                connection, agency, client_id=None, purpose_id=UUID(CITIZENS_PURPOSE_ID), unseen=self._unseen
            )
        # NOTE: whatever else the purpose were granted by mistake, a citizen reaches no further than itself.
        if isinstance(caller, Caller) and caller.scope.kind is not GrantScope.SELF:
            caller = Forbidden(
                "Citizens are granted more than themselves, which the hub does not serve; ask whoever runs it to mend the grant."
            )
        return caller, seconds


@cache
def _agency() -> Statement:
    agency = table_of(Agency)
    return Statement(
        select(agency.c.id, agency.c.code, agency.c.kind, agency.c.demands).where(
            agency.c.code == bindparam("code")
        )
    )


@cache
def _person() -> Statement:
    person = table_of(Beneficiary)
    return Statement(
        select(person.c.id, person.c.household_id).where(person.c.fiscal_code == bindparam("fiscal_code"))
    )
