# SPDX-License-Identifier: EUPL-1.2
"""The files that say how regions are reached, one each, by kind (docs/reference/regions.md), and how INPS's files are found."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from connectors import cooperation, file_exchange, regional
from connectors.cooperation import RegionFile
from connectors.file_exchange import KIND, FilingAgency, FilingRegion
from connectors.regional import RegionalSystem
from connectors.toml_tables import read_toml
from hub.errors import ConfigurationError

Region: TypeAlias = RegionFile | FilingRegion | RegionalSystem


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
        ConfigurationError: the file cannot be read, or says something that cannot be, or is no region's.

    """
    content = read_toml(file)
    if content.get("kind") == regional.KIND:
        return regional.system_of(content, file)
    if content.get("kind") != KIND:
        return cooperation.region_of(content, file)
    filing = file_exchange.filing_of(content, file)
    if not isinstance(filing, FilingRegion):
        raise ConfigurationError(f"{file} is of {filing.agency_code}, and a region's is wanted here.")
    return filing


def read_filing(path: Path) -> tuple[FilingAgency, ...]:
    """The agencies that send files: that of one TOML file, or of a folder of regions' those of kind `batch`; none where they are of other kinds.

    Raises:
        ConfigurationError: a file cannot be read, or says something that cannot be.

    """
    if path.is_dir():
        return tuple(one for one in read_regions(path) if isinstance(one, FilingRegion))
    content = read_toml(path)
    return (file_exchange.filing_of(content, path),) if content.get("kind") == KIND else ()
