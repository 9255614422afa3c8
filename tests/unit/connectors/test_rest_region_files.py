# SPDX-License-Identifier: EUPL-1.2
"""A region by REST, from its file to its connector: read strictly, refused by file and place, each with a way out of its own."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.connected import connect_agencies
from connectors.file_exchange.shapes import SENT_BY_REGIONS, SHAPES
from connectors.inbound.kept_kinds import kept_kind
from connectors.records.delivery import Refusal
from connectors.region_files import read_filing, read_region, read_regions
from connectors.regional import PROVISIONAL_CODES, RegionalSystem
from connectors.regional.configuration import MEMBERS, TABLES
from connectors.simulators.keys import DemoKeys
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.vocabulary import DeliveryChannel, OpportunityStatus, PactKind
from tests.unit.connectors.test_regional_records import OFFER, PACT
from tests.unit.connectors.test_tls import Authority, agency

LEAST = """
kind = "rest"
region = "12"
url = "https://lavoro.lazio.example/rest/lavoro/v1"
audience = "https://lavoro.lazio.example/audience"
purpose_id = "0b6f7c3a-0000-4000-8000-000000000012"
"""
OWN = """
[codes.opportunity]
source = "Regione Lazio, letter of 3 October 2026"
unverified = false
words = { APERTA = "OPEN", "CHIUSA D'UFFICIO" = "CLOSED" }

[signed]
WORK = "dataFirmaPds"

[names]
idOfferta = "numeroOfferta"
titolo = "descrizione"
"""
SIBLING = LEAST.replace('"12"', '"01"').replace("lazio", "piemonte")


def write(folder: Path, text: str, name: str = "lazio.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def by_rest(folder: Path, text: str) -> RegionalSystem:
    one = read_region(write(folder, text))
    assert isinstance(one, RegionalSystem)
    return one


def test_the_least_that_a_file_says(tmp_path: Path) -> None:
    assert by_rest(tmp_path, LEAST) == RegionalSystem(
        "12",
        "https://lavoro.lazio.example/rest/lavoro/v1",
        "https://lavoro.lazio.example/audience",
        "0b6f7c3a-0000-4000-8000-000000000012",
        file=tmp_path / "lazio.toml",
    )
    one = by_rest(tmp_path, LEAST)
    assert (one.agency_code, one.name, one.certificate) == ("regione-12", "REGION-12", None)
    assert one.codes == PROVISIONAL_CODES
    assert read_filing(tmp_path) == ()


def test_a_table_of_its_own_stands_in_the_place_of_the_one_that_is_shipped(tmp_path: Path) -> None:
    codes = by_rest(tmp_path, LEAST + OWN).codes
    assert codes.opportunity.source == "Regione Lazio, letter of 3 October 2026"
    assert codes.opportunity.unverified is False
    assert dict(codes.opportunity.words) == {"APERTA": "OPEN", "CHIUSA D'UFFICIO": "CLOSED"}
    assert codes.pact_kind is PROVISIONAL_CODES.pact_kind
    assert codes.signed_field[PactKind.WORK] == "dataFirmaPds"
    assert codes.signed_field[PactKind.DIGITAL_ACTIVATION] == "dPadPadi"


def test_every_table_of_codes_and_every_member_can_be_a_regions_own(tmp_path: Path) -> None:
    tables = {name for name in PROVISIONAL_CODES.__slots__ if name != "signed_field"}
    assert set(TABLES) == tables
    told = {
        path.partition(".")[0]
        for flow in SENT_BY_REGIONS
        for path in (*SHAPES[flow].needed, *SHAPES[flow].optional)
    }
    assert told | {name for flow in SENT_BY_REGIONS for name in SHAPES[flow].listed} == MEMBERS
    for name in sorted(tables):
        word = next(iter(TABLES[name]))
        text = f'{LEAST}[codes.{name}]\nsource = "x"\nunverified = true\nwords = {{ A = "{word}" }}\n'
        table: Any = getattr(by_rest(tmp_path, text).codes, name)
        assert (dict(table.words), table.unverified) == ({"A": word}, True)


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('region = "12"', "", "region is missing."),
        ('region = "12"', 'region = "04"', "21 for Bolzano and 22 for Trento"),
        ('region = "12"', "region = 12", "region is a text."),
        ("url =", "address =", "there is no address."),
        ("audience =", "# audience =", "audience is missing."),
        ("purpose_id =", "# purpose_id =", "purpose_id is missing."),
        ('purpose_id = "0', 'purpose_id = "a b', "purpose_id has 1 to 200 visible ASCII characters"),
        ('audience = "https', 'audience = "à', "audience has 1 to 200 visible ASCII characters"),
        ("https://lavoro.lazio.example/rest", "http://lavoro.lazio.example/rest", "url is https, but for"),
        ("https://lavoro.lazio.example/rest", "https://me:secret@lazio.example/rest", "url is a URL without a user"),
        ("rest/lavoro/v1", "rest?v=1", "url is a URL without a user"),
        ("rest/lavoro/v1", "rest#v1", "url is a URL without a user"),
        ('kind = "rest"', 'kind = "rest"\ncolour = "red"', "there is no colour."),
        ('kind = "rest"', 'kind = "rest"\ncertificate_file = "hub.pem"', "certificate_file: there is no file"),
        ('kind = "rest"', 'kind = "rest"\ncertificate_file = 1', "certificate_file is a text."),
        ("[codes.opportunity]", "[codes.offers]", "there is no codes.offers."),
        ("[codes.opportunity]", "[codes]\nopportunity = 1\n[names.x]", "codes.opportunity is a table: [codes.opportunity]."),
        ("source = ", "# source = ", "codes.opportunity.source is missing."),
        ('source = "Regione Lazio, letter of 3 October 2026"', 'source = " "', "codes.opportunity.source is a text."),
        ("unverified = false", "", "codes.opportunity.unverified is missing."),
        ("unverified = false", 'unverified = "no"', "codes.opportunity.unverified is true or false"),
        ("unverified = false", "unverified = false\nverified = true", "there is no codes.opportunity.verified."),
        ('{ APERTA = "OPEN", "CHIUSA D\'UFFICIO" = "CLOSED" }', "{}", "codes.opportunity.words is a table of codes"),
        ('{ APERTA = "OPEN", "CHIUSA D\'UFFICIO" = "CLOSED" }', '["APERTA"]', 'words = { A = "OPEN" }'),
        ('"OPEN"', '"APERTA"', "codes.opportunity.words.APERTA is one of OPEN, "),
        ('"OPEN"', "1", "codes.opportunity.words.APERTA is one of OPEN, "),
        ('"OPEN"', '["OPEN"]', "codes.opportunity.words.APERTA is one of OPEN, "),
        ("\"CHIUSA D'UFFICIO\"", '" CHIUSA"', "codes.opportunity.words: a code has 1 to 60 visible"),
        ("\"CHIUSA D'UFFICIO\"", f'"{"x" * 61}"', "codes.opportunity.words: a code has 1 to 60 visible"),
        ('"dataFirmaPds"', '"dataFirma"', "signed.WORK is one of dPadPadi, dSottoscrizione, dataFirmaPds"),
        ('"dataFirmaPds"', '["dataFirmaPds"]', "signed.WORK is one of"),
        ("WORK =", "LABOUR =", "there is no signed.LABOUR."),
        ("titolo =", "nome =", "names: no record has a member nome."),
        ('"descrizione"', "1", "names.titolo is a text."),
        ('"descrizione"', '"la descrizione"', "names.titolo has 1 to 200 visible"),
        ('"descrizione"', '"numeroOfferta"', "names: two members have one name."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_place(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    text = LEAST + OWN
    assert text.count(was) >= 1
    with pytest.raises(ConfigurationError) as refused:
        read_region(write(tmp_path, text.replace(was, now, 1)))
    assert sentence in refused.value.message
    assert refused.value.message.startswith(f"{tmp_path / 'lazio.toml'}: ")
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("name", ["codes", "names", "signed"])
def test_what_is_no_table_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"lazio\.toml: {name} is a table: \[{name}\]\.$"):
        read_region(write(tmp_path, f"{LEAST}{name} = 1\n"))


def test_in_the_clear_it_is_asked_on_this_machine_and_shown_no_certificate(tmp_path: Path) -> None:
    here = LEAST.replace("https://lavoro.lazio.example", "http://127.0.0.1:8080")
    assert by_rest(tmp_path, here).url == "http://127.0.0.1:8080/rest/lavoro/v1"
    write(tmp_path, "", "hub.pem")
    with pytest.raises(ConfigurationError, match=r"url must begin with https://\.$"):
        read_region(write(tmp_path, f'{here}certificate_file = "hub.pem"\n'))


def test_a_folder_has_regions_of_every_kind_and_each_once(tmp_path: Path) -> None:
    write(tmp_path, SIBLING, "a.toml")
    write(tmp_path, LEAST, "b.toml")
    write(tmp_path, 'kind = "none"\nregion = "14"\n', "c.toml")
    assert [one.region_code for one in read_regions(tmp_path)] == ["01", "12", "14"]
    write(tmp_path, 'kind = "none"\nregion = "12"\n', "d.toml")
    with pytest.raises(ConfigurationError, match="region 12 has a file already"):
        read_regions(tmp_path)


def settings(keys: Path, regions: Path | None = None, **others: Any) -> Settings:
    named = {"client_id": "c", "client_key_file": keys, "pdnd_token_url": "https://pdnd.example/token.oauth2"}
    return Settings(regions=regions, **{**named, **others})


NAMED: dict[str, Any] = {
    "region_code": "05",
    "region_url": "https://lavoro.veneto.example",
    "region_audience": "a",
    "region_purpose_id": "p",
}


@pytest.fixture
def key(keys: DemoKeys) -> Path:
    return keys.path("hub")


async def test_each_has_a_way_out_a_client_and_a_recipient_of_its_own(tmp_path: Path, key: Path) -> None:
    write(tmp_path, SIBLING, "piemonte.toml")
    write(tmp_path, LEAST)
    write(tmp_path, 'kind = "none"\nregion = "14"\n', "molise.toml")
    async with (
        httpx2.AsyncClient(trust_env=False) as http,
        aclosing(connect_agencies(settings(key, tmp_path, **NAMED), http)) as agencies,
    ):
        assert [one.name for one in agencies.exchanges] == [
            "PDND",
            "REGION-01",
            "REGION",
            "REGION-12",
            "REGION-14",
        ]
        assert [*agencies.regions()] == ["01", "05", "12", "14"]
        assert {*agencies.recipients()} == {
            (DeliveryChannel.REGION, f"regione-{code}") for code in ("01", "05", "12")
        }
        clients = {one.exchange.http for one in agencies.regional}
        assert len(clients) == 3
        assert http not in clients
    assert {one.is_closed for one in clients} == {True}
    assert {one.system.certificate for one in agencies.regional} == {None}


async def test_one_region_is_not_named_by_the_settings_and_by_a_file(tmp_path: Path, key: Path) -> None:
    write(tmp_path, LEAST)
    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(
            ConfigurationError, match="Region 12 is connected by SNODO_REGION_URL, and has a file"
        ):
            connect_agencies(settings(key, tmp_path, **{**NAMED, "region_code": "12"}), http)


async def test_a_file_alone_needs_the_hubs_own_client_on_pdnd(tmp_path: Path) -> None:
    write(tmp_path, LEAST)
    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(ConfigurationError, match="the hub needs SNODO_CLIENT_ID"):
            connect_agencies(Settings(regions=tmp_path), http)


async def test_a_certificate_that_is_none_is_refused_before_anybody_is_called(
    tmp_path: Path, key: Path
) -> None:
    bad = write(tmp_path, "no PEM", "hub.pem")
    write(tmp_path, f'{LEAST}certificate_file = "hub.pem"\n')
    named = {**NAMED, "region_certificate_file": bad}
    clear = {**named, "region_url": "http://127.0.0.1:1"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        for wrong, says in (
            (settings(key, tmp_path), "hub.pem is not a PEM file with a certificate and its key"),
            (settings(key, **named), "hub.pem is not a PEM file with a certificate and its key"),
            (settings(key, **clear), "SNODO_REGION_URL must begin with https://"),
            (settings(key, region_certificate_file=bad), "SNODO_REGION_URL must begin with https://"),
            (settings(key, region_url="https://x.example"), "SNODO_REGION_URL, _AUDIENCE and _PURPOSE_ID go together"),
            (settings(key, **{**NAMED, "region_code": None}), "SNODO_REGION_URL needs SNODO_REGION_CODE"),
        ):  # fmt: skip
            with pytest.raises(ConfigurationError, match=says):
                connect_agencies(wrong, http)


async def test_each_is_shown_its_own_certificate(tmp_path: Path, key: Path) -> None:
    """Two regions behind one gateway, each with a certificate for the hub: which no client of both could show."""
    authority = Authority(tmp_path)
    async with agency(authority, demands=True) as gateway, httpx2.AsyncClient(trust_env=False) as http:
        for name, text in (("piemonte", SIBLING), ("lazio", LEAST)):
            authority.issue(name)
            here = text.replace(f"https://lavoro.{name}.example/rest/lavoro", f"{gateway}/{name}")
            write(tmp_path, f'{here}certificate_file = "{name}.pem"\n', f"{name}.toml")
        named = settings(key, tmp_path, ca_file=authority.path)
        async with aclosing(connect_agencies(named, http)) as agencies:
            shown = [(await one.exchange.http.get(one.system.url)).text for one in agencies.regional]
    assert shown == ["piemonte", "lazio"]


def test_what_was_kept_is_read_by_the_codes_and_names_of_its_regions_file(tmp_path: Path) -> None:
    write(tmp_path, LEAST + OWN)
    theirs = {**OFFER, "numeroOfferta": "L-7", "descrizione": "Cuoca", "codStato": "APERTA"}
    del theirs["idOfferta"], theirs["titolo"]
    read: Any = kept_kind("job-offers", "regione-12", tmp_path).read(theirs)
    assert (read.key, read.content.title, read.content.status) == ("L-7", "Cuoca", OpportunityStatus.OPEN)
    unread = kept_kind("job-offers", "regione-12", tmp_path).read({**theirs, "descrizione": 1}).content
    assert unread == Refusal("descrizione", "The value is not a text.")  # as the region names it
    for agency_code, regions in (("regione-03", tmp_path), ("regione-12", None)):
        other = kept_kind("job-offers", agency_code, regions).read(theirs).content
        assert isinstance(other, Refusal)
    assert kept_kind("pacts", "regione-12", tmp_path).read(PACT).key == "4711"
