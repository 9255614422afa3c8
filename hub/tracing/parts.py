# SPDX-License-Identifier: EUPL-1.2
"""Which classes a hub is put together from: decided once, when it starts. A hub that makes no spans has none of theirs."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

from prometheus_client.registry import Collector
from starlette.types import ASGIApp

from hub.access.log import AccessLog
from hub.errors import ConfigurationError
from hub.http.operations import Operations
from hub.plan.runner import Runner
from hub.settings import Settings
from hub.spans import NOBODY, Spans
from hub.tracing.lines import TracedLog
from hub.tracing.operations import TracedOperations
from hub.tracing.requests import TracedRequests
from hub.tracing.statements import TracedRunner


@dataclass(frozen=True)
class Tracing:
    """Who takes note of spans, and how many they were; `metrics` is None where nobody counts."""

    spans: Spans = NOBODY
    metrics: Collector | None = None

    @property
    def runner(self) -> type[Runner]:
        """Where plans are run."""
        return Runner if self.spans is NOBODY else TracedRunner

    @property
    def log(self) -> type[AccessLog]:
        """The access log."""
        return AccessLog if self.spans is NOBODY else TracedLog

    @property
    def operations(self) -> type[Operations]:
        """What runs operations."""
        return Operations if self.spans is NOBODY else TracedOperations

    def requests(self, app: ASGIApp, route: str | None = None) -> ASGIApp:
        """An application of the hub; `route`: its only one, where it has no router."""
        return app if self.spans is NOBODY else TracedRequests(app, self.spans, route)


def tracing_of(settings: Settings) -> AbstractAsyncContextManager[Tracing]:
    """Whoever the settings say, until the block ends: then what waits is sent, for as long as that takes no longer than `otlp.PATIENCE`.

    Raises:
        ConfigurationError: the endpoint is no URL, or `snodo[traces]` is not installed.

    """
    endpoint = settings.traces_endpoint
    if endpoint is None:
        return nullcontext(Tracing())
    if not _is_address(endpoint):
        raise ConfigurationError("SNODO_TRACES_ENDPOINT must be an http(s) URL, path included.")
    try:
        from hub.tracing.otlp import exporting
    except ImportError as error:
        raise ConfigurationError(
            "SNODO_TRACES_ENDPOINT is set, and what sends spans is not installed: install snodo[traces]."
        ) from error
    return exporting(endpoint, settings.traces_ratio)


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        return False
