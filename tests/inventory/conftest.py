"""Fixtures of inventory."""

from uuid import UUID

import pytest

from alltickets.platform.database import Database
from tests.conftest import SettableClock
from tests.inventory.sale import Sale


@pytest.fixture
def sale(database: Database, organizer_id: UUID, clock: SettableClock) -> Sale:
    """An event without pools; its time is the clock's at the start of the test."""
    return Sale(database, organizer_id, now=clock())
