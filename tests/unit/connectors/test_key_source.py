# SPDX-License-Identifier: EUPL-1.2
"""Where consumers' keys are looked up is said once, and whole."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.pdnd import InteropApi, PublishedKeys, key_source
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.registry import demo_registry
from hub.access.client_keys import KeyFile, KeySource, NoSource
from hub.access.jwks import KeySet
from hub.errors import ConfigurationError
from hub.settings import Environment, Settings

API = "https://api.interop.example/v3"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("keys"), demo_registry())


async def source(**given: Any) -> KeySource:
    async with httpx2.AsyncClient(trust_env=False) as http:
        pdnd = KeySet(PublishedKeys("nowhere.json", http), time.monotonic, 1.0)
        return key_source(Settings(**given), http, pdnd)


async def test_pdnds_api(keys: DemoKeys) -> None:
    whole = {
        "pdnd_api_url": API, "m2m_client_id": "m2m", "m2m_client_key_file": keys.path("hub-m2m"),
        "pdnd_token_url": "https://auth.interop.example/token.oauth2",
    }  # fmt: skip
    found = await source(**whole)
    assert isinstance(found, InteropApi)
    assert found._signed_by is not None
    unsigned = await source(**whole, pdnd_api_signed=False)
    assert isinstance(unsigned, InteropApi)
    assert unsigned._signed_by is None
    for left_out in ("m2m_client_id", "m2m_client_key_file", "pdnd_token_url"):
        with pytest.raises(ConfigurationError, match="SNODO_M2M_CLIENT_ID"):
            await source(**{**whole, left_out: None})
    with pytest.raises(ConfigurationError, match=r"none\.pem \(SNODO_M2M_CLIENT_KEY_FILE\)"):
        await source(**{**whole, "m2m_client_key_file": keys.folder / "none.pem"})
    with pytest.raises(ConfigurationError, match="set one of them"):
        await source(**whole, client_keys=keys.client_keys_path)


async def test_a_file(keys: DemoKeys, tmp_path: Path) -> None:
    found = await source(client_keys=keys.client_keys_path)
    assert isinstance(found, KeyFile)
    assert await found.find(keys.kid("centre")) is not None
    (tmp_path / "none.json").write_text(json.dumps({"keys": "none"}))
    for path in (tmp_path / "none.json", tmp_path / "missing.json"):
        with pytest.raises(ConfigurationError, match="SNODO_CLIENT_KEYS"):
            await source(client_keys=path)


async def test_the_simulated_ones_only_where_the_simulated_pdnd_is_trusted(keys: DemoKeys) -> None:
    folder = keys.folder.parent
    found = await source(data_dir=folder)
    assert isinstance(found, KeyFile)
    assert await found.find(keys.kid("inps")) is not None
    assert isinstance(await source(data_dir=folder, pdnd_jwks="https://pdnd.example/jwks.json"), NoSource)
    assert isinstance(await source(data_dir=folder, environment=Environment.PRODUCTION), NoSource)
