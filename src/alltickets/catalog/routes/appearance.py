"""Routes of what events and organizers look like."""

from uuid import UUID

from litestar import delete, get, patch, put

from alltickets.catalog.pictures import PICTURE_BYTES_MAX
from alltickets.catalog.rules.snapshot import Appearance
from alltickets.catalog.schemas.organizer import AppearanceChange, EventRead
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor, Permission, allow

__all__ = ["HANDLERS"]


@get("/appearance", operation_id="readAppearance", guards=[allow(Permission.EVENTS_READ)])
async def read_appearance(actor: Actor, catalog: CatalogService) -> Appearance:
    """The organizer's accent and logo."""
    return await catalog.appearances.read(actor)


@patch("/appearance", operation_id="changeAppearance", guards=[allow(Permission.EVENTS_WRITE)])
async def change_appearance(data: AppearanceChange, actor: Actor, catalog: CatalogService) -> Appearance:
    """Set the accent of the pages of the organizer's events."""
    return await catalog.appearances.change(actor, data)


@put("/logo", operation_id="putLogo", guards=[allow(Permission.EVENTS_WRITE)], request_max_body_size=PICTURE_BYTES_MAX)
async def put_logo(body: bytes, actor: Actor, catalog: CatalogService) -> Appearance:
    """Set the organizer's logo: a JPEG, PNG or WebP of at most 10 MiB, encoded anew."""
    return await catalog.appearances.put_logo(actor, body)


@delete("/logo", operation_id="removeLogo", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def remove_logo(actor: Actor, catalog: CatalogService) -> Appearance:
    """Take the organizer's logo away."""
    return await catalog.appearances.remove_logo(actor)


@put(
    "/events/{event_id:uuid}/poster",
    operation_id="putPoster",
    guards=[allow(Permission.EVENTS_WRITE)],
    request_max_body_size=PICTURE_BYTES_MAX,
)
async def put_poster(event_id: UUID, body: bytes, actor: Actor, catalog: CatalogService) -> EventRead:
    """Set the event's poster: a JPEG, PNG or WebP of at most 10 MiB, encoded anew."""
    return await catalog.appearances.put_poster(actor, event_id, body)


@delete("/events/{event_id:uuid}/poster", operation_id="removePoster", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def remove_poster(event_id: UUID, actor: Actor, catalog: CatalogService) -> EventRead:
    """Take the event's poster away; it is shown with one that is made for it."""
    return await catalog.appearances.remove_poster(actor, event_id)


HANDLERS = [read_appearance, change_appearance, put_logo, remove_logo, put_poster, remove_poster]
