# SPDX-License-Identifier: EUPL-1.2
"""`snodo voucher`: a bearer token of the simulated PDND, or of the simulated identity provider."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from connectors.simulators.demo_world import demo_world
from connectors.simulators.desk import possession_proof, signature_headers, tracking_evidence
from connectors.simulators.identity_provider import issue_citizen_token
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import demo_registry
from hub.access.proof import ProofRules
from hub.cli.options import DataDir, settings_of
from hub.errors import ConfigurationError
from hub.store.fiscal_code import parse_fiscal_code

CITIZEN = "citizen"
CONSUMERS = ("centre", "municipality", "region", "inps", "ministry", "accredited", "dpo", "admin", CITIZEN)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(voucher)


def voucher(
    consumer: Annotated[str, typer.Option("--as", help=f"Who asks: {', '.join(CONSUMERS)}.")],
    minutes: Annotated[float, typer.Option(min=0.1, max=1_440, help="How long it lives.")] = 60,
    fiscal_code: Annotated[
        str | None,
        typer.Option(help="Whose the token is, with --as citizen; a person of the demo's when absent."),
    ] = None,
    level: Annotated[
        int, typer.Option(min=1, max=3, help="Level of SPID, with --as citizen; the hub wants 2 or 3.")
    ] = 2,
    evidence: Annotated[
        str | None,
        typer.Option(
            metavar="USER", help="With tracking evidence that names this person: prints all headers."
        ),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With the consumer's signature on this JSON body (`-`: stdin): prints all headers.",
        ),
    ] = None,
    dpop: Annotated[
        bool,
        typer.Option(
            "--dpop",
            help="Bound to the consumer's key, with a proof for one request: prints all headers.",
        ),
    ] = False,
    method: Annotated[
        Literal["POST", "GET"],
        typer.Option(help="The request the proof is for, with --dpop; GET for a WebSocket."),
    ] = "POST",
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token of the simulated PDND, or for a citizen of the simulated identity provider, alone on stdout.

    With what the consumer signs itself, all headers.
    """
    settings = settings_of(data_dir=data_dir)
    if consumer not in CONSUMERS:
        raise ConfigurationError(f"No consumer is called {consumer}; there are {', '.join(CONSUMERS)}.")
    registry = demo_registry()
    keys = open_keys(settings.data_dir, registry)
    now, lifespan = time.time(), round(minutes * 60)
    if consumer == CITIZEN:
        if evidence is not None or sign is not None or dpop:
            raise ConfigurationError(
                "--evidence, --sign and --dpop go with consumers: a citizen has no key of its own."
            )
        code = parse_fiscal_code(fiscal_code) if fiscal_code is not None else demo_citizen()
        typer.echo(issue_citizen_token(keys, code, level=level, lifespan=lifespan))
        return
    if fiscal_code is not None:
        raise ConfigurationError("--fiscal-code goes with --as citizen: a consumer's voucher names nobody.")
    said, digest = (
        (None, None)
        if evidence is None
        else tracking_evidence(registry, keys, consumer, now=now, user_id=evidence, lifetime=lifespan)
    )
    bound = keys.kid(consumer) if dpop else None
    token = issue_voucher(registry, keys, consumer, lifespan=lifespan, digest=digest, key_thumbprint=bound)
    if said is None and sign is None and not dpop:
        typer.echo(token)
        return
    headers = {"Authorization": f"{'DPoP' if dpop else 'Bearer'} {token}"}
    if dpop:
        url = ProofRules.from_settings(settings).target
        headers["DPoP"] = possession_proof(keys, consumer, method, url, now=now, token=token)
    if said is not None:
        headers["Agid-JWT-TrackingEvidence"] = said
    if sign is not None:
        headers |= signature_headers(registry, keys, consumer, _body(sign), now=now)
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")


def demo_citizen() -> str:
    """The fiscal code of the person the demo's tour is about; the same on every day."""
    return demo_world(datetime.now(UTC).date()).person.fiscal_code


def _body(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
