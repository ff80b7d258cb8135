"""What all commands have in common: help, version, faults as sentences with exit codes."""

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "serve",
        "work",
        "migrate",
        "seed demo",
        "bench",
        "events lag",
        "events dead",
        "events replay",
        "ledger verify",
        "ledger rebuild",
        "doctor",
    ],
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_settings_that_cannot_be_used_are_all_told_with_exit_code_2(run: Run) -> None:
    result = run("migrate", hold_seconds="soon", surface="roof")

    assert result.exit_code == 2
    assert "ALLTICKETS_HOLD_SECONDS" in result.stderr
    assert "ALLTICKETS_SURFACE" in result.stderr
    assert "Traceback" not in result.stderr


def test_database_that_is_away_is_one_sentence_with_exit_code_1(run: Run) -> None:
    result = run("migrate", database_url="postgresql://nobody@127.0.0.1:1/nothing")

    assert result.exit_code == 1
    assert result.stderr.startswith("The database was not migrated (")
    assert result.stderr.count("\n") == 1


def test_no_database_at_all_says_how_to_get_one(run: Run) -> None:
    result = run("migrate", database_url=None)

    assert result.exit_code == 2
    assert "alltickets up" in result.stderr
