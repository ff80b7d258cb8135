"""What the gateway remembers."""

__all__ = ["SCHEMA"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, merchant TEXT NOT NULL, reference TEXT NOT NULL, charge BLOB NOT NULL, expires_at INTEGER NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, merchant TEXT NOT NULL, reference TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
    amount_minor INTEGER NOT NULL, refunded_minor INTEGER NOT NULL DEFAULT 0, currency TEXT NOT NULL, sequence INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, callback_url TEXT NOT NULL, dials BLOB NOT NULL, submission TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_reference ON payments (merchant, reference);
CREATE TABLE IF NOT EXISTS later_changes (
    payment TEXT PRIMARY KEY REFERENCES payments (id), status TEXT NOT NULL, due_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, payment TEXT NOT NULL REFERENCES payments (id), amount_minor INTEGER NOT NULL, created_at TEXT NOT NULL
) STRICT;
"""
