"""Bring a database to the newest revision."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

__all__ = ["pending", "upgrade"]

# The one advisory lock of the product (design section 8, rule 9): two processes that start at once must not both migrate.
MIGRATION_LOCK = 7_316_402


def upgrade(url: str) -> list[str]:
    """Apply every pending revision, each in its own transaction; the revisions applied. Two at once: the second waits and finds nothing.

    `url` reaches PostgreSQL directly. Each statement waits at most 4 s for a lock, so a migration never lines up the traffic behind it.
    """
    with _engine(url).connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(sa.text("SET lock_timeout = '4s'"))
        connection.commit()
        before = _pending(connection)
        if before:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    return before


def pending(url: str) -> list[str]:
    """Revisions that the database does not have yet, oldest first."""
    with _engine(url).connect() as connection:
        return _pending(connection)


def _pending(connection: sa.Connection) -> list[str]:
    head = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    return [revision.revision for revision in reversed(list(script.iterate_revisions("heads", head or "base")))]


def _engine(url: str) -> sa.Engine:
    scheme, _, rest = url.partition("://")
    assert scheme in ("postgresql", "postgres"), "a PostgreSQL URL"
    return sa.create_engine(f"postgresql+psycopg://{rest}", poolclass=sa.NullPool)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
