# SPDX-License-Identifier: EUPL-1.2
"""Load by wrk, a native generator: one in Python would be slower than the hub."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.questions import FRESH

SCRIPT = Path(__file__).parent / "load.lua"


@dataclass(frozen=True)
class Load:
    """What a run of wrk saw; latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float


def require_wrk() -> None:
    """End the bench with a sentence where wrk is not."""
    if shutil.which("wrk") is None:
        raise SystemExit("The bench needs the load generator wrk: apt-get install wrk (Debian, Ubuntu).")


def fresh_key() -> str:
    """A key never used before, as long as the words it stands for in a body."""
    return secrets.token_hex(len(FRESH) // 2)


def load(url: str, voucher: str, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Send the bodies in turn, in a closed loop over so many connections, for so long (whole seconds, at least one).

    A busy server may answer none in that time; one that answers with an error ends the bench.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        # The run's own half of a fresh key; the script counts the other half up.
        file.write(b"\n".join([voucher.encode(), fresh_key()[:16].encode(), *bodies]) + b"\n")
        file.flush()
        command = ["wrk", "--threads", "1", "--connections", str(connections)]
        command += ["--duration", f"{seconds:.0f}s", "--timeout", "30s"]
        command += ["--script", str(SCRIPT), url, "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    measured = next(line for line in done.stdout.splitlines() if line.startswith("MEASURED"))
    asked, micros, p50, p99, errors = map(int, measured.split()[1:])
    if errors:
        raise SystemExit(f"{errors} of {asked} requests failed:\n{done.stdout}")
    return Load(asked, micros / 1e6, p50 / 1e3, p99 / 1e3)
