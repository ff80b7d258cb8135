"""A job that prints a thousand tickets needs no more memory at its end than soon after its beginning."""

import json
import subprocess
import sys

import pytest

from tests.structure.source import ROOT


@pytest.mark.parametrize("poster", ["drawn", "uploaded"])
def test_memory_does_not_grow_with_the_tickets_printed(poster: str) -> None:
    bench = [sys.executable, "-m", "alltickets.cli", "bench", "pdf", "--json"]
    command = [*bench, "--tickets=1000", "--pages=4", "--rounds=1", f"--poster={poster}"]

    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # exit code 1 is a slow machine

    figures = json.loads(printed.stdout)
    assert figures["tickets"] == 1_000
    # What a hundred tickets took has been taken; nine hundred more that were kept would weigh 12 MB as files alone.
    assert figures["grown_mb"] < 10
    assert figures["peak_mb"] < 200
