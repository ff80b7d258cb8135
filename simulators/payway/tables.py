"""What the gateway remembers. No card number: of a card only what a token tells."""

__all__ = ["SCHEMA"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS sites (id TEXT PRIMARY KEY, settings BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, site TEXT NOT NULL, bin TEXT NOT NULL, last_four TEXT NOT NULL, methods TEXT NOT NULL, reason INTEGER,
    holder TEXT NOT NULL, document BLOB NOT NULL, due_at REAL NOT NULL, is_used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, reference TEXT NOT NULL, token TEXT NOT NULL, document BLOB NOT NULL,
    shown_from REAL NOT NULL, charged_back_at TEXT, closed_at TEXT, UNIQUE (site, reference)
) STRICT;
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, payment INTEGER NOT NULL REFERENCES payments (id), amount INTEGER NOT NULL,
    operation TEXT NOT NULL, created_at TEXT NOT NULL, canceled_at TEXT, status_before TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment);
"""
