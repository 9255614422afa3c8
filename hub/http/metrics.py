# SPDX-License-Identifier: EUPL-1.2
"""What the hub counts, for `/metrics`. No label ever holds a value of a request."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from hub.http.open_streams import OpenStreams


def registry(
    *, compiled: Callable[[], float], sequencing: Callable[[], float], opened: OpenStreams
) -> CollectorRegistry:
    """The process's own collectors; read when they are scraped, so that a request pays nothing for them."""
    collectors = CollectorRegistry()
    Gauge(
        "snodo_documents_compiled_total", "GraphQL documents parsed and validated so far", registry=collectors
    ).set_function(compiled)
    Gauge(
        "snodo_sequencer_active", "Whether this process holds the sequencer's lock", registry=collectors
    ).set_function(sequencing)
    Gauge("snodo_sockets_open", "WebSockets open now", registry=collectors).set_function(
        lambda: opened.sockets
    )
    Gauge("snodo_streams_open", "HTTP answers being streamed now", registry=collectors).set_function(
        lambda: opened.streams
    )
    Gauge("snodo_subscriptions_open", "Subscriptions followed now", registry=collectors).set_function(
        lambda: opened.subscriptions
    )
    return collectors
