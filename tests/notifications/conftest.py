"""Notifications on the real database, with a mail server that listens."""

from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mail_server import MailServerDouble
from tests.notifications.post_office import PostOffice
from tests.orders.box_office import BoxOffice


@pytest.fixture(autouse=True)
def no_jobs(database_url: str) -> None:
    """Each test begins without jobs of the one before."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        # Not TRUNCATE, which makes each table and index anew: there are few rows, and 250 tests.
        connection.execute("DELETE FROM procrastinate_periodic_defers")
        connection.execute("DELETE FROM procrastinate_jobs")
        connection.execute("DELETE FROM procrastinate_workers")


@pytest_asyncio.fixture
async def closed_post(
    database: Database,
    database_url: str,
    clock: SettableClock,
    key_ring: KeyRing,
    organizer_id: UUID,
    mail_server: MailServerDouble,
) -> PostOffice:
    """A post office without an event yet: `await closed_post.box.open(...)`."""
    return await PostOffice(BoxOffice.build(database, clock, key_ring, organizer_id), database_url, mail_server).sign_up()


@pytest_asyncio.fixture
async def post(closed_post: PostOffice) -> PostOffice:
    """Ten places at $ 10.000, and an account to pay on."""
    await closed_post.box.open()
    return closed_post
