"""Orders on the real database, put together as the composition root does."""

from uuid import UUID

import pytest_asyncio

from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.orders.box_office import BoxOffice


@pytest_asyncio.fixture
async def closed_box(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> BoxOffice:
    """A box office without an event yet: `await closed_box.open(...)`."""
    return BoxOffice.build(database, clock, key_ring, organizer_id)


@pytest_asyncio.fixture
async def box(closed_box: BoxOffice) -> BoxOffice:
    """Ten places at $ 10.000, and an account to pay on."""
    return await closed_box.open()
