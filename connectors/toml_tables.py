# SPDX-License-Identifier: EUPL-1.2
"""Configuration in TOML, read strictly: what is unknown, missing or of another form is refused by file and place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from hub.errors import ConfigurationError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REGION = re.compile(r"0[1-9]|1[0-9]|2[0-2]", re.ASCII)


class Wrong(Exception):
    """What is wrong with a file; the text is a sentence."""


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a file.

    Raises:
        ConfigurationError: it cannot be read, or is not TOML.

    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} is not TOML in UTF-8.") from None


def table(
    content: Mapping[str, Any], name: str, needed: Sequence[str] = (), optional: Sequence[str] = ()
) -> Mapping[str, Any] | None:
    """A table with these members and no other; None when it is not there."""
    found = content.get(name)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise Wrong(f"{name} is a table: [{name}].")
    only(found, f"{name}.", needed, optional)
    return found


def only(found: Mapping[str, Any], path: str, needed: Sequence[str], optional: Sequence[str]) -> None:
    """Pass a table that has what it needs, and nothing unknown."""
    if unknown := sorted(set(found) - {*needed, *optional}):
        raise Wrong(f"there is no {path}{unknown[0]}.")
    for name in needed:
        if name not in found:
            raise Wrong(f"{path}{name} is missing.")


def text(found: Mapping[str, Any], name: str, path: str = "") -> str:
    """A text that is not blank."""
    value = found[name]
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"{path}{name} is a text.")
    return value


def address(found: Mapping[str, Any], name: str, path: str = "") -> str:
    """A service's address: what is said there is of people, so in the clear it goes to a gateway on this machine, and nowhere else."""
    url = text(found, name, path)
    parts = split_url(url)
    if (
        not parts
        or parts.scheme not in ("https", "http")
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
    ):
        raise Wrong(f"{path}{name} is a URL without a user, a password, a query or a fragment.")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise Wrong(f"{path}{name} is https, but for a gateway on this machine.")
    return url


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None of what is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # what is none is refused only here
    except ValueError:
        return None
    return parts


def region_code(content: Mapping[str, Any]) -> str:
    """`region`: a region's code in our table of regions (docs/adr/0008)."""
    code = text(content, "region")
    if not _REGION.fullmatch(code):
        raise Wrong("region is ISTAT's code, 01 to 20, or 21 for Bolzano and 22 for Trento.")
    # NOTE ISTAT's 04 is the two provinces of Bolzano and Trento, each with a system of its own (docs/adr/0008).
    if code == "04":
        raise Wrong("region 04 is two territories: 21 for Bolzano and 22 for Trento.")
    return code
