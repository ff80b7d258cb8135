"""wrk as the load generator, and how its figures are read."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load", "run_wrk"]

SCRIPTS = Path(__file__).parent / "wrk"


@dataclass(frozen=True)
class Load:
    """What wrk measured. `errors`: answers that are not 2xx, and connections that failed or timed out."""

    per_second: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: int
    seconds: float


def run_wrk(url: str, script: str, *, seconds: int, connections: int, arguments: Mapping[str, object] | None = None) -> Load:
    """Load `url` with a script of bench/wrk for so many seconds; its arguments reach the script as `name=value`."""
    if shutil.which("wrk") is None:
        raise SystemExit(
            "The benchmarks need the load generator wrk: install it (apt-get install wrk, brew install wrk) and run this again."
        )
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(SCRIPTS / script), url, "--"]
    command += [f"{name}={value}" for name, value in (arguments or {}).items()]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    return _read(output)


def _read(output: str) -> Load:
    found = re.search(r"^figures (.*)$", output, re.MULTILINE)
    assert found is not None, f"every script prints its figures:\n{output}"
    figures = dict(part.split("=") for part in found[1].split())
    duration = float(figures["duration_us"]) / 1e6
    requests = int(figures["requests"])
    return Load(
        per_second=requests / duration,
        p50_ms=float(figures["p50_us"]) / 1e3,
        p99_ms=float(figures["p99_us"]) / 1e3,
        requests=requests,
        errors=int(figures["errors"]),
        seconds=duration,
    )
