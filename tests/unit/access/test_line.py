# SPDX-License-Identifier: EUPL-1.2
"""What a line of the access log says was asked with."""

from __future__ import annotations

import json

from hub.access.line import LONGEST_ASKED, _written


def test_a_number_beyond_what_the_writer_knows_is_written() -> None:
    assert json.loads(_written({"x": 10**30})) == {"x": 10**30}


def test_what_is_long_hides_nothing_beside_it() -> None:
    told = _written({"code": "RSSMRA80A01H501U", "pad": "x" * 9_000})
    assert len(told) <= LONGEST_ASKED
    assert json.loads(told)["code"] == "RSSMRA80A01H501U"
    assert json.loads(told)["$.bytes"] > 9_000


def test_what_is_many_is_told_by_its_length() -> None:
    told = json.loads(_written({f"name{n}": "x" * 100 for n in range(1_000)}))
    assert told.keys() == {"$.bytes"}
