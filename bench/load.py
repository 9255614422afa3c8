# SPDX-License-Identifier: EUPL-1.2
"""Load by wrk, a native generator: one in Python would be slower than the hub."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@contextmanager
def written(voucher: str, bodies: Sequence[bytes]) -> Iterator[Path]:
    """What wrk sends, as the file its script reads."""
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\n".join([voucher.encode(), *bodies]) + b"\n")
        file.flush()
        yield Path(file.name)


def load(url: str, requests: Path, *, connections: int, seconds: float) -> Load:
    """Ask in a closed loop over so many connections, for so long (whole seconds, at least one)."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:.0f}s"]
    command += ["--timeout", "30s", "--script", str(SCRIPT), url, "--", str(requests)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    measured = next(line for line in done.stdout.splitlines() if line.startswith("MEASURED"))
    asked, micros, p50, p99, errors = map(int, measured.split()[1:])
    if errors or not asked:
        raise SystemExit(f"{errors} of {asked} requests failed:\n{done.stdout}")
    return Load(asked, micros / 1e6, p50 / 1e3, p99 / 1e3)
