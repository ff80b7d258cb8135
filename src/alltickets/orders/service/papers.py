"""What buyers take along of an order: its tickets as a PDF, and its performances for their calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from alltickets.catalog.interface import Catalog, EventSnapshot, EventStatus, PerformanceSnapshot, PerformanceStatus
from alltickets.identity.interface import organizer_of
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.orders.ics import CalendarEntry, ics_of
from alltickets.orders.records import Order, read_order
from alltickets.orders.refusals import NoValidTickets, OrderNotFound
from alltickets.orders.service.posters import Posters
from alltickets.platform.database import Database
from alltickets.tickets.interface import NoSuchTicket, PrintedOrder, PrintedTicket, ShownTicket, Tickets

__all__ = ["Paper", "Papers"]

# An organizer that never signed up exists in tests and imports only; the home market's language fits it.
_LOCALE = "es-AR"
_FILES = {"es-AR": ("entrada", "entradas"), "en": ("ticket", "tickets"), "pt-BR": ("ingresso", "ingressos")}
_ENTRY = {"es-AR": ("Compra", "Puertas"), "en": ("Order", "Doors"), "pt-BR": ("Pedido", "Portas")}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file for a buyer. `name` is ASCII, for a header or an attachment; text is UTF-8."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _Facts:
    """All that a paper states. `valid` are the tickets that admit somebody, at least one; `count` is of all that were issued."""

    order: Order
    event: EventSnapshot
    organizer_name: str
    locale: str
    valid: Sequence[ShownTicket]
    count: int


class Papers:
    """The files of an order. The callers have seen that whoever asks may see it."""

    def __init__(self, database: Database, clock: Clock, catalog: Catalog, tickets: Tickets, *, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._tickets = tickets
        self._public_url = public_url
        self._posters = Posters(database)

    async def tickets_pdf(self, organizer_id: UUID, order_id: UUID, *, ticket_id: UUID | None = None, locale: str | None = None) -> Paper:
        """The order's valid tickets, or one of them, a page each.

        `locale` es-AR, en or pt-BR; None: the organizer's. Raises `OrderNotFound`, `NoSuchTicket`, `NoValidTickets` or `Overloaded`.
        """
        facts = await self._facts(organizer_id, order_id, ticket_id, locale)
        content = await self._tickets.print(_printed(facts, await self._posters.of(facts.event)))
        one, many = _FILES[facts.locale]
        named = f"{facts.event.slug}-{facts.order.number.lower()}"
        name = f"{many}-{named}.pdf" if ticket_id is None else f"{one}-{named}-{facts.valid[0].ticket.number}.pdf"
        return Paper(name, "application/pdf", content)

    async def calendar(self, organizer_id: UUID, order_id: UUID, *, locale: str | None = None) -> Paper:
        """The performances that the order's valid tickets are for, the first one first. Raises as `tickets_pdf`."""
        facts = await self._facts(organizer_id, order_id, None, locale)
        content = ics_of(_entries(facts, self._public_url), now=self._clock())
        return Paper(f"{facts.event.slug}.ics", "text/calendar", content)

    async def _facts(self, organizer_id: UUID, order_id: UUID, ticket_id: UUID | None, locale: str | None) -> _Facts:
        async with self._database.reading(organizer_id) as reader:
            order = await read_order(reader, order_id)
            organizer = await organizer_of(reader)
        if order is None:
            raise OrderNotFound
        event = await self._catalog.snapshot(order.event_id)
        assert event is not None, "an event with orders is never deleted"
        issued = [] if order.paid_at is None else await self._tickets.shown_of_order(organizer_id, order_id)
        wanted = [one for one in issued if ticket_id in (None, one.ticket.ticket_id)]
        if ticket_id is not None and not wanted:
            raise NoSuchTicket(str(ticket_id))
        valid = [one for one in wanted if one.code is not None]
        if not valid:
            raise NoValidTickets
        name, own_locale = ("", _LOCALE) if organizer is None else (organizer.name, organizer.locale)
        return _Facts(order, event, name, locale or own_locale, valid, len(issued))


def _printed(facts: _Facts, poster: bytes) -> PrintedOrder:
    event = facts.event
    return PrintedOrder(
        number=facts.order.number,
        event_title=event.title,
        venue_name=event.venue.name if event.venue else "",
        venue_address=_address(event),
        timezone=event.timezone,
        organizer_name=facts.organizer_name,
        locale=facts.locale,
        tickets=tuple(_page(event, one, facts.count) for one in facts.valid),
        poster=poster,
    )


def _page(event: EventSnapshot, shown: ShownTicket, count: int) -> PrintedTicket:
    ticket, performance = shown.ticket, event.performances[shown.ticket.performance_id]
    assert shown.code is not None, "only valid tickets are printed"
    return PrintedTicket(
        code=shown.code,
        number=ticket.number,
        count=count,
        holder_name=ticket.holder_name,
        ticket_type=event.ticket_types[ticket.ticket_type_id].name,
        sector=event.sectors[ticket.sector_id].name,
        seat=ticket.seat_label,
        starts_at=performance.starts_at,
        doors_at=performance.doors_at,
        price=Money(ticket.price_minor, ticket.currency),
    )


def _entries(facts: _Facts, public_url: str) -> list[CalendarEntry]:
    event = facts.event
    venue = event.venue.name if event.venue else ""
    wanted = {one.ticket.performance_id for one in facts.valid}
    performances = sorted((event.performances[one] for one in wanted), key=lambda one: one.starts_at)
    return [
        CalendarEntry(
            # Of the performance, not of the order: whoever buys twice has one entry, and a moved performance moves it.
            uid=f"{performance.performance_id}@alltickets",
            revision=event.version,
            starts_at=performance.starts_at,
            ends_at=performance.ends_at,
            title=event.title,
            location=", ".join(part for part in (venue, _address(event)) if part),
            description=_description(facts, performance.performance_id),
            url=f"{public_url}/e/{event.slug}",
            status=_calendar_status(event, performance),
        )
        for performance in performances
    ]


def _calendar_status(event: EventSnapshot, performance: PerformanceSnapshot) -> str:
    if performance.status == PerformanceStatus.CANCELLED or event.status == EventStatus.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if event.status == EventStatus.POSTPONED else "CONFIRMED"


def _description(facts: _Facts, performance_id: UUID) -> str:
    """The order's number, when the doors open, and a line for each ticket."""
    event, (order, doors) = facts.event, _ENTRY[facts.locale]
    lines = [f"{order} {facts.order.number}"]
    doors_at = event.performances[performance_id].doors_at
    if doors_at is not None:
        lines.append(f"{doors}: {doors_at.astimezone(ZoneInfo(event.timezone)):%H:%M}")
    for one in facts.valid:
        if one.ticket.performance_id == performance_id:
            ticket_type = event.ticket_types[one.ticket.ticket_type_id].name
            lines.append(", ".join(part for part in (ticket_type, one.ticket.seat_label, one.ticket.holder_name) if part))
    return "\n".join(lines)


def _address(event: EventSnapshot) -> str:
    return ", ".join(part for part in (event.venue.address, event.venue.city) if part) if event.venue else ""
