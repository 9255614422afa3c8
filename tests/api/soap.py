# SPDX-License-Identifier: EUPL-1.2
"""Clients of the SOAP services, as the tests are them: a file of passwords, messages, and what answers say."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from connectors.soap.envelope import ENVELOPE, Element
from hub.access.passwords import hash_password
from hub.store.vocabulary import BenefitStatus, Obligation

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Service

PASSWORD = "una password: con due punti, è"
USERS = ("two-regions", "east", "revoked", "of-region", "of-accredited")
"""Clients of the services: callers the tests know, each under its own name."""
STATUS_CODES = {one.value: f"S{place}" for place, one in enumerate(BenefitStatus)}
ROLE_CODES = {one.value: f"R{place}" for place, one in enumerate(Obligation)}
CERTIFICATE = b"a certificate in DER"


async def write_clients(ask: Service, file: Path, *, certified: bool = False) -> None:
    """Write the file of clients: by name and password, and where it is asked for one by its certificate."""
    hashed, written_down = str(hash_password(PASSWORD)), []
    for name in USERS:
        known = ask.registry.consumer(name)
        code = await ask.owner.fetchval(
            "SELECT code FROM agency JOIN agency_client ON agency_id = agency.id WHERE client_id = $1",
            known.client_id,
        )
        written_down.append(_client(code, known.purpose_for("hub").purpose_id, user=name, password=hashed))
    purpose = ask.registry.consumer("two-regions").purpose_for("hub").purpose_id
    written_down.append(_client("no-such-agency", purpose, user="elsewhere", password=hashed))
    if certified:
        digest = hashlib.sha256(CERTIFICATE).hexdigest()
        written_down.append(_client("two-regions", purpose, certificate=digest))
    written_down += [_table("cod_stato", STATUS_CODES), _table("cod_ruolo_beneficiario", ROLE_CODES)]
    file.write_text("\n".join(written_down), encoding="utf-8")  # noqa: ASYNC240 (once, before anything is served)


def _client(agency: str, purpose: str, **credentials: str) -> str:
    said = {"agency": agency, "purpose": purpose, **credentials}
    return "\n".join(["[[client]]", *(f'{name} = "{value}"' for name, value in said.items()), ""])


def _table(name: str, codes: Mapping[str, str]) -> str:
    return "\n".join([f"[{name}]", *(f'{word} = "{code}"' for word, code in codes.items()), ""])


def basic(user: str, password: str = PASSWORD) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def envelope(body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{ENVELOPE}"><soapenv:Body>{body}'
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


async def post(
    hub: Service, path: str, content: Any, user: str | None = "two-regions", **headers: str
) -> Answer:
    """Send a message; a header's name with `_` for `-`."""
    given = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
    if user is not None:
        given["authorization"] = basic(user)
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await hub.send("POST", path, content=content, headers=given)


def payload(answer: Answer) -> Element:
    """The element in an answer's body."""
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    found = etree.fromstring(answer.body).find(f"{{{ENVELOPE}}}Body")
    assert found is not None
    [only] = found
    return only


def fault(answer: Answer) -> tuple[str, str]:
    """Whose fault, and what is said."""
    content = payload(answer)
    assert content.tag == f"{{{ENVELOPE}}}Fault"
    for inside in (b"Traceback", b".py", b"asyncpg", b"SELECT"):
        assert inside not in answer.body
    return (content.findtext("faultcode") or "").partition(":")[2], content.findtext("faultstring") or ""
