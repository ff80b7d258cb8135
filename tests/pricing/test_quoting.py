"""Which price each unit of a selection gets, and what that makes in sum."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.catalog.interface import AccessCodeNeeded, PerformanceNotFound, TicketTypeNotFound, Visibility
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.pricing.refusals import EmptySelection, QuantityRefused, SeatsMismatched, TooManyLines
from alltickets.pricing.rules.quoting import PriceBook, PriceList, Quote, SelectedLine, make_book, quote
from alltickets.pricing.rules.units import ChargePolicy, PricePhase
from tests.catalog.events import NOW, make_event, make_performance, make_sector, make_ticket_type
from tests.pricing.prices import make_phase, make_policy, phases, policies

SECTOR = make_sector()
FRIDAY, SATURDAY = make_performance(), make_performance(starts_at=NOW + timedelta(days=31))
GENERAL = make_ticket_type(SECTOR, price_minor=1_000_000)
LIMITED = make_ticket_type(SECTOR, name="Limitada", price_minor=1_000_000, quantity_max=300)
EVENT = make_event(performances=[FRIDAY, SATURDAY], sectors=[SECTOR], ticket_types=[GENERAL, LIMITED])
LIMITED_POOL = EVENT.offers[FRIDAY.performance_id, LIMITED.ticket_type_id][-1]
SECTOR_POOL = EVENT.offers[FRIDAY.performance_id, GENERAL.ticket_type_id][-1]


def book(*limited: PricePhase, policy: ChargePolicy | None = None, general: tuple[PricePhase, ...] = ()) -> PriceBook:
    return make_book(EVENT, PriceList(1, policy, {LIMITED.ticket_type_id: limited, GENERAL.ticket_type_id: general}))


def line(quantity: int = 1, *, ticket_type: UUID = LIMITED.ticket_type_id, seats: tuple[str, ...] = ()) -> SelectedLine:
    return SelectedLine(FRIDAY.performance_id, ticket_type, quantity, seats)


def parts(priced: Quote) -> list[tuple[int, int]]:
    return [(part.quantity, part.unit.final.minor) for one in priced.lines for part in one.parts]


def test_a_line_without_phases_costs_its_base_price() -> None:
    priced = quote(book(), [line(3)], {}, None, NOW)

    [only] = priced.lines
    assert parts(priced) == [(3, 1_000_000)]
    assert (only.name, only.quantity, only.total) == ("Limitada", 3, Money(3_000_000, "ARS"))
    assert (priced.currency, priced.priced_at, priced.totals.total) == ("ARS", NOW, only.total)


def test_a_phase_applies_from_its_start_until_before_its_end() -> None:
    opens_at, closes_at = NOW, NOW + timedelta(days=1)
    presale = book(make_phase(800_000, starts_at=opens_at, ends_at=closes_at))

    def price(days: float) -> int:
        return parts(quote(presale, [line()], {}, None, NOW + timedelta(days=days)))[0][1]

    assert [price(days) for days in (-0.1, 0, 0.9, 1)] == [1_000_000, 800_000, 800_000, 1_000_000]


def test_the_first_hundred_are_cheaper() -> None:
    ladder = book(make_phase(800_000, until_taken=100))

    def price(taken: int) -> list[tuple[int, int]]:
        return parts(quote(ladder, [line()], {LIMITED_POOL: taken}, None, NOW))

    assert [price(taken) for taken in (0, 99, 100, 250)] == [[(1, 800_000)], [(1, 800_000)], [(1, 1_000_000)], [(1, 1_000_000)]]


def test_a_line_that_crosses_a_bound_is_cut_there() -> None:
    ladder = book(make_phase(800_000, until_taken=100), make_phase(900_000, until_taken=103))

    priced = quote(ladder, [line(8)], {LIMITED_POOL: 98}, None, NOW)

    assert parts(priced) == [(2, 800_000), (3, 900_000), (3, 1_000_000)]
    assert priced.totals.total.minor == 2 * 800_000 + 3 * 900_000 + 3 * 1_000_000


def test_a_bounded_phase_ends_by_date_too() -> None:
    ladder = book(make_phase(800_000, until_taken=100, ends_at=NOW), make_phase(900_000))

    assert parts(quote(ladder, [line()], {LIMITED_POOL: 5}, None, NOW)) == [(1, 900_000)]


def test_each_performance_counts_for_itself() -> None:
    ladder = book(make_phase(800_000, until_taken=100))
    on_saturday = SelectedLine(SATURDAY.performance_id, LIMITED.ticket_type_id, 1)

    assert parts(quote(ladder, [line(), on_saturday], {LIMITED_POOL: 100}, None, NOW)) == [(1, 1_000_000), (1, 800_000)]


def test_an_unlimited_ticket_type_counts_what_is_taken_in_its_sector() -> None:
    ladder = book(general=(make_phase(800_000, until_taken=100),))

    priced = quote(ladder, [line(ticket_type=GENERAL.ticket_type_id)], {SECTOR_POOL: 100, LIMITED_POOL: 0}, None, NOW)

    assert parts(priced) == [(1, 1_000_000)]


def test_only_bounds_by_quantity_ask_for_levels() -> None:
    assert not book(make_phase(ends_at=NOW)).needs_levels
    assert book(make_phase(until_taken=100)).needs_levels


def test_seats_are_kept_in_their_order() -> None:
    seats = ("A-1", "A-2")

    [only] = quote(book(), [line(2, seats=seats)], {}, None, NOW).lines

    assert only.seats == seats


@pytest.mark.parametrize("quantity", [0, -1, 1_001, 10**30])
def test_absurd_quantities_are_refused(quantity: int) -> None:
    with pytest.raises(QuantityRefused):
        quote(book(), [line(quantity)], {}, None, NOW)


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(EmptySelection):
        quote(book(), [], {}, None, NOW)
    with pytest.raises(TooManyLines):
        quote(book(), [line()] * 101, {}, None, NOW)
    with pytest.raises(TicketTypeNotFound):
        quote(book(), [line(ticket_type=new_id())], {}, None, NOW)
    with pytest.raises(PerformanceNotFound):
        quote(book(), [SelectedLine(new_id(), LIMITED.ticket_type_id, 1)], {}, None, NOW)


def test_each_place_has_a_seat_of_its_own() -> None:
    seat = "A-1"

    for lines in ([line(2, seats=(seat,))], [line(2, seats=(seat, seat))], [line(seats=(seat,)), line(seats=(seat,))]):
        with pytest.raises(SeatsMismatched):
            quote(book(), lines, {}, None, NOW)


def test_the_price_of_what_is_sold_by_code_needs_the_code() -> None:
    friends = make_ticket_type(SECTOR, visibility=Visibility.CODE, codes=["amigos26"])
    event = make_event(performances=[FRIDAY], sectors=[SECTOR], ticket_types=[friends])
    locked = make_book(event, PriceList())

    with pytest.raises(AccessCodeNeeded):
        quote(locked, [line(ticket_type=friends.ticket_type_id)], {}, "amigos27", NOW)
    assert parts(quote(locked, [line(ticket_type=friends.ticket_type_id)], {}, "Amigos26", NOW)) == [(1, 1_000_000)]


def test_a_quote_survives_the_wire() -> None:
    priced = quote(book(make_phase(until_taken=3), policy=make_policy()), [line(5)], {}, None, NOW)

    assert msgspec.json.decode(msgspec.json.encode(priced), type=Quote) == priced


selections = st.lists(
    st.builds(
        SelectedLine,
        performance_id=st.sampled_from([FRIDAY.performance_id, SATURDAY.performance_id]),
        ticket_type_id=st.sampled_from([GENERAL.ticket_type_id, LIMITED.ticket_type_id]),
        quantity=st.integers(1, 40),
    ),
    min_size=1,
    max_size=6,
)
ladders = st.lists(phases, max_size=4).map(tuple)
all_levels = st.fixed_dictionaries({SECTOR_POOL: st.integers(0, 80), LIMITED_POOL: st.integers(0, 80)})


@given(selections, st.none() | policies, ladders, ladders, all_levels)
def test_the_parts_of_a_quote_add_up_to_the_whole(
    selection: list[SelectedLine],
    policy: ChargePolicy | None,
    limited: tuple[PricePhase, ...],
    general: tuple[PricePhase, ...],
    levels: Mapping[UUID, int],
) -> None:
    priced = quote(book(*limited, policy=policy, general=general), selection, levels, None, NOW)

    totals = priced.totals
    units = [(part.quantity, part.unit) for one in priced.lines for part in one.parts]
    assert [one.quantity for one in priced.lines] == [one.quantity for one in selection]
    for one in priced.lines:
        assert sum(part.quantity for part in one.parts) == one.quantity
        assert all(part.quantity > 0 and part.total == part.unit.final * part.quantity for part in one.parts)
        assert one.total.minor == sum(part.total.minor for part in one.parts)
    assert totals.total.minor == sum(one.total.minor for one in priced.lines)
    assert totals.base + totals.adjustments == totals.total
    assert totals.proceeds + totals.charge == totals.total
    assert totals.net + totals.tax == totals.total
    assert totals.base.minor == sum(quantity * unit.base.minor for quantity, unit in units)
    assert totals.adjustments.minor == sum(quantity * one.amount.minor for quantity, unit in units for one in unit.adjustments)
    assert totals.tax.minor == sum(quantity * tax.amount.minor for quantity, unit in units for tax in unit.taxes)


@given(st.integers(2, 60), st.data(), ladders, all_levels)
def test_cutting_a_line_in_two_changes_no_price(
    quantity: int, data: st.DataObject, ladder: tuple[PricePhase, ...], levels: Mapping[UUID, int]
) -> None:
    first = data.draw(st.integers(1, quantity - 1))

    whole = quote(book(*ladder), [line(quantity)], levels, None, NOW)
    halves = quote(book(*ladder), [line(first), line(quantity - first)], levels, None, NOW)

    assert halves.totals == whole.totals


@given(st.integers(1, 60), ladders, all_levels)
def test_a_line_costs_what_its_units_cost_one_by_one(quantity: int, ladder: tuple[PricePhase, ...], levels: Mapping[UUID, int]) -> None:
    prices = book(*ladder)

    whole = quote(prices, [line(quantity)], levels, None, NOW)
    one_by_one = [quote(prices, [line()], {LIMITED_POOL: levels[LIMITED_POOL] + n}, None, NOW) for n in range(quantity)]

    assert whole.totals.total.minor == sum(single.totals.total.minor for single in one_by_one)
