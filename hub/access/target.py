# SPDX-License-Identifier: EUPL-1.2
"""One spelling for all addresses that mean the same (RFC 3986, sections 6.2.2 and 6.2.3), without query and fragment."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_VISIBLE: Final = re.compile(r"[!-~]{1,2000}")
_HOST: Final = re.compile(r"[a-z0-9._~-]+|\[[0-9a-f:.]+\]")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def normalised(address: str) -> str | None:
    """An absolute http(s) address in its one spelling; None if it is not one, or names a user.

    `HTTPS://Hub.example:443/a/../%67raphql?x#y` is `https://hub.example/graphql`.
    """
    # NOTE: looked at before it is parsed: `urlsplit` takes line breaks and tabs out without a word.
    if not _VISIBLE.fullmatch(address) or "\\" in address:
        return None
    try:
        parsed = urlsplit(address)
        port = parsed.port
    except ValueError:
        return None
    host = parsed.netloc.lower().removesuffix("" if port is None else f":{parsed.netloc.rpartition(':')[2]}")
    host = host.removesuffix(":")  # a port may be there and empty (RFC 3986, section 3.2.3)
    path = _unescaped(parsed.path)
    if parsed.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or path is None:
        return None
    place = host if port in (None, _DEFAULT_PORTS[parsed.scheme]) else f"{host}:{port}"
    return f"{parsed.scheme}://{place}{_without_dots(path)}"


def _unescaped(path: str) -> str | None:
    """The path with letters that need no escape written plainly, and escapes in upper case; None if one is broken."""
    broken = False

    def spelt(escape: re.Match[str]) -> str:
        nonlocal broken
        if escape[1] is None:
            broken = True
            return ""
        letter = chr(int(escape[1], 16))
        return letter if _UNRESERVED.fullmatch(letter) else escape[0].upper()

    path = _ESCAPE.sub(spelt, path)
    return None if broken else path


def _without_dots(path: str) -> str:
    """The path without `.` and `..` (RFC 3986, section 5.2.4), and `/` where it is empty."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
