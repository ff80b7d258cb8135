"""Pricing on the real database: an event to price, and an organizer who decides."""

from uuid import UUID

import pytest

from alltickets.catalog.interface import Catalog, CatalogService, EventSnapshot
from alltickets.identity.interface import Actor
from alltickets.inventory.interface import Levels
from alltickets.platform.database import Database
from alltickets.pricing.interface import PriceLists, Pricing
from tests.catalog.conftest import Desk
from tests.conftest import SettableClock


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


@pytest.fixture
def actor(organizer_id: UUID) -> Actor:
    return Actor.system(organizer_id, "pricing tests")


@pytest.fixture
def desk(database: Database, clock: SettableClock, catalog: Catalog, actor: Actor) -> Desk:
    return Desk(CatalogService(database, clock, catalog), actor, clock)


@pytest.fixture
async def event(desk: Desk, catalog: Catalog) -> EventSnapshot:
    """A published event: one performance, one sector of 500, one ticket type at $ 10.000, limited to 300."""
    draft = await desk.draft()
    await desk.performance(draft)
    await desk.ticket_type(draft, await desk.sector(draft), quantity_max=300)
    await desk.service.events.publish(desk.actor, draft.event_id)
    snapshot = await catalog.snapshot(draft.event_id)
    assert snapshot is not None
    return snapshot


@pytest.fixture
def pricing(database: Database) -> Pricing:
    """The price lists of one process; a second one is a second process."""
    return Pricing(database, Levels(database))


@pytest.fixture
def price_lists(database: Database, pricing: Pricing) -> PriceLists:
    return PriceLists(database, pricing)
