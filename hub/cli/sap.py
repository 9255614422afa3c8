# SPDX-License-Identifier: EUPL-1.2
"""`snodo sap`: the records of the labour systems (SAP) of regions by application cooperation, by hand: checked, looked for, fetched, sent, cancelled.

Runs pull what regions hold, and tell them what changes (`snodo sync`); this is for whoever has to see what a region says of one person, or to
correct what it holds. What is asked about somebody, and whatever is sent, is written into the access log before the region hears of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from connectors.connected import connect_agencies
from connectors.cooperation import Outcome, SapConnector, Verdict
from connectors.sap import NotASap, SapDocument, read_sap
from connectors.tls import open_client
from hub.cli.looks import Command, write_down
from hub.cli.new_file import new_file
from hub.cli.options import DataDir, run, settings_of
from hub.cli.person_code import asked_fiscal_code
from hub.errors import ConfigurationError, InvalidInput
from hub.settings import Settings
from hub.store.engine import database_url

T = TypeVar("T")

MOST_BYTES = 1_000_000
"""Of a document: as many as a region is sent."""
SHOWN = ("Beneficiary.activities", "Beneficiary.pacts", "Query.beneficiary")
"""What a SAP tells of, as the schema calls it: what the line of the access log says was asked for."""

RegionCode = Annotated[
    str, typer.Option("--region", help="Code of a region by application cooperation (ISTAT).")
]
PurposeId = Annotated[
    UUID,
    typer.Option(
        "--purpose",
        help="The registered purpose under which it is done; its agency is who looks, in the log.",
    ),
]
By = Annotated[str | None, typer.Option(help="Who does it; when absent, the user of this system.")]
File = Annotated[Path, typer.Argument(help="The document, XML.")]

commands = typer.Typer(
    help="Worker's records (SAP) of regions by application cooperation, by hand: checked, looked for, fetched, sent, cancelled.",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(commands, name="sap")


@commands.command()
def check(file: File) -> None:
    """Say every rule a document breaks, by where; asks nobody. Exit code 1 where it breaks one."""
    problems = _document(file).problems
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo("It breaks no rule.")


@commands.command()
def holder(region: RegionCode, purpose: PurposeId, by: By = None, data_dir: DataDir = None) -> None:
    """Ask a region which SAP a person has there, and who holds the person's (VerificaEsistenzaSAP, RichiestaCodSAPRegTitolare); the fiscal code as `snodo doctor person` asks for it."""
    code = asked_fiscal_code()

    async def asked(connector: SapConnector) -> str:
        there, held = await connector.existing(code), await connector.holder(code)
        here = "The region has no SAP of this person" if there is None else f"The region has the SAP {there}"
        if held is None:
            return f"{here}; nobody is said to hold one."
        return f"{here}; the SAP {held.sap_code} is held by {held.body}, region {held.region} (as the labour systems number them)."

    typer.echo(_asking(settings_of(data_dir=data_dir), region, purpose, by, "snodo sap holder", code, asked))


@commands.command()
def fetch(
    region: RegionCode,
    purpose: PurposeId,
    to: Annotated[
        Path,
        typer.Option(
            help="Where the document is written; the file must not be there yet, and is its owner's alone to read."
        ),
    ],
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Fetch a person's SAP from a region (VerificaEsistenzaSAP, RichiestaSAP); the fiscal code as `snodo doctor person` asks for it."""
    code = asked_fiscal_code()

    async def asked(connector: SapConnector) -> SapDocument | None:
        return await connector.of_person(code)

    with new_file(to) as file:
        assert file is not None
        found = _asking(settings_of(data_dir=data_dir), region, purpose, by, "snodo sap fetch", code, asked)
        if found is not None:
            file.write(found.to_bytes().decode())
    if found is None:
        typer.echo("The region has no SAP of this person.")
        raise typer.Exit(1)
    typer.echo(f"Written to {to}; it breaks {len(found.problems)} rules (`snodo sap check`).")


@commands.command()
def send(file: File, region: RegionCode, purpose: PurposeId, by: By = None, data_dir: DataDir = None) -> None:
    """Send a region a document (InvioSAP), once; one that breaks a rule is not sent. Exit code 1 where the region does not take it."""
    document = _document(file)
    document.check()

    async def asked(connector: SapConnector) -> Verdict:
        return await connector.send(document)

    code = document.sap.person.fiscal_code
    _tell(_asking(settings_of(data_dir=data_dir), region, purpose, by, "snodo sap send", code, asked))


@commands.command()
def cancel(
    sap: Annotated[str, typer.Argument(help="Code of the SAP: 11 letters and digits.")],
    region: RegionCode,
    purpose: PurposeId,
    by: By = None,
    data_dir: DataDir = None,
) -> None:
    """Take a SAP back from a region (AnnullaSAP). Exit code 1 where the region does not."""
    if not (sap.isascii() and sap.isalnum() and len(sap) == 11):
        raise InvalidInput("The code of a SAP has 11 letters and digits.")

    async def asked(connector: SapConnector) -> Verdict:
        return await connector.cancel(sap)

    _tell(_asking(settings_of(data_dir=data_dir), region, purpose, by, "snodo sap cancel", None, asked))


def _document(file: Path) -> SapDocument:
    """The document in a file.

    Raises:
        InvalidInput: there is none, or it is too large, or no SAP.

    """
    if not file.is_file():
        raise InvalidInput(f"There is no file {file}.")
    if file.stat().st_size > MOST_BYTES:
        raise InvalidInput(f"{file} has more than {MOST_BYTES:,} bytes.")
    try:
        return read_sap(file.read_bytes())
    except NotASap as error:
        raise InvalidInput(f"{file}: {error.message}") from None


def _tell(verdict: Verdict) -> None:
    said = f": {verdict.message}" if verdict.message else ""
    under = f", as {verdict.sap_code}" if verdict.sap_code else ""
    typer.echo(f"{verdict.outcome.value}{under}{said}")
    if verdict.outcome is not Outcome.OK:
        raise typer.Exit(1)


def _asking(
    settings: Settings,
    region: str,
    purpose: UUID,
    by: str | None,
    name: str,
    fiscal_code: str | None,
    ask: Callable[[SapConnector], Awaitable[T]],
) -> T:
    async def asked(url: str) -> T:
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(open_client(settings))
            agencies = await stack.enter_async_context(aclosing(connect_agencies(settings, http)))
            connector = next((one for one in agencies.cooperating if one.region.region_code == region), None)
            if connector is None:
                raise ConfigurationError(
                    f"Region {region} is not reached by application cooperation: give it a file in SNODO_REGIONS."
                )
            await write_down(
                settings, url, Command(name, SHOWN), purpose=purpose, by=by, fiscal_code=fiscal_code
            )
            return await ask(connector)

    with database_url(settings) as url:
        return run(asked(url))
