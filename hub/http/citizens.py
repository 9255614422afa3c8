# SPDX-License-Identifier: EUPL-1.2
"""The citizens' door as the settings describe it."""

from __future__ import annotations

import time

import httpx2

from connectors.pdnd import PublishedKeys
from hub.access.citizen_token import CitizenRules, CitizenVerifier
from hub.access.citizens import CitizensDoor
from hub.access.fields import Unseen
from hub.access.jwks import KeySet
from hub.settings import Settings
from hub.store.announcements import Word
from hub.store.engine import Pool

AGENCY = "Identity provider"
"""As refusals and logs name whoever publishes the keys of citizens' tokens."""


def published_keys(settings: Settings, http: httpx2.AsyncClient) -> PublishedKeys | None:
    """Where the keys of citizens' tokens are; None: the settings name no place."""
    source = settings.citizen_jwks
    return None if source is None else PublishedKeys(source, http, AGENCY)


def citizens_door(
    settings: Settings, published: PublishedKeys | None, pool: Pool, unseen: Unseen, changed: Word
) -> CitizensDoor | None:
    """Open the door; None: the settings let no citizens in.

    Raises:
        ConfigurationError: the settings are not whole, or contradict each other.

    """
    rules = CitizenRules.from_settings(settings)
    if rules is None or published is None:
        return None
    keys = KeySet(
        published,
        time.monotonic,
        settings.jwks_refresh,
        agency=AGENCY,
        tokens="citizen's token",
        algorithms=rules.algorithms,
    )
    return CitizensDoor(CitizenVerifier(keys, rules, time.time), pool, time.monotonic, unseen, changed)
