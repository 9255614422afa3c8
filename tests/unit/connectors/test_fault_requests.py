# SPDX-License-Identifier: EUPL-1.2
"""What may be asked of the simulators' switches, and what is refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.simulators.fault_requests import (
    FaultRefused,
    FaultWord,
    clock_of,
    fault_of,
    fault_word,
    file_fault_of,
    read_object,
)
from connectors.simulators.faults import Fault, FaultKind
from connectors.simulators.filing_agency import FileFault


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_can_be_asked_for(kind: FaultKind) -> None:
    assert fault_of({"kind": kind.value, "seconds": 0.5}) == Fault(kind, latency=0.5)


@pytest.mark.parametrize("kind", FileFault)
def test_every_fault_of_files_can_be_asked_for(kind: FileFault) -> None:
    assert file_fault_of({"kind": kind.value}) is kind


def test_all_there_is_to_say_of_a_fault() -> None:
    about = {"kind": "over-limit", "seconds": 1, "times": 3, "spares": 2, "retryAfter": 0}
    assert fault_of(about) == Fault(FaultKind.OVER_LIMIT, latency=1.0, retry_after=0, times=3, spares=2)
    nothing = {"kind": "hang", "seconds": None, "times": None, "spares": None, "retryAfter": None}
    assert fault_of(nothing) == Fault(FaultKind.HANG)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({}, r"kind is missing; it is one of: drop, .*over-limit"),
        ({"kind": "Slow"}, "kind is one of: drop, "),
        ({"kind": 7}, "kind is one of"),
        ({"kind": ["slow"]}, "kind is one of"),
        ({"kind": "error", "latency": 1}, "There is no latency here; there are kind, seconds, times"),
        ({"kind": "slow"}, "in seconds, more than 0"),
        ({"kind": "slow", "seconds": 0}, "in seconds, more than 0"),
        ({"kind": "slow", "seconds": -1}, "seconds is a number of seconds from 0 to 3600"),
        ({"kind": "slow", "seconds": 3601}, "seconds is a number of seconds from 0 to 3600"),
        ({"kind": "slow", "seconds": float("nan")}, "seconds is a number"),
        ({"kind": "slow", "seconds": float("inf")}, "seconds is a number"),
        ({"kind": "slow", "seconds": True}, "seconds is a number"),
        ({"kind": "slow", "seconds": "2"}, "seconds is a number"),
        ({"kind": "error", "times": 0}, "times is a whole number from 1"),
        ({"kind": "error", "times": 1.0}, "times is a whole number from 1"),
        ({"kind": "error", "times": True}, "times is a whole number from 1"),
        ({"kind": "error", "times": 10**9}, "times is a whole number from 1 to 1000000"),
        ({"kind": "error", "spares": -1}, "spares is a whole number from 0"),
        ({"kind": "error", "retryAfter": "soon"}, "retryAfter is a whole number"),
        ({"kind": "hang", "retryAfter": 3}, "retryAfter goes with one of: error, over-limit, unavailable"),
    ],
)
def test_what_is_no_fault_is_refused(about: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FaultRefused, match=sentence):
        fault_of(about)


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"kind": "slow"}, "kind is one of: checksum-begun"),
        ({"kind": "half", "times": 2}, "There is no times here; there are kind"),
    ],
)
def test_what_is_no_fault_of_files_is_refused(about: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FaultRefused, match=sentence):
        file_fault_of(about)


def test_a_clock_runs_ahead_or_behind_as_far_as_ten_years() -> None:
    assert (clock_of({"ahead": 90}), clock_of({"ahead": -0.5}), clock_of({"ahead": 0})) == (90.0, -0.5, 0.0)
    for about, sentence in (
        ({}, "ahead is missing"),
        ({"ahead": None}, "ahead is missing"),
        ({"ahead": "1"}, "ahead is a number of seconds"),
        ({"ahead": 1e12}, "ahead is a number of seconds"),
        ({"ahead": 1, "behind": 1}, "There is no behind here"),
    ):
        with pytest.raises(FaultRefused, match=sentence):
            clock_of(about)


@pytest.mark.parametrize(
    "body",
    [b"", b"slow", b"[]", b'"slow"', b'{"kind":"slow","kind":"hang"}', b"\xff", b"[" * 100_000, b'{"a":1'],
)
def test_a_body_is_one_object(body: bytes) -> None:
    with pytest.raises(FaultRefused, match="The body is a JSON object"):
        read_object(body)


def test_the_command_line_s_word() -> None:
    assert fault_word("anpr=hang") == FaultWord("anpr", None, {"kind": "hang"})
    assert fault_word("anpr/C020=slow:2.5") == FaultWord("anpr", "C020", {"kind": "slow", "seconds": 2.5})
    assert fault_word("region-files/pacts=half") == FaultWord("region-files", "pacts", {"kind": "half"})


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("anpr", r"NAME\[/OPERATION\]=KIND\[:SECONDS\], and not as anpr"),
        ("anpr=", "NAME"),
        ("=slow", "NAME"),
        ("anpr/=slow", "NAME"),
        ("anpr=slow:", "NAME"),
        ("anpr=slow:soon", "no number of seconds"),
    ],
)
def test_another_word_is_refused(word: str, sentence: str) -> None:
    with pytest.raises(FaultRefused, match=sentence):
        fault_word(word)
