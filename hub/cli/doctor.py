# SPDX-License-Identifier: EUPL-1.2
"""`snodo doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import httpx2
import orjson
import typer
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from connectors import reachability
from connectors.breaker import State
from connectors.connected import connect_agencies
from connectors.region_files import read_filing
from connectors.tls import open_client, trusting
from hub.access.evidence import HEADER, MISSPELT
from hub.access.examination import Finding, Presentation, Verdict, examine
from hub.access.jwks import SignatureKey, usable_keys
from hub.access.proof import ProofRules
from hub.access.voucher import VoucherRules
from hub.cli.options import DataDir, run, settings_of
from hub.cli.trail import person
from hub.errors import InvalidInput, SnodoError
from hub.settings import Settings
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version

LARGEST_FILE = 1_000_000
"""Bytes that are read of a file."""
EVIDENCE_NAMES = HEADER.decode(), MISSPELT.decode()
"""The header of tracking evidence, as it is sent."""

commands = typer.Typer(
    help="Check settings, database and connections, and say what to mend.", invoke_without_command=True
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    commands.command("person")(person)
    app.add_typer(commands, name="doctor")


@commands.callback()
def doctor(
    context: typer.Context,
    hub: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A running hub, to be asked how the agencies do as it sees them."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Check settings, database and connections, and say what to mend."""
    if context.invoked_subcommand is None:
        settings = settings_of(data_dir=data_dir)
        with database_url(settings) as url:
            faults = run(_examine_hub(settings, url, hub))
        if faults:
            raise typer.Exit(1)


async def _examine_hub(settings: Settings, url: str, running: str | None) -> int:
    faults = 0

    def tell(what: str, fault: str | None) -> None:
        nonlocal faults
        faults += fault is not None
        typer.echo(f"{'FAULT' if fault else 'ok   '} {what}{': ' + fault if fault else ''}")

    def say(what: str, fault: SnodoError | None) -> None:
        tell(what, None if fault is None else fault.message)

    try:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
        say("database: reached, of this hub's version, role can be taken", None)
    except SnodoError as error:
        say("database", error)
    try:
        async with open_client(settings) as http, aclosing(connect_agencies(settings, http)) as agencies:
            named = [name for name in ("anpr", "inps", "isee") if getattr(agencies, name) is not None]
            named += [one.system.name for one in agencies.regional]
            named += [one.region.name for one in agencies.cooperating]
            say(f"agencies: {', '.join(named) or 'none connected'}", None)
            for subsidiary in agencies.subsidiary:
                say(f"{subsidiary.name}: {subsidiary.note}", None)
            for cooperating in agencies.cooperating:
                async for finding in reachability.examine_region(cooperating):
                    tell(finding.what, finding.fault)
            for filing in () if settings.regions is None else read_filing(settings.regions):
                found = await reachability.examine_files(filing)
                tell(found.what, found.fault)
            if agencies.tokens is not None:
                async for finding in reachability.examine(settings, http, agencies.tokens):
                    tell(finding.what, finding.fault)
                for by_rest in agencies.regional:
                    async for finding in reachability.examine_system(by_rest, agencies.tokens):
                        tell(finding.what, finding.fault)
    except SnodoError as error:
        say("agencies", error)
    if running is not None:
        try:
            for finding in await ask_hub(running, settings):
                tell(finding.what, finding.fault)
        except SnodoError as error:
            say(f"hub at {running}", error)
    return faults


async def ask_hub(hub: str, settings: Settings) -> list[reachability.Finding]:
    """See `agencies_as_seen`; whoever the settings trust may vouch for the hub.

    Raises:
        ConfigurationError: the authorities of the settings cannot be read.

    """
    trusted = trusting(settings.ca_file)
    async with httpx2.AsyncClient(trust_env=False, timeout=reachability.PATIENCE, verify=trusted) as http:
        return await agencies_as_seen(hub, http)


async def agencies_as_seen(hub: str, http: httpx2.AsyncClient) -> list[reachability.Finding]:
    """How each operation of the agencies does, as the process that answers at this address has it in `/metrics`."""
    try:
        answer = await http.get(f"{hub.rstrip('/')}/metrics")
        answer.raise_for_status()
        families = list(text_string_to_metric_families(answer.text))
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        told = f"its /metrics cannot be read ({type(error).__name__}): is this the address of a hub, and may this machine ask it?"
        return [reachability.Finding(f"hub at {hub}", told)]
    samples = [sample for family in families for sample in family.samples]
    findings = []
    for sample in samples:
        if sample.name == "snodo_agency_breaker" and sample.value == 1:
            agency, operation, state = (sample.labels[name] for name in ("agency", "operation", "state"))
            failing = _figure(samples, "failure_rate", agency=agency, operation=operation)
            share = f"{failing:.0%} of its last calls failed"
            fault = None
            if state != State.CLOSED.value:
                fault = f"the breaker is {state}, {share}: it is called again by itself; if that lasts, ask {agency}."
            findings.append(
                reachability.Finding(
                    f"hub at {hub}, {agency} {operation}{'' if fault else f': {share}'}", fault
                )
            )
    called = {one.labels["agency"]: None for one in samples if one.name == "snodo_agency_breaker"}
    findings += [
        reachability.Finding(
            f"hub at {hub}, {agency}: calls under way {_figure(samples, 'calls_in_use', agency=agency):g}, "
            f"waiting for a place {_figure(samples, 'calls_waiting', agency=agency):g}, "
            f"retries that may be made now {_figure(samples, 'retry_budget', agency=agency):.1f}"
        )
        for agency in called
    ]
    return findings or [reachability.Finding(f"hub at {hub}: has called no agency yet")]


def _figure(samples: Sequence[Sample], name: str, **labels: str) -> float:
    """One figure of an agency; 0 where the hub does not tell it."""
    found = (one.value for one in samples if one.name == f"snodo_agency_{name}" and one.labels == labels)
    return next(found, 0.0)


@commands.command()
def voucher(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The voucher, as it is sent; `-` for stdin.")],
    jwks: Annotated[Path | None, typer.Option(help="PDND's public keys, to check the signature.")] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="The Agid-JWT-TrackingEvidence sent beside it.")
    ] = None,
    dpop: Annotated[Path | None, typer.Option(help="The DPoP proof sent beside it.")] = None,
    method: Annotated[Literal["POST", "GET"], typer.Option(help="The request the proof is for.")] = "POST",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601, with an offset; now if absent.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Say what the hub would say of a voucher: every check, without asking anyone; never the token itself."""
    settings = settings_of(data_dir=data_dir)
    scheme, token = _presented(_read(file))
    findings = examine(
        Presentation(
            token=token,
            scheme=scheme,
            proof=None if dpop is None else _value(_read(str(dpop)), "dpop"),
            method=method,
            evidence=None if evidence is None else _value(_read(str(evidence)), *EVIDENCE_NAMES),
        ),
        VoucherRules.from_settings(settings),
        ProofRules.from_settings(settings),
        time.time() if at is None else _moment(at),
        None if jwks is None else _keys(jwks),
    )
    for finding in findings:
        typer.echo(_line(finding))
    failed = sum(finding.verdict is Verdict.FAILED for finding in findings)
    if failed:
        typer.echo(f"\nThe hub would refuse this: {failed} failed, and it stops at the first.")
        raise typer.Exit(1)
    unsigned = jwks is None
    typer.echo(
        "\nNothing here would have it refused"
        + (", as far as can be said without checking the signature." if unsigned else ".")
    )


def _line(finding: Finding) -> str:
    line = f"{finding.verdict.value:8}{finding.credential:9} {finding.what}"
    if finding.refused is not None:
        refused = finding.refused
        return (
            f"{line}: {refused.check.value}, in `{refused.claim}`\n"
            f"{'':18}expected {refused.expected}\n{'':18}received {refused.received}\n{'':18}{refused.remedy}"
        )
    return f"{line}: {finding.why}" if finding.why else line


def _presented(text: str) -> tuple[str | None, str]:
    """The scheme, if the text has one, and the token: a header may be pasted whole."""
    text = _value(text, "authorization")
    scheme, space, token = text.partition(" ")
    return (scheme.lower(), token.strip()) if space and scheme.lower() in ("bearer", "dpop") else (None, text)


def _value(text: str, *names: str) -> str:
    """The value of a header of one of these names; the text itself where it is no such header."""
    name, colon, value = text.partition(":")
    return value.strip() if colon and name.strip().lower() in names else text


def _read(file: str) -> str:
    # NOTE letters as in a header: whatever the file holds becomes the same text as it would on its way over HTTP.
    return _bytes(file).decode("latin-1").strip()


def _bytes(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST_FILE)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST_FILE)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from error


def _keys(file: Path) -> dict[str, SignatureKey]:
    try:
        content = orjson.loads(_bytes(str(file)))
        return usable_keys(content if isinstance(content, dict) else {})
    except ValueError as error:
        raise InvalidInput(f"{file} is not a JWK Set (RFC 7517): an object with an array `keys`.") from error


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput("--at is a time with an offset, as in 2026-11-22T09:30:00+01:00.")
    return moment.timestamp()
