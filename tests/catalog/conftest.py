"""Catalog on the real database: a service, somebody who acts, and makers of things with boring defaults."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from alltickets.catalog.queries import Catalog
from alltickets.catalog.schemas.organizer import (
    EventCreate,
    EventRead,
    PerformanceCreate,
    PerformanceRead,
    SectorCreate,
    SectorRead,
    TicketTypeCreate,
    TicketTypeRead,
    VenueCreate,
)
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor
from alltickets.platform.database import Database
from alltickets.platform.outbox import Event
from tests.conftest import SettableClock
from tests.stream import events_of

TITLE = "Noche de prueba"


@pytest.fixture
def catalog(database: Database) -> Catalog:
    """The copies of one process; a second one is a second process."""
    return Catalog(database)


@pytest.fixture
def service(database: Database, clock: SettableClock, catalog: Catalog) -> CatalogService:
    return CatalogService(database, clock, catalog)


@pytest.fixture
def actor(organizer_id: UUID) -> Actor:
    return Actor.system(organizer_id, "catalog tests")


@dataclass
class Desk:
    """Makes things as an organizer would, by keyword."""

    service: CatalogService
    actor: Actor
    clock: SettableClock

    async def draft(self, *, title: str = TITLE, with_venue: bool = True, **fields: Any) -> EventRead:
        if with_venue and "venue_id" not in fields:
            body = VenueCreate(name="Teatro Ópera", city="Buenos Aires", timezone="America/Argentina/Buenos_Aires", capacity=1_800)
            fields["venue_id"] = (await self.service.venues.create(self.actor, body)).venue_id
        return await self.service.events.create(
            self.actor, EventCreate(title=title, currency="ARS", timezone="America/Argentina/Buenos_Aires", **fields)
        )

    async def performance(self, event: EventRead, *, in_days: float = 30) -> PerformanceRead:
        starts_at = self.clock.now + timedelta(days=in_days)
        body = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
        return await self.service.performances.add(self.actor, event.event_id, body)

    async def sector(self, event: EventRead, *, name: str = "Campo", capacity: int | None = 500, **fields: Any) -> SectorRead:
        return await self.service.sectors.add(self.actor, event.event_id, SectorCreate(name=name, capacity=capacity, **fields))

    async def ticket_type(self, event: EventRead, sector: SectorRead, *, name: str = "General", **fields: Any) -> TicketTypeRead:
        body = TicketTypeCreate(sector_id=sector.sector_id, name=name, **{"price_minor": 1_000_000, **fields})
        return await self.service.ticket_types.add(self.actor, event.event_id, body)

    async def complete_draft(self, **fields: Any) -> EventRead:
        """A draft that can be published: one performance, one sector of 500, one ticket type at $ 10.000."""
        event = await self.draft(**fields)
        await self.performance(event)
        sector = await self.sector(event)
        await self.ticket_type(event, sector)
        return await self.service.events.read(self.actor, event.event_id)

    async def published(self, **fields: Any) -> EventRead:
        event = await self.complete_draft(**fields)
        return await self.service.events.publish(self.actor, event.event_id)


@pytest.fixture
def desk(service: CatalogService, actor: Actor, clock: SettableClock) -> Desk:
    return Desk(service, actor, clock)


Published = Callable[..., Awaitable[list[Event]]]


@pytest.fixture
def published_events(database: Database, organizer_id: UUID) -> Published:
    """The events in the organizer's stream of the given types, in order."""

    async def read(*types: type[Event]) -> list[Event]:
        return await events_of(database, organizer_id, *types)

    return read
