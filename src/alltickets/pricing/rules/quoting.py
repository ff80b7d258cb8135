"""Quotes: which price each unit of a selection gets, and what that makes in sum.

Of a ticket type's phases, in their order, those are open whose dates hold the moment; of the open ones the first that has places left
under its bound gives the price, and after the last the base price does. What is *taken* (held or sold) at the performance is counted in
the ticket type's own pool where it is limited, otherwise in its sector's.

A line that crosses a bound is cut there: with two places left at 8.000, four cost twice 8.000 and twice 10.000, shown as two parts with
their own unit prices, which the tickets then carry in this order. That is what "the first hundred at 8.000" promises to those who come
after, and the buyer sees both parts before deciding. The count may be a second old, and holds that expire come back to the earlier
price: a bound of a phase is a price, not stock. Who must never sell more than a hundred limits the ticket type.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.catalog.interface import (
    AccessCodeNeeded,
    EventSnapshot,
    PerformanceNotFound,
    TicketTypeNotFound,
    TicketTypeSnapshot,
    is_unlocked,
)
from alltickets.kernel.money import Money
from alltickets.pricing.refusals import EmptySelection, QuantityRefused, SeatsMismatched, TooManyLines
from alltickets.pricing.rules.units import ChargePolicy, PricePhase, UnitPrice, unit_price

__all__ = [
    "PriceBook",
    "PriceList",
    "PricedPhase",
    "Quote",
    "QuoteLine",
    "QuotePart",
    "QuoteTotals",
    "SelectedLine",
    "TypePrices",
    "make_book",
    "quote",
]

LINES_MAX = 100
QUANTITY_MAX = 1_000


class SelectedLine(msgspec.Struct, frozen=True):
    """So many of a ticket type at a performance; `seats` are their labels, all of them, or none where places have no numbers."""

    performance_id: UUID
    ticket_type_id: UUID
    quantity: int
    seats: tuple[str, ...] = ()


class QuotePart(msgspec.Struct, frozen=True):
    """Units of a line that cost the same."""

    quantity: int
    unit: UnitPrice
    total: Money


class QuoteLine(msgspec.Struct, frozen=True):
    """A selected line with its price. The parts are in the order of the units: the first seats are the first part's."""

    performance_id: UUID
    ticket_type_id: UUID
    name: str
    quantity: int
    seats: tuple[str, ...]
    parts: tuple[QuotePart, ...]
    total: Money


class QuoteTotals(msgspec.Struct, frozen=True):
    """Sums over all units. `base + adjustments`, `proceeds + charge` and `net + tax` are `total`, each to the cent."""

    base: Money
    adjustments: Money
    charge: Money
    proceeds: Money
    tax: Money
    net: Money
    total: Money


class Quote(msgspec.Struct, frozen=True):
    """What a selection costs at `priced_at`, line by line in the order of the selection. Nothing is reserved by it."""

    currency: str
    priced_at: datetime
    lines: tuple[QuoteLine, ...]
    totals: QuoteTotals


class PriceList(msgspec.Struct, frozen=True):
    """What an organizer has decided about an event's prices; the base prices stand in the catalog."""

    version: int = 0
    policy: ChargePolicy | None = None
    phases: Mapping[UUID, tuple[PricePhase, ...]] = {}
    """By ticket type, in their order."""


class PricedPhase(msgspec.Struct, frozen=True):
    """A phase with the price of a unit in it, worked out beforehand."""

    starts_at: datetime | None
    ends_at: datetime | None
    until_taken: int | None
    unit: UnitPrice

    def is_open(self, at: datetime) -> bool:
        """Whether its dates hold the moment."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


class TypePrices(msgspec.Struct, frozen=True):
    """The prices of a ticket type. `counted_in`: by performance, the pool that tells how many are taken."""

    ticket_type: TicketTypeSnapshot
    standard: UnitPrice
    phases: tuple[PricedPhase, ...]
    counted_in: Mapping[UUID, UUID]


class PriceBook(msgspec.Struct, frozen=True):
    """Every price of an event worked out, so that a quote only looks up and adds."""

    currency: str
    performances: frozenset[UUID]
    types: Mapping[UUID, TypePrices]
    needs_levels: bool
    """Whether a price depends on how much is taken: otherwise nobody has to ask."""

    def pools_counted(self, selection: Sequence[SelectedLine]) -> set[UUID]:
        """The pools whose level may decide the prices of these lines; nothing for lines that name what is not there."""
        found = ((self.types.get(line.ticket_type_id), line.performance_id) for line in selection)
        return {prices.counted_in[at] for prices, at in found if prices is not None and at in prices.counted_in}


def make_book(event: EventSnapshot, prices: PriceList) -> PriceBook:
    """Work out an event's prices."""
    types = {}
    for ticket_type in event.ticket_types.values():
        phases = prices.phases.get(ticket_type.ticket_type_id, ())
        types[ticket_type.ticket_type_id] = TypePrices(
            ticket_type=ticket_type,
            standard=unit_price(ticket_type.price, None, prices.policy),
            phases=tuple(
                PricedPhase(phase.starts_at, phase.ends_at, phase.until_taken, unit_price(ticket_type.price, phase, prices.policy))
                for phase in phases
            ),
            # The last pool of an offer is the ticket type's own if it has one, else its sector's.
            counted_in={
                performance_id: event.offers[performance_id, ticket_type.ticket_type_id][-1] for performance_id in event.performances
            },
        )
    needs_levels = any(phase.until_taken is not None for one in types.values() for phase in one.phases)
    return PriceBook(event.currency, frozenset(event.performances), types, needs_levels)


def quote(book: PriceBook, selection: Sequence[SelectedLine], levels: Mapping[UUID, int], code: str | None, at: datetime) -> Quote:
    """Price a selection at `at` for somebody who gives this code.

    `levels`: places taken (held or sold) by pool; a pool that is not there counts as untouched. Lines that draw from the same pool count
    one after the other, so cutting a line in two changes nothing.
    Raises, in this order: `EmptySelection`, `TooManyLines`, then for the first line at fault `PerformanceNotFound`, `TicketTypeNotFound`,
    `AccessCodeNeeded`, `QuantityRefused`, `SeatsMismatched`. Says nothing of sales windows or stock.
    """
    if not selection:
        raise EmptySelection
    if len(selection) > LINES_MAX:
        raise TooManyLines(LINES_MAX)
    counted: dict[UUID, int] = {}
    seats_seen: set[tuple[UUID, UUID, str]] = set()
    lines = []
    for selected in selection:
        prices = _prices_of(book, selected, code)
        _check_quantity(selected, prices.ticket_type.sector_id, seats_seen)
        parts = _parts(prices, selected, levels, counted, at) if prices.phases else (_part(selected.quantity, prices.standard),)
        total = parts[0].total if len(parts) == 1 else Money(sum(part.total.minor for part in parts), book.currency)
        lines.append(
            QuoteLine(
                selected.performance_id,
                selected.ticket_type_id,
                prices.ticket_type.name,
                selected.quantity,
                selected.seats,
                parts,
                total,
            )
        )
    return Quote(book.currency, at, tuple(lines), _totals(book.currency, lines))


def _prices_of(book: PriceBook, selected: SelectedLine, code: str | None) -> TypePrices:
    if selected.performance_id not in book.performances:
        raise PerformanceNotFound(selected.performance_id)
    prices = book.types.get(selected.ticket_type_id)
    if prices is None:
        raise TicketTypeNotFound(selected.ticket_type_id)
    # The price of what is sold by code is for those who have one.
    if not is_unlocked(prices.ticket_type, code):
        raise AccessCodeNeeded(selected.ticket_type_id)
    return prices


def _check_quantity(selected: SelectedLine, sector_id: UUID, seats_seen: set[tuple[UUID, UUID, str]]) -> None:
    if not 1 <= selected.quantity <= QUANTITY_MAX:
        raise QuantityRefused(selected.ticket_type_id, selected.quantity, QUANTITY_MAX)
    if selected.seats:
        seen_before = len(seats_seen)
        seats_seen.update((selected.performance_id, sector_id, seat) for seat in selected.seats)
        if len(selected.seats) != selected.quantity or len(seats_seen) != seen_before + selected.quantity:
            raise SeatsMismatched(selected.ticket_type_id, selected.quantity, len(set(selected.seats)))


def _parts(
    prices: TypePrices, selected: SelectedLine, levels: Mapping[UUID, int], counted: dict[UUID, int], at: datetime
) -> tuple[QuotePart, ...]:
    """Cut a line where a phase ends by quantity; `counted` remembers what earlier lines of this quote take of each pool."""
    pool_id = prices.counted_in[selected.performance_id]
    taken = levels.get(pool_id, 0) + counted.get(pool_id, 0)
    counted[pool_id] = counted.get(pool_id, 0) + selected.quantity
    left = selected.quantity
    parts = []
    for phase in prices.phases:
        if not phase.is_open(at):
            continue
        room = left if phase.until_taken is None else min(left, phase.until_taken - taken)
        if room > 0:
            parts.append(_part(room, phase.unit))
            taken += room
            left -= room
            if left == 0:
                return tuple(parts)
    parts.append(_part(left, prices.standard))
    return tuple(parts)


def _part(quantity: int, unit: UnitPrice) -> QuotePart:
    return QuotePart(quantity, unit, unit.final * quantity)


def _totals(currency: str, lines: Sequence[QuoteLine]) -> QuoteTotals:
    base = charge = tax = total = 0
    for line in lines:
        for part in line.parts:
            unit, quantity = part.unit, part.quantity
            base += unit.base.minor * quantity
            charge += unit.charge.minor * quantity
            tax += unit.tax.minor * quantity
            total += part.total.minor
    return QuoteTotals(
        base=Money(base, currency),
        adjustments=Money(total - base, currency),
        charge=Money(charge, currency),
        proceeds=Money(total - charge, currency),
        tax=Money(tax, currency),
        net=Money(total - tax, currency),
        total=Money(total, currency),
    )
