# SPDX-License-Identifier: EUPL-1.2
"""`snodo agency credential`: a password for a client of the SOAP services."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import orjson
import typer

from hub.access.consumers import AgencyEntry, agency_of
from hub.access.passwords import hash_password, new_password
from hub.access.registry_refusals import UnknownAgency, UnknownPurpose
from hub.access.service_clients import read_clients
from hub.cli.options import DataDir, run, settings_of
from hub.store.engine import database_url, open_database
from hub.store.migrations import check_version


def credential(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    purpose: Annotated[UUID, typer.Option(help="The purpose its client asks under.")],
    user: Annotated[str, typer.Option(help="The name the client signs in with.")],
    data_dir: DataDir = None,
) -> None:
    """Make a password for a client of the SOAP services: it is said once, on stderr; what SNODO_SOAP_FILE needs is printed."""
    settings = settings_of(data_dir=data_dir)

    async def read(url: str) -> AgencyEntry | None:
        async with open_database(url, settings) as database, database.write.acquire() as connection:
            await check_version(connection, url)
            return await agency_of(connection, code)

    with database_url(settings) as url:
        agency = run(read(url))
    if agency is None:
        raise UnknownAgency(f"No agency is called {code}; `snodo agency list` names them.", about="code")
    if purpose not in {one.purpose_id for one in agency.purposes if one.revoked_at is None}:
        raise UnknownPurpose(
            f"Purpose {purpose} is none of {code}'s: `snodo agency grant` gives it one.", about="purpose"
        )
    password = new_password()
    entry = {"agency": code, "purpose": str(purpose), "user": user, "password": str(hash_password(password))}
    read_clients([entry])  # a name no client can sign in with is refused here
    typer.echo(f"The password, said this once: {password}", err=True)
    # NOTE a text of TOML is written as one of JSON.
    typer.echo(
        "\n".join(
            ["[[client]]", *(f"{name} = {orjson.dumps(value).decode()}" for name, value in entry.items())]
        )
    )
