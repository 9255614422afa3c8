# SPDX-License-Identifier: EUPL-1.2
"""One set of RSA keys for all unit tests of the connectors: making them is slow."""

from __future__ import annotations

import pytest

from connectors.pdnd import ClientIdentity
from connectors.simulators.keys import DemoKeys, open_keys
from connectors.simulators.registry import Registry, demo_registry


@pytest.fixture(scope="session")
def registry() -> Registry:
    return demo_registry()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> DemoKeys:
    return open_keys(tmp_path_factory.mktemp("unit-keys"), registry)


@pytest.fixture(scope="session")
def identity(registry: Registry, keys: DemoKeys) -> ClientIdentity:
    return ClientIdentity.from_pem(registry.consumer("hub").client_id, keys.path("hub"))
