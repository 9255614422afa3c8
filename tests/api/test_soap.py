# SPDX-License-Identifier: EUPL-1.2
"""`POST /soap/serviceRDC` as present clients speak it: who is let in, what they are told, what is written down, and what is refused."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from connectors.rdc.beneficiaries import NOBODY, TYPES
from connectors.soap.envelope import ENVELOPE, written
from hub.errors import ConfigurationError
from tests.api.soap import (
    CERTIFICATE,
    ROLE_CODES,
    STATUS_CODES,
    basic,
    envelope,
    fault,
    payload,
    write_clients,
)
from tests.api.soap import post as send
from tests.api.world import CODES, UNKNOWN_CODE

if TYPE_CHECKING:
    from tests.api.conftest import Answer, Opener, Service
    from tests.api.world import World

PATH = "/soap/serviceRDC"


@pytest.fixture(scope="module")
async def soap_file(ask: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("soap") / "soap.toml"
    await write_clients(ask, file)
    return file


@pytest.fixture(scope="module")
async def hub(open_hub: Opener, soap_file: Path) -> AsyncIterator[Service]:
    async with open_hub("soap", soap_file=soap_file, sequencer=False) as service:
        yield service


def message(kind: str, name: str, value: str) -> bytes:
    asked = f"richiesta_RDC_beneficiari_dato_{kind}"
    return envelope(f'<{asked} xmlns="{TYPES}"><{name}>{value}</{name}></{asked}>')


def by_code(code: str) -> bytes:
    return message("CodiceFiscale", "codFiscale", code)


def by_protocol(protocol: str) -> bytes:
    return message("codProtocolloInps", "codProtocolloInps", protocol)


async def post(hub: Service, content: Any, user: str | None = "two-regions", **headers: str) -> Answer:
    return await send(hub, PATH, content, user, **headers)


@dataclass(frozen=True)
class Told:
    """An answer of the service."""

    outcome: str
    message: str | None
    people: list[dict[str, str]]

    @property
    def codes(self) -> list[str]:
        return sorted(one["cod_fiscale"] for one in self.people)


def told(answer: Answer) -> Told:
    assert answer.status == 200, answer.body
    content, types = payload(answer), {"t": TYPES}
    people = [
        {etree.QName(value).localname: value.text or "" for value in one}
        for one in content.iterfind("t:beneficiari/t:beneficiario", types)
    ]
    outcome = content.findtext("t:esito/t:codEsito", namespaces=types)
    assert outcome is not None
    return Told(outcome, content.findtext("t:esito/t:messaggioErrore", namespaces=types), people)


EXPECTED = """
    SELECT member.fiscal_code AS cod_fiscale, member.family_name AS des_cognome, member.given_name AS des_nome,
           member.birth_date::text AS dtt_nascita, member.sex AS cod_sesso, member.obligation AS role,
           household.inps_protocol AS cod_protocollo_inps, benefit.status AS status, lower(benefit.period)::text AS dtt_rendicontazione,
           town.belfiore_code AS cod_comune_residenza, town.name AS des_comune_residenza,
           coalesce(applicant.fiscal_code, '') AS cod_fiscale_richiedente
    FROM beneficiary AS member JOIN household ON household.id = member.household_id
    JOIN benefit ON benefit.id = household.benefit_id JOIN municipality AS town ON town.id = member.municipality_id
    LEFT JOIN beneficiary AS applicant ON applicant.id = household.applicant_id AND applicant.region_code = ANY($2)
    WHERE household.id = $1 AND member.region_code = ANY($2)
"""


async def expected(hub: Service, household: Any, regions: list[str]) -> list[dict[str, str]]:
    """What the tables say of the members in these regions."""
    found = []
    for row in await hub.owner.fetch(EXPECTED, household, regions):
        one = {name: written(value) for name, value in row.items()}
        one["cod_stato"] = STATUS_CODES[one.pop("status")]
        one["cod_ruolo_beneficiario"] = ROLE_CODES[one.pop("role")]
        found.append(one)
    return sorted(found, key=lambda one: one["cod_fiscale"])


EMPTY = ("cod_cap_residenza", "des_indirizzo_residenza", "dtt_domanda")
"""Elements that must be there, and of which the hub holds nothing."""


@pytest.mark.parametrize("name", ["north", "child", "scattered-rome", "latina", "torino-in-rome", "crowd-0"])
async def test_the_household_is_told_as_the_tables_have_it(hub: Service, world: World, name: str) -> None:
    person = world.people[name]
    answer = told(await post(hub, by_code(person.fiscal_code)))
    assert (answer.outcome, answer.message) == ("E100", None)
    people = sorted(answer.people, key=lambda one: one["cod_fiscale"])
    assert {one.pop(name) for one in people for name in EMPTY} == {""}
    # NOTE XML's reader makes a line's end of a carriage return only where that stood unescaped: ours is as it was.
    assert people == await expected(hub, person.household_id, ["01", "12"])


async def test_a_protocol_finds_the_same_household(hub: Service, world: World) -> None:
    person = world.people["north"]
    protocol = await hub.owner.fetchval(
        "SELECT inps_protocol FROM household WHERE id = $1", person.household_id
    )
    found = told(
        await post(hub, by_protocol(protocol), soapaction='"http://x/ricevi_RDC_by_codProtocolloInps"')
    )
    assert found == told(await post(hub, by_code(person.fiscal_code)))
    assert told(await post(hub, by_protocol(protocol[:-1]))).outcome == "E101"


async def test_only_whom_the_territory_holds_is_told(hub: Service, world: World) -> None:
    north, east = world.people["north"].fiscal_code, world.people["east"].fiscal_code
    found = told(await post(hub, by_code(east), "east"))
    assert found.codes == [east]
    # Who applied is in another centre's territory.
    assert [one["cod_fiscale_richiedente"] for one in found.people] == [""]
    for code in (north, world.people["torino"].fiscal_code, UNKNOWN_CODE):
        found = told(await post(hub, by_code(code), "east"))
        assert (found.outcome, found.message, found.people) == ("E101", NOBODY, [])


async def test_who_looked_at_whom_is_in_the_log_before_the_answer(hub: Service, world: World) -> None:
    last = "SELECT * FROM access_log ORDER BY id DESC LIMIT 1"
    person = world.people["scattered-rome"]
    shown = told(await post(hub, by_code(person.fiscal_code))).codes
    line = await hub.owner.fetchrow(last)
    assert line is not None
    purpose = hub.registry.consumer("two-regions").purpose_for("hub").purpose_id
    assert (str(line["purpose_id"]), line["client_id"], line["outcome"]) == (purpose, None, "ANSWERED")
    assert line["operation"] == "ricevi_RDC_by_codiceFiscale"
    subjects = await hub.owner.fetch(
        "SELECT fiscal_code FROM beneficiary WHERE id = ANY($1)", line["subjects"]
    )
    assert sorted(row["fiscal_code"] for row in subjects) == shown
    assert len(shown) == 2
    await post(hub, by_code(UNKNOWN_CODE))
    line = await hub.owner.fetchrow(last)
    assert line is not None
    assert (line["subjects"], UNKNOWN_CODE in str(line["asked"])) == ([], True)


async def test_fields_that_are_not_granted_are_named_and_nothing_is_told(hub: Service, world: World) -> None:
    found = told(await post(hub, by_code(world.people["north"].fiscal_code), "of-region"))
    assert (found.outcome, found.people) == ("E999", [])
    assert "Household.inpsProtocol" in (found.message or "")
    outcome = await hub.owner.fetchval("SELECT outcome FROM access_log ORDER BY id DESC LIMIT 1")
    assert outcome == "REFUSED"


async def test_the_fields_of_the_how_to_are_enough(open_hub: Opener, soap_file: Path, world: World) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "serve-old-clients.md"
    first = page.read_text(encoding="utf-8").partition("## 2.")[0]
    fields = re.findall(r"--field (\S+)", first)
    person = world.people["north"]
    async with open_hub("soap_fields", soap_file=soap_file, sequencer=False) as hub:
        await hub.owner.execute("UPDATE field_set SET fields = $1 WHERE name = 'accredited'", fields)
        protocol = await hub.owner.fetchval(
            "SELECT inps_protocol FROM household WHERE id = $1", person.household_id
        )
        found = [
            told(await post(hub, content, "of-accredited")).outcome
            for content in (by_code(person.fiscal_code), by_protocol(protocol))
        ]
    assert found == ["E100", "E100"]


async def test_without_a_line_of_the_log_nothing_is_told(
    open_hub: Opener, soap_file: Path, world: World
) -> None:
    async with open_hub("soap_unlogged", soap_file=soap_file, sequencer=False) as hub:
        await hub.owner.execute("ALTER TABLE access_log RENAME TO access_log_gone")
        found = told(await post(hub, by_code(world.people["north"].fiscal_code)))
    assert (found.outcome, found.people) == ("E997", [])


@pytest.mark.parametrize("value", ["", "RSSMRA80A01H501X", "&lt;b/&gt;", "<b/>"])
async def test_what_is_no_fiscal_code_is_an_input_error(hub: Service, value: str) -> None:
    found = told(await post(hub, by_code(value)))
    assert (found.outcome, found.people) == ("E001", [])
    assert "RSSMRA" not in (found.message or "")


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        (None, "Say who you are"),
        (basic("two-regions", "another"), "No client of this service"),
        (basic("nobody"), "No client of this service"),
        (basic("elsewhere"), "No client of this service"),
        (basic("two-regions", "x" * 1_000), "No client of this service"),
        ("Basic ???", "not base64"),
        ("Basic dXNlcg==", "a name without a password"),
        ("Negotiate abc", "Present a PDND voucher"),
        ("Bearer abc", ""),
    ],
)
async def test_who_is_not_known_is_not_let_in(hub: Service, authorization: str | None, said: str) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await post(hub, by_code(CODES[0]), None, **headers)
    whose, sentence = fault(answer)
    assert (answer.status, whose) == (401, "Client")
    assert said in sentence
    assert answer.headers["www-authenticate"].startswith('Basic realm="snodo"')


async def test_a_purpose_without_a_grant_is_not_let_in(hub: Service) -> None:
    answer = await post(hub, by_code(CODES[0]), "revoked")
    assert (answer.status, fault(answer)[0]) == (403, "Client")


async def test_a_grant_that_ends_ends_the_password_too(open_hub: Opener, soap_file: Path) -> None:
    async with open_hub("soap_revoked", soap_file=soap_file, sequencer=False) as hub:
        assert told(await post(hub, by_code(UNKNOWN_CODE))).outcome == "E101"
        purpose = hub.registry.consumer("two-regions").purpose_for("hub").purpose_id
        await hub.owner.execute("UPDATE access_grant SET revoked_at = now() WHERE purpose_id = $1", purpose)
        for _ in range(100):
            answer = await post(hub, by_code(UNKNOWN_CODE))
            if answer.status != 200:
                break
            await asyncio.sleep(0.1)
    assert answer.status == 403


async def test_what_is_demanded_beyond_a_voucher_no_password_makes_up_for(
    open_hub: Opener, soap_file: Path
) -> None:
    async with open_hub("soap_demands", soap_file=soap_file, sequencer=False) as hub:
        await hub.owner.execute("UPDATE agency SET demands = '{EVIDENCE}' WHERE code = 'two-regions'")
        answer = await post(hub, by_code(UNKNOWN_CODE))
    assert (answer.status, fault(answer)[1][:4]) == (403, "More")


async def test_a_voucher_opens_the_same_door(hub: Service, world: World) -> None:
    bearer = f"Bearer {hub.token('two-regions')}"
    person = world.people["north"].fiscal_code
    assert told(await post(hub, by_code(person), None, authorization=bearer)) == told(
        await post(hub, by_code(person))
    )


async def test_a_password_does_not_open_the_others(hub: Service) -> None:
    answer = await hub.send(json={"query": "{ __typename }"}, headers={"authorization": basic("two-regions")})
    assert answer.status == 401


async def test_guessing_is_slowed(open_hub: Opener, soap_file: Path) -> None:
    limited = {"failed_authentications_per_minute": 3, "soap_file": soap_file, "sequencer": False}
    async with open_hub("soap_guesses", **limited) as hub:
        assert told(await post(hub, by_code(UNKNOWN_CODE))).outcome == "E101"
        refused = [
            (await post(hub, by_code(CODES[0]), "east", authorization=basic("east", str(n)))).status
            for n in range(6)
        ]
        assert refused[:3] == [401] * 3
        # A minute may have ended meanwhile, by the clock: then they are counted anew.
        assert set(refused[3:]) <= {401, 429}
        known = await post(hub, by_code(UNKNOWN_CODE))
    assert known.status == 200, "who was let in when they last came is still heard"


async def test_calls_are_counted_and_limited(open_hub: Opener, soap_file: Path) -> None:
    async with open_hub("soap_limits", soap_file=soap_file, calls_per_day=2, sequencer=False) as hub:
        answers = [await post(hub, by_code(UNKNOWN_CODE)) for _ in range(4)]
    assert [one.status for one in answers] == [200, 200, 429, 429]
    assert answers[0].headers["x-ratelimit-limit"] == "2"
    assert int(answers[3].headers["retry-after"]) > 0
    assert fault(answers[3])[0] == "Client"


async def test_a_password_is_heard_over_a_way_nobody_reads(hub: Service) -> None:
    for name in ("x_forwarded_for", "x_forwarded_proto", "forwarded"):
        answer = await post(hub, by_code(CODES[0]), **{name: "https"})
        assert (answer.status, "without TLS" in fault(answer)[1]) == (403, True)


@pytest.fixture(scope="module")
async def certified(ask: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a client that has a certificate."""
    file = tmp_path_factory.mktemp("soap") / "soap.toml"
    await write_clients(ask, file, certified=True)
    return file


def presented(certificate: bytes) -> str:
    return f":{b64encode(certificate).decode()}:"


async def test_a_certificate_is_believed_of_a_gateway_that_verifies_it(
    open_hub: Opener, hub: Service, certified: Path, world: World
) -> None:
    person, header = by_code(world.people["north"].fiscal_code), presented(CERTIFICATE)
    gateway = {"certificate_proxies": "127.0.0.1", "trusted_proxies": "127.0.0.1"}
    async with open_hub("soap_gateway", soap_file=certified, **gateway, sequencer=False) as behind:
        found = told(await post(behind, person, None, client_cert=header))
        assert found == told(await post(hub, person))
        # NOTE two of them: the gateway's, and one it should have removed.
        for wrong in (presented(b"another"), CERTIFICATE.decode(), ":x", f"{header}, {header}"):
            assert (await post(behind, person, None, client_cert=wrong)).status == 401
        assert (await post(behind, person, x_forwarded_proto="http")).status == 403
        assert (await post(behind, person, x_forwarded_proto="https")).status == 200


async def test_a_certificate_that_came_through_another_proxy_is_whoever_asks(
    open_hub: Opener, hub: Service, certified: Path, world: World
) -> None:
    person, header = by_code(world.people["north"].fiscal_code), presented(CERTIFICATE)
    assert (await post(hub, person, None, client_cert=header)).status == 401
    believed_in_addresses = {"trusted_proxies": "127.0.0.1", "certificate_proxies": "192.0.2.7"}
    async with open_hub(
        "soap_proxy", soap_file=certified, **believed_in_addresses, sequencer=False
    ) as behind:
        for forwarded in ({}, {"x_forwarded_for": "192.0.2.7", "x_forwarded_proto": "https"}):
            answer = await post(behind, person, None, client_cert=header, **forwarded)
            assert (answer.status, "Say who you are" in fault(answer)[1]) == (401, True)


async def test_without_a_gateway_certificates_are_not_served(open_hub: Opener, certified: Path) -> None:
    with pytest.raises(ConfigurationError, match="SNODO_CERTIFICATE_PROXIES"):
        async with open_hub(
            "soap_no_gateway", soap_file=certified, trusted_proxies="127.0.0.1", sequencer=False
        ):
            pass


async def test_a_neighbour_that_guesses_shuts_out_no_certificate(open_hub: Opener, certified: Path) -> None:
    limited = {"failed_authentications_per_minute": 1, "certificate_proxies": "127.0.0.1"}
    async with open_hub("soap_neighbour", soap_file=certified, **limited, sequencer=False) as hub:
        wrong = [
            (await post(hub, by_code(CODES[0]), "east", authorization=basic("east", "x"))).status
            for _ in range(3)
        ]
        assert wrong[0] == 401
        known = await post(hub, by_code(UNKNOWN_CODE), None, client_cert=presented(CERTIFICATE))
        assert told(known).outcome == "E101"
        if 429 in wrong:  # no minute has ended meanwhile
            other = await post(hub, by_code(UNKNOWN_CODE), None, client_cert=presented(b"another"))
            assert other.status in (401, 429)


GOOD = by_code(UNKNOWN_CODE)
BOMB = b'<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + GOOD.partition(b"?>")[2]
OUTSIDE = b'<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.partition(b"?>")[2]


@pytest.mark.parametrize(
    ("content", "headers", "status", "whose"),
    [
        (b"", {}, 500, "Client"),
        (b"<a>", {}, 500, "Client"),
        (BOMB, {}, 500, "Client"),
        (OUTSIDE, {}, 500, "Client"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, {}, 500, "Client"),
        (GOOD.replace(b"UTF-8", b"UTF-16"), {"content_type": "text/xml"}, 500, "Client"),
        (GOOD.replace(b"UTF-8", b"ISO-8859-1"), {}, 500, "Client"),
        (GOOD.replace(b"UTF-8", b"UTF-7"), {"content_type": "text/xml"}, 500, "Client"),
        (GOOD.decode().encode("utf-16"), {"content_type": "text/xml"}, 500, "Client"),
        (GOOD.replace(b"<codFiscale>", b"<codFiscale>\xe8"), {}, 500, "Client"),
        (
            GOOD.replace(ENVELOPE.encode(), b"http://www.w3.org/2003/05/soap-envelope"),
            {},
            500,
            "VersionMismatch",
        ),
        (GOOD.replace(b"dato_CodiceFiscale", b"dato_altro"), {}, 500, "Client"),
        (GOOD, {"soapaction": '"http://x/ricevi_RDC_by_codProtocolloInps"'}, 500, "Client"),
        (GOOD, {"content_type": "application/json"}, 415, "Client"),
        (GOOD, {"content_type": "application/soap+xml"}, 415, "Client"),
        (GOOD, {"content_type": 'multipart/related; type="text/xml"'}, 415, "Client"),
        (GOOD, {"content_encoding": "gzip"}, 415, "Client"),
    ],
    ids=lambda one: None if isinstance(one, int) else str(one)[:40],
)
async def test_what_is_no_request_is_a_fault(
    hub: Service, content: bytes, headers: dict[str, str], status: int, whose: str
) -> None:
    answer = await post(hub, content, **headers)
    assert (answer.status, fault(answer)[0]) == (status, whose)


async def test_a_hundred_megabytes_are_not_taken(hub: Service) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_600):
            yield b"<a>" * 21_845

    try:
        answer = await post(hub, endless())
        assert answer.status == 413
    except Exception as error:  # the hub closes the connection while more is still being sent
        assert type(error).__module__.startswith("httpx2")  # noqa: PT017
    assert told(await post(hub, GOOD)).outcome == "E101", "the hub goes on"


async def test_more_than_a_message_can_need_is_not_made_a_tree(hub: Service) -> None:
    header = b"<soapenv:Header>" + b"<a/>" * 20_000 + b"</soapenv:Header><soapenv:Body>"
    answer = await post(hub, GOOD.replace(b"<soapenv:Body>", header))
    assert (answer.status, fault(answer)[0]) == (413, "Client")
    small = GOOD.replace(b"<soapenv:Body>", header.replace(b"<a/>" * 10_000, b""))
    assert told(await post(hub, small)).outcome == "E101"


async def test_another_method_is_not_taken(hub: Service) -> None:
    assert (await hub.send("GET", PATH)).status == 405


async def test_without_the_file_there_is_no_service(ask: Service) -> None:
    assert (await post(ask, GOOD)).status == 404


async def test_without_codes_none_are_invented(open_hub: Opener, soap_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "soap.toml"
    file.write_text(soap_file.read_text(encoding="utf-8").partition("[cod_stato]")[0], encoding="utf-8")  # noqa: ASYNC240
    async with open_hub("soap_codes", soap_file=file, sequencer=False) as hub:
        assert (await post(hub, GOOD)).status == 404
        events = await send(hub, "/soap/EventiCondizionalitaRDC", GOOD)
    assert (events.status, fault(events)[0]) == (500, "Client")
