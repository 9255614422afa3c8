# SPDX-License-Identifier: EUPL-1.2
"""`snodo rdc`: the household of a person, or of a protocol, as somebody else's serviceRDC has it: another hub, or the national platform."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import typer

from connectors.exchange import Exchange, Policy
from connectors.rdc import RdcClient, ToldPerson, by_password
from connectors.soap import SoapClient
from connectors.soap.client import by_the_connection
from connectors.tls import open_own_client
from hub.cli.looks import Command, write_down
from hub.cli.new_file import new_file
from hub.cli.options import DataDir, run, settings_of
from hub.cli.person_code import asked_fiscal_code
from hub.errors import InvalidInput
from hub.settings import Settings
from hub.store.engine import database_url

COMMAND = Command("snodo rdc", ("Beneficiary.household", "Household.members", "Query.beneficiary"))
LONGEST_PASSWORD = 1_000
"""Characters."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(rdc)


def rdc(
    address: Annotated[str, typer.Option(help="Of the service, `https`.")],
    purpose: Annotated[
        UUID,
        typer.Option(
            help="The registered purpose under which it is done; its agency is who looks, in the log."
        ),
    ],
    to: Annotated[
        Path,
        typer.Option(
            help="Where the people are written, one JSON object a line; the file must not be there yet, and is its owner's alone to read."
        ),
    ],
    protocol: Annotated[
        str | None,
        typer.Option(
            help="INPS's protocol of the household; without it the fiscal code of one of its people is asked for."
        ),
    ] = None,
    user: Annotated[str | None, typer.Option(help="The name the service knows this hub by.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="Where its password is.")] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="The client certificate that is shown, PEM, with its key.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who does it; when absent, the user of this system.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Ask a serviceRDC for a household (ricevi_RDC_by_codiceFiscale, ricevi_RDC_by_codProtocolloInps); written into the access log first. Exit code 1 where it knows nobody."""
    settings = settings_of(data_dir=data_dir)
    _check_address(address)
    credentials = _credentials(user, password_file)
    code = asked_fiscal_code() if protocol is None else None
    with new_file(to) as file, database_url(settings) as url:
        assert file is not None
        people = run(_ask(settings, url, address, purpose, by, credentials, certificate, code, protocol))
        file.writelines(f"{orjson.dumps(_written(one)).decode()}\n" for one in people)
    if not people:
        typer.echo("The service knows nobody by this.")
        raise typer.Exit(1)
    typer.echo(f"{len(people)} people written to {to}.")


async def _ask(
    settings: Settings,
    url: str,
    address: str,
    purpose: UUID,
    by: str | None,
    credentials: tuple[str, str] | None,
    certificate: Path | None,
    fiscal_code: str | None,
    protocol: str | None,
) -> tuple[ToldPerson, ...]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(open_own_client(settings, certificate))
        policy = Policy(
            deadline=settings.call_deadline,
            attempt_timeout=min(settings.call_timeout, settings.call_deadline),
        )
        service = SoapClient(Exchange("serviceRDC", policy, http), address)
        client = RdcClient(
            service, identify=by_the_connection if credentials is None else by_password(*credentials)
        )
        await write_down(
            settings, url, COMMAND, purpose=purpose, by=by, fiscal_code=fiscal_code, inps_protocol=protocol
        )
        if fiscal_code is not None:
            return await client.by_fiscal_code(fiscal_code)
        assert protocol is not None
        return await client.by_protocol(protocol)


def _check_address(address: str) -> None:
    """Pass where a service may be: people's codes, and a password, go there.

    Raises:
        InvalidInput: it is not over TLS, but for one on this machine.

    """
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return
    if parts.scheme == "http" and parts.hostname == "127.0.0.1":
        return
    raise InvalidInput(
        "--address begins with https://, but for a service on this machine, and names no user."
    )


def _credentials(user: str | None, password_file: Path | None) -> tuple[str, str] | None:
    if (user is None) != (password_file is None):
        raise InvalidInput("--user and --password-file go together.")
    if user is None or password_file is None:
        return None
    if not user or ":" in user or not user.isprintable():
        raise InvalidInput("--user is a name without a colon.")
    if not password_file.is_file():
        raise InvalidInput(f"There is no file {password_file}.")
    password = password_file.read_text(encoding="utf-8").strip()
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(f"{password_file} holds no password.")
    return user, password


def _written(person: ToldPerson) -> dict[str, str]:
    """As the service wrote them: what its states and roles mean is published nowhere."""
    return {
        "fiscalCode": person.fiscal_code,
        "inpsProtocol": person.inps_protocol,
        "familyName": person.family_name,
        "givenName": person.given_name,
        "born": person.born,
        "state": person.state,
        "role": person.role,
    }
