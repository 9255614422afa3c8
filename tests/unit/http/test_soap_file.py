# SPDX-License-Identifier: EUPL-1.2
"""The file of the SOAP services: read, or refused by a sentence that names the place and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.access.passwords import hash_password
from hub.errors import ConfigurationError
from hub.http.soap_file import read_soap_file
from hub.store.vocabulary import BenefitStatus, Obligation

PURPOSE = "5b0d2c6e-0000-4000-8000-000000000001"
HASH = str(hash_password("x"))
GOOD = f'[[client]]\nagency = "sil"\npurpose = "{PURPOSE}"\nuser = "sil"\npassword = "{HASH}"\n'
CERTIFIED = f'[[client]]\nagency = "sil"\npurpose = "{PURPOSE}"\ncertificate = "{"0a" * 32}"\n'
STATUS = "\n".join(["[cod_stato]", *(f'{one.value} = "S"' for one in BenefitStatus), ""])
ROLE = "\n".join(["[cod_ruolo_beneficiario]", *(f'{one.value} = "R"' for one in Obligation), ""])


def written(folder: Path, text: str) -> Path:
    file = folder / "soap.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_clients_and_codes_are_read(tmp_path: Path) -> None:
    found = read_soap_file(written(tmp_path, f"{GOOD}{CERTIFIED}{STATUS}{ROLE}"))
    by_password, by_certificate = found.clients
    assert (by_password.agency, str(by_password.purpose), by_password.user) == ("sil", PURPOSE, "sil")
    assert by_password.password is not None
    assert by_password.password.is_of(b"x")
    assert by_certificate.certificate == "0a" * 32
    assert found.codes is not None
    assert (set(found.codes.status.values()), set(found.codes.role.values())) == ({"S"}, {"R"})


def test_nothing_is_nobody(tmp_path: Path) -> None:
    assert read_soap_file(written(tmp_path, "")).clients == ()


def test_without_codes_there_are_none_and_it_is_logged(tmp_path: Path) -> None:
    with capture_logs() as logged:
        assert read_soap_file(written(tmp_path, GOOD)).codes is None
    assert [(one["event"], one["service"]) for one in logged] == [("soap.not_served", "serviceRDC")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client", "is not TOML"),
        ("[clients]\n", "There is no clients"),
        ('client = "x"\n', r"\[\[client\]\]"),
        (GOOD + GOOD, "Two clients have the same user"),
        (CERTIFIED + CERTIFIED, "Two clients have the same certificate"),
        (GOOD.replace("agency", "agenzia"), "Client 1 .* knows no agenzia"),
        (GOOD.replace(PURPOSE, "x"), "Client 1 .* id of a purpose"),
        (CERTIFIED + GOOD.replace('user = "sil"\n', ""), "Client 2 .* user and password, or certificate"),
        (GOOD.replace(f'password = "{HASH}"\n', ""), "user and password, or certificate"),
        (GOOD + 'certificate = "00"\n', "user and password, or certificate"),
        (GOOD.replace('"sil"\npassword', '"a:b"\npassword'), "without a colon"),
        (GOOD.replace(HASH, "segretissimo"), "a hash as"),
        (CERTIFIED.replace("0a" * 32, "0A" * 32), "64 hexadecimal digits"),
        (GOOD.replace('agency = "sil"', "agency = 1"), "its members are texts"),
        ('[cod_stato]\nACTIVE = "x"\n', r"\[cod_stato\] has a line for each"),
        (STATUS, r"\[cod_ruolo_beneficiario\] has a line for each"),
        (ROLE, r"\[cod_stato\] has a line for each"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_soap_file(written(tmp_path, text))
    assert "SNODO_SOAP_FILE" in refused.value.message
    assert "segretissimo" not in refused.value.message
    assert HASH not in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*nowhere\.toml"):
        read_soap_file(tmp_path / "nowhere.toml")
