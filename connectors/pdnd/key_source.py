# SPDX-License-Identifier: EUPL-1.2
"""Where consumers' keys are looked up, as the settings say: PDND's API, a file, or the data directory's simulated PDND."""

from __future__ import annotations

import httpx2

from connectors.exchange import Exchange, Policy
from connectors.pdnd.dpop import ProofKey
from connectors.pdnd.identity import ClientIdentity
from connectors.pdnd.interop_api import InteropApi
from connectors.pdnd.tokens import TokenEndpoint
from hub.access.client_keys import KeyFile, KeySource, NoSource
from hub.access.jwks import KeySet
from hub.errors import ConfigurationError
from hub.settings import Environment, Settings


def key_source(settings: Settings, http: httpx2.AsyncClient, pdnd_keys: KeySet) -> KeySource:
    """Build the source; `pdnd_keys` sign what PDND's API answers.

    Raises:
        ConfigurationError: the settings of PDND's API are incomplete, or name a file besides.

    """
    if settings.pdnd_api_url is not None:
        if settings.client_keys is not None:
            raise ConfigurationError(
                "SNODO_PDND_API_URL and SNODO_CLIENT_KEYS both say where consumers' keys are: set one of them."
            )
        return _api(settings, settings.pdnd_api_url, http, pdnd_keys)
    if settings.client_keys is not None:
        file = KeyFile(settings.client_keys)
        file.read()  # what is wrong with it is said at the start
        return file
    if settings.pdnd_jwks is None and settings.environment is not Environment.PRODUCTION:
        return KeyFile(settings.data_dir / "demo" / "client-keys.json")
    return NoSource()


def _api(settings: Settings, url: str, http: httpx2.AsyncClient, pdnd_keys: KeySet) -> InteropApi:
    if not (settings.m2m_client_id and settings.m2m_client_key_file and settings.pdnd_token_url):
        raise ConfigurationError(
            "To ask PDND's API the hub needs SNODO_M2M_CLIENT_ID, SNODO_M2M_CLIENT_KEY_FILE and SNODO_PDND_TOKEN_URL."
        )
    policy = Policy(
        deadline=settings.call_deadline,
        attempt_timeout=min(settings.call_timeout, settings.call_deadline),
        concurrency=settings.call_concurrency,
        max_bytes=min(settings.call_max_bytes, 100_000),
    )
    exchange = Exchange("PDND", policy, http, name="PDND API")
    tokens = TokenEndpoint(
        ClientIdentity.following(
            settings.m2m_client_id, settings.m2m_client_key_file, setting="SNODO_M2M_CLIENT_KEY_FILE"
        ),
        exchange,
        url=settings.pdnd_token_url,
        assertion_audience=settings.pdnd_assertion_audience,
    )
    return InteropApi(
        exchange, tokens, ProofKey(), url=url, signed_by=pdnd_keys if settings.pdnd_api_signed else None
    )
