"""Bring a database to the newest revision."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from alltickets.platform.database import DatabaseUnavailable

__all__ = ["pending", "upgrade"]

# The one advisory lock of the product (design section 8, rule 9): two processes that start at once must not both migrate.
MIGRATION_LOCK = 7_316_402


def upgrade(url: str) -> list[str]:
    """Apply every pending revision, each in its own transaction; the revisions applied. Two at once: the second waits and finds nothing.

    `url` reaches PostgreSQL directly. Each statement waits at most 4 s for a lock, so a migration never lines up the traffic behind it.
    Raises `DatabaseUnavailable`, also when such a wait was in vain.
    """
    with _connected(url) as connection:
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
    """Revisions that the database does not have yet, oldest first. Raises `DatabaseUnavailable`."""
    with _connected(url) as connection:
        return _pending(connection)


def _pending(connection: sa.Connection) -> list[str]:
    head = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config())
    return [revision.revision for revision in reversed(list(script.iterate_revisions("heads", head or "base")))]


@contextlib.contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    scheme, _, rest = url.partition("://")
    assert scheme in ("postgresql", "postgres"), "a PostgreSQL URL"
    try:
        with sa.create_engine(f"postgresql+psycopg://{rest}", poolclass=sa.NullPool).connect() as connection:
            yield connection
    except sa.exc.OperationalError as fault:
        raise DatabaseUnavailable(
            f"The database was not migrated ({str(fault.orig).strip()}): see that it is there and not busy, then try again.", 3
        ) from fault


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
