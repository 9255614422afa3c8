# SPDX-License-Identifier: EUPL-1.2
"""Whether the agencies can be reached as the settings say: each finding a sentence somebody can act on."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2
from cryptography import x509

from connectors.anpr import UseCase, purposes_from
from connectors.cooperation import SapConnector
from connectors.file_exchange import FilingAgency
from connectors.file_exchange.opening import open_folder
from connectors.pdnd import TokenEndpoint
from connectors.regional import RegionalConnector
from connectors.tls import certificates
from hub.errors import SnodoError
from hub.settings import Settings

PATIENCE = 10.0
"""Seconds for an address to answer."""
AHEAD = 2.0
"""Seconds the hub's clock may be ahead of an agency's: whose gateways allow no future at all; tokens are dated five seconds back."""
BEHIND = 30.0
"""Seconds it may be behind: an assertion lives a minute."""
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, and what is wrong with it; None where nothing is."""

    what: str
    fault: str | None = None


async def examine(
    settings: Settings, http: httpx2.AsyncClient, tokens: TokenEndpoint, now: datetime | None = None
) -> AsyncIterator[Finding]:
    """Look at each agency the settings name, but for a region: its address, TLS, the clocks, the certificate it is shown, and its vouchers.

    Nobody's data are asked for. `now`: the hub's clock, where it is not the machine's.
    """
    for path in dict.fromkeys(certificates(settings).values()):
        yield certificate_finding(path, now or datetime.now(UTC))
    for name, url in addresses(settings).items():
        async for finding in _address(name, url, http, now, _of_setting(name)):
            yield finding
    for name, purpose in purposes(settings):
        yield await _voucher(name, purpose, tokens)


async def examine_system(
    region: RegionalConnector, tokens: TokenEndpoint, now: datetime | None = None
) -> AsyncIterator[Finding]:
    """Look at a region by REST: the certificate it is shown, its address and TLS, the clocks, its voucher. Nobody is asked about."""
    system = region.system
    if system.certificate is not None:
        yield certificate_finding(system.certificate, now or datetime.now(UTC))
    places = _of_setting(system.name) if system.file is None else _OF_SYSTEMS_FILE
    url = f"{system.url.rstrip('/')}/status"
    async for finding in _address(system.name, url, region.exchange.http, now, places):
        yield finding
    yield await _voucher(system.name, system.purpose_id, tokens)


async def _voucher(name: str, purpose: str, tokens: TokenEndpoint) -> Finding:
    try:
        await tokens.voucher(purpose)
    except SnodoError as error:
        return Finding(f"voucher for {name}", error.message)
    return Finding(f"voucher for {name}: given")


async def examine_region(region: SapConnector, now: datetime | None = None) -> AsyncIterator[Finding]:
    """Look at a region by application cooperation: the certificate it is shown, its address and TLS, the clocks. Nobody is asked about."""
    one = region.region
    if one.tls is not None:
        yield certificate_finding(one.tls.certificate, now or datetime.now(UTC))
    async for finding in _address(one.name, one.address, region.exchange.http, now, _OF_GATEWAYS_FILE):
        yield finding


async def examine_files(agency: FilingAgency, patience: float = PATIENCE) -> Finding:
    """Look at where an agency leaves its files: whether the folder can be listed, within so many seconds. No file is opened."""
    what = f"files of {agency.agency_code}, {agency.place}"
    if agency.sftp is not None:
        # NOTE a run is more patient than somebody who looks.
        agency = replace(agency, sftp=replace(agency.sftp, timeout=min(agency.sftp.timeout, patience)))
    try:
        async with asyncio.timeout(patience), open_folder(agency) as folder:
            found = await folder.entries()
    except SnodoError as error:
        return Finding(what, error.message)
    except TimeoutError:
        whose = (
            "that disk mounted" if agency.sftp is None else f"{agency.sftp.host} allowed through the firewall"
        )
        return Finding(what, f"it does not answer in {patience:g} seconds: is {whose}?")
    return Finding(f"{what}: reached, files in it: {len(found):,}")


def addresses(settings: Settings) -> Mapping[str, str]:
    """What is asked of each agency: ModI's `/status`, which wants no voucher; of PDND its token endpoint's host, by GET."""
    anpr = settings.anpr_url and f"{settings.anpr_url.rstrip('/')}/{UseCase.RESIDENCE.service}/v1/status"
    found = {
        "PDND": settings.pdnd_token_url,
        "ANPR": anpr,
        "INPS": settings.inps_url and f"{settings.inps_url.rstrip('/')}/status",
        "INPS_ISEE": settings.inps_isee_url,
    }
    return {name: url for name, url in found.items() if url}


def purposes(settings: Settings) -> list[tuple[str, str]]:
    """Each purpose a voucher is asked for, once, with whose it is."""
    named = [
        ("INPS", settings.inps_purpose_id),
        ("INPS_ISEE", settings.inps_isee_purpose_id),
    ]
    if settings.anpr_purpose_id:
        of_use_cases = purposes_from(settings.anpr_purpose_id)
        several = len(set(of_use_cases.values())) > 1
        named = [
            *(
                (f"ANPR {use_case.value}" if several else "ANPR", one)
                for use_case, one in of_use_cases.items()
            ),
            *named,
        ]
    first: dict[str, str] = {}
    for name, purpose in named:
        if purpose:
            first.setdefault(purpose, name)
    return [(name, purpose) for purpose, name in first.items()]


@dataclass(frozen=True, slots=True)
class _Places:
    """Where whoever runs the hub has said how an agency is reached; and the first status of an answer to a GET that is a fault of it."""

    address: str
    certificate: str
    authority: str
    fault: int = 500


def _of_setting(name: str) -> _Places:
    return _Places(
        f"SNODO_{'PDND_TOKEN' if name == 'PDND' else name}_URL",
        f"SNODO_{name.partition('_')[0]}_CERTIFICATE_FILE",
        "SNODO_CA_FILE",
    )


_OF_SYSTEMS_FILE = _Places("its file", "certificate_file in its file", "SNODO_CA_FILE")
# NOTE a SOAP service answers a GET with whatever it likes, 500 too.
_OF_GATEWAYS_FILE = _Places("its file", "[tls] in its file", "tls.authorities of its file", 501)


async def _address(
    name: str, url: str, http: httpx2.AsyncClient, now: datetime | None, places: _Places
) -> AsyncIterator[Finding]:
    host = httpx2.URL(url).host
    try:
        # NOTE of the answer only the head is read: what its body is, or says to be compressed by, is of no matter here.
        async with http.stream("GET", url, timeout=PATIENCE, follow_redirects=False) as answer:
            status, told = answer.status_code, answer.headers.get("date", "")
    except httpx2.TransportError as error:
        yield Finding(f"{name} at {host}", _why_not(name, host, error, places))
        return
    fault = None
    if status >= places.fault:
        fault = f"it answers HTTP {status}; nothing here can mend that: ask {name}."
    yield Finding(f"{name} at {host}: answers HTTP {status}" if fault is None else name, fault)
    if told:
        yield clock_finding(name, told, now or datetime.now(UTC))


def _why_not(name: str, host: str, error: httpx2.TransportError, places: _Places) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message}): name its authority in {places.authority}, if it is {name}'s."
    if cause is not None:
        return f"TLS fails ({type(error).__name__}): if it demands a certificate, set {places.certificate}."
    if isinstance(error, httpx2.TimeoutException):
        return f"it does not answer in {PATIENCE:g} seconds: is {host} allowed through the firewall?"
    return (
        f"no connection ({type(error).__name__}): check the address in {places.address}, "
        "the name service and the firewall."
    )


def clock_finding(name: str, date: str, now: datetime) -> Finding:
    """Compare the hub's clock with an agency's `Date`, which counts whole seconds."""
    try:
        theirs = parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return Finding(f"clock of {name}: not told")
    ahead = (now - theirs).total_seconds()
    # NOTE a `Date` is up to a second older than it says: a clock that goes right seems ahead by that.
    if ahead - 1 > AHEAD:
        return Finding(
            f"clock of {name}",
            f"this machine's is {ahead:.0f} seconds ahead of it, and what is dated in the future is refused: set it by NTP.",
        )
    if -ahead > BEHIND:
        return Finding(
            f"clock of {name}",
            f"this machine's is {-ahead:.0f} seconds behind it, and what the hub signs ends before it comes: set it by NTP.",
        )
    return Finding(f"clock of {name}: agrees")


def certificate_finding(path: Path, now: datetime) -> Finding:
    """Look at when the certificate in a file ends; the first one in it is the hub's own."""
    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return Finding(
            f"certificate {path}", "it cannot be read: a PEM file with a certificate and its key is needed."
        )
    if ends <= now:
        return Finding(
            f"certificate {path}",
            f"it ended on {ends:%Y-%m-%d}: put a new one in its place and restart the hub.",
        )
    if ends - now < EXPIRES_SOON:
        return Finding(
            f"certificate {path}",
            f"it ends on {ends:%Y-%m-%d}: have a new one made, put it in its place and restart the hub.",
        )
    return Finding(f"certificate {path}: lasts until {ends:%Y-%m-%d}")
