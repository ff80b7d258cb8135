"""Bring a database to the newest revision.

Alembic and SQLAlchemy are imported only when there is something to apply: every process asks what is pending when it starts.
"""

from pathlib import Path

import psycopg

from alltickets.platform.database import DatabaseUnavailable

__all__ = ["MigrationImpossible", "pending", "upgrade"]

# The one advisory lock of the product (design section 8, rule 9): two processes that start at once must not both migrate.
MIGRATION_LOCK = 7_316_402


class MigrationImpossible(DatabaseUnavailable):
    """The database cannot be brought to the newest revision as things are."""


def upgrade(url: str) -> list[str]:
    """Apply every pending revision, each in its own transaction; the revisions applied. Two at once: the second waits and finds nothing.

    `url` reaches PostgreSQL directly. Each statement waits at most 4 s for a lock, so a migration never lines up the traffic behind it.
    Raises `MigrationImpossible`, also when such a wait was in vain.
    """
    if not pending(url):
        return []

    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    engine = sa.create_engine(f"postgresql+psycopg://{url.partition('://')[2]}", poolclass=sa.NullPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.execute(sa.text("SET lock_timeout = '4s'"))
            connection.commit()
            before = pending(url)
            if before:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    except sa.exc.OperationalError as fault:
        raise _impossible(str(fault.orig)) from fault
    return before


def pending(url: str) -> list[str]:
    """Revisions that the database does not have yet, oldest first. Raises `MigrationImpossible`."""
    try:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None, connect_timeout=5) as connection:
            [(is_begun,)] = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchall()
            found = connection.execute("SELECT version_num FROM alembic_version").fetchall() if is_begun else []
    except psycopg.Error as fault:
        raise _impossible(str(fault)) from fault
    # A revision has the name of its file, and their order is that of their numbers.
    known = sorted(path.stem for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"))
    applied = [version for (version,) in found]
    if not set(applied) <= set(known):
        raise MigrationImpossible(
            f"The database is at revision {', '.join(applied)}, which this release does not know: run the newer release that migrated it."
        )
    return [revision for revision in known if not applied or revision > max(applied)]


def _impossible(cause: str) -> MigrationImpossible:
    return MigrationImpossible(
        f"The database was not migrated ({cause.strip().splitlines()[0]}): see that it is there and not busy, then try again.", 3
    )
