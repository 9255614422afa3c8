# SPDX-License-Identifier: EUPL-1.2
"""`snodo voucher`: a bearer token of the simulated PDND."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from connectors.simulators.desk import signature_headers, tracking_evidence
from connectors.simulators.keys import open_keys
from connectors.simulators.pdnd import issue_voucher
from connectors.simulators.registry import RESERVED, demo_registry
from hub.cli.options import DataDir, settings_of
from hub.errors import ConfigurationError

CONSUMERS = ("centre", "municipality", "region", "inps", "citizen")


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(voucher)


def voucher(
    consumer: Annotated[str, typer.Option("--as", help=f"Who asks: {', '.join(CONSUMERS)}.")],
    minutes: Annotated[float, typer.Option(min=0.1, max=1_440, help="How long it lives.")] = 60,
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
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token of the simulated PDND, alone on stdout; or, with what the consumer signs itself, all headers."""
    settings = settings_of(data_dir=data_dir)
    if consumer in RESERVED:
        raise ConfigurationError(
            f"A {consumer} asks with an OIDC token (SPID, CIE), which this version of the hub does not take yet."
        )
    registry = demo_registry()
    if consumer not in CONSUMERS:
        raise ConfigurationError(f"No consumer is called {consumer}; there are {', '.join(CONSUMERS)}.")
    keys = open_keys(settings.data_dir, registry)
    now, lifespan = time.time(), round(minutes * 60)
    said, digest = (
        (None, None)
        if evidence is None
        else tracking_evidence(registry, keys, consumer, now=now, user_id=evidence, lifetime=lifespan)
    )
    token = issue_voucher(registry, keys, consumer, lifespan=lifespan, digest=digest)
    if said is None and sign is None:
        typer.echo(token)
        return
    headers = {"Authorization": f"Bearer {token}"}
    if said is not None:
        headers["Agid-JWT-TrackingEvidence"] = said
    if sign is not None:
        headers |= signature_headers(registry, keys, consumer, _body(sign), now=now)
    for name, value in headers.items():
        typer.echo(f"{name}: {value}")


def _body(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error
