# SPDX-License-Identifier: EUPL-1.2
"""The state of a household's payment, read. The shape is unverified: no public contract exists (domain.md 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.inps.codes import InpsCodes, PaymentState
from connectors.inps.records import PaymentStatus
from connectors.records.delivery import RecordRefused
from connectors.records.fields import optional_amount, optional_day, optional_text


def decode_payment(record: Mapping[str, Any], codes: InpsCodes) -> PaymentStatus:
    """Read the member `pagamento` of the answer.

    Raises:
        RecordRefused: naming the first field that is wrong.

    """
    state = codes.payment.read(record, "stato")
    last_on = optional_day(record, "dtt_ultimo_pagamento")
    last_amount = optional_amount(record, "importo_ultimo_pagamento")
    if (last_on is None) != (last_amount is None):
        raise RecordRefused("dtt_ultimo_pagamento", "A payment's day and amount come together.")
    suspended_on = optional_day(record, "dtt_sospensione")
    if suspended_on is not None and state is PaymentState.PAID:
        raise RecordRefused("dtt_sospensione", "A payment that is made is not suspended.")
    return PaymentStatus(
        state=state,
        last_payment_on=last_on,
        last_amount=last_amount,
        suspended_on=suspended_on,
        suspension_reason=optional_text(record, "motivo_sospensione"),
    )
