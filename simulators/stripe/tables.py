"""What the simulated Stripe remembers beside what every gateway does."""

__all__ = ["SCHEMA"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, object TEXT NOT NULL, created INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS documents_by_owner ON documents (owner, object, number);
CREATE INDEX IF NOT EXISTS documents_by_intent ON documents (json_extract(document, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS documents_by_charge ON documents (json_extract(document, '$.charge'));
CREATE INDEX IF NOT EXISTS open_sessions ON documents (json_extract(document, '$.expires_at'))
    WHERE object = 'checkout.session' AND json_extract(document, '$.status') = 'open';
CREATE TABLE IF NOT EXISTS idempotency (
    owner TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, status INTEGER, answer BLOB, created REAL NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT;
CREATE TABLE IF NOT EXISTS refund_sequels (refund TEXT PRIMARY KEY, outcome TEXT NOT NULL, due_at REAL NOT NULL) STRICT;
"""
