# SPDX-License-Identifier: EUPL-1.2
"""The root of every command."""

from __future__ import annotations

import strawberry

from schema.administration_commands import AdministrationMutation
from schema.delivery_commands import DeliveryMutation
from schema.feed_consumers import FeedConsumerMutation
from schema.hires import HireMutation
from schema.publications import PublicationMutation
from schema.recording import RecordingMutation
from schema.recording_many import RecordingManyMutation
from schema.sensitivity import personal
from schema.withdrawal import WithdrawalMutation


@personal
@strawberry.type(description="Every command.")
class Mutation(
    FeedConsumerMutation,
    AdministrationMutation,
    RecordingMutation,
    RecordingManyMutation,
    WithdrawalMutation,
    HireMutation,
    DeliveryMutation,
    PublicationMutation,
):
    pass
