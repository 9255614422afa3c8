# SPDX-License-Identifier: EUPL-1.2
"""The folder of an agency, on this machine or on another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from connectors.file_exchange.configuration import FilingAgency
from connectors.file_exchange.folders import Folder, LocalFolder
from hub.errors import ConfigurationError


@asynccontextmanager
async def open_folder(agency: FilingAgency) -> AsyncIterator[Folder]:
    """The agency's folder until the block ends.

    Raises:
        ConfigurationError: SFTP's library is not installed, or the key file is no key.
        UpstreamError: the other machine does not answer, is not the one that was agreed, or does not let the hub in.

    """
    if agency.sftp is None:
        yield LocalFolder(Path(agency.folder), agency.receipts, agency.agency_code)
        return
    try:
        from connectors.file_exchange.sftp import open_sftp
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Files over SFTP want the extra `sftp`: pip install 'snodo[sftp]'."
        ) from None
    async with open_sftp(agency, agency.sftp) as folder:
        yield folder
