"""`alltickets migrate`."""

from tests.cli.conftest import Run, answer_of


def test_migrated_database_has_nothing_to_do(run: Run) -> None:
    assert answer_of(run("migrate", "--json")) == {"applied": []}
    assert run("migrate").stdout == "Nothing to do: the database is at the newest revision.\n"
