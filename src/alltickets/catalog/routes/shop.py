"""Routes of events as anybody sees them."""

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from alltickets.catalog.schemas.shop import EventListing, PublicEvent
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import allow_anyone
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["HANDLERS"]

EventParameter = Annotated[str, Parameter(max_length=80, description="the event's id or its address (slug)")]
CodeParameter = Annotated[str | None, Parameter(max_length=64, description="an access code: shows the ticket types that it opens")]


@get("/events", operation_id="listPublicEvents", guards=[allow_anyone("the list of events is public")])
async def list_public_events(catalog: CatalogService, cursor: CursorParameter = None, size: SizeParameter = 50) -> Page[EventListing]:
    """Events that are published or postponed and not over, the next one first."""
    return await catalog.shop.page(cursor=cursor, size=size)


@get("/events/{event:str}", operation_id="readPublicEvent", guards=[allow_anyone("whoever has an event's address may see it")])
async def read_public_event(event: EventParameter, catalog: CatalogService, client_address: str, code: CodeParameter = None) -> PublicEvent:
    """One event; prices, with everything in them, are quotes."""
    return await catalog.shop.read(event, code=code, address=client_address)


HANDLERS = [list_public_events, read_public_event]
