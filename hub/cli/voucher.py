# SPDX-License-Identifier: EUPL-1.2
"""`snodo voucher`: a bearer token of the simulated PDND."""

from __future__ import annotations

from typing import Annotated

import typer

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
    data_dir: DataDir = None,
) -> None:
    """Print a bearer token of the simulated PDND, alone on stdout."""
    settings = settings_of(data_dir=data_dir)
    if consumer in RESERVED:
        raise ConfigurationError(
            f"A {consumer} asks with an OIDC token (SPID, CIE), which this version of the hub does not take yet."
        )
    registry = demo_registry()
    if consumer not in CONSUMERS:
        raise ConfigurationError(f"No consumer is called {consumer}; there are {', '.join(CONSUMERS)}.")
    typer.echo(
        issue_voucher(
            registry, open_keys(settings.data_dir, registry), consumer, lifespan=round(minutes * 60)
        )
    )
