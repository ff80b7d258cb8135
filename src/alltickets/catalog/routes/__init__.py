"""HTTP of catalog: parse, call the service, answer."""

from typing import Any

from litestar import Request, Router
from litestar.di import Provide

from alltickets.catalog.routes import appearance, events, parts, shop, venues
from alltickets.catalog.service import CatalogService
from alltickets.platform.http.address import AddressReader

__all__ = ["organizer_router", "shop_router"]


def organizer_router(service: CatalogService) -> Router:
    """The routes of venues and events, under /api/organizer."""
    return Router(
        path="/api/organizer",
        route_handlers=[*venues.HANDLERS, *events.HANDLERS, *parts.HANDLERS, *appearance.HANDLERS],
        dependencies=_dependencies(service),
        tags=["catalog"],
    )


def shop_router(service: CatalogService, addresses: AddressReader) -> Router:
    """The routes of events as anybody sees them, under /api/shop."""

    def client_address(request: Request[Any, Any, Any]) -> str:
        return addresses.of(request.scope)

    dependencies = {**_dependencies(service), "client_address": Provide(client_address, sync_to_thread=False)}
    return Router(path="/api/shop", route_handlers=shop.HANDLERS, dependencies=dependencies, tags=["shop"])


def _dependencies(service: CatalogService) -> dict[str, Provide]:
    def catalog_service() -> CatalogService:
        return service

    return {"catalog": Provide(catalog_service, sync_to_thread=False)}
