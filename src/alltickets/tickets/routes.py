"""HTTP: the organizer's tickets, and the public keys for the doors. A buyer's tickets are served by orders, which checks its secret."""

from uuid import UUID

from litestar import Router, get, post

from alltickets.identity.interface import Actor, DeviceActor, Permission, allow, allow_device
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page
from alltickets.tickets.rules import Ticket, TicketStatus
from alltickets.tickets.schemas import EventKeyReplace, EventKeysView, EventKeyView, TicketReissue, TicketRevoke
from alltickets.tickets.service import Tickets

__all__ = ["gate_router", "organizer_router"]


def organizer_router(tickets: Tickets) -> Router:
    """Routes for those who run the event."""

    @get("/events/{event_id:uuid}/tickets", operation_id="listTickets", guards=[allow(Permission.TICKETS_READ)])
    async def list_tickets(
        actor: Actor,
        event_id: UUID,
        status: TicketStatus | None = None,
        cursor: CursorParameter = None,
        size: SizeParameter = 50,
    ) -> Page[Ticket]:
        """The event's tickets, the oldest first."""
        return await tickets.list_of_event(actor.organizer_id, event_id, status=status, cursor=cursor, size=size)

    @post("/tickets/{ticket_id:uuid}/revoke", operation_id="revokeTicket", status_code=200, guards=[allow(Permission.TICKETS_WRITE)])
    async def revoke_ticket(actor: Actor, ticket_id: UUID, data: TicketRevoke) -> Ticket:
        """Revoke a ticket: its code admits nobody from now on."""
        return await tickets.revoke(actor, ticket_id, data.reason)

    @post("/tickets/{ticket_id:uuid}/reissue", operation_id="reissueTicket", status_code=200, guards=[allow(Permission.TICKETS_WRITE)])
    async def reissue_ticket(actor: Actor, ticket_id: UUID, data: TicketReissue) -> Ticket:
        """Give a ticket a new code: the old one admits nobody from now on."""
        return await tickets.reissue(actor, ticket_id, serial=data.serial, reason=data.reason)

    @post("/events/{event_id:uuid}/key/replace", operation_id="replaceEventKey", status_code=200, guards=[allow(Permission.EVENTS_WRITE)])
    async def replace_event_key(actor: Actor, event_id: UUID, data: EventKeyReplace) -> EventKeyView:
        """Replace the key that signs the event's codes, when it may be known to others: all codes shown until now stop admitting."""
        return EventKeyView.of(await tickets.replace_event_key(actor, event_id, data.number))

    handlers = [list_tickets, revoke_ticket, reissue_ticket, replace_event_key]
    return Router("/api/organizer", route_handlers=handlers, tags=["tickets"])


def gate_router(tickets: Tickets) -> Router:
    """Routes for scanners."""

    @get("/events/{event_id:uuid}/key", operation_id="readEventKeys", guards=[allow_device()])
    async def read_event_keys(actor: DeviceActor, event_id: UUID) -> EventKeysView:
        """The public keys that verify the event's codes with no network."""
        return EventKeysView.of(event_id, await tickets.keys_for(actor, event_id))

    return Router("/api/gate", route_handlers=[read_event_keys], tags=["gate"])
