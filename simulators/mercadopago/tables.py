"""What the gateway remembers."""

__all__ = ["SCHEMA"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS preferences (
    id TEXT PRIMARY KEY, seller INTEGER NOT NULL, application TEXT NOT NULL, reference TEXT NOT NULL,
    merchant_order INTEGER NOT NULL UNIQUE, terms BLOB NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
    created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS preferences_by_reference ON preferences (seller, reference);
CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, preference TEXT NOT NULL REFERENCES preferences (id), reference TEXT NOT NULL,
    status TEXT NOT NULL, updated_ms INTEGER NOT NULL, expires_ms INTEGER, submission TEXT, facts BLOB NOT NULL, dials BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_reference ON payments (seller, reference);
CREATE INDEX IF NOT EXISTS payments_by_preference ON payments (preference);
CREATE INDEX IF NOT EXISTS payments_expiring ON payments (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY, payment INTEGER NOT NULL REFERENCES payments (id), amount_minor INTEGER NOT NULL, created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment);
CREATE TABLE IF NOT EXISTS chargebacks (
    id INTEGER PRIMARY KEY, payment INTEGER NOT NULL UNIQUE REFERENCES payments (id), seller INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL, coverage_applied INTEGER, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS chargeback_files (
    chargeback INTEGER NOT NULL REFERENCES chargebacks (id), name TEXT NOT NULL, bytes INTEGER NOT NULL, added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS chargeback_files_by_chargeback ON chargeback_files (chargeback);
CREATE TABLE IF NOT EXISTS movements (
    number INTEGER PRIMARY KEY, seller INTEGER NOT NULL, payment INTEGER NOT NULL REFERENCES payments (id), type TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, taken_minor INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS movements_by_seller ON movements (seller, at_ms);
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, application TEXT NOT NULL, seller INTEGER NOT NULL, redirect_uri TEXT NOT NULL, challenge TEXT,
    expires_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    access TEXT PRIMARY KEY, refresh TEXT NOT NULL UNIQUE, application TEXT NOT NULL, seller INTEGER NOT NULL, expires_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS report_configs (seller INTEGER PRIMARY KEY, config BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS reports (
    id INTEGER PRIMARY KEY, seller INTEGER NOT NULL, file_name TEXT NOT NULL UNIQUE, begin_date TEXT NOT NULL, end_date TEXT NOT NULL,
    created_ms INTEGER NOT NULL, content BLOB NOT NULL
) STRICT;
"""
