# SPDX-License-Identifier: EUPL-1.2
"""What comes of `POST /soap/serviceRDC` is counted; what is refused is logged, too, without a word of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.api.soap import envelope, fault, write_clients
from tests.api.test_soap import GOOD, PATH, post

if TYPE_CHECKING:
    from tests.api.conftest import Opener, Service


@pytest.fixture(scope="module")
async def hub(
    ask: Service, open_hub: Opener, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    file = tmp_path_factory.mktemp("soap") / "soap.toml"
    await write_clients(ask, file)
    async with open_hub("soap_refusals", soap_file=file, sequencer=False) as service:
        yield service


LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY l0 "ha">'
    + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]><a>&l9;</a>"
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (LAUGHS, "XML_DOCTYPE"),
        (GOOD[:200], "XML_NOT_WELL_FORMED"),
        (GOOD.replace(b"<soapenv:Body>", b"<a>" * 100 + b"</a>" * 100 + b"<soapenv:Body>"), "XML_TOO_DEEP"),
        (b" " * 70_000, "BODY_TOO_LARGE"),
        (envelope("<a/>"), "SOAP_REFUSED"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_a_body_that_is_refused_is_counted_and_logged_without_a_word_of_it(
    hub: Service, content: bytes, code: str
) -> None:
    name = f'snodo_soap_requests_total{{outcome="{code}",service="serviceRDC"}}'
    before = await hub.counted(name)
    with capture_logs() as lines:
        assert fault(await post(hub, content))[0] == "Client"
    assert await hub.counted(name) == before + 1
    assert [one for one in lines if one["event"] == "request.refused"] == [
        {
            "event": "request.refused",
            "log_level": "warning",
            "door": PATH,
            "agency": "two-regions",
            "code": code,
        }
    ]


async def test_of_nobody_who_is_known_there_is_a_count_and_no_line(hub: Service) -> None:
    name = 'snodo_soap_requests_total{outcome="UNAUTHENTICATED",service="serviceRDC"}'
    before = await hub.counted(name)
    with capture_logs() as lines:
        assert (await post(hub, LAUGHS, user=None)).status == 401
    assert await hub.counted(name) == before + 1
    assert [one for one in lines if one["event"] == "request.refused"] == []


async def test_what_came_of_requests_is_counted(hub: Service) -> None:
    name = 'snodo_soap_requests_total{outcome="answered",service="serviceRDC"}'
    before = await hub.counted(name)
    await post(hub, GOOD)
    assert await hub.counted(name) == before + 1
