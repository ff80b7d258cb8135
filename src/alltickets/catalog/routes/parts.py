"""Routes of what an event is made of: performances, sectors, ticket types with their codes, questions."""

from uuid import UUID

from litestar import delete, get, patch, post, put

from alltickets.catalog.schemas.organizer import (
    CodesRead,
    CodesSet,
    PerformanceChange,
    PerformanceCreate,
    PerformanceRead,
    QuestionChange,
    QuestionCreate,
    QuestionRead,
    Reason,
    SectorChange,
    SectorCreate,
    SectorRead,
    TicketTypeChange,
    TicketTypeCreate,
    TicketTypeRead,
)
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor, Permission, allow

__all__ = ["HANDLERS"]


@post("/events/{event_id:uuid}/performances", operation_id="addPerformance", guards=[allow(Permission.EVENTS_WRITE)])
async def add_performance(event_id: UUID, data: PerformanceCreate, actor: Actor, catalog: CatalogService) -> PerformanceRead:
    """Add a performance, with stock for everything in the event."""
    return await catalog.performances.add(actor, event_id, data)


@patch(
    "/events/{event_id:uuid}/performances/{performance_id:uuid}", operation_id="changePerformance", guards=[allow(Permission.EVENTS_WRITE)]
)
async def change_performance(
    event_id: UUID, performance_id: UUID, data: PerformanceChange, actor: Actor, catalog: CatalogService
) -> PerformanceRead:
    """Change a performance's times."""
    return await catalog.performances.change(actor, event_id, performance_id, data)


@delete(
    "/events/{event_id:uuid}/performances/{performance_id:uuid}", operation_id="deletePerformance", guards=[allow(Permission.EVENTS_WRITE)]
)
async def delete_performance(event_id: UUID, performance_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Delete a performance of a draft."""
    await catalog.performances.delete(actor, event_id, performance_id)


@post(
    "/events/{event_id:uuid}/performances/{performance_id:uuid}/cancel",
    operation_id="cancelPerformance",
    status_code=200,
    guards=[allow(Permission.EVENTS_WRITE)],
)
async def cancel_performance(event_id: UUID, performance_id: UUID, data: Reason, actor: Actor, catalog: CatalogService) -> PerformanceRead:
    """Say that this performance does not take place, while the event goes on. This is final."""
    return await catalog.performances.cancel(actor, event_id, performance_id, data.reason)


@post("/events/{event_id:uuid}/sectors", operation_id="addSector", guards=[allow(Permission.EVENTS_WRITE)])
async def add_sector(event_id: UUID, data: SectorCreate, actor: Actor, catalog: CatalogService) -> SectorRead:
    """Add a sector, with stock at every performance."""
    return await catalog.sectors.add(actor, event_id, data)


@patch("/events/{event_id:uuid}/sectors/{sector_id:uuid}", operation_id="changeSector", guards=[allow(Permission.EVENTS_WRITE)])
async def change_sector(event_id: UUID, sector_id: UUID, data: SectorChange, actor: Actor, catalog: CatalogService) -> SectorRead:
    """Change a sector; its capacity counts for performances to come."""
    return await catalog.sectors.change(actor, event_id, sector_id, data)


@delete("/events/{event_id:uuid}/sectors/{sector_id:uuid}", operation_id="deleteSector", guards=[allow(Permission.EVENTS_WRITE)])
async def delete_sector(event_id: UUID, sector_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Delete a draft's sector that no ticket type is for."""
    await catalog.sectors.delete(actor, event_id, sector_id)


@post("/events/{event_id:uuid}/ticket-types", operation_id="addTicketType", guards=[allow(Permission.EVENTS_WRITE)])
async def add_ticket_type(event_id: UUID, data: TicketTypeCreate, actor: Actor, catalog: CatalogService) -> TicketTypeRead:
    """Add a ticket type; a limited one gets a pool of its own at every performance."""
    return await catalog.ticket_types.add(actor, event_id, data)


@patch(
    "/events/{event_id:uuid}/ticket-types/{ticket_type_id:uuid}", operation_id="changeTicketType", guards=[allow(Permission.EVENTS_WRITE)]
)
async def change_ticket_type(
    event_id: UUID, ticket_type_id: UUID, data: TicketTypeChange, actor: Actor, catalog: CatalogService
) -> TicketTypeRead:
    """Change a ticket type; holds and orders keep the price they were given."""
    return await catalog.ticket_types.change(actor, event_id, ticket_type_id, data)


@delete(
    "/events/{event_id:uuid}/ticket-types/{ticket_type_id:uuid}", operation_id="deleteTicketType", guards=[allow(Permission.EVENTS_WRITE)]
)
async def delete_ticket_type(event_id: UUID, ticket_type_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Delete a draft's ticket type."""
    await catalog.ticket_types.delete(actor, event_id, ticket_type_id)


# Codes are handed out by those who may change the event; whoever only reads it does not see them.
@get(
    "/events/{event_id:uuid}/ticket-types/{ticket_type_id:uuid}/codes",
    operation_id="readAccessCodes",
    guards=[allow(Permission.EVENTS_WRITE)],
)
async def read_codes(event_id: UUID, ticket_type_id: UUID, actor: Actor, catalog: CatalogService) -> CodesRead:
    """The access codes of a ticket type."""
    return await catalog.ticket_types.codes(actor, event_id, ticket_type_id)


@put(
    "/events/{event_id:uuid}/ticket-types/{ticket_type_id:uuid}/codes",
    operation_id="setAccessCodes",
    guards=[allow(Permission.EVENTS_WRITE)],
)
async def set_codes(event_id: UUID, ticket_type_id: UUID, data: CodesSet, actor: Actor, catalog: CatalogService) -> CodesRead:
    """Replace the access codes of a ticket type; those left out stop working."""
    return await catalog.ticket_types.set_codes(actor, event_id, ticket_type_id, data.codes)


@post("/events/{event_id:uuid}/questions", operation_id="addQuestion", guards=[allow(Permission.EVENTS_WRITE)])
async def add_question(event_id: UUID, data: QuestionCreate, actor: Actor, catalog: CatalogService) -> QuestionRead:
    """Add something that each ticket holder is asked."""
    return await catalog.questions.add(actor, event_id, data)


@patch("/events/{event_id:uuid}/questions/{question_id:uuid}", operation_id="changeQuestion", guards=[allow(Permission.EVENTS_WRITE)])
async def change_question(event_id: UUID, question_id: UUID, data: QuestionChange, actor: Actor, catalog: CatalogService) -> QuestionRead:
    """Change a question; answers that were given stay."""
    return await catalog.questions.change(actor, event_id, question_id, data)


@delete("/events/{event_id:uuid}/questions/{question_id:uuid}", operation_id="deleteQuestion", guards=[allow(Permission.EVENTS_WRITE)])
async def delete_question(event_id: UUID, question_id: UUID, actor: Actor, catalog: CatalogService) -> None:
    """Stop asking; answers that were given stay in their orders."""
    await catalog.questions.delete(actor, event_id, question_id)


HANDLERS = [
    add_performance,
    change_performance,
    delete_performance,
    cancel_performance,
    add_sector,
    change_sector,
    delete_sector,
    add_ticket_type,
    change_ticket_type,
    delete_ticket_type,
    read_codes,
    set_codes,
    add_question,
    change_question,
    delete_question,
]
