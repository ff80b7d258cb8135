"""The whole OpenAPI document asked at random, with every kind of credentials: no fault of ours, and nothing that it does not describe."""

import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import msgspec
import psycopg

from bench.people import Organizer
from bench.stack import Stack
from tests.journeys.everything import make_everything

EXAMPLES = 5
"""For each of some ninety operations, besides those that reach every bound of its schema."""
SEED = os.environ.get("JOURNEYS_SEED", str(time.time_ns() % 1_000_000))
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
"""Refusals are described as problem documents, so a refusal that is none fails too. Left out: what a schema cannot say (which zones
there are, that a sale ends after it opens), and Litestar's answers to OPTIONS."""
# One worker: two threads that parse Python at once, as hypothesis does to describe its lambdas, can meet in CPython 3.11's `ast`
# ("AST constructor recursion depth mismatch").
HOOKS = "tests.journeys.schemathesis_hooks"
PROJECT = Path(__file__).parents[2]


def test_nothing_that_can_be_asked_is_a_fault_of_ours(stack: Stack, tmp_path: Path) -> None:
    organizer = Organizer(stack.url)
    everything = tmp_path / "everything.json"
    everything.write_bytes(msgspec.json.encode({share: asdict(make_everything(stack, organizer)) for share in ("kept", "spent")}))

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{stack.url}/api/openapi.json"),
            *("--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS)),
            *("--max-examples", str(EXAMPLES), "--seed", SEED, "--workers", "1", "--request-timeout", "20", "--warnings", "off"),
            *("--generation-with-security-parameters", "false", "--generation-database", "none"),
        ],
        cwd=PROJECT,
        env={
            **os.environ,
            "PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{PROJECT}",
            "SCHEMATHESIS_HOOKS": HOOKS,
            "JOURNEYS_EVERYTHING": str(everything),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert run.returncode == 0, f"JOURNEYS_SEED={SEED}\n{run.stdout}"
    with psycopg.connect(stack.database.url) as connection:
        parked = connection.execute("SELECT subscription, fault FROM platform.dead_letters").fetchall()
    assert parked == []
