# SPDX-License-Identifier: EUPL-1.2
"""A certificate is shown to the agency it is for, and to nobody else; who is not trusted is not called."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from connectors.exchange import Exchange, Outgoing, Policy
from connectors.tls import open_client
from hub.cli.doctor import ask_hub
from hub.errors import ConfigurationError, UpstreamUnavailable
from hub.settings import Settings


class Authority:
    """Issues certificates, into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = generate_private_key(SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        own = self._builder(self.name, self.key).add_extension(x509.BasicConstraints(True, None), True)
        self.path = folder / "authority.pem"
        self.path.write_bytes(own.sign(self.key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, name: str, encryption: KeySerializationEncryption | None = None) -> Path:
        """A certificate for loopback, and its key, in one file."""
        key = generate_private_key(SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = self._builder(subject, key).add_extension(host, False).sign(self.key, SHA256())
        path = self.folder / f"{name}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
        path.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
        return path

    def _builder(self, subject: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def agency(authority: Authority, *, demands: bool) -> AsyncIterator[str]:
    """A server on loopback that answers with the name in its client's certificate; gives its address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.path))
    context.load_cert_chain(authority.issue("agency"))
    context.verify_mode = ssl.CERT_REQUIRED if demands else ssl.CERT_OPTIONAL

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        shown: Any = writer.get_extra_info("peercert") or {}
        name = next((value for ((_, value),) in shown.get("subject", ())), "nobody").encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(name), name)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(settings: Settings, url: str) -> str:
    """The name the server saw."""
    async with open_client(settings) as http:

        async def prepare() -> Outgoing:
            return Outgoing("GET", f"{url}/status", {})

        answer = await Exchange("TEST", Policy(attempts=1), http).call("op", prepare, idempotent=True)
        return answer.body.decode()


async def test_it_is_shown_to_its_agency_alone(authority: Authority) -> None:
    certificate = authority.issue("hub")
    async with agency(authority, demands=True) as anpr, agency(authority, demands=False) as other:
        settings = Settings(
            anpr_url=f"{anpr}/base", anpr_certificate_file=certificate, ca_file=authority.path
        )
        assert await asked(settings, anpr) == "hub"
        assert await asked(settings, other) == "nobody"


async def test_an_agency_that_demands_one_does_not_answer_without(authority: Authority) -> None:
    async with agency(authority, demands=True) as url:
        with pytest.raises(UpstreamUnavailable, match="the connection failed"):
            await asked(Settings(ca_file=authority.path), url)


async def test_an_authority_that_is_not_named_is_not_trusted(authority: Authority) -> None:
    async with agency(authority, demands=False) as url:
        with pytest.raises(UpstreamUnavailable, match="the connection failed"):
            await asked(Settings(), url)


async def test_the_doctor_trusts_whom_the_settings_name(authority: Authority) -> None:
    async with agency(authority, demands=False) as url:
        [heard] = await ask_hub(url, Settings(ca_file=authority.path))
        [unheard] = await ask_hub(url, Settings())
    assert heard.fault is not None
    assert "(ValueError)" in heard.fault, "it answered, and is no hub"
    assert unheard.fault is not None
    assert "(ConnectError)" in unheard.fault


def test_files_and_addresses_that_cannot_be_are_the_operators_to_mend(authority: Authority) -> None:
    certificate, other = authority.issue("one"), authority.issue("other")
    locked = authority.issue("locked", BestAvailableEncryption(b"secret"))
    https = "https://gateway.example"
    for wrong, says in (
        ({"anpr_certificate_file": certificate}, "must begin with https"),
        ({"anpr_url": "http://a.example", "anpr_certificate_file": certificate}, "SNODO_ANPR_URL must begin"),
        ({"inps_url": https, "inps_certificate_file": authority.path}, "certificate and its key"),
        (
            {"inps_url": https, "inps_certificate_file": authority.folder / "absent.pem"},
            "certificate and its key",
        ),
        ({"inps_url": https, "inps_certificate_file": locked}, "no password"),
        ({"ca_file": authority.folder / "absent.pem"}, "SNODO_CA_FILE"),
        (
            {
                "anpr_url": f"{https}/anpr",
                "anpr_certificate_file": certificate,
                "inps_url": f"{https}/inps",
                "inps_certificate_file": other,
            },
            "another certificate",
        ),
    ):
        with pytest.raises(ConfigurationError, match=says):
            open_client(Settings(**wrong))
