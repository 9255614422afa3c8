# SPDX-License-Identifier: EUPL-1.2
"""The citizens' door as the settings describe it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx2

from connectors.pdnd import fetch_jwks
from hub.access.citizen_token import CitizenRules, CitizenVerifier
from hub.access.citizens import CitizensDoor
from hub.access.fields import Unseen
from hub.access.jwks import KeySet
from hub.settings import Settings
from hub.store.announcements import Word
from hub.store.engine import Pool

AGENCY = "Identity provider"
"""As refusals and logs name whoever publishes the keys of citizens' tokens."""


def citizens_door(
    settings: Settings, http: httpx2.AsyncClient, pool: Pool, unseen: Unseen, changed: Word
) -> CitizensDoor | None:
    """Open the door; None: the settings let no citizens in.

    Raises:
        ConfigurationError: the settings are not whole, or contradict each other.

    """
    rules, source = CitizenRules.from_settings(settings), settings.citizen_jwks
    if rules is None or source is None:
        return None

    async def fetch() -> Mapping[str, object]:
        return await fetch_jwks(source, http, AGENCY)

    keys = KeySet(
        fetch,
        time.monotonic,
        settings.jwks_refresh,
        agency=AGENCY,
        tokens="citizen's token",
        algorithms=rules.algorithms,
    )
    return CitizensDoor(CitizenVerifier(keys, rules, time.time), pool, time.monotonic, unseen, changed)
