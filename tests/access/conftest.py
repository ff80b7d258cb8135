"""Access on the real database: an event of two performances and two sectors, its tickets, a checkpoint, a device."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio

from alltickets.access.schemas import CheckpointPut, ScanAnswer, ScanRequest
from alltickets.access.service import Access
from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.catalog.schemas.organizer import EventCreate, PerformanceCreate, SectorCreate, TicketTypeCreate
from alltickets.identity.interface import Actor, DeviceActor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.tickets.interface import EventKeys, IssueTicket, Ticket, Tickets, issue
from tests.conftest import SettableClock


@dataclass
class House:
    """An organizer's event with its doors open now. A second `access` is a second process."""

    database: Database
    clock: SettableClock
    catalog: Catalog
    catalog_service: CatalogService
    keys: EventKeys
    tickets: Tickets
    access: Access
    actor: Actor
    event_id: UUID = field(default_factory=new_id)
    performance_id: UUID = field(default_factory=new_id)
    later_performance_id: UUID = field(default_factory=new_id)
    sector_id: UUID = field(default_factory=new_id)
    other_sector_id: UUID = field(default_factory=new_id)
    ticket_type_id: UUID = field(default_factory=new_id)
    other_ticket_type_id: UUID = field(default_factory=new_id)
    checkpoint_id: UUID = field(default_factory=new_id)

    @property
    def organizer_id(self) -> UUID:
        return self.actor.organizer_id

    @property
    def device(self) -> DeviceActor:
        return DeviceActor(self.organizer_id, new_id(), None, "scanner 1")

    async def set_up(self) -> "House":
        """Performance one began an hour ago and lasts three; the later one is tomorrow. A checkpoint lets everybody in."""
        body = EventCreate(title="Noche de prueba", currency="ARS", timezone="America/Argentina/Buenos_Aires")
        event = await self.catalog_service.events.create(self.actor, body)
        self.event_id = event.event_id
        self.performance_id = await self.make_performance(hours=-1)
        self.later_performance_id = await self.make_performance(hours=23)
        self.sector_id = await self.make_sector("Campo")
        self.other_sector_id = await self.make_sector("Platea")
        self.ticket_type_id = await self.make_ticket_type(self.sector_id)
        self.other_ticket_type_id = await self.make_ticket_type(self.other_sector_id)
        await self.put_checkpoint(self.checkpoint_id)
        return self

    async def make_performance(self, *, hours: float) -> UUID:
        starts_at = self.clock() + timedelta(hours=hours)
        body = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
        return (await self.catalog_service.performances.add(self.actor, self.event_id, body)).performance_id

    async def make_sector(self, name: str) -> UUID:
        return (await self.catalog_service.sectors.add(self.actor, self.event_id, SectorCreate(name=name, capacity=500))).sector_id

    async def make_ticket_type(self, sector_id: UUID) -> UUID:
        body = TicketTypeCreate(sector_id=sector_id, name="General", price_minor=1_000_000)
        return (await self.catalog_service.ticket_types.add(self.actor, self.event_id, body)).ticket_type_id

    async def put_checkpoint(self, checkpoint_id: UUID, *, name: str = "Puerta 1", **fields: Any) -> UUID:
        await self.access.put_checkpoint(self.actor, self.event_id, checkpoint_id, CheckpointPut(name, **fields))
        return checkpoint_id

    async def make_tickets(self, count: int, **fields: Any) -> list[tuple[Ticket, str]]:
        """Issued tickets of one order with their codes."""
        boring = {
            "order_id": new_id(),
            "event_id": self.event_id,
            "performance_id": self.performance_id,
            "ticket_type_id": self.ticket_type_id,
            "sector_id": self.sector_id,
            "holder_name": "Ana Paz",
            "price": Money(1_000_000, "ARS"),
        }
        requests = [IssueTicket(number=number, **{**boring, **fields}) for number in range(1, count + 1)]
        async with self.database.transaction(self.organizer_id) as tx:
            await issue(tx, requests, now=self.clock())
        shown = await self.tickets.shown_of_order(self.organizer_id, requests[0].order_id)
        return [(one.ticket, one.code or "") for one in shown]

    async def make_ticket(self, **fields: Any) -> tuple[Ticket, str]:
        [made] = await self.make_tickets(1, **fields)
        return made

    async def scan(self, code: str, **fields: Any) -> ScanAnswer:
        return await self.access.scan(self.device, self.request(code, **fields))

    def request(self, code: str, **fields: Any) -> ScanRequest:
        return ScanRequest(**{"scan_id": new_id(), "checkpoint_id": self.checkpoint_id, "code": code, **fields})

    def processes(self, count: int) -> Sequence[Access]:
        """More processes on the same database."""
        return [Access(self.database, self.clock, self.keys, self.catalog) for _ in range(count)]


@pytest_asyncio.fixture
async def house(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> House:
    catalog = Catalog(database)
    keys = EventKeys(database, clock, key_ring)
    return await House(
        database=database,
        clock=clock,
        catalog=catalog,
        catalog_service=CatalogService(database, clock, catalog),
        keys=keys,
        tickets=Tickets(database, clock, keys, catalog),
        access=Access(database, clock, keys, catalog),
        actor=Actor.system(organizer_id, "access tests"),
    ).set_up()
