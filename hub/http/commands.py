# SPDX-License-Identifier: EUPL-1.2
"""Mutations that are commands alone: run one after the other, each answered by the bytes its row was read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from graphql import located_error

from hub.access.account import Account
from hub.access.caller import Caller
from hub.access.operator import Operator
from hub.http.answers import Reply, formatted
from hub.plan.commands import Part


class Commands:
    """Runs the compiled commands of one process, by the means it is given."""

    def __init__(self, means: Any) -> None:
        self._means = means

    async def run(
        self,
        parts: Sequence[Part],
        variables: Mapping[str, Any],
        caller: Caller,
        operator: Operator | None,
        account: Account,
    ) -> Reply:
        """The answer: the payloads in the order of the document, or, where a command fails, no data and its error.

        What an earlier command did stays done: each is a transaction of its own.
        """
        pieces = [b'{"data":{']
        for text, called in parts:
            pieces.append(text)
            if called is not None:
                try:
                    pieces += await called.run(self._means, caller, operator, variables, account)
                except Exception as error:
                    told = formatted(located_error(error, called.nodes, [called.key]))
                    return Reply(294, orjson.dumps({"errors": [told], "data": None}))
        pieces.append(b"}}")
        return Reply(200, b"".join(pieces))
