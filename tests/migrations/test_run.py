"""Migrations: from nothing to the newest revision, once, whoever else starts at the same time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from alltickets.kernel.ids import new_id
from alltickets.migrations import run as migrations
from alltickets.migrations.run import MigrationImpossible, pending, upgrade
from tests.conftest import with_database

FOLDER = Path(migrations.__file__).parent
REVISIONS = sorted(path.stem for path in (FOLDER / "versions").glob("[0-9]*.py"))


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield with_database(postgres_url, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)


def test_an_empty_database_gets_every_revision_in_order_and_a_second_run_finds_nothing(empty_url: str) -> None:
    before = pending(empty_url)
    applied = upgrade(empty_url)
    again = upgrade(empty_url)

    assert before == applied == REVISIONS
    assert again == []
    assert pending(empty_url) == []


def test_of_two_that_start_at_once_one_migrates_and_the_other_waits(empty_url: str) -> None:
    with ThreadPoolExecutor(2) as threads:
        applied = list(threads.map(upgrade, [empty_url, empty_url]))

    assert sorted(applied, key=len) == [[], REVISIONS]


def test_an_upgrade_that_stops_halfway_keeps_what_is_whole_and_goes_on_from_there(empty_url: str) -> None:
    half = REVISIONS.index("0007_tickets")
    run(empty_url, "CREATE SCHEMA tickets")

    with pytest.raises(sa.exc.ProgrammingError, match=r"already exists"):
        upgrade(empty_url)
    after_failure = pending(empty_url)
    run(empty_url, "DROP SCHEMA tickets")
    applied = upgrade(empty_url)

    assert after_failure == applied == REVISIONS[half:]
    assert pending(empty_url) == []


def test_a_migration_does_not_wait_for_long_behind_somebody_elses_lock(empty_url: str) -> None:
    run(empty_url, "CREATE SCHEMA tickets")
    with pytest.raises(sa.exc.ProgrammingError):
        upgrade(empty_url)
    run(empty_url, "DROP SCHEMA tickets")

    with psycopg.connect(empty_url) as other:
        other.execute("LOCK TABLE alembic_version IN SHARE MODE")
        with pytest.raises(MigrationImpossible, match=r"lock timeout.*try again"):
            upgrade(empty_url)
    applied = upgrade(empty_url)

    assert applied[0] == "0007_tickets"


def test_a_database_of_a_newer_release_is_left_alone(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('9999_future')")

    with pytest.raises(MigrationImpossible, match=r"9999_future, which this release does not know"):
        upgrade(empty_url)


def test_a_database_that_is_not_there_is_told_in_one_sentence(postgres_url: str) -> None:
    with pytest.raises(MigrationImpossible, match=r"does not exist.*see that it is there") as impossible:
        upgrade(with_database(postgres_url, "nowhere"))

    assert impossible.value.retry_after_seconds == 3


def test_revisions_are_one_chain_in_the_order_of_their_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))

    chain = [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions("base", "heads")]

    assert chain[::-1] == REVISIONS
