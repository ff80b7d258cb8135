"""Shared fixtures: one real PostgreSQL per run, migrated once; each test works for an organizer of its own, so none sees another's rows."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.migrations import run as migrations
from alltickets.platform import embedded
from alltickets.platform.database import Database, Transaction
from alltickets.platform.secrets import KeyRing
from alltickets.platform.tenants import enrol
from tests.mail_server import MailServerDouble
from tests.sql_rules import check_statement


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, the journeys begin: begun last they would keep one busy while the others wait."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: "journeys" not in item.path.parts)


SUBSCRIPTIONS = ("inventory", "payments", "ledger", "payment-flags", "orders", "marketing", "notifications")


class SettableClock:
    """A clock that a test moves: `clock()` is now, `clock.advance(seconds=5)` is later."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server without a schema: ALLTICKETS_TEST_DATABASE_URL, or an embedded one for this run."""
    given = os.environ.pop("ALLTICKETS_TEST_DATABASE_URL", None)
    if given is not None:
        yield given
        return
    # Not below pytest's own folder: every run of pytest closes that again to PostgreSQL's user, under which it runs when we are root.
    with tempfile.TemporaryDirectory(prefix="alltickets-tests-") as folder:
        server = embedded.start(Path(folder))
        yield server.url
        server.stop()


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """A migrated database of this run's own."""
    name = f"test_{new_id().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = with_database(postgres_url, name)
    migrations.upgrade(url)
    yield url
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database, every statement held against the rules of SQL."""
    database = Database(database_url, pool_size=20, observe=check_statement)
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def organizer_id(database: Database) -> AsyncIterator[UUID]:
    """A fresh tenant. When its test ends its stream is read: whoever follows all streams in a later test has nothing to do there."""
    organizer_id = new_id()
    async with database.transaction(organizer_id) as tx:
        await enrol(tx)
    yield organizer_id
    async with database.transaction(organizer_id) as tx:
        await read_to_the_end(tx)


async def read_to_the_end(tx: Transaction) -> None:
    """Nobody who follows is behind on this organizer's stream."""
    await tx.execute(
        """
        INSERT INTO platform.cursors (organizer_id, subscription, position)
        SELECT s.organizer_id, n.name, s.position
          FROM platform.streams s
         CROSS JOIN unnest(%(names)s::text[]) AS n(name)
         WHERE s.organizer_id = %(organizer_id)s
            ON CONFLICT (organizer_id, subscription) DO UPDATE SET position = excluded.position
        """,
        names=list(SUBSCRIPTIONS),
    )


@pytest.fixture
def clock() -> SettableClock:
    """Starts at the real now."""
    return SettableClock()


@pytest.fixture(scope="session")
def key_ring() -> KeyRing:
    """A ring of one fresh key."""
    return KeyRing(f"1:{KeyRing.generate_key()}")


@pytest_asyncio.fixture
async def mail_server() -> AsyncIterator[MailServerDouble]:
    """A mail server that takes everything until it is told otherwise."""
    server = MailServerDouble()
    await server.start()
    yield server
    await server.stop()


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    query = f"?host={parts['host']}" if str(parts["host"]).startswith("/") else ""
    host = "" if query else f"{parts['host']}:{parts.get('port', 5432)}"
    password = f":{parts['password']}" if "password" in parts else ""
    return f"postgresql://{parts['user']}{password}@{host}/{name}{query}"
