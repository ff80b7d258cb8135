"""Events to test rules with: plain values, boring unless a test says otherwise."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from alltickets.catalog.rules.snapshot import (
    EventSnapshot,
    PerformanceSnapshot,
    QuestionKind,
    QuestionSnapshot,
    SectorSnapshot,
    TicketTypeSnapshot,
    VenueSnapshot,
    code_digest,
)
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, Visibility
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
OPERA = VenueSnapshot(new_id(), "Teatro Ópera", "Corrientes 860", "Buenos Aires", 1_800)


def make_performance(
    *, starts_at: datetime = NOW + timedelta(days=30), status: PerformanceStatus = PerformanceStatus.SCHEDULED
) -> PerformanceSnapshot:
    return PerformanceSnapshot(new_id(), starts_at, starts_at + timedelta(hours=3), None, status)


def make_sector(*, name: str = "Campo", capacity: int = 500) -> SectorSnapshot:
    return SectorSnapshot(new_id(), name, capacity, ())


def make_ticket_type(
    sector: SectorSnapshot,
    *,
    name: str = "General",
    price_minor: int = 1_000_000,
    sales_from: datetime | None = None,
    sales_until: datetime | None = None,
    quantity_max: int | None = None,
    visibility: Visibility = Visibility.PUBLIC,
    codes: Collection[str] = (),
) -> TicketTypeSnapshot:
    return TicketTypeSnapshot(
        ticket_type_id=new_id(),
        sector_id=sector.sector_id,
        name=name,
        description="",
        price=Money(price_minor, "ARS"),
        sales_from=sales_from,
        sales_until=sales_until,
        per_order_max=10,
        per_buyer_max=None,
        quantity_max=quantity_max,
        visibility=visibility,
        codes=frozenset(code_digest(code) for code in codes),
    )


def make_question(*, ticket_type_ids: Collection[UUID] = ()) -> QuestionSnapshot:
    return QuestionSnapshot(new_id(), "dni", "DNI", QuestionKind.DOCUMENT, True, (), frozenset(ticket_type_ids))


def make_event(
    *,
    performances: Collection[PerformanceSnapshot] = (),
    sectors: Collection[SectorSnapshot] = (),
    ticket_types: Collection[TicketTypeSnapshot] = (),
    status: EventStatus = EventStatus.PUBLISHED,
    venue: VenueSnapshot | None = OPERA,
    version: int = 1,
) -> EventSnapshot:
    """An event of these; each limited ticket type has a pool of its own."""
    sector_pools = {(performance.performance_id, sector.sector_id): new_id() for performance in performances for sector in sectors}
    offers = {}
    for performance in performances:
        for one in ticket_types:
            own = () if one.quantity_max is None else (new_id(),)
            offers[performance.performance_id, one.ticket_type_id] = (sector_pools[performance.performance_id, one.sector_id], *own)
    return EventSnapshot(
        organizer_id=new_id(),
        event_id=new_id(),
        version=version,
        slug="noche-de-prueba",
        title="Noche de prueba",
        description="",
        category="",
        status=status,
        currency="ARS",
        timezone="America/Argentina/Buenos_Aires",
        venue=venue,
        performances={one.performance_id: one for one in performances},
        sectors={one.sector_id: one for one in sectors},
        ticket_types={one.ticket_type_id: one for one in ticket_types},
        offers=offers,
        questions=(),
    )
