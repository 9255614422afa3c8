# SPDX-License-Identifier: EUPL-1.2
"""A region's file: read strictly, refused with a sentence that names the file and the place."""

from __future__ import annotations

import re
from contextlib import aclosing
from pathlib import Path

import httpx2
import pytest

from connectors.connected import connect_agencies
from connectors.cooperation import (
    CooperatingRegion,
    SapNotifications,
    SubsidiaryRegion,
    open_region,
)
from connectors.cooperation.configuration import EGov, Tls
from connectors.cooperation.regions import check_certificates
from connectors.exchange import Policy
from connectors.region_files import read_region, read_regions
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.vocabulary import DeliveryChannel

LEAST = """
kind = "application-cooperation"
region = "10"

[sap]
address = "https://pdd.umbria.example/PD/SPCServiziSAP/"
namespace = "http://pdd.umbria.example/PD/SPCServiziSAP/types"
"""
TLS = """
[tls]
certificate = "hub.pem"
key = "hub.key"
"""
EGOV = """
[egov]
sender = "Nazionale"
gateway = "SPCNazionale"
recipient = "UMBRIA"
"""


def write(folder: Path, text: str, name: str = "umbria.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def cooperating(folder: Path, text: str) -> CooperatingRegion:
    one = read_region(write(folder, text))
    assert isinstance(one, CooperatingRegion)
    return one


def test_a_file_is_read(tmp_path: Path) -> None:
    one = cooperating(tmp_path, LEAST)
    assert (one.region_code, one.agency_code) == ("10", "regione-10")
    assert (one.address, one.namespace) == (
        "https://pdd.umbria.example/PD/SPCServiziSAP/",
        "http://pdd.umbria.example/PD/SPCServiziSAP/types",
    )
    assert (one.tls, one.egov) == (None, None)
    for name in ("hub.pem", "hub.key"):
        (tmp_path / name).touch()
    one = cooperating(tmp_path, LEAST + TLS + EGOV)
    assert one.tls == Tls(tmp_path / "hub.pem", tmp_path / "hub.key", None)
    assert one.egov == EGov("Nazionale", "SPCNazionale", "UMBRIA", "Servizi SAP")


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ('kind = "application-cooperation"', 'kind = "pigeon"', '"rest" for a region by REST over PDND'),
        ('kind = "application-cooperation"', "", "kind is"),
        ('region = "10"', 'region = "23"', "region is ISTAT's code"),
        ('region = "10"', "region = 10", "region is a text"),
        ('region = "10"', "", "region is missing"),
        ('region = "10"', 'region = "10"\ncolour = "red"', "there is no colour"),
        ("[sap]", "[pas]", "there is no pas"),
        ("https://pdd", "http://pdd", "https, but for a gateway on this machine"),
        ("https://pdd", "ftp://pdd", "URL"),
        ("https://pdd.umbria.example", "https://[::1", "sap.address is a URL"),
        ("https://pdd.umbria.example", "https://[pdd]", "sap.address is a URL"),
        ("https://pdd.umbria.example", "https://pdd:99999", "sap.address is a URL"),
        ("https://pdd.umbria.example", "https://pdd:x", "sap.address is a URL"),
        ('namespace = "http://pdd.umbria.example', 'namespace = "http://[::1', "targetNamespace"),
        ("https://pdd", "https://me:secret@pdd", "without a user"),
        ('SPCServiziSAP/"', 'SPCServiziSAP/?cf=1"', "without a user"),
        ('namespace = "http://pdd.umbria.example/PD/', 'namespace = "types', "targetNamespace"),
        ("namespace =", "names =", "there is no sap.names"),
        ("[sap]", "sap = 1\n[other]", "there is no other"),
        ("[sap]", "[sap", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    spoilt = LEAST.replace(was, now, 1)
    assert spoilt != LEAST
    with pytest.raises(ConfigurationError) as refused:
        read_region(write(tmp_path, spoilt))
    assert sentence in refused.value.message
    assert "umbria.toml" in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (TLS, "tls.certificate: there is no file"),
        ('\n[tls]\nkey = "hub.key"\n', "tls.certificate is missing"),
        ("\n[tls]\ncertificate = 1\nkey = 2\n", "tls.certificate is a text"),
        ('\n[egov]\nsender = "A"\n', "egov.gateway is missing"),
        (EGOV.replace("UMBRIA", "\u00e0"), "egov.recipient"),
        (EGOV.replace("Nazionale", "x" * 81), "egov.sender"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path: Path, more: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_region(write(tmp_path, LEAST + more))
    assert sentence in refused.value.message


def test_a_gateway_on_this_machine_may_be_asked_in_the_clear(tmp_path: Path) -> None:
    here = LEAST.replace("https://pdd.umbria.example", "http://127.0.0.1:8080")
    assert cooperating(tmp_path, here).address.startswith("http://127.0.0.1")


def test_a_folder_has_one_file_for_each_region(tmp_path: Path) -> None:
    write(tmp_path, LEAST.replace('"10"', '"12"'), "b.toml")
    write(tmp_path, LEAST, "a.toml")
    write(tmp_path, "not read", "readme.txt")
    assert [one.region_code for one in read_regions(tmp_path)] == ["10", "12"]
    write(tmp_path, LEAST, "c.toml")
    with pytest.raises(ConfigurationError, match="has a file already"):
        read_regions(tmp_path)
    with pytest.raises(ConfigurationError, match="no folder"):
        read_regions(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_region(tmp_path / "none.toml")


async def test_a_certificate_that_is_none_is_refused_before_anybody_is_called(tmp_path: Path) -> None:
    for name in ("hub.pem", "hub.key"):
        (tmp_path / name).write_text("no PEM", encoding="utf-8")
    region = cooperating(tmp_path, LEAST + TLS)
    with pytest.raises(ConfigurationError, match="region 10"):
        check_certificates(region)
    with pytest.raises(ConfigurationError, match="region 10"):
        open_region(region, Policy())
    plain = cooperating(tmp_path, LEAST)
    check_certificates(plain)
    opened = open_region(plain, Policy())
    assert (opened.region, opened.exchange.name, opened.is_down) == (plain, "REGION-10", False)
    await opened.aclose()
    assert opened.exchange.http.is_closed


def test_types_of_policies_are_those_established_and_those_of_the_file(tmp_path: Path) -> None:
    assert dict(cooperating(tmp_path, LEAST).activities) == {
        "C05": "TRAINING",
        "C07": "TRAINING",
        "N00": None,
    }
    told = '[activities]\nC06 = "PLACEMENT"\nC07 = "SCHOOLING"\nB01 = "none"\n'
    assert dict(cooperating(tmp_path, LEAST + told).activities) == {
        "B01": None, "C05": "TRAINING", "C06": "PLACEMENT", "C07": "SCHOOLING", "N00": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('C6 = "TRAINING"', "activities.C6: a type of policy"),
        ('A02 = "TRAINING"', "A02 is the pact"),
        ('C06 = "COURSE"', "activities.C06 is one of ORIENTATION, TRAINING"),
        ("C06 = 1", "activities.C06 is one of"),
    ],
)
def test_what_a_type_of_policy_cannot_be_is_named(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        read_region(write(tmp_path, f"{LEAST}[activities]\n{line}\n"))
    with pytest.raises(ConfigurationError, match="activities is a table"):
        read_region(write(tmp_path, f"activities = 1\n{LEAST}"))


WORDS = '[notifications]\nHIRED = "ASSUNZIONE"\nEVENT_WITHDRAWN = "ANNULLAMENTO"\n'


def test_a_region_is_told_by_the_words_of_its_file_and_without_any_nothing(tmp_path: Path) -> None:
    one = cooperating(tmp_path, LEAST)
    assert dict(one.notifications) == {}
    assert "Region 10 is told nothing" in (one.untold or "")
    one = cooperating(tmp_path, LEAST + WORDS)
    assert dict(one.notifications) == {"HIRED": "ASSUNZIONE", "EVENT_WITHDRAWN": "ANNULLAMENTO"}
    assert one.untold is None


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        ("HIRED", "SACKED", "notifications.SACKED: there are no facts of this type"),
        ("HIRED", "CONTENT_ERASED", "or nobody is told them"),
        ('EVENT_WITHDRAWN = "ANNULLAMENTO"', "", "notifications.EVENT_WITHDRAWN is missing"),
        ('"ASSUNZIONE"', '""', "notifications.HIRED has 1 to 80"),
        ('"ASSUNZIONE"', '" x"', "notifications.HIRED has 1 to 80"),
        ('"ASSUNZIONE"', '"à"', "notifications.HIRED has 1 to 80"),
        ('"ASSUNZIONE"', f'"{"x" * 81}"', "notifications.HIRED has 1 to 80"),
        ('"ASSUNZIONE"', "1", "notifications.HIRED has 1 to 80"),
    ],
)
def test_what_a_word_cannot_be_is_named(tmp_path: Path, was: str, now: str, sentence: str) -> None:
    spoilt = WORDS.replace(was, now)
    assert spoilt != WORDS
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        read_region(write(tmp_path, LEAST + spoilt))
    with pytest.raises(ConfigurationError, match="notifications is a table"):
        read_region(write(tmp_path, f"notifications = 1\n{LEAST}"))


async def test_only_a_region_with_words_is_among_the_recipients(tmp_path: Path) -> None:
    write(tmp_path, LEAST + WORDS)
    write(tmp_path, LEAST.replace('"10"', '"12"'), "lazio.toml")
    async with (
        httpx2.AsyncClient(trust_env=False) as http,
        aclosing(connect_agencies(Settings(regions=tmp_path), http)) as agencies,
    ):
        assert [*agencies.regions()] == ["10", "12"]
        [(address, recipient)] = agencies.recipients().items()
        assert address == (DeliveryChannel.REGION, "regione-10")
        assert isinstance(recipient, SapNotifications)


def test_a_region_without_a_system_says_so_and_no_more(tmp_path: Path) -> None:
    one = read_region(write(tmp_path, 'kind = "none"\nregion = "14"\n'))
    assert isinstance(one, SubsidiaryRegion)
    assert (one.region_code, one.agency_code, one.name) == ("14", "regione-14", "REGION-14")
    assert "its centres record at the hub directly; nothing is pulled" in one.note
    for text, sentence in (
        ('kind = "none"\n', "region is missing"),
        ('kind = "none"\nregion = "99"\n', "ISTAT's code"),
        ('kind = "none"\nregion = "04"\n', "21 for Bolzano and 22 for Trento"),
        ('kind = "none"\nregion = "14"\n[sap]\naddress = "x"\n', "there is no sap"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            read_region(write(tmp_path, text))
