# SPDX-License-Identifier: EUPL-1.2
"""The root of what is followed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from hub.plan.declare import FollowedFeed, Rooted, planned, stands_on
from hub.store.vocabulary import Capability
from schema.cost import OWN_PAGE, ListSize
from schema.ledger import ConditionalityFeedFilter, ConditionalityFeedPage
from schema.sensitivity import personal


@personal
@strawberry.type(description="What can be followed as it happens.")
class Subscription:
    @strawberry.subscription(
        description="The feed, followed: first what there is beyond the cursor, page after page, then each new page as it is published. For purposes granted READ_FEED.",
        metadata=stands_on(Rooted(FollowedFeed(), requires=Capability.READ_FEED)),
        directives=[OWN_PAGE, ListSize(slicing_arguments=["first"], sized_fields=["entries"])],
    )
    async def conditionality_feed(
        self,
        after: Annotated[
            str | None,
            strawberry.argument(
                description="`endCursor` of the last page that was dealt with; nothing for the start."
            ),
        ] = strawberry.UNSET,
        first: Annotated[
            int, strawberry.argument(description="Entries of a page at most; a page has at least one.")
        ] = 500,
        filter: ConditionalityFeedFilter | None = strawberry.UNSET,  # noqa: A002
    ) -> AsyncGenerator[ConditionalityFeedPage, None]:
        yield planned()
