"""HTTP of inventory: an event's pools, and their capacities."""

from uuid import UUID

from litestar import Router, get, patch
from litestar.di import Provide

from alltickets.catalog.interface import Catalog
from alltickets.identity.interface import Actor, Permission, allow
from alltickets.inventory.queries import PoolFacts
from alltickets.inventory.schemas import PoolRead, PoolWrite
from alltickets.inventory.service import Inventory

__all__ = ["organizer_router"]


def organizer_router(inventory: Inventory, catalog: Catalog) -> Router:
    """The organizer's routes, under /api/organizer."""

    def provide() -> Inventory:
        return inventory

    def provide_catalog() -> Catalog:
        return catalog

    return Router(
        path="/api/organizer/events/{event_id:uuid}/pools",
        route_handlers=[list_pools, resize_pool],
        dependencies={
            "inventory": Provide(provide, sync_to_thread=False),
            "catalog_copies": Provide(provide_catalog, sync_to_thread=False),
        },
        tags=["inventory"],
    )


@get("/", operation_id="listPools", guards=[allow(Permission.STOCK_READ)])
async def list_pools(event_id: UUID, actor: Actor, inventory: Inventory, catalog_copies: Catalog) -> list[PoolRead]:
    """The event's pools with what is held and sold now; none until the catalog's plan has been taken up, a moment after a change."""
    await catalog_copies.of_organizer(actor.organizer_id, event_id)
    return [_pool_read(pool) for pool in await inventory.pools(actor.organizer_id, event_id)]


@patch("/{pool_id:uuid}", operation_id="resizePool", guards=[allow(Permission.EVENTS_WRITE)])
async def resize_pool(event_id: UUID, pool_id: UUID, data: PoolWrite, actor: Actor, inventory: Inventory) -> PoolRead:
    """Raise or lower a capacity, also while it sells; never below what is held and sold."""
    return _pool_read(await inventory.resize(actor, event_id, pool_id, data.capacity))


def _pool_read(pool: PoolFacts) -> PoolRead:
    left = pool.capacity - pool.held - pool.sold
    return PoolRead(pool.pool_id, pool.performance_id, pool.kind, pool.label, pool.capacity, pool.held, pool.sold, left, pool.awaiting)
