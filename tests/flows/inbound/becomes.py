# SPDX-License-Identifier: EUPL-1.2
"""What each fault of an agency becomes in a run that meets it; None: the run ends well."""

from __future__ import annotations

from connectors.simulators.faults import FaultKind
from hub.errors import UpstreamError, UpstreamInvalid, UpstreamRefused, UpstreamUnavailable

EXPECTED: dict[FaultKind, type[UpstreamError] | None] = {
    FaultKind.SLOW: None,
    FaultKind.ERROR: UpstreamUnavailable,
    FaultKind.UNAVAILABLE: UpstreamUnavailable,
    FaultKind.SOAP_FAULT: UpstreamUnavailable,
    FaultKind.OVER_LIMIT: UpstreamUnavailable,
    FaultKind.DROP: UpstreamUnavailable,
    FaultKind.RESET: UpstreamUnavailable,
    FaultKind.HANG: UpstreamUnavailable,
    FaultKind.HTML: UpstreamInvalid,
    FaultKind.WRONG_TYPE: UpstreamInvalid,
    FaultKind.TRUNCATED: UpstreamInvalid,
    FaultKind.HUGE: UpstreamInvalid,
    FaultKind.GZIP_TRUNCATED: UpstreamInvalid,
    FaultKind.WRONG_CHARSET: UpstreamInvalid,
    FaultKind.DUPLICATE_KEYS: UpstreamInvalid,
    FaultKind.ENTITIES: UpstreamInvalid,
    # It comes without a voucher: to the gateway it is nobody, and that is about the hub, and about none of the people.
    FaultKind.KEY_ROTATED: UpstreamRefused,
}
