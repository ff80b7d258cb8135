"""A gateway's memory: one SQLite file, so that a restart forgets nothing."""

import logging
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Database"]

_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    merchant TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, PRIMARY KEY (merchant, key)
) STRICT;
CREATE TABLE IF NOT EXISTS callbacks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, payment TEXT NOT NULL, merchant TEXT NOT NULL,
    reference TEXT NOT NULL, status TEXT NOT NULL, sequence INTEGER NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL,
    copies INTEGER NOT NULL, signing TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_at REAL, after_id TEXT,
    sending INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_at) WHERE state = 'waiting' AND sending = 0 AND due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS callbacks_by_payment ON callbacks (payment);
CREATE INDEX IF NOT EXISTS callbacks_overtaken ON callbacks (after_id) WHERE after_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS callback_tries (
    callback TEXT NOT NULL REFERENCES callbacks (id), try INTEGER NOT NULL, copy INTEGER NOT NULL, sent_at TEXT NOT NULL,
    answer INTEGER, error TEXT, took_ms INTEGER NOT NULL, PRIMARY KEY (callback, try, copy)
) STRICT;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


class Database:
    """One connection, used from the event loop's thread only: what runs without an `await` in between is never interleaved.

    schema: the gateway's own tables, each `CREATE … IF NOT EXISTS`.
    """

    def __init__(self, path: Path, schema: str) -> None:
        version = zlib.crc32((_SCHEMA + schema).encode()) >> 1
        _set_aside(path, version)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # In WAL mode NORMAL loses nothing when the process dies, only (perhaps) when the power does.
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")
        self._connection.executescript(f"{_SCHEMA + schema}; PRAGMA user_version = {version};")

    def close(self) -> None:
        """Leave the file as one that any SQLite can open."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inside another one it joins."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def execute(self, sql: str, **params: Any) -> int:
        """Run a statement; how many rows it touched."""
        return self._connection.execute(sql, params).rowcount

    def all(self, sql: str, **params: Any) -> list[sqlite3.Row]:
        """Every row."""
        return self._connection.execute(sql, params).fetchall()

    def first(self, sql: str, **params: Any) -> sqlite3.Row | None:
        """The first row or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, params).fetchone()
        return row


def _set_aside(path: Path, version: int) -> None:
    """Keep a file under another name whose tables another version made: the gateway begins anew, rather than fail at every statement."""
    if not path.exists():
        return
    connection = sqlite3.connect(path)
    [found], [tables] = (connection.execute(sql).fetchone() for sql in ("PRAGMA user_version", "SELECT count(*) FROM sqlite_master"))
    connection.close()
    if tables and found != version:
        aside = path.with_name(f"{path.name}.before")
        path.replace(aside)
        _log.warning("what was remembered is of another version: this gateway begins anew, and keeps it as %s", aside.name)
