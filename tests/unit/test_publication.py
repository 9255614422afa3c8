# SPDX-License-Identifier: EUPL-1.2
"""What is published beside the code: the licence in full, and publiccode.yml as its standard (0.4) asks."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PUBLICCODE: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))

# Of the standard's two vocabularies, the words this project uses.
CATEGORIES = {"compliance-management", "data-collection", "it-development"}
SCOPES = {"employment", "government", "local-authorities", "welfare"}


def test_the_licence_has_its_fifteen_articles_and_its_appendix() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n")
    assert re.findall(r"^(\d+)\.\s*(\S.*)$", text, re.MULTILINE) == [
        ("1", "Definitions"),
        ("2", "Scope of the rights granted by the Licence"),
        ("3", "Communication of the Source Code"),
        ("4", "Limitations on copyright"),
        ("5", "Obligations of the Licensee"),
        ("6", "Chain of Authorship"),
        ("7", "Disclaimer of Warranty"),
        ("8", "Disclaimer of Liability"),
        ("9", "Additional agreements"),
        ("10", "Acceptance of the Licence"),
        ("11", "Information to the public"),
        ("12", "Termination of the Licence"),
        ("13", "Miscellaneous"),
        ("14", "Jurisdiction"),
        ("15", "Applicable Law"),
    ]
    assert text.rstrip().endswith(
        "All other changes or additions to this Appendix require the production of a new EUPL version."
    )


def test_publiccode_and_the_package_agree() -> None:
    assert PUBLICCODE["softwareVersion"] == PROJECT["version"]
    assert PUBLICCODE["legal"]["license"] == PROJECT["license"]
    assert PUBLICCODE["name"].lower() == PROJECT["name"]
    date.fromisoformat(PUBLICCODE["releaseDate"])


def test_publiccode_has_what_the_standard_makes_mandatory() -> None:
    assert PUBLICCODE["publiccodeYmlVersion"] == "0.4"
    assert PUBLICCODE["url"].startswith("https://")
    assert PUBLICCODE["platforms"]
    assert PUBLICCODE["developmentStatus"] in {"concept", "development", "beta", "stable", "obsolete"}
    assert PUBLICCODE["softwareType"] == "standalone/backend"
    assert set(PUBLICCODE["categories"]) <= CATEGORIES
    assert set(PUBLICCODE["intendedAudience"]["scope"]) <= SCOPES
    assert PUBLICCODE["intendedAudience"]["countries"] == ["IT"]
    assert PUBLICCODE["maintenance"]["type"] == "internal"
    assert all(contact["name"] for contact in PUBLICCODE["maintenance"]["contacts"])
    assert PUBLICCODE["localisation"]["availableLanguages"]
    assert isinstance(PUBLICCODE["localisation"]["localisationReady"], bool)
    assert PUBLICCODE["IT"]["countryExtensionVersion"] == "1.0"


@pytest.mark.parametrize("language", ["en", "it"])
def test_publiccode_descriptions_have_the_standards_lengths(language: str) -> None:
    described = PUBLICCODE["description"][language]
    assert 0 < len(described["shortDescription"]) <= 150
    assert 150 <= len(described["longDescription"]) <= 10_000
    assert described["features"]


def test_the_changelog_knows_the_version() -> None:
    assert PROJECT["version"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
