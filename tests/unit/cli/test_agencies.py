# SPDX-License-Identifier: EUPL-1.2
"""What is demanded of new agencies, as the settings say it."""

from __future__ import annotations

import pytest

from hub.access.registration import default_demands
from hub.errors import ConfigurationError
from hub.settings import Settings
from hub.store.vocabulary import Demand


@pytest.mark.parametrize(
    ("written", "meant"),
    [(None, set()), ("", set()), ("EVIDENCE", {Demand.EVIDENCE}), (" DPOP  SINGLE_USE ", {Demand.DPOP, Demand.SINGLE_USE})],
)  # fmt: skip
def test_the_words(written: str | None, meant: set[Demand]) -> None:
    assert default_demands(Settings(demands=written)) == meant


@pytest.mark.parametrize("written", ["evidence", "EVIDENCE,DPOP", "ALL"])
def test_another_word_is_refused_and_the_words_are_named(written: str) -> None:
    with pytest.raises(ConfigurationError, match="EVIDENCE, SIGNATURE, DPOP, SINGLE_USE, SIGNED_ANSWERS"):
        default_demands(Settings(demands=written))
