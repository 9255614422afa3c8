# SPDX-License-Identifier: EUPL-1.2
"""Spans of what the hub does, and where they go.

`parts` the classes a hub is put together from, with spans or without; `requests`, `operations`, `statements`, `lines` those with;
`otlp` makes spans and sends them, and alone knows OpenTelemetry.
"""
