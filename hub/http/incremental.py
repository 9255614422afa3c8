# SPDX-License-Identifier: EUPL-1.2
"""The parts of a deferred response, as the incremental delivery draft of the GraphQL specification words them.

The first part has `data` and says in `pending` what is still to come, each with an id, its path and its label. A later part has
in `incremental` the data for an id (at `subPath` below its path, where given), in `completed` the ids that are done. `hasNext`
is false in the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLError
from graphql.execution import (
    CompletedResult,
    IncrementalDeferResult,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from hub.http.answers import formatted


def first_part(result: InitialIncrementalExecutionResult) -> bytes:
    """What there is now, and what is to come."""
    part: dict[str, Any] = {}
    if result.errors:
        part["errors"] = _formatted(result.errors)
    part["data"] = result.data
    part["pending"] = [_pending(one) for one in result.pending]
    part["hasNext"] = result.has_next
    return orjson.dumps(part)


def later_part(result: SubsequentIncrementalExecutionResult) -> bytes:
    """What has come since; its errors stand with it."""
    part: dict[str, Any] = {}
    if result.pending:
        part["pending"] = [_pending(one) for one in result.pending]
    if result.incremental:
        part["incremental"] = [_deferred(one) for one in result.incremental]
    if result.completed:
        part["completed"] = [_completed(one) for one in result.completed]
    part["hasNext"] = result.has_next
    return orjson.dumps(part)


def _pending(one: PendingResult) -> dict[str, Any]:
    said: dict[str, Any] = {"id": one.id, "path": one.path}
    if one.label is not None:
        said["label"] = one.label
    return said


def _deferred(one: Any) -> dict[str, Any]:
    assert isinstance(one, IncrementalDeferResult)  # the schema has no `@stream`
    said: dict[str, Any] = {"id": one.id, "data": one.data}
    if one.sub_path:
        said["subPath"] = one.sub_path
    if one.errors:
        said["errors"] = _formatted(one.errors)
    return said


def _completed(one: CompletedResult) -> dict[str, Any]:
    said: dict[str, Any] = {"id": one.id}
    if one.errors:
        said["errors"] = _formatted(one.errors)
    return said


def _formatted(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    return [formatted(error) for error in errors]
