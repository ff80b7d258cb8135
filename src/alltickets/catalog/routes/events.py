"""Routes of events as their organizer sees them."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import Parameter

from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.schemas.organizer import EventChange, EventCreate, EventRead, EventSummary, Reason
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor, Permission, allow
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["HANDLERS"]

StatusParameter = Annotated[EventStatus | None, Parameter(description="only events in this status")]


@get("/events", operation_id="listEvents", guards=[allow(Permission.EVENTS_READ)])
async def list_events(
    actor: Actor, catalog: CatalogService, status: StatusParameter = None, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[EventSummary]:
    """The organizer's events, newest first."""
    return await catalog.events.page(actor, status=status, cursor=cursor, size=size)


@post("/events", operation_id="createEvent", guards=[allow(Permission.EVENTS_WRITE)])
async def create_event(data: EventCreate, actor: Actor, catalog: CatalogService) -> EventRead:
    """Begin a draft."""
    return await catalog.events.create(actor, data)


@get("/events/{event_id:uuid}", operation_id="readEvent", guards=[allow(Permission.EVENTS_READ)])
async def read_event(event_id: UUID, actor: Actor, catalog: CatalogService) -> EventRead:
    """One event with its performances, sectors, ticket types and questions."""
    return await catalog.events.read(actor, event_id)


@patch("/events/{event_id:uuid}", operation_id="changeEvent", guards=[allow(Permission.EVENTS_WRITE)])
async def change_event(event_id: UUID, data: EventChange, actor: Actor, catalog: CatalogService) -> EventRead:
    """Change the event's own facts."""
    return await catalog.events.change(actor, event_id, data)


@delete("/events/{event_id:uuid}", operation_id="deleteEvent", guards=[allow(Permission.EVENTS_WRITE)])
async def delete_event(event_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Delete a draft with everything in it."""
    await catalog.events.delete(actor, event_id)


@post("/events/{event_id:uuid}/publish", operation_id="publishEvent", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def publish_event(event_id: UUID, actor: Actor, catalog: CatalogService) -> EventRead:
    """Make the event public and put it on sale, or say everything that keeps it from that."""
    return await catalog.events.publish(actor, event_id)


@post("/events/{event_id:uuid}/postpone", operation_id="postponeEvent", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def postpone_event(event_id: UUID, data: Reason, actor: Actor, catalog: CatalogService) -> EventRead:
    """Take the event off sale until it has a new date; publish it again then."""
    return await catalog.events.postpone(actor, event_id, data.reason)


@post("/events/{event_id:uuid}/cancel", operation_id="cancelEvent", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def cancel_event(event_id: UUID, data: Reason, actor: Actor, catalog: CatalogService) -> EventRead:
    """Say that the event does not take place. This is final."""
    return await catalog.events.cancel(actor, event_id, data.reason)


@post("/events/{event_id:uuid}/archive", operation_id="archiveEvent", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
async def archive_event(event_id: UUID, actor: Actor, catalog: CatalogService) -> EventRead:
    """Put the event away, out of every public list. This is final."""
    return await catalog.events.archive(actor, event_id)


HANDLERS = [
    list_events,
    create_event,
    read_event,
    change_event,
    delete_event,
    publish_event,
    postpone_event,
    cancel_event,
    archive_event,
]
