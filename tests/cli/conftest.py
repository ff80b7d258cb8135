"""The command line, run in this process against the database of this run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alltickets.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """`run("events", "lag")`; settings by keyword: `run("doctor", hold_seconds="x")`."""

    def run_command(*arguments: str, stdin: str | None = None, **settings: str | None) -> Result:
        told = {"database_url": database_url, "data_dir": str(tmp_path), **settings}
        environment = {f"ALLTICKETS_{name.upper()}": value for name, value in told.items()}
        return CliRunner().invoke(main, arguments, input=stdin, env=environment)

    return run_command


def answer_of(result: Result) -> Any:
    """The JSON that a command has printed."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
