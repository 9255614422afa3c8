# SPDX-License-Identifier: EUPL-1.2
"""Files a command writes about people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from hub.errors import InvalidInput


class FileThere(InvalidInput):
    """The file is there already: name a new one."""


@contextmanager
def new_file(path: Path | None) -> Iterator[TextIO | None]:
    """A file that was not there and that its owner alone may read: what is in it is about people."""
    if path is None:
        yield None
        return
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FileThere from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None
    written = False
    try:
        with open(opened, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 (a descriptor)
            yield file
            written = file.tell() > 0
    finally:
        if not written:  # interrupted, refused, or nothing to compare with: the name is free for the next try
            path.unlink()
