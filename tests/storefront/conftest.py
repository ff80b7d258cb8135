"""The shop as a browser meets it: the whole application of one process on the run's database, asked over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

import alltickets.inventory.handlers
from alltickets.catalog.schemas.organizer import EventCreate, EventRead, PerformanceCreate, SectorCreate, TicketTypeCreate, VenueCreate
from alltickets.identity.interface import Actor, NewOrganizer
from alltickets.kernel.ids import new_id
from alltickets.main import Contexts, build_asgi, build_contexts
from alltickets.platform.outbox import Follower
from alltickets.platform.settings import Settings
from tests.conftest import SettableClock
from tests.passwords import cheap_passwords
from tests.sql_rules import check_statement

SITE = "http://tickets.example"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ZONE = "America/Argentina/Buenos_Aires"


@dataclass
class Site:
    """An application with its clock, and clients for it."""

    contexts: Contexts
    clock: SettableClock
    app: Any

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """Somebody who looks at pages."""
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=("127.0.0.1", 4000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=SITE, headers={**BROWSER, **headers})


def make_contexts(database_url: str, clock: SettableClock, data_dir: Path, *, is_hot: bool = True) -> Contexts:
    settings = Settings(database_url=database_url, data_dir=data_dir, public_url=SITE, surface="all", hot_lane=is_hot)
    return build_contexts(settings, clock=clock, observe=check_statement, passwords=cheap_passwords())


@pytest.fixture(scope="package")
def clock() -> SettableClock:
    """One for all of these tests, as they share an application. It only goes forward."""
    return SettableClock()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def site(database_url: str, clock: SettableClock, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The application that all of these tests share, each with a house of its own: it takes longer to build than they take."""
    async for site in opened(make_contexts(database_url, clock, tmp_path_factory.mktemp("site")), clock):
        yield site


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def plain_site(database_url: str, clock: SettableClock, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The same without the hot lane."""
    async for site in opened(make_contexts(database_url, clock, tmp_path_factory.mktemp("plain"), is_hot=False), clock):
        yield site


@pytest.fixture(params=["lane", "framework"])
def either_site(request: pytest.FixtureRequest) -> Site:
    """The site with the hot lane, and without: pages are the same on both."""
    site: Site = request.getfixturevalue("site" if request.param == "lane" else "plain_site")
    return site


async def opened(contexts: Contexts, clock: SettableClock) -> AsyncIterator[Site]:
    app = build_asgi(contexts, "all")
    await contexts.open()
    yield Site(contexts, clock, app)
    await contexts.listener.stop()
    await contexts.http.aclose()
    contexts.identity.close()
    await contexts.database.close()


@dataclass
class House:
    """An organizer who puts on events by keyword; what is not said is boring."""

    site: Site
    actor: Actor

    async def draft(self, *, title: str = "Noche de prueba", venue: VenueCreate | None = None, **fields: Any) -> EventRead:
        catalog = self.site.contexts.catalog_service
        place = await catalog.venues.create(
            self.actor, venue or VenueCreate(name="Teatro Ópera", address="Corrientes 860", city="Buenos Aires", timezone=ZONE)
        )
        return await catalog.events.create(
            self.actor, EventCreate(title=title, currency="ARS", timezone=ZONE, venue_id=place.venue_id, **fields)
        )

    async def performance(self, event: EventRead, *, in_days: float = 30) -> UUID:
        starts_at = self.site.clock.now + timedelta(days=in_days)
        body = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3), doors_at=starts_at - timedelta(hours=1))
        return (await self.site.contexts.catalog_service.performances.add(self.actor, event.event_id, body)).performance_id

    async def tickets(self, event: EventRead, *, name: str = "General", capacity: int = 500, **fields: Any) -> UUID:
        catalog = self.site.contexts.catalog_service
        sector = await catalog.sectors.add(self.actor, event.event_id, SectorCreate(name=f"Sector de {name}"[:200], capacity=capacity))
        body = TicketTypeCreate(sector_id=sector.sector_id, name=name, **{"price_minor": 1_250_000, **fields})
        return (await catalog.ticket_types.add(self.actor, event.event_id, body)).ticket_type_id

    async def publish(self, event: EventRead) -> EventRead:
        published = await self.site.contexts.catalog_service.events.publish(self.actor, event.event_id)
        await Follower(self.site.contexts.database, [alltickets.inventory.handlers.subscription()]).catch_up()
        return published

    async def published(self, *, capacity: int = 500, ticket_type: dict[str, Any] | None = None, **fields: Any) -> EventRead:
        """An event in 30 days with one ticket type at $ 12.500."""
        event = await self.draft(**fields)
        await self.performance(event)
        await self.tickets(event, capacity=capacity, **(ticket_type or {}))
        return await self.publish(event)


MakeHouse = Callable[..., Awaitable[House]]


async def make_house(site: Site, *, name: str = "Casa de prueba") -> House:
    slug = f"casa-{new_id().hex[-12:]}"
    wish = NewOrganizer(name, "Ana", f"{slug}@tests.example", "una-clave-para-probar", slug=slug)
    ensured = await site.contexts.identity.organizers.ensure(wish, by="tests")
    return House(site, Actor.system(ensured.organizer_id, "tests"))


@pytest_asyncio.fixture
async def house(site: Site) -> House:
    return await make_house(site)
