# SPDX-License-Identifier: EUPL-1.2
"""From a text to a document that is valid and not too large. Each limit is checked before what it protects."""

from __future__ import annotations

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, specified_rules, validate
from graphql.language.parser import MAX_NESTING_DEPTH
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValidationContext

from hub.plan.extent import check_extent, over
from hub.plan.limits import DocumentLimits

NUL = "A string of the document holds a NUL character, which no value of this schema may have."
MOST_ERRORS = 20
"""Errors of validation that are told."""
PRICE_OF_COMPARISON = 2
"""What graphql-core charges its budget for one pair of fields."""

_OTHER_RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]


def read_document(
    schema: GraphQLSchema, text: str, limits: DocumentLimits
) -> DocumentNode | list[GraphQLError]:
    """The document of a text, or the errors that stand in its way, each with its code."""
    if len(text) > limits.length:
        return [
            over(
                "MAX_LENGTH_LIMIT",
                f"The document has {len(text)} characters",
                limits.length,
                length=len(text),
            )
        ]
    try:
        document = parse(text, max_lexical_tokens=limits.tokens)
    except GraphQLError as error:
        return [_parse_error(error, limits)]
    refused = _holds_nul(text, document) or check_extent(document, limits)
    return [refused] if refused is not None else _validated(schema, document, limits)


def _holds_nul(text: str, document: DocumentNode) -> GraphQLError | None:
    """The error when a string has a NUL character, which PostgreSQL's text cannot hold; only an escape can write one."""
    assert document.loc is not None
    token = document.loc.start_token if "\\u" in text else None
    while token is not None:
        if token.value is not None and "\x00" in token.value:
            return GraphQLError(
                NUL,
                source=document.loc.source,
                positions=[token.start],
                extensions={"code": "BAD_USER_INPUT"},
            )
        token = token.next
    return None


def _parse_error(error: GraphQLError, limits: DocumentLimits) -> GraphQLError:
    # graphql-core tells these two apart by their sentences only; a test holds them to those of the installed release.
    if error.message.endswith("tokens. Parsing aborted."):
        return over("MAX_TOKENS_LIMIT", f"The document has more than {limits.tokens} tokens", limits.tokens)
    if error.message.endswith("nested too deeply. Parsing aborted."):
        return _nested_too_deeply()
    return coded(error, "GRAPHQL_PARSE_FAILED")


def _nested_too_deeply() -> GraphQLError:
    return over("MAX_DEPTH_LIMIT", "The document's braces and brackets nest too deeply", MAX_NESTING_DEPTH)


def _validated(
    schema: GraphQLSchema, document: DocumentNode, limits: DocumentLimits
) -> DocumentNode | list[GraphQLError]:
    budgets: list[OverlappingFieldsCanBeMergedRule] = []

    def overlapping(context: ValidationContext) -> OverlappingFieldsCanBeMergedRule:
        """The one rule whose work grows with the square of the document, on a budget that fits a request."""
        rule = OverlappingFieldsCanBeMergedRule(context)
        rule.rule_context.remaining_complexity_budget = PRICE_OF_COMPARISON * limits.comparisons
        budgets.append(rule)
        return rule

    # First and alone: what it refuses takes the other rules twice the time a refusal may take.
    conflicts = validate(schema, document, [overlapping], max_errors=MOST_ERRORS)  # type: ignore[list-item]
    if any(rule.rule_context.remaining_complexity_budget < 0 for rule in budgets):
        return [
            over(
                "MAX_FIELD_COMPARISONS_LIMIT",
                f"Fields of one name stand beside each other so often that more than {limits.comparisons} pairs would "
                "have to be compared",
                limits.comparisons,
            )
        ]
    errors = [*validate(schema, document, _OTHER_RULES, max_errors=MOST_ERRORS), *conflicts]
    if any(error.message == "Validation aborted." for error in errors):  # it recursed too deeply
        return [_nested_too_deeply()]
    return [coded(error, "GRAPHQL_VALIDATION_FAILED") for error in errors] or document


def coded(error: GraphQLError, code: str) -> GraphQLError:
    """The same error, with a code if it has none."""
    return GraphQLError(
        error.message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        error.original_error,
        {"code": code, **(error.extensions or {})},
    )
