"""The organizer's routes of marketing."""

from uuid import UUID

from litestar import Router, get, put

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.marketing.records import WaitingEntry
from alltickets.marketing.schemas import Embedding, WaitingCountRead, WaitingEntryRead
from alltickets.marketing.service import Framing, WaitingList
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["organizer_router"]


def organizer_router(waiting_list: WaitingList, framing: Framing) -> Router:
    """Who waits for what is sold out, and where tickets may be framed."""
    path = "/events/{event_id:uuid}/waiting-list"

    @get(path, operation_id="listWaiting", guards=[allow(Permission.ORDERS_READ)])
    async def list_waiting(
        event_id: UUID, actor: Actor, cursor: CursorParameter = None, size: SizeParameter = 50
    ) -> Page[WaitingEntryRead]:
        """The event's waiting list in the order of joining, those among them who were told of places."""
        page = await waiting_list.page(actor, event_id, cursor=cursor, size=size)
        return Page([_entry_read(entry) for entry in page.items], page.next)

    @get(f"{path}/counts", operation_id="countWaiting", guards=[allow(Permission.STOCK_READ)])
    async def count_waiting(event_id: UUID, actor: Actor) -> list[WaitingCountRead]:
        """How many wait for each ticket type at each performance of the event; without personal data."""
        counts = await waiting_list.counts(actor, event_id)
        return [WaitingCountRead(one.performance_id, one.ticket_type_id, one.waiting, one.places, one.called) for one in counts]

    @get("/embedding", operation_id="readEmbedding", guards=[allow(Permission.EVENTS_READ)])
    async def read_embedding(actor: Actor) -> Embedding:
        """The sites on which the organizer's tickets may be framed; none until some are set."""
        return Embedding(list(await framing.origins(actor)))

    @put("/embedding", operation_id="putEmbedding", guards=[allow(Permission.EVENTS_WRITE)])
    async def put_embedding(actor: Actor, data: Embedding) -> Embedding:
        """Set the sites on which the organizer's tickets may be framed, and no others."""
        return Embedding(list(await framing.set_origins(actor, data.origins)))

    handlers = [list_waiting, count_waiting, read_embedding, put_embedding]
    return Router("/api/organizer", route_handlers=handlers, tags=["marketing"])


def _entry_read(entry: WaitingEntry) -> WaitingEntryRead:
    return WaitingEntryRead(
        entry.entry_id,
        entry.performance_id,
        entry.ticket_type_id,
        entry.mail,
        entry.quantity,
        entry.locale,
        entry.state,
        entry.joined_at,
        entry.called_at,
    )
