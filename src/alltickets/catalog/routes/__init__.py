"""HTTP of catalog: parse, call the service, answer."""

from litestar import Router
from litestar.di import Provide

from alltickets.catalog.routes import events, parts, shop, venues
from alltickets.catalog.service import CatalogService

__all__ = ["organizer_router", "shop_router"]


def organizer_router(service: CatalogService) -> Router:
    """The routes of venues and events, under /api/organizer."""
    return Router(
        path="/api/organizer",
        route_handlers=[*venues.HANDLERS, *events.HANDLERS, *parts.HANDLERS],
        dependencies=_dependencies(service),
        tags=["catalog"],
    )


def shop_router(service: CatalogService) -> Router:
    """The routes of events as anybody sees them, under /api/shop."""
    return Router(path="/api/shop", route_handlers=shop.HANDLERS, dependencies=_dependencies(service), tags=["shop"])


def _dependencies(service: CatalogService) -> dict[str, Provide]:
    def catalog_service() -> CatalogService:
        return service

    return {"catalog": Provide(catalog_service, sync_to_thread=False)}
