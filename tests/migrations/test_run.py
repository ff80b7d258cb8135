"""Migrations: what is pending, applied once, by whoever comes first."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from alltickets.kernel.ids import new_id
from alltickets.migrations import run
from alltickets.migrations.run import MigrationImpossible
from tests.conftest import with_database


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"test_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield with_database(postgres_url, name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_file_names_tell_the_same_order_as_the_revisions_themselves(empty_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(run.__file__).parent))
    revisions = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]

    assert run.pending(empty_url) == list(reversed(revisions))


def test_two_at_once_apply_every_revision_once(empty_url: str) -> None:
    wanted = run.pending(empty_url)

    with ThreadPoolExecutor(2) as threads:
        applied = list(threads.map(run.upgrade, [empty_url, empty_url]))

    assert sorted(applied) == [[], wanted]
    assert run.pending(empty_url) == []


def test_database_of_a_newer_release_is_refused(empty_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999_later')")

    with pytest.raises(MigrationImpossible, match="9999_later, which this release does not know"):
        run.upgrade(empty_url)


def test_database_that_is_away_is_told() -> None:
    with pytest.raises(MigrationImpossible, match="see that it is there"):
        run.upgrade("postgresql://nobody@127.0.0.1:1/nothing")
