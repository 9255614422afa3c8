# SPDX-License-Identifier: EUPL-1.2
"""`snodo simulate` in a process of its own, and what it prints, as an integrator's shell would take it."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.settings import Settings
from tests.e2e.conftest import environment, hear


@dataclass(frozen=True)
class Simulated:
    """What was printed, its assignments, where each agency is, where each one's faults are set, and all of them."""

    printed: str
    assignments: Mapping[str, str]
    places: Mapping[str, str]
    switches: Mapping[str, str]
    control: str
    data_dir: Path

    def settings_of_a_shell(self) -> dict[str, str]:
        """The assignments as a shell reads them."""
        return {name: shlex.split(value)[0] for name, value in self.assignments.items()}

    @property
    def settings(self) -> Settings:
        """The settings of a hub among them."""
        given = {
            name.removeprefix("SNODO_").lower(): value for name, value in self.settings_of_a_shell().items()
        }
        return Settings.model_validate({"data_dir": self.data_dir, **given})


def read(printed: str, data_dir: Path) -> Simulated:
    """Read what the command printed."""
    places, switches = {}, {}
    for name, place, switch in re.findall(
        r"^# ([a-z-]+): .+\n(?:# It starts too.+\n)?# at (\S+)\n# faults at (\S+)$", printed, re.MULTILINE
    ):
        places[name], switches[name] = place, switch
    control = re.search(r"^# All faults: (\S+)\. Ctrl-C ends\.$", printed, re.MULTILINE)
    assert control is not None
    assignments = dict(re.findall(r"^(SNODO_\w+)=(.*)$", printed, re.MULTILINE))
    return Simulated(printed, assignments, places, switches, control[1], data_dir)


@contextmanager
def simulating(command: list[str], folder: Path, *words: str) -> Iterator[Simulated]:
    """Run `snodo simulate …` in a folder until the block ends, and then stop it as Ctrl-C does."""
    printed, said = folder / "printed", folder / "said"
    with printed.open("w") as output, said.open("w") as errors:
        process = subprocess.Popen(
            [*command, "simulate", *words], cwd=folder, env=environment(), stdout=output, stderr=errors
        )
        try:
            until = time.monotonic() + 90  # patience, no aim
            while "Ctrl-C ends." not in printed.read_text():
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < until, printed.read_text()
                time.sleep(0.05)
            yield read(printed.read_text(), folder / ".snodo")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0, said.read_text()
            assert said.read_text() == ""
            hear(said.read_text(), words)
