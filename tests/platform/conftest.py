"""A database that tests may break: their own, so that nobody else's connections are cut."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.migrations import run as migrations
from alltickets.platform.database import Database
from alltickets.platform.tenants import enrol
from tests.conftest import with_database
from tests.platform.streams import make_effects_table
from tests.sql_rules import check_statement


@dataclass(frozen=True)
class OwnDatabase:
    """A database, and the ways in which it can fail."""

    url: str
    name: str
    admin: psycopg.Connection

    def cut_connections(self, application_name: str = "alltickets") -> int:
        """End every server process that serves this name, as a restart of the server does; how many those were."""
        rows = self.admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND application_name = %s",
            [self.name, application_name],
        ).fetchall()
        return len(rows)

    def connections(self, application_name: str) -> int:
        """How many connections of this name there are."""
        counted = self.admin.execute(
            "SELECT count(*)::int FROM pg_stat_activity WHERE datname = %s AND application_name = %s", [self.name, application_name]
        ).fetchone()
        assert counted is not None
        count: int = counted[0]
        return count

    def is_served_by(self, backend_pid: int) -> bool:
        """Whether that server process still lives."""
        return bool(self.admin.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend_pid]).fetchall())

    def is_anyone_asleep(self) -> bool:
        """Whether a statement is in `pg_sleep`."""
        asleep = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"
        return bool(self.admin.execute(asleep, [self.name]).fetchall())

    def is_anyone_entering(self) -> bool:
        """Whether a connection was let in and stands in no list of server processes yet: until it does, it locks the database's row."""
        locks = (
            "SELECT 1 FROM pg_locks WHERE classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = %s)"
        )
        return bool(self.admin.execute(locks, [self.name]).fetchall())

    def go_away(self) -> None:
        """Cut every connection and take no new one."""
        self.admin.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        while self.is_anyone_entering():
            pass
        self.cut_connections()

    def come_back(self) -> None:
        """Take connections again."""
        self.admin.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")


@pytest.fixture(scope="module")
def own_of_file(postgres_url: str) -> Iterator[OwnDatabase]:
    """One for the tests of a file: making a database takes a quarter of a second."""
    name = f"own_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        url = with_database(postgres_url, name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE things (organizer_id uuid, id uuid PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE, label text)")
        yield OwnDatabase(url, name, admin)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def own(own_of_file: OwnDatabase) -> OwnDatabase:
    """A database with one table, `things`, that is empty."""
    with psycopg.connect(own_of_file.url, autocommit=True) as connection:
        connection.execute("TRUNCATE things")
    return own_of_file


@pytest_asyncio.fixture
async def own_database(own: OwnDatabase) -> AsyncIterator[Database]:
    """The same, opened with three connections at most."""
    async with opened(Database(own.url, pool_size=3)) as database:
        yield database


@pytest_asyncio.fixture
async def narrow_database(own: OwnDatabase) -> AsyncIterator[Database]:
    """The same, with one connection only: what one use leaves behind, the next one finds."""
    async with opened(Database(own.url, pool_size=1)) as database:
        yield database


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Database]:
    """Open, and close at the end of the block."""
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(scope="package")
def event_log_url(postgres_url: str) -> Iterator[str]:
    """A migrated database with the table `proof.effects`, apart from that of the other tests: a follower follows all streams there are."""
    name = f"log_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        url = with_database(postgres_url, name)
        migrations.upgrade(url)
        make_effects_table(url)
        yield url
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def _event_log(event_log_url: str) -> AsyncIterator[Database]:
    async with opened(Database(event_log_url, pool_size=20, observe=check_statement)) as database:
        yield database


@pytest.fixture
def event_log(event_log_url: str, _event_log: Database) -> Database:
    """The same without any organizer, every statement held against the rules of SQL."""
    with psycopg.connect(event_log_url, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE platform.organizers, platform.streams, platform.events, platform.cursors, platform.dead_letters, proof.effects"
        )
    return _event_log


@pytest_asyncio.fixture
async def ana(event_log: Database) -> UUID:
    """A fresh tenant of that database."""
    return await enrolled(event_log)


@pytest_asyncio.fixture
async def beto(event_log: Database) -> UUID:
    """Another one."""
    return await enrolled(event_log)


@pytest_asyncio.fixture
async def other_organizer_id(database: Database) -> UUID:
    """A second tenant of the database of all tests."""
    return await enrolled(database)


async def enrolled(database: Database) -> UUID:
    """A fresh tenant."""
    organizer_id = new_id()
    async with database.transaction(organizer_id) as tx:
        await enrol(tx)
    return organizer_id
