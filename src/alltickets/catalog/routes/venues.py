"""Routes of venues."""

from uuid import UUID

from litestar import delete, get, patch, post

from alltickets.catalog.schemas.organizer import VenueChange, VenueCreate, VenueRead
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor, Permission, allow
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["HANDLERS"]


@get("/venues", operation_id="listVenues", guards=[allow(Permission.EVENTS_READ)])
async def list_venues(actor: Actor, catalog: CatalogService, cursor: CursorParameter = None, size: SizeParameter = 50) -> Page[VenueRead]:
    """The organizer's venues, newest first."""
    return await catalog.venues.page(actor, cursor=cursor, size=size)


@post("/venues", operation_id="createVenue", guards=[allow(Permission.EVENTS_WRITE)])
async def create_venue(data: VenueCreate, actor: Actor, catalog: CatalogService) -> VenueRead:
    """Add a venue."""
    return await catalog.venues.create(actor, data)


@get("/venues/{venue_id:uuid}", operation_id="readVenue", guards=[allow(Permission.EVENTS_READ)])
async def read_venue(venue_id: UUID, actor: Actor, catalog: CatalogService) -> VenueRead:
    """One venue."""
    return await catalog.venues.read(actor, venue_id)


@patch("/venues/{venue_id:uuid}", operation_id="changeVenue", guards=[allow(Permission.EVENTS_WRITE)])
async def change_venue(venue_id: UUID, data: VenueChange, actor: Actor, catalog: CatalogService) -> VenueRead:
    """Change a venue; every event that takes place there shows it."""
    return await catalog.venues.change(actor, venue_id, data)


@delete("/venues/{venue_id:uuid}", operation_id="deleteVenue", guards=[allow(Permission.EVENTS_WRITE)])
async def delete_venue(venue_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Delete a venue that no event takes place at."""
    await catalog.venues.delete(actor, venue_id)


HANDLERS = [list_venues, create_venue, read_venue, change_venue, delete_venue]
