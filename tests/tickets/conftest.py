"""Tickets on the real database."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.catalog.schemas.organizer import EventCreate
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.tickets.interface import EventKeys, IssueTicket, Tickets
from tests.conftest import SettableClock

MakeRequest = Callable[..., IssueTicket]


async def make_event(catalog_service: CatalogService, actor: Actor) -> UUID:
    """A draft of the actor's."""
    body = EventCreate(title="Noche de prueba", currency="ARS", timezone="America/Argentina/Buenos_Aires")
    return (await catalog_service.events.create(actor, body)).event_id


@pytest.fixture
def catalog(database: Database) -> Catalog:
    return Catalog(database)


@pytest.fixture
def catalog_service(database: Database, clock: SettableClock, catalog: Catalog) -> CatalogService:
    return CatalogService(database, clock, catalog)


@pytest.fixture
def keys(database: Database, clock: SettableClock, key_ring: KeyRing) -> EventKeys:
    """The keys as one process has them; a second one is a second process."""
    return EventKeys(database, clock, key_ring)


@pytest.fixture
def tickets(database: Database, clock: SettableClock, keys: EventKeys, catalog: Catalog) -> Tickets:
    return Tickets(database, clock, keys, catalog)


@pytest.fixture
def actor(organizer_id: UUID) -> Actor:
    return Actor.system(organizer_id, "ticket tests")


@pytest.fixture
def make_request() -> MakeRequest:
    """Requests of one order and event, unless told otherwise; boring but for what a test says."""
    order_id, event_id = new_id(), new_id()

    def make(**fields: Any) -> IssueTicket:
        boring = {
            "order_id": order_id,
            "number": 1,
            "event_id": event_id,
            "performance_id": new_id(),
            "ticket_type_id": new_id(),
            "sector_id": new_id(),
            "holder_name": "Ana Paz",
            "price": Money(1_000_000, "ARS"),
        }
        return IssueTicket(**{**boring, **fields})

    return make
