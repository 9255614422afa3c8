# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor person`: where the facts about one person stopped, in sentences; the look is written down first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from hub.access.line import Look
from hub.access.log import AccessLog
from hub.access.operator import Operator
from hub.cli.looks import Command, caller_under, operator_of
from hub.cli.options import DataDir, run, settings_of
from hub.cli.person_code import asked_fiscal_code
from hub.ledger.inbound_trail import CommunicatedHire, InboundTrail, LandedActivity, LandedPact, Origin
from hub.ledger.trail import Aside, Sent, Step, Trail, read_trail
from hub.settings import Settings
from hub.store.engine import database_url, open_connection
from hub.store.identifiers import encode_id
from hub.store.migrations import check_version
from hub.store.vocabulary import AccessOutcome, AttemptOutcome, DeliveryState

SHOWN = (
    "Activity.endsOn",
    "Activity.kind",
    "Activity.origin",
    "Activity.startsOn",
    "Activity.status",
    "Beneficiary.activities",
    "Beneficiary.household",
    "Beneficiary.pacts",
    "Benefit.measure",
    "Benefit.startsOn",
    "ConditionalityEvent.occurredAt",
    "ConditionalityEvent.outcomes",
    "ConditionalityEvent.position",
    "ConditionalityEvent.recordedAt",
    "ConditionalityEvent.source",
    "ConditionalityEvent.type",
    "ConditionalityEvent.withdrawnBy",
    "Delivery.attempts",
    "Delivery.code",
    "Delivery.nextAttemptAt",
    "Delivery.recipient",
    "Delivery.settledAt",
    "Delivery.state",
    "Household.benefit",
    "Household.pacts",
    "InboundRun.flow",
    "InboundRun.startedAt",
    "Origin.changedAt",
    "Origin.landedAt",
    "Origin.reference",
    "Origin.run",
    "Origin.source",
    "Pact.createdOn",
    "Pact.kind",
    "Pact.origin",
    "Pact.signedOn",
    "Query.beneficiary",
)
"""What the command shows, as the schema calls it: what its line of the access log says was asked for."""


_OPERATION = Command("snodo doctor person", SHOWN)


def person(
    purpose: Annotated[
        UUID,
        typer.Option(
            help="The registered purpose under which you look; its agency is who looks, in the log."
        ),
    ],
    by: Annotated[str | None, typer.Option(help="Who looks; when absent, the user of this system.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Say where the facts about a person stopped: asks for the fiscal code, or reads it from stdin; writes the look down first."""
    settings = settings_of(data_dir=data_dir)
    fiscal_code = asked_fiscal_code()
    operator = operator_of(by)
    with database_url(settings) as url:
        trail = run(_look(settings, url, fiscal_code, purpose, operator))
    for line in told(trail):
        typer.echo(line)


async def _look(settings: Settings, url: str, fiscal_code: str, purpose: UUID, operator: Operator) -> Trail:
    connection = await open_connection(url, settings)
    try:
        await check_version(connection, url)
        caller = await caller_under(connection, purpose)
        log = AccessLog(lambda: open_connection(url, settings), time.perf_counter)
        await log.know(connection, [_OPERATION.selection])
        async with connection.transaction(isolation="repeatable_read"):
            trail = await read_trail(connection, fiscal_code)
            subjects = "{}" if trail.person is None else f"{{{trail.person}}}"
            # NOTE in the transaction that read: nothing is told whose line is not there.
            await log.write_within(
                connection, Look(caller, operator, _OPERATION, {}), subjects, AccessOutcome.ANSWERED
            )
    finally:
        await connection.close()
    return trail


def told(trail: Trail) -> Iterator[str]:
    """A trail in sentences; it names no person."""
    if trail.person is None:
        yield "The hub knows nobody by this code: if facts were recorded about the person, then in another system, or under another code."
    elif not trail.steps:
        yield "No fact about this person was recorded at the hub: whoever should have recorded one has not, or not here."
    for step in trail.steps:
        yield from _step(step)
    yield from _inbound(trail.inbound)
    yield from map(_aside, trail.aside)


def _step(step: Step) -> Iterator[str]:
    yield f"{step.type.value} of {_at(step.occurred_at)}: recorded by {step.recorded_by} on {_at(step.recorded_at)}."
    if step.withdrawn:
        yield "  It was taken back since: it counts as never recorded."
    if step.position is None or step.published_at is None:
        yield "  STOPPED here: it is not in the feed. Does a sequencer run? `snodo feed` says how many wait."
        return
    yield f"  In the feed at position {step.position:,} since {_at(step.published_at)}."
    if step.acknowledged_at is None:
        yield "  WAITS: INPS has not acknowledged the feed up to there; `snodo feed status` says how far it is."
    else:
        yield f"  Acknowledged by INPS on {_at(step.acknowledged_at)}."
    for decision in step.decisions:
        yield f"  {decision.agency} reported {decision.outcome.value} on {_at(decision.reported_at)}."
    for sent in step.sent:
        yield f"  {_sent(sent)}"


def _sent(sent: Sent) -> str:
    delivery = encode_id("dlv", sent.id)
    said = f" with code {sent.code}" if sent.code else ""
    settled = "" if sent.settled_at is None else f" on {_at(sent.settled_at)}"
    match sent.state:
        case DeliveryState.ACCEPTED:
            return f"Accepted by {sent.recipient}{settled}."
        case DeliveryState.REFUSED:
            return f"STOPPED: {sent.recipient} refused it{said}{settled}. When that is mended: `snodo sync retry {delivery}`."
        case DeliveryState.EXHAUSTED:
            return (
                f"STOPPED: given up{settled} after {sent.attempts} attempts at {sent.recipient}{said}. "
                f"When it answers again: `snodo sync retry {delivery}`."
            )
        case DeliveryState.CANCELLED:
            return f"Not sent to {sent.recipient}: cancelled{settled}."
        case _ if sent.attempts == 0:
            return f"WAITS for its first attempt at {sent.recipient}."
        case _:
            last = _OUTCOMES[sent.outcome]
            return (
                f"WAITS: {sent.attempts} attempts at {sent.recipient}, at the last {last}{said}; "
                f"the next not before {_at(sent.not_before)}."
            )


def _inbound(trail: InboundTrail) -> Iterator[str]:
    if trail.benefit is not None:
        told = trail.benefit
        yield (
            f"{told.measure.value} from {told.starts_on} on: told by INPS of the household, last by its report of {_at(told.reported_at)}. "
            "What was paid INPS alone knows: ask for `Household.payments`."
        )
    yield from map(_pact, trail.pacts)
    yield from map(_activity, trail.activities)
    yield from map(_hire, trail.hires)


def _pact(pact: LandedPact) -> str:
    signed = "not signed" if pact.signed_on is None else f"signed on {pact.signed_on}"
    return _came(f"{pact.kind.value} pact, proposed on {pact.created_on}, {signed}", pact.origin)


def _activity(activity: LandedActivity) -> str:
    """NOTE without its title, which is whatever somebody wrote in another system."""
    until = "" if activity.ends_on is None else f" to {activity.ends_on}"
    return _came(
        f"{activity.kind.value} activity from {activity.starts_on}{until}, {activity.status.value}",
        activity.origin,
    )


def _came(said: str, origin: Origin) -> str:
    if origin.agency is None or origin.number is None:
        return f"{said}: made at the hub."
    said += f": told by {origin.agency} under its number {origin.number}, changed there on {_at(origin.changed_at)}"
    if origin.landed_at is None:
        return f"{said}; when it landed here was not kept then."
    run = (
        ""
        if origin.run_started_at is None
        else f", by the run of {origin.flow} that began on {_at(origin.run_started_at)}"
    )
    return f"{said}; landed here on {_at(origin.landed_at)}{run}."


def _hire(hire: CommunicatedHire) -> str:
    said = f"Communication {hire.code} ({hire.kind.value}): received from {hire.agency} on {_at(hire.received_at)}"
    if hire.recorded:
        return f"{said}; what it says is recorded."
    return f"{said}; WAITS for the day it begins, {hire.starts_on}."


_OUTCOMES = {
    None: "no answer was noted",
    AttemptOutcome.UNAVAILABLE: "it did not answer or did not let the hub in",
    AttemptOutcome.INVALID: "it answered something that is no receipt",
    AttemptOutcome.REFUSED: "it refused",
    AttemptOutcome.ACCEPTED: "it accepted",
}


def _aside(aside: Aside) -> str:
    field = f" ({aside.field})" if aside.field else ""
    number = "" if ":" in aside.key else f", number {aside.key}"
    return (
        f"STOPPED on its way in: a record of {aside.agency}, {aside.flow}{number}, waits since {_at(aside.received_at)}: "
        f"{aside.reason}{field}"
    )


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
