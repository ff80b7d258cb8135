"""The routes of catalog and pricing as an organizer and the public reach them: over HTTP, through the same application as in production."""

from dataclasses import dataclass
from typing import Any, cast

import httpx
from litestar import Litestar

import alltickets.catalog.routes
import alltickets.pricing.routes
from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.identity.interface import Authorization, IdentityService, Permission, allow_anyone, check_every_route_declares
from alltickets.inventory.interface import Levels
from alltickets.platform.database import Database
from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.application import build_application
from alltickets.pricing.interface import PriceLists, Pricing
from alltickets.problems import PROBLEMS
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, make_house, make_identity


@dataclass
class Api:
    """An application, with clients for it."""

    app: Litestar
    identity: IdentityService

    async def organizer(self, *permissions: Permission) -> httpx.AsyncClient:
        """A client with an API key of a fresh organizer: with these permissions, or with all that events and prices take."""
        house = await make_house(self.identity)
        scopes = permissions or (Permission.EVENTS_READ, Permission.EVENTS_WRITE, Permission.PRICES_READ, Permission.PRICES_WRITE)
        key = await self.identity.api_keys.create(house.actor, "tests", scopes)
        return self.client(authorization=f"Bearer {key.token}")

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client, of nobody unless headers say so."""
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=("127.0.0.1", 4000))
        return httpx.AsyncClient(transport=transport, base_url="http://tickets.example", headers=headers)


def make_api(database: Database, clock: SettableClock) -> Api:
    """One process with the routes of catalog and pricing."""
    identity = make_identity(database, clock, CountingHasher())
    catalog = Catalog(database)
    service, addresses = CatalogService(database, clock, catalog), AddressReader(["127.0.0.1/32"])
    pricing = Pricing(database, Levels(database))
    authorization = Authorization(identity.authenticator, identity.cookie)
    app = build_application(
        routers=[
            alltickets.catalog.routes.organizer_router(service),
            alltickets.catalog.routes.shop_router(service, addresses),
            alltickets.pricing.routes.organizer_router(PriceLists(database, pricing)),
            alltickets.pricing.routes.shop_router(catalog, service.codes, pricing, clock, addresses),
        ],
        plugins=[authorization],
        security_schemes=authorization.security_schemes(),
        document_guard=allow_anyone("a test reads the document"),
        problems=PROBLEMS,
        body_bytes_max=262_144,
        version="0",
        public_url="http://tickets.example",
        on_start=[],
        on_stop=[],
    )
    check_every_route_declares(app)
    return Api(app, identity)
