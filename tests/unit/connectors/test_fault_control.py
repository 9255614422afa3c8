# SPDX-License-Identifier: EUPL-1.2
"""The simulators' switches by HTTP: what is set stands, strikes, and is lifted; what cannot be is refused with a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.simulators.demo_regions import demo_filing_inps, demo_filing_region
from connectors.simulators.demo_world import demo_world
from connectors.simulators.fault_control import FaultControl, FileSwitches, HttpSwitches, Switches
from connectors.simulators.faults import EVERY, Fault, FaultKind, Faults
from connectors.simulators.filing_agency import FileFault
from connectors.simulators.filing_simulator import FilingSimulator

NOW = 1_790_000_000.0


class Control:
    """The switches of one agency of each kind, and who asks for them."""

    def __init__(self, folder: Path) -> None:
        world = demo_world(date(2026, 11, 23))
        self.anpr, self.sap = Faults(lambda: NOW), Faults()
        self.lazio: FilingSimulator = demo_filing_region(world, folder / "lazio")
        self.inps = demo_filing_inps(world, folder / "inps")
        switches: dict[str, Switches] = {
            "anpr": HttpSwitches("http://127.0.0.1:1", self.anpr, ("C020", "C030"), has_clock=True),
            "region-sap": HttpSwitches("http://127.0.0.1:2", self.sap, ("SPCServiziSAP",), has_clock=False),
            "region-files": FileSwitches(self.lazio),
            "inps-files": FileSwitches(self.inps),
        }
        transport = httpx2.ASGITransport(FaultControl(switches).app)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3")

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer that succeeds."""
        answer = await self.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """The status and the sentence of a refusal."""
        answer = await self.http.request(method, path, json=body)
        assert answer.headers["content-type"] == "application/problem+json"
        content = answer.json()
        assert content["status"] == answer.status_code
        return answer.status_code, content["detail"]


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    made = Control(tmp_path)
    async with made.http:
        yield made


async def test_how_everybody_stands(control: Control) -> None:
    control.anpr.next("C030")
    told = await control.ask("GET", "/faults")
    assert told["anpr"] == {
        "address": "http://127.0.0.1:1",
        "operations": ["C020", "C030"],
        "clock": {"ahead": 0.0},
        "faults": {},
        "calls": {"C020": 0, "C030": 1},
    }
    assert told["region-sap"]["clock"] is None
    assert told["inps-files"]["operations"] == ["admitted_households"]
    assert told["inps-files"]["folder"] == str(control.inps.folder)
    assert await control.ask("GET", "/faults/anpr") == {"anpr": told["anpr"]}


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_kind_is_set_for_all_for_one_and_lifted(control: Control, kind: FaultKind) -> None:
    body = {"kind": kind.value, "seconds": 0.25, "times": 2}
    told = await control.ask("PUT", "/faults/anpr", body)
    expected = Fault(kind, latency=0.25, times=2)
    assert told["anpr"]["faults"] == {EVERY: {**body, "spares": 0, "retryAfter": None}}
    assert [control.anpr.next(name) for name in ("C020", "C030", "C020")] == [expected, expected, None]
    await control.ask("PUT", "/faults/anpr/C030", {"kind": kind.value, "seconds": 9})
    assert control.anpr.next("C030") == Fault(kind, latency=9.0)
    told = await control.ask("DELETE", "/faults/anpr/C030")
    assert told["anpr"]["faults"].keys() == {EVERY}
    assert (await control.ask("DELETE", "/faults/anpr"))["anpr"]["faults"] == {}
    assert control.anpr.next("C030") is None


async def test_a_clock_is_put_out_and_goes_right_again(control: Control) -> None:
    assert (await control.ask("PUT", "/clocks/anpr", {"ahead": -90}))["anpr"]["clock"] == {"ahead": -90.0}
    assert control.anpr.clock() == NOW - 90
    await control.ask("DELETE", "/clocks/anpr")
    assert control.anpr.clock() == NOW
    await control.ask("PUT", "/clocks/anpr", {"ahead": 5})
    await control.ask("DELETE", "/faults/anpr/C020")
    assert control.anpr.clock() == NOW + 5, "one operation's fault is no clock"
    await control.ask("DELETE", "/faults")
    assert control.anpr.clock() == NOW


async def test_files_are_sent_anew_wrong_and_then_right(control: Control) -> None:
    told = await control.ask("PUT", "/faults/region-files/pacts", {"kind": "half"})
    assert told["region-files"]["faults"] == {"pacts": {"kind": "half"}}
    assert told["region-files"]["sent"] == {"pacts": "patti-0001.csv"}
    assert control.lazio.faults == {"pacts": FileFault.HALF}
    told = await control.ask("PUT", "/faults/region-files", {"kind": "other-columns"})
    assert set(told["region-files"]["faults"]) == {"pacts", "job_offers", "training_courses"}
    await control.ask("DELETE", "/faults/region-files/pacts")
    assert set(control.lazio.faults) == {"job_offers", "training_courses"}
    await control.ask("DELETE", "/faults")
    assert control.lazio.faults == {}
    assert control.lazio.sent["pacts"] == "patti-0003.csv", "what was right stays as it is"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("GET", "/faults/lazio", None, 404, "No lazio runs here; there are anpr, region-sap"),
        ("PUT", "/faults/anpr/C999", {"kind": "hang"}, 404, "no operation C999; there are C020, C030"),
        ("DELETE", "/faults/anpr/C999", None, 404, "no operation C999"),
        ("DELETE", "/faults/region-files/offers", None, 404, "no operation offers; there are job_offers"),
        ("PUT", "/faults/anpr", {"kind": "sloth"}, 400, "kind is one of: "),
        ("PUT", "/faults/anpr", {"kind": "half"}, 400, "kind is one of: "),
        ("PUT", "/faults/anpr", ["hang"], 400, "The body is a JSON object"),
        ("PUT", "/faults/inps-files", {"kind": "hang"}, 400, "kind is one of: checksum-begun"),
        ("PUT", "/faults/inps-files", {"kind": "missing-column"}, 400, "for CSV files; these are ndjson"),
        ("PUT", "/clocks/anpr", {"seconds": 3}, 400, "There is no seconds here; there are ahead"),
        ("PUT", "/clocks/region-sap", {"ahead": 3}, 400, "looks at no clock"),
        ("DELETE", "/clocks/region-files", None, 400, "looks at no clock"),
        ("GET", "/fault", None, 404, "There are /faults, /faults/NAME"),
        ("POST", "/faults/anpr", {"kind": "hang"}, 405, "GET, PUT and DELETE"),
        ("PUT", "/faults/anpr", {"kind": "hang" * 5_000}, 400, "at most 10000 bytes"),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(
    control: Control, method: str, path: str, body: object, status: int, sentence: str
) -> None:
    before = await control.ask("GET", "/faults")
    answered, said = await control.refused(method, path, body)
    assert (answered, sentence in said) == (status, True), said
    assert await control.ask("GET", "/faults") == before
