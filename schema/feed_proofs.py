# SPDX-License-Identifier: EUPL-1.2
"""What proves the feed: its last checkpoint, and proofs out of its tree."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import strawberry

from hub.ledger import proofs
from hub.ledger.checkpoint import read_checkpoint
from hub.plan.declare import Guarded, stands_on
from hub.store.vocabulary import Capability
from schema.context import Info
from schema.cost import OWN_ROW, about
from schema.scalars import BigInt
from schema.sensitivity import PUBLIC, public

READS_FEED = stands_on(Guarded(Capability.READ_FEED))


@public
@strawberry.type(
    description="A signed word on the feed: how long it was, and the root of the tree over its entries."
)
class FeedCheckpoint:
    origin: str = strawberry.field(description="The feed's name, and the signer's.")
    size: BigInt = strawberry.field(description="How many entries it is over.")
    root: str = strawberry.field(description="The root of the tree (RFC 6962), in base64.")
    note: str = strawberry.field(
        description="The checkpoint itself, a signed note (C2SP tlog-checkpoint): what a reader keeps, and verifies."
    )


@public
@strawberry.type(
    description="A proof out of the feed's tree: hashes, in base64, in the order in which they are taken."
)
class FeedProof:
    hashes: list[str] = strawberry.field(directives=[about(30)])

    @classmethod
    def of(cls, proof: proofs.Proof) -> FeedProof:
        return cls(hashes=[b64encode(one).decode() for one in proof.hashes])


@strawberry.type
class FeedProofsQuery:
    @strawberry.field(
        description="The last checkpoint of the feed; null while nothing was signed. For purposes granted READ_FEED.",
        metadata=READS_FEED,
        directives=[PUBLIC, OWN_ROW],
    )
    async def feed_checkpoint(self, info: Info) -> FeedCheckpoint | None:
        async with info.context.means.database.write.acquire() as connection:
            note = await proofs.last_checkpoint(connection)
        if note is None:
            return None
        signed = read_checkpoint(note)
        return FeedCheckpoint(
            origin=signed.origin, size=BigInt(signed.size), root=b64encode(signed.root).decode(), note=note
        )

    @strawberry.field(
        description="That the entry at `position` is among the first `size` (RFC 6962, 2.1.1). For purposes granted READ_FEED.",
        metadata=READS_FEED,
        directives=[PUBLIC, OWN_ROW],
    )
    async def feed_inclusion_proof(self, info: Info, position: BigInt, size: BigInt) -> FeedProof:
        async with info.context.means.database.write.acquire() as connection:
            return FeedProof.of(await proofs.inclusion_proof(connection, position, size))

    @strawberry.field(
        description="That the first `to` entries begin with what were the first `from` (RFC 6962, 2.1.2). For purposes granted READ_FEED.",
        metadata=READS_FEED,
        directives=[PUBLIC, OWN_ROW],
    )
    async def feed_consistency_proof(
        self,
        info: Info,
        from_: Annotated[
            BigInt, strawberry.argument(name="from", description="The size of the earlier tree.")
        ],
        to: Annotated[BigInt, strawberry.argument(description="The size of the later one.")],
    ) -> FeedProof:
        async with info.context.means.database.write.acquire() as connection:
            return FeedProof.of(await proofs.consistency_proof(connection, from_, to))
