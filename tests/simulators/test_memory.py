"""What a simulated gateway remembers, over a restart and over a new version of it."""

from pathlib import Path

from simulators.chassis.database import Database

PAYMENTS = "CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY) STRICT;"
PAYMENTS_OF_LATER = "CREATE TABLE IF NOT EXISTS payments (id TEXT PRIMARY KEY, amount INTEGER NOT NULL) STRICT;"


def _payments(path: Path, schema: str, insert: str | None = None) -> list[str]:
    database = Database(path, schema)
    if insert is not None:
        database.execute(insert)
    found = [row["id"] for row in database.all("SELECT id FROM payments")]
    database.close()
    return found


def test_a_restart_forgets_nothing_and_another_version_begins_anew_and_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"

    begun = _payments(path, PAYMENTS, "INSERT INTO payments VALUES ('a')")
    again = _payments(path, PAYMENTS)
    later = _payments(path, PAYMENTS_OF_LATER, "INSERT INTO payments VALUES ('b', 5)")
    kept = _payments(tmp_path / "sandbox.sqlite3.before", PAYMENTS)

    assert (begun, again, later, kept) == (["a"], ["a"], ["b"], ["a"])
