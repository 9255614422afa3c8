# SPDX-License-Identifier: EUPL-1.2
"""`POST /opportunities` as an OpenAPI 3.1 document, which PDND's catalogue asks of a REST e-service: drawn from the schema's inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_non_null_type,
    is_required_input_field,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.http.publication_lines import LONGEST_LINE, LineInvalid
from hub.opportunities.publish import Change
from hub.opportunities.refusals import PublicationRefusalCode

PATH: Final = "/opportunities/openapi.json"
_SCALARS: Final[Mapping[str, dict[str, Any]]] = {
    "String": {"type": "string"},
    "Int": {"type": "integer", "format": "int32"},
    "Decimal": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "Date": {"type": "string", "format": "date"},
}
"""What a scalar is in JSON. An input that takes another one adds it here."""


def openapi_bytes(schema: GraphQLSchema, mutations: Iterable[str], most_lines: int) -> bytes:
    """The document, as it is served and committed.

    Args:
        schema: whose mutations a line may name.
        mutations: their names.
        most_lines: of one request.

    """
    return orjson.dumps(_document(schema, list(mutations), most_lines), option=orjson.OPT_INDENT_2) + b"\n"


def openapi_route(document: bytes) -> Route:
    """Where it is: everybody's to read, as the schema is."""

    async def described(_request: Request) -> Response:
        return Response(document, media_type="application/json")

    return Route(PATH, described, methods=["GET"])


def _document(schema: GraphQLSchema, mutations: list[str], most_lines: int) -> dict[str, Any]:
    assert schema.mutation_type is not None
    fields = schema.mutation_type.fields
    inputs = {name: get_named_type(fields[name].args["input"].type) for name in mutations}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Snodo: opportunities",
            "version": "1.0.0",
            "description": "Job offers, placements and training courses of an agency's own, published and withdrawn.",
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/"}],
        "security": [{"voucher": []}],
        "paths": {
            "/opportunities": {
                "post": {
                    "operationId": "publishOpportunities",
                    "summary": "Publish and withdraw, a line each; one that is refused harms no other.",
                    "requestBody": {
                        "required": True,
                        "content": _lines(
                            f"Up to {most_lines:,} lines of up to {LONGEST_LINE:,} bytes, each a `Line` of the components."
                        ),
                    },
                    "responses": {
                        "200": {
                            "description": "What came of each line, whatever it was.",
                            "content": _lines("A line for each, in their order: an `Outcome` of the components."),
                        },
                        "default": {
                            "description": "The request is refused as a whole, and nothing is done.",
                            "content": {"application/problem+json": {"schema": _of("Problem")}},
                        },
                    },
                }
            }
        },
        "components": {
            "securitySchemes": {
                "voucher": {"type": "http", "scheme": "bearer", "description": "A PDND voucher."}
            },
            "schemas": {
                "Line": {"oneOf": [_object({name: _of(kind.name)}) for name, kind in inputs.items()]},
                **{kind.name: _input(kind) for kind in inputs.values()},
                **_ANSWERED,
            },
        },
    }  # fmt: skip


def _input(kind: Any) -> dict[str, Any]:
    """An input type in JSON Schema."""
    assert isinstance(kind, GraphQLInputObjectType)
    required = [name for name, field in kind.fields.items() if is_required_input_field(field)]
    members = {name: _member(field) for name, field in kind.fields.items()}
    return {**_object(members, required), "description": kind.description}


def _member(field: GraphQLInputField) -> dict[str, Any]:
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLEnumType):
        found: dict[str, Any] = {"type": "string", "enum": list(kind.values)}
    else:
        found = {**_SCALARS[kind.name]}
    if not is_non_null_type(field.type):
        found = {"anyOf": [found, {"type": "null"}]}
    if field.description:
        found["description"] = field.description
    if field.default_value is not Undefined:
        found["default"] = field.default_value
    return found


def _object(members: Mapping[str, Any], required: Iterable[str] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(members if required is None else required),
        "additionalProperties": False,
    }


def _lines(description: str) -> dict[str, Any]:
    # OpenAPI 3.1 has no word for the items of a sequence.
    return {"application/x-ndjson": {"schema": {"type": "string", "description": description}}}


def _of(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_NUMBER: Final = {"type": "integer", "minimum": 1, "description": "Of the line."}
_TEXT: Final = {"type": "string"}
_ANSWERED: Final[Mapping[str, Any]] = {
    "Outcome": {
        "oneOf": [
            _object(
                {
                    "line": _NUMBER,
                    "reference": _TEXT,
                    "id": {"type": "string", "description": "Of the node."},
                    "change": {"type": "string", "enum": list(Change)},
                }
            ),
            _object({"line": _NUMBER, "errors": {"type": "array", "minItems": 1, "items": _of("LineError")}}),
        ]
    },
    "LineError": _object(
        {
            "code": {"type": "string", "enum": [*PublicationRefusalCode, LineInvalid.code]},
            "message": _TEXT,
            "path": {
                "type": "array",
                "items": _TEXT,
                "description": "The member it is about; none: the line.",
            },
        }
    ),
    "Problem": {
        "type": "object",
        "description": "RFC 9457; `code` says which refusal it is.",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "code": _TEXT,
        },
        "required": ["type", "title", "status", "detail"],
    },
}
