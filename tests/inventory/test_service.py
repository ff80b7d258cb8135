"""The use cases of stock on the real database, one at a time; what happens when they meet stands in test_concurrency.py."""

from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import msgspec
import psycopg
import pytest

from alltickets.catalog.events import PlannedPool, StockPlanned
from alltickets.identity.audit import list_entries
from alltickets.identity.interface import Actor
from alltickets.inventory.events import CapacityChanged, HoldsExpired, PoolsOpened
from alltickets.inventory.handlers import subscription
from alltickets.inventory.queries import read_pools
from alltickets.inventory.rules import (
    CapacityTaken,
    Confirmation,
    Hold,
    HoldConflict,
    HoldGone,
    HoldState,
    PoolNotFound,
    SoldOut,
    StockNotReady,
    seat_id_of,
)
from alltickets.inventory.service import Inventory, NewPool, extend, open_pools, read_holds, return_sold
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, DatabaseUnavailable
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded
from alltickets.platform.tenants import enrol
from tests.conftest import SettableClock
from tests.inventory.sale import HOLD_FOR, Sale


def held(outcome: Hold | Exception) -> Hold:
    assert isinstance(outcome, Hold), outcome
    return outcome


async def told(sale: Sale, event_type: type[Event]) -> list[Event]:
    """What this organizer's stream says of that kind, oldest first."""
    async with sale.database.reading(sale.organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT payload::text
              FROM platform.events
             WHERE organizer_id = %(organizer_id)s AND type = %(type)s
             ORDER BY position
            """,
            type=event_type.__name__,
        )
    return [msgspec.json.decode(payload, type=event_type) for (payload,) in rows]


async def test_a_repeated_claim_gets_the_first_answer_and_takes_nothing_more(sale: Sale) -> None:
    hall = await sale.open(10, labels=["a1", "a2"])
    request = sale.claim_of(hall, labels=["a1", "a2"])
    first = held((await sale.claim(request))[0])

    again = held((await sale.claim(request))[0])

    assert (first.is_new, again.is_new) == (True, False)
    assert (again.hold_id, again.draws, again.seats, again.visitor) == (first.hold_id, first.draws, first.seats, first.visitor)
    assert (again.placed_at, again.expires_at) == (first.placed_at, first.expires_at)
    assert await sale.figures(hall) == (2, 0)


async def test_the_same_id_for_other_places_is_a_conflict_whatever_the_batch(sale: Sale) -> None:
    floor = await sale.open(10)
    first = sale.claim_of(floor, 1)
    await sale.claim(first)

    outcomes = await sale.claim(sale.claim_of(floor, 2, hold_id=first.hold_id, visitor=first.visitor), sale.claim_of(floor, 3))

    assert isinstance(outcomes[0], HoldConflict)
    assert isinstance(outcomes[1], Hold)
    assert await sale.figures(floor) == (4, 0)


async def test_a_visitors_new_hold_replaces_the_one_of_an_earlier_batch_with_its_seats(sale: Sale) -> None:
    floor, hall = await sale.open(10), await sale.open(2, labels=["a1", "a2"])
    former = sale.claim_of(hall, labels=["a1", "a2"])
    await sale.claim(former)

    await sale.claim(sale.claim_of(floor, 3, visitor=former.visitor))

    assert await sale.figures(hall) == (0, 0)
    assert await sale.figures(floor) == (3, 0)
    assert isinstance((await sale.claim(former))[0], HoldGone)
    assert await sale.faults() == []


async def test_a_visitor_has_a_hold_on_each_event(sale: Sale) -> None:
    other = Sale(sale.database, sale.organizer_id, now=sale.now)
    here, there = await sale.open(5), await other.open(5)
    visitor = new_id()

    await sale.claim(sale.claim_of(here, visitor=visitor))
    await other.claim(other.claim_of(there, visitor=visitor))

    assert (await sale.figures(here), await other.figures(there)) == ((1, 0), (1, 0))


async def test_stock_of_another_organizer_cannot_be_claimed(sale: Sale, database: Database) -> None:
    floor = await sale.open(10)
    stranger = Sale(database, new_id(), event_id=sale.event_id, now=sale.now)
    async with database.transaction(stranger.organizer_id) as tx:
        await enrol(tx)

    [outcome] = await stranger.claim(stranger.claim_of(floor))

    assert isinstance(outcome, StockNotReady)
    assert await sale.figures(floor) == (0, 0)


async def test_confirming_sells_once_however_often_it_is_asked(sale: Sale) -> None:
    hall = await sale.open(10, labels=["a1"])
    request = sale.claim_of(hall, labels=["a1"])
    await sale.claim(request)

    outcomes = [*await sale.confirm(request.hold_id, request.hold_id), *await sale.confirm(request.hold_id)]

    assert outcomes == [Confirmation.CONFIRMED, Confirmation.ALREADY, Confirmation.ALREADY]
    assert await sale.figures(hall) == (0, 1)
    assert await sale.faults() == []


async def test_confirming_an_id_that_never_was_changes_nothing_of_its_batch(sale: Sale) -> None:
    floor = await sale.open(10)
    request = sale.claim_of(floor)
    await sale.claim(request)

    with pytest.raises(HoldGone):
        await sale.confirm(request.hold_id, new_id())

    assert await sale.figures(floor) == (1, 0)


async def test_a_late_payment_gets_its_seats_back_only_while_they_are_free(sale: Sale, clock: SettableClock) -> None:
    hall = await sale.open(10, labels=["a1", "a2"])
    early, late = sale.claim_of(hall, labels=["a1"]), sale.claim_of(hall, labels=["a2"])
    await sale.claim(early, late)
    clock.advance(minutes=10)
    await Inventory(sale.database, clock).sweep()
    sale.now = clock()
    await sale.claim(sale.claim_of(hall, labels=["a2"]))

    outcomes = await sale.confirm(early.hold_id, late.hold_id)

    assert outcomes == [Confirmation.RECLAIMED, Confirmation.GONE]
    assert await sale.figures(hall) == (1, 1)
    assert await sale.faults() == []


async def test_releasing_gives_places_back_once_and_leaves_sold_ones_sold(sale: Sale) -> None:
    floor = await sale.open(10)
    kept, left = sale.claim_of(floor, 2), sale.claim_of(floor, 3)
    await sale.claim(kept, left)
    await sale.confirm(kept.hold_id)

    ended = [await sale.release(kept.hold_id, left.hold_id, new_id()), await sale.release(left.hold_id)]

    assert [[hold.hold_id for hold in holds] for holds in ended] == [[left.hold_id], []]
    assert await sale.figures(floor) == (0, 2)


async def test_returned_places_go_back_on_sale_once_and_are_not_sold_again_under_that_hold(sale: Sale) -> None:
    hall = await sale.open(1, labels=["a1"])
    request = sale.claim_of(hall, labels=["a1"])
    await sale.claim(request)
    await sale.confirm(request.hold_id)

    async with sale.database.transaction(sale.organizer_id) as tx:
        returned = [len(await return_sold(tx, [request.hold_id])), len(await return_sold(tx, [request.hold_id]))]

    assert returned == [1, 0]
    assert await sale.confirm(request.hold_id) == [Confirmation.GONE]
    assert isinstance((await sale.claim(sale.claim_of(hall, labels=["a1"])))[0], Hold)
    assert await sale.faults() == []


async def test_an_extension_is_kept_and_bounded_and_answers_for_each_hold(sale: Sale) -> None:
    floor = await sale.open(10)
    requests = [sale.claim_of(floor), sale.claim_of(floor, lasts=timedelta(minutes=40)), sale.claim_of(floor)]
    await sale.claim(*requests)
    await sale.release(requests[2].hold_id)
    hold_ids = [*[request.hold_id for request in requests], new_id()]

    async with sale.database.transaction(sale.organizer_id) as tx:
        until = sale.now + timedelta(hours=9)
        outcomes = await extend(tx, hold_ids, until=until, kept_at_most=timedelta(minutes=30), now=sale.now)
        stands = await read_holds(tx, hold_ids)

    minutes = [30, 40]
    assert [held(outcome).expires_at - sale.now for outcome in outcomes[:2]] == [timedelta(minutes=kept) for kept in minutes]
    assert [stands[request.hold_id].expires_at - sale.now for request in requests[:2]] == [timedelta(minutes=kept) for kept in minutes]
    assert [type(outcome) for outcome in outcomes[2:]] == [HoldGone, HoldGone]


async def test_sweeping_gives_back_what_is_due_and_tells_of_it_per_event(sale: Sale, clock: SettableClock) -> None:
    other = Sale(sale.database, sale.organizer_id, now=sale.now)
    floor, hall, elsewhere = await sale.open(10), await sale.open(2, labels=["a1"]), await other.open(10)
    due = [sale.claim_of(floor, 2), sale.claim_of(hall, labels=["a1"])]
    live, sold = sale.claim_of(floor, lasts=2 * HOLD_FOR), sale.claim_of(floor)
    due_there = other.claim_of(elsewhere)
    await sale.claim(*due, live, sold)
    await other.claim(due_there)
    await sale.confirm(sold.hold_id)
    clock.advance(minutes=10)
    inventory = Inventory(sale.database, clock)

    swept = await inventory.sweep()
    await inventory.sweep()

    assert swept >= 3
    expired = {event.event_id: set(event.hold_ids) for event in await told(sale, HoldsExpired) if isinstance(event, HoldsExpired)}
    assert expired == {sale.event_id: {request.hold_id for request in due}, other.event_id: {due_there.hold_id}}
    assert len(await told(sale, HoldsExpired)) == 2
    assert (await sale.figures(floor), await sale.figures(hall), await other.figures(elsewhere)) == ((1, 1), (0, 0), (0, 0))
    assert await sale.faults() == []


async def test_a_hold_is_swept_at_its_instant_and_not_before(sale: Sale, clock: SettableClock) -> None:
    floor = await sale.open(10)
    await sale.claim(sale.claim_of(floor))
    inventory = Inventory(sale.database, clock)

    clock.now = sale.now + HOLD_FOR - timedelta(microseconds=1)
    await inventory.sweep()
    before = await sale.figures(floor)
    clock.now = sale.now + HOLD_FOR
    await inventory.sweep()

    assert (before, await sale.figures(floor)) == ((1, 0), (0, 0))


async def test_opening_pools_again_leaves_them_as_they_are_with_what_they_sold(sale: Sale) -> None:
    pool_id = new_id()
    seats = ((seat_id_of(pool_id, "a1"), "a1"), (seat_id_of(pool_id, "a2"), "a2"))
    async with sale.database.transaction(sale.organizer_id) as tx:
        await open_pools(tx, [NewPool(pool_id, sale.event_id, None, "sector", "Platea", 2, seats)])
    request = sale.claim_of(pool_id, labels=["a1"])
    await sale.claim(request)
    await sale.confirm(request.hold_id)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await open_pools(tx, [NewPool(pool_id, sale.event_id, None, "sector", "Platea alta", 50, seats)])

    async with sale.database.reading(sale.organizer_id) as reader:
        [pool] = await read_pools(reader, sale.event_id)
    assert (pool.label, pool.capacity, pool.held, pool.sold) == ("Platea", 2, 0, 1)
    assert await sale.faults() == []


async def test_planned_stock_is_opened_with_its_seats_and_told(sale: Sale, clock: SettableClock) -> None:
    performance_id, hall, early_bird = new_id(), new_id(), new_id()
    planned = StockPlanned(
        event_id=sale.event_id,
        pools=(
            PlannedPool(hall, performance_id, "sector", "Platea", 3, ("A 1", "A 2", "A 3")),
            PlannedPool(early_bird, performance_id, "ticket_type", "Anticipada", 1, ()),
        ),
    )
    recorded = [Recorded(sale.organizer_id, position, clock(), planned) for position in (1, 2)]

    async with sale.database.transaction(sale.organizer_id) as tx:
        await subscription().handle(tx, recorded[:1])
    async with sale.database.transaction(sale.organizer_id) as tx:
        await subscription().handle(tx, recorded)

    pools = await Inventory(sale.database, clock).pools(sale.organizer_id, sale.event_id)
    facts = {(pool.pool_id, pool.performance_id, pool.kind, pool.label, pool.capacity) for pool in pools}
    assert facts == {(hall, performance_id, "sector", "Platea", 3), (early_bird, performance_id, "ticket_type", "Anticipada", 1)}
    assert isinstance((await sale.claim(sale.claim_of(hall, labels=["A 3"])))[0], Hold)
    assert (await told(sale, PoolsOpened))[0] == PoolsOpened(event_id=sale.event_id, pool_ids=(hall, early_bird))


async def test_a_capacity_is_changed_down_to_what_is_taken_and_told(sale: Sale, clock: SettableClock) -> None:
    floor = await sale.open(10)
    sold = sale.claim_of(floor, 2)
    await sale.claim(sold, sale.claim_of(floor, 3))
    await sale.confirm(sold.hold_id)
    inventory, actor = Inventory(sale.database, clock), Actor.system(sale.organizer_id, "test")

    resized = await inventory.resize(actor, sale.event_id, floor, 5)
    with pytest.raises(CapacityTaken) as refused:
        await inventory.resize(actor, sale.event_id, floor, 4)

    assert (resized.capacity, resized.held, resized.sold) == (5, 3, 2)
    assert (refused.value.held, refused.value.sold) == (3, 2)
    assert await told(sale, CapacityChanged) == [CapacityChanged(event_id=sale.event_id, pool_id=floor, capacity_before=10, capacity=5)]
    assert isinstance((await sale.claim(sale.claim_of(floor)))[0], SoldOut)
    async with sale.database.reading(sale.organizer_id) as reader:
        [entry] = (await list_entries(reader, cursor=None, size=10)).items
    assert (entry.action, entry.subject_id, entry.detail) == ("pool.resized", floor, {"capacity": 5})


@pytest.mark.parametrize("named", ["no pool", "a pool of another event"])
async def test_a_pool_that_the_event_does_not_have_cannot_be_resized(sale: Sale, clock: SettableClock, named: str) -> None:
    elsewhere = await Sale(sale.database, sale.organizer_id).open(10)
    pool_id: UUID = new_id() if named == "no pool" else elsewhere

    with pytest.raises(PoolNotFound):
        await Inventory(sale.database, clock).resize(Actor.system(sale.organizer_id, "test"), sale.event_id, pool_id, 5)

    assert await told(sale, CapacityChanged) == []


@pytest.mark.parametrize("figures", ["held = 11", "sold = 11", "held = 6, sold = 5", "held = -1", "sold = -1", "capacity = -1"])
async def test_the_table_itself_refuses_to_oversell(sale: Sale, database_url: str, figures: str) -> None:
    floor = await sale.open(10)

    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            await connection.execute(f"UPDATE inventory.pools SET {figures} WHERE pool_id = %s", [floor])

    assert await sale.figures(floor) == (0, 0)


async def test_a_hold_reads_back_as_it_was_placed(sale: Sale) -> None:
    floor, hall = await sale.open(10), await sale.open(2, labels=["a1"])
    request = sale.claim_of(hall, labels=["a1"], address="2001:db8::7")
    request = type(request)(request.hold_id, {hall: 1, floor: 2}, request.seats, request.visitor, request.address, request.expires_at)
    placed = held((await sale.claim(request))[0])

    async with sale.database.transaction(sale.organizer_id) as tx:
        stands = (await read_holds(tx, [request.hold_id, new_id()]))[request.hold_id]

    placed.is_new = False
    assert stands == placed
    assert (stands.state, stands.event_id) == (HoldState.HELD, sale.event_id)


async def test_an_organizer_whose_books_are_damaged_does_not_keep_the_others_from_being_swept(sale: Sale, clock: SettableClock) -> None:
    sales = [sale, *[Sale(sale.database, new_id(), now=sale.now) for _ in range(2)]]
    for each in sales[1:]:
        async with sale.database.transaction(each.organizer_id) as tx:
            await enrol(tx)
    floors = [await each.open(10) for each in sales]
    for each, floor in zip(sales, floors, strict=True):
        await each.claim(each.claim_of(floor))
    damage = "UPDATE inventory.pools SET held = %(held)s WHERE organizer_id = %(organizer_id)s"
    async with sale.database.transaction(sales[1].organizer_id) as tx:
        await tx.execute(damage, held=0)
    clock.advance(minutes=10)

    with pytest.raises(ExceptionGroup) as raised:
        await Inventory(sale.database, clock).sweep()

    assert len(raised.value.exceptions) == 1
    assert [await each.figures(floor) for each, floor in zip(sales, floors, strict=True)] == [(0, 0)] * 3
    assert await sales[0].faults() == await sales[2].faults() == []
    async with sale.database.transaction(sales[1].organizer_id) as tx:
        await tx.execute(damage, held=1)
    await Inventory(sale.database, clock).sweep()


class CutOff(Database):
    """A database that is gone once it comes to writing."""

    tried = 0

    def transaction(self, organizer_id: UUID | None) -> NoReturn:
        self.tried += 1
        raise DatabaseUnavailable("cut off", 3)


async def test_a_sweep_does_not_try_organizer_after_organizer_while_the_database_is_gone(
    sale: Sale, database_url: str, clock: SettableClock
) -> None:
    other = Sale(sale.database, new_id(), now=sale.now)
    async with sale.database.transaction(other.organizer_id) as tx:
        await enrol(tx)
    for each in (sale, other):
        await each.claim(each.claim_of(await each.open(10)))
    clock.advance(minutes=10)
    database = CutOff(database_url, pool_size=1)
    await database.open()

    with pytest.raises(DatabaseUnavailable):
        await Inventory(database, clock).sweep()

    await database.close()
    assert database.tried == 1
    assert await Inventory(sale.database, clock).sweep() >= 2
