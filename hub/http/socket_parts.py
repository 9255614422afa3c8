# SPDX-License-Identifier: EUPL-1.2
"""What the WebSockets of one process share."""

from __future__ import annotations

from dataclasses import dataclass

from hub.http.admission import Admission
from hub.http.authentication import Authenticator
from hub.http.demands import Demands
from hub.http.open_streams import OpenStreams
from hub.http.operations import Operations
from hub.http.watch import Watch
from hub.store.announcements import Word


@dataclass(frozen=True, slots=True)
class SocketRules:
    """How long a socket may wait for `connection_init`, in seconds, its operations at once, and the bytes of a message."""

    init_timeout: float
    most_operations: int
    max_message_bytes: int


@dataclass(frozen=True, slots=True)
class SocketParts:
    """Who lets in whom, what runs their operations, and on which terms. `granted`: word that a grant has changed."""

    operations: Operations
    authenticator: Authenticator
    admission: Admission
    demands: Demands
    granted: Word
    opened: OpenStreams
    rules: SocketRules
    watch: Watch
