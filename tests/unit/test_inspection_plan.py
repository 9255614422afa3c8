# SPDX-License-Identifier: EUPL-1.2
"""The plan of a sample and the file of signals, as an inspectorate writes them."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from hub.casework.inspections.plan import Among, InvalidInspectionPlan, Plan, Strata, Weighed, read_plan
from hub.casework.inspections.told import InvalidSignals, Told, read_told
from hub.measures.controls import POINTS, Signal

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "draw-a-sample.md"
HOUSEHOLD = f"hsh_{UUID(int=7).hex}"


def test_what_is_shipped_weighs_by_the_proposal_and_says_so() -> None:
    plan = read_plan("")
    assert plan == Plan()
    assert (plan.among, plan.strata, plan.sizes, plan.unverified) == (Among.PAID, Strata.NONE, None, True)
    assert {signal: one.points for signal, one in plan.points.items()} == dict(POINTS)


def test_a_plan_of_its_own() -> None:
    plan = read_plan(
        'among = "ALL"\nstrata = "REGION"\n[sizes]\n"05" = 4\n'
        '[points.PAID_WITHOUT_RIGHT]\npoints = 6\nsource = "Piano, all. 2"\n[points.VEHICLE_REGISTERED]\npoints = 0\n'
    )
    assert plan == Plan(
        Among.ALL,
        Strata.REGION,
        {Signal.PAID_WITHOUT_RIGHT: Weighed(6, "Piano, all. 2"), Signal.VEHICLE_REGISTERED: Weighed(0)},
        {"05": 4},
    )
    # Points that weigh nothing need no source.
    assert not plan.unverified
    assert read_plan("[points.PAID_WITHOUT_RIGHT]\npoints = 6").unverified


def test_the_guide_s_plan_is_read() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert read_plan(text).strata is Strata.REGION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("among =", "no TOML"),
        ('among = "SOME"', "among is one of PAID, ALL"),
        ("among = true", "among is one of"),
        ('strata = "SEX"', "strata is one of"),
        ("size = 3", "there is no size"),
        ("sizes = 3", "sizes is a table"),
        ("[sizes]\nx = -1", "sizes.x"),
        ("[sizes]\nx = true", "sizes.x"),
        ("[points.GUILT]\npoints = 1", "A signal is one of"),
        ("[points]\nPAID_WITHOUT_RIGHT = 1", "is a table with points"),
        ("[points.PAID_WITHOUT_RIGHT]\npoints = 1.5", "whole number"),
        ("[points.PAID_WITHOUT_RIGHT]\npoints = 1001", "whole number"),
        ("[points.PAID_WITHOUT_RIGHT]\npoints = 1\nsource = 2", "source is a text"),
        ("[points.PAID_WITHOUT_RIGHT]\npoints = 1\nweight = 2", "there is no weight"),
    ],
)
def test_what_is_no_plan_is_refused_by_its_place(text: str, said: str) -> None:
    with pytest.raises(InvalidInspectionPlan, match=re.escape(said)):
        read_plan(text)


def test_signals_that_are_told(tmp_path: Path) -> None:
    file = tmp_path / "told.csv"
    other = f"hsh_{UUID(int=8).hex}"
    lines = [f"{HOUSEHOLD},ISEE_DISCREPANCY", f"{HOUSEHOLD},VEHICLE_REGISTERED", f"{other},MUST"]
    file.write_text("\n".join(["household_id,signal", *lines]))
    told = read_told(file)
    assert told == Told(
        {UUID(int=7): frozenset({Signal.ISEE_DISCREPANCY, Signal.VEHICLE_REGISTERED})},
        frozenset({UUID(int=8)}),
    )
    file.write_text("\n".join(["household_id,signal", *lines[::-1], lines[0]]))
    assert read_told(file).digest() == told.digest() != Told().digest()
    for line in ("RSSMRA85T10A562S,MUST", f"{HOUSEHOLD},GUILTY"):
        file.write_text(f"household_id,signal\n{line}\n")
        with pytest.raises(InvalidSignals, match="line 2") as refused:
            read_told(file)
        assert "RSSMRA" not in refused.value.message
