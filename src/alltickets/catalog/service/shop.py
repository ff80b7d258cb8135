"""What the shop reads: the list of events, and one event as anybody may see it."""

from uuid import UUID

from alltickets.catalog.queries import Catalog, list_cities, list_public_events
from alltickets.catalog.refusals import EventNotFound
from alltickets.catalog.rules.search import EventSearch
from alltickets.catalog.rules.snapshot import EventSnapshot, TicketTypeSnapshot, visible_ticket_types
from alltickets.catalog.rules.states import Visibility
from alltickets.catalog.schemas.shop import (
    EventListing,
    PublicEvent,
    PublicPerformance,
    PublicQuestion,
    PublicSector,
    PublicTicketType,
    PublicVenue,
)
from alltickets.catalog.service.codes import AccessCodes
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database
from alltickets.platform.paging import Page

__all__ = ["Shop"]


class Shop:
    """Public reads, from this process's copies where there are some."""

    def __init__(self, database: Database, clock: Clock, catalog: Catalog, codes: AccessCodes) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._codes = codes

    async def page(self, *, cursor: str | None, size: int, search: EventSearch | None = None) -> Page[EventListing]:
        """Everybody's events, published or postponed and not over, that match the search; the next one first. Raises `CursorUnreadable`."""
        async with self._database.reading(None) as reader:
            return await list_public_events(reader, now=self._clock(), cursor=cursor, size=size, search=search)

    async def cities(self) -> list[str]:
        """Where listed events take place, in alphabetical order."""
        async with self._database.reading(None) as reader:
            return await list_cities(reader, now=self._clock())

    async def read(self, event: str, *, code: str | None, address: str) -> PublicEvent:
        """An event by id or address, with the ticket types that this code opens. Raises `EventNotFound`, or what `AccessCodes` says."""
        event_id = _as_id(event)
        snapshot = await (self._catalog.snapshot_by_slug(event) if event_id is None else self._catalog.snapshot(event_id))
        if snapshot is None or not snapshot.is_public:
            raise EventNotFound(event)
        if code is not None:
            await self._codes.check(snapshot, snapshot.ticket_types, code, address=address)
        return _public(snapshot, visible_ticket_types(snapshot, code))


def _as_id(event: str) -> UUID | None:
    try:
        return UUID(event) if len(event) == 36 else None
    except ValueError:
        return None


def _public(event: EventSnapshot, ticket_types: list[TicketTypeSnapshot]) -> PublicEvent:
    # Nothing hangs on a ticket type that is not shown: its sector and its questions would tell of it.
    sector_ids = {one.sector_id for one in ticket_types}
    shown = {one.ticket_type_id for one in ticket_types}
    return PublicEvent(
        event_id=event.event_id,
        slug=event.slug,
        title=event.title,
        description=event.description,
        category=event.category,
        status=event.status,
        currency=event.currency,
        timezone=event.timezone,
        venue=None if event.venue is None else PublicVenue(event.venue.name, event.venue.address, event.venue.city),
        performances=tuple(
            PublicPerformance(one.performance_id, one.starts_at, one.ends_at, one.doors_at, one.status)
            for one in event.performances.values()
        ),
        sectors=tuple(
            PublicSector(one.sector_id, one.name, one.is_numbered) for one in event.sectors.values() if one.sector_id in sector_ids
        ),
        ticket_types=tuple(
            PublicTicketType(
                ticket_type_id=one.ticket_type_id,
                sector_id=one.sector_id,
                name=one.name,
                description=one.description,
                sales_from=one.sales_from,
                sales_until=one.sales_until,
                per_order_max=one.per_order_max,
                by_code=one.visibility == Visibility.CODE,
            )
            for one in ticket_types
        ),
        questions=tuple(
            PublicQuestion(one.key, one.label, one.kind, one.required, one.options, tuple(sorted(one.ticket_type_ids & shown)))
            for one in event.questions
            if not one.ticket_type_ids or one.ticket_type_ids & shown
        ),
    )
