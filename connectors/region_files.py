# SPDX-License-Identifier: EUPL-1.2
"""The files that say how regions are reached, one each, by kind (docs/reference/regions.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from connectors import cooperation, file_exchange
from connectors.cooperation import RegionFile
from connectors.file_exchange import KIND, FilingRegion
from connectors.toml_tables import read_toml
from hub.errors import ConfigurationError

Region: TypeAlias = RegionFile | FilingRegion


def read_regions(folder: Path) -> tuple[Region, ...]:
    """Every region of a folder: one `*.toml` each, in the files' order.

    Raises:
        ConfigurationError: the folder cannot be read, a file is wrong, or two are of one region.

    """
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder of regions at {folder}.")
    found: dict[str, Region] = {}
    for file in sorted(folder.glob("*.toml")):
        one = read_region(file)
        if one.region_code in found:
            raise ConfigurationError(f"{file}: region {one.region_code} has a file already.")
        found[one.region_code] = one
    return tuple(found.values())


def read_region(file: Path) -> Region:
    """One region, of whichever kind.

    Raises:
        ConfigurationError: the file cannot be read, or says something that cannot be.

    """
    content = read_toml(file)
    if content.get("kind") == KIND:
        return file_exchange.region_of(content, file)
    return cooperation.region_of(content, file)
