"""What happens when claims meet: in two connections, in several processes, and when one of these is killed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from uuid import UUID

import pytest

from alltickets.inventory import stock as table
from alltickets.inventory.rules import CapacityTaken, ClaimRequest, Hold, PoolLevel, SoldOut, Stock, TooManyHolds, decide_claims
from alltickets.inventory.service import Inventory, claim, resize
from alltickets.inventory.stock import HoldRaced
from alltickets.kernel.ids import new_id
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database, Transaction
from tests.conftest import SettableClock
from tests.inventory.buyers import buyers
from tests.inventory.sale import UNLIMITED, Sale, opened
from tests.inventory.traffic import Orders

ReadStock = Callable[[Transaction, Iterable[UUID]], Coroutine[None, None, Stock]]


async def read_without_lock(tx: Transaction, pool_ids: Iterable[UUID]) -> Stock:
    """What `lock_stock` does, but for the lock."""
    rows = await tx.fetch_tuples(
        """
        SELECT pool_id, capacity, held, sold
          FROM inventory.pools
         WHERE organizer_id = %(organizer_id)s AND pool_id = ANY(%(pool_ids)s)
        """,
        pool_ids=list(pool_ids),
    )
    return Stock({row[0]: PoolLevel(*row) for row in rows})


async def decide_and_write(tx: Transaction, stock: Stock, request: ClaimRequest, sale: Sale) -> Hold | Exception:
    """The rest of a claim, once stock was read."""
    [outcome], new, _ = decide_claims(
        stock,
        [request],
        known={},
        held_of_visitor={},
        held_of_address={},
        holds_per_address_max=UNLIMITED,
        event_id=sale.event_id,
        now=sale.now,
    )
    if new:
        await table.write_stock(tx, stock)
        await table.write_holds(tx, new)
    return outcome


async def race(sale: Sale, pool_id: UUID, read_stock: ReadStock) -> list[Hold | Exception]:
    """Two claim all ten places: the second reads stock while the first has read it and not written yet."""
    first_request, second_request = sale.claim_of(pool_id, 10), sale.claim_of(pool_id, 10)
    async with sale.database.transaction(sale.organizer_id) as second:
        async with sale.database.transaction(sale.organizer_id) as first:
            first_stock = await read_stock(first, [pool_id])
            reading = asyncio.create_task(read_stock(second, [pool_id]))
            # Without a lock it is through in a moment; with one it waits for the first, however long it is given.
            await asyncio.wait([reading], timeout=0.3)
            first_outcome = await decide_and_write(first, first_stock, first_request, sale)
        second_outcome = await decide_and_write(second, await reading, second_request, sale)
    return [first_outcome, second_outcome]


async def mend(sale: Sale) -> None:
    """Take the damaged holds away, so that no sweeper meets them later."""
    async with sale.database.transaction(sale.organizer_id) as tx:
        await tx.execute("DELETE FROM inventory.holds WHERE organizer_id = %(organizer_id)s")


async def test_without_the_lock_two_get_the_same_places(sale: Sale) -> None:
    floor = await sale.open(10)

    outcomes = await race(sale, floor, read_without_lock)

    assert [type(outcome) for outcome in outcomes] == [Hold, Hold]
    assert await sale.faults() == [f"pool {floor}: 10 held and 0 sold of 10, its holds say 20 and 0"]
    await mend(sale)


async def test_with_the_lock_the_second_finds_them_taken(sale: Sale) -> None:
    floor = await sale.open(10)

    outcomes = await race(sale, floor, table.lock_stock)

    assert [type(outcome) for outcome in outcomes] == [Hold, SoldOut]
    assert await sale.faults() == []


@pytest.fixture
def locking() -> asyncio.Event:
    """Set when the other process asks for its pools: what it read before that, it has read."""
    return asyncio.Event()


@pytest.fixture
async def elsewhere(sale: Sale, database_url: str, locking: asyncio.Event) -> AsyncIterator[Sale]:
    """The same sale in another process."""

    def observe(sql: str) -> None:
        if "FROM inventory.pools" in sql and "FOR UPDATE" in sql:
            locking.set()

    async with opened(database_url, observe) as database:
        yield sale.of(database)


async def test_of_two_processes_with_the_same_id_one_is_told_to_decide_again_and_then_finds_it(
    sale: Sale, elsewhere: Sale, locking: asyncio.Event
) -> None:
    floor = await sale.open(10)
    request = sale.claim_of(floor, 2)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await claim(tx, sale.event_id, [request], holds_per_address_max=UNLIMITED, now=sale.now)
        repeated = asyncio.create_task(elsewhere.claim(request))
        await locking.wait()
    with pytest.raises(HoldRaced):
        await repeated

    [again] = await elsewhere.claim(request)
    assert isinstance(again, Hold)
    assert not again.is_new
    assert await sale.figures(floor) == (2, 0)


async def test_a_coalescer_decides_a_raced_batch_again_and_answers_everybody(sale: Sale, elsewhere: Sale, locking: asyncio.Event) -> None:
    floor = await sale.open(10)
    requests = [sale.claim_of(floor), sale.claim_of(floor)]

    async def flush(_: UUID, batch: Sequence[ClaimRequest]) -> list[Hold | Exception]:
        return await elsewhere.claim(*batch)

    coalescer: Coalescer[UUID, ClaimRequest, Hold] = Coalescer("claims", flush)
    async with sale.database.transaction(sale.organizer_id) as tx:
        await claim(tx, sale.event_id, requests[:1], holds_per_address_max=UNLIMITED, now=sale.now)
        submitted = asyncio.gather(*[coalescer.submit(sale.event_id, request) for request in requests])
        await locking.wait()
    outcomes = await submitted

    assert [(hold.hold_id, hold.is_new) for hold in outcomes] == [(requests[0].hold_id, False), (requests[1].hold_id, True)]
    assert await sale.figures(floor) == (2, 0)


async def test_two_batches_with_the_same_ids_in_opposite_order_do_not_wait_for_one_another(sale: Sale, database_url: str) -> None:
    one, other, third = [await sale.open(10) for _ in range(3)]
    first, middle, last = sorted(new_id() for _ in range(3))

    async def claimed(pool_id: UUID, *hold_ids: UUID) -> list[Hold | Exception]:
        async with opened(database_url) as database:
            return await sale.of(database).claim(*[sale.claim_of(pool_id, hold_id=hold_id) for hold_id in hold_ids])

    # Both come to a halt in the middle of their inserts, at an id that a third is just inserting.
    async with sale.database.transaction(sale.organizer_id) as tx:
        await claim(tx, sale.event_id, [sale.claim_of(third, hold_id=middle)], holds_per_address_max=UNLIMITED, now=sale.now)
        racing = [asyncio.create_task(claimed(one, first, middle, last)), asyncio.create_task(claimed(other, last, middle, first))]
        await until_waiting(sale.database, 2)
    ended = await asyncio.gather(*racing, return_exceptions=True)

    assert [type(outcome) for outcome in ended] == [HoldRaced, HoldRaced]
    assert await sale.faults() == []


async def until_waiting(database: Database, count: int) -> None:
    """Return when so many connections to this database wait for a lock."""
    async with asyncio.timeout(5), database.reading(None) as reader:
        while True:
            [(waiting,)] = await reader.fetch_tuples(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if waiting >= count:
                return


async def test_an_address_does_not_exceed_its_limit_by_asking_two_processes_at_once(
    sale: Sale, elsewhere: Sale, locking: asyncio.Event
) -> None:
    floor = await sale.open(10)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await claim(tx, sale.event_id, [sale.claim_of(floor)], holds_per_address_max=1, now=sale.now)
        second = asyncio.create_task(elsewhere.claim(sale.claim_of(floor), limit=1))
        await locking.wait()
    [outcome] = await second

    assert isinstance(outcome, TooManyHolds)
    assert await sale.figures(floor) == (1, 0)


async def test_a_capacity_does_not_fall_below_what_is_being_claimed(sale: Sale, elsewhere: Sale, locking: asyncio.Event) -> None:
    floor = await sale.open(10)

    async def resized() -> PoolLevel | None:
        async with elsewhere.database.transaction(sale.organizer_id) as tx:
            return await resize(tx, sale.event_id, floor, 5)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await claim(tx, sale.event_id, [sale.claim_of(floor, 6)], holds_per_address_max=UNLIMITED, now=sale.now)
        resizing = asyncio.create_task(resized())
        await locking.wait()
    with pytest.raises(CapacityTaken) as refused:
        await resizing

    assert (refused.value.held, refused.value.sold) == (6, 0)


async def test_nothing_is_claimed_beyond_a_capacity_that_is_being_lowered(sale: Sale, elsewhere: Sale, locking: asyncio.Event) -> None:
    floor = await sale.open(10)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await resize(tx, sale.event_id, floor, 5)
        claiming = asyncio.create_task(elsewhere.claim(sale.claim_of(floor, 6)))
        await locking.wait()
    [outcome] = await claiming

    assert isinstance(outcome, SoldOut)


async def test_the_sweeper_leaves_a_hold_to_whoever_is_confirming_it(sale: Sale, clock: SettableClock) -> None:
    floor = await sale.open(10)
    confirmed, due = sale.claim_of(floor), sale.claim_of(floor)
    await sale.claim(confirmed, due)
    clock.advance(minutes=10)

    async with sale.database.transaction(sale.organizer_id) as tx:
        await table.lock_holds(tx, [confirmed.hold_id])
        await Inventory(sale.database, clock).sweep()
    await sale.confirm(confirmed.hold_id)

    assert await sale.figures(floor) == (0, 1)
    assert await sale.faults() == []


async def deadlocks(database: Database) -> int:
    """How many deadlocks PostgreSQL has broken in this database so far."""
    async with database.reading(None) as reader:
        [(count,)] = await reader.fetch_tuples("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(count)


async def test_processes_that_ask_for_more_than_there_is_get_exactly_what_there_is(sale: Sale, database_url: str) -> None:
    floor = await sale.open(700)
    orders = Orders(database_url, "sell_out", sale.organizer_id, sale.event_id, (floor,), clients=30, times=12)
    before = await deadlocks(sale.database)

    async with buyers(orders, orders, orders) as processes:
        for process in processes:
            process.begin()
        outcomes = sum([await process.outcomes() for process in processes], Counter())

    assert outcomes == Counter({"Hold": 700, "SoldOut": 3 * 30 * 12 - 700})
    assert await sale.figures(floor) == (700, 0)
    assert await sale.faults() == []
    assert await deadlocks(sale.database) == before


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_traffic_of_several_processes_leaves_the_books_right(
    sale: Sale, database_url: str, clock: SettableClock, seed: int
) -> None:
    labels = tuple(f"S{number}" for number in range(12))
    pools = (await sale.open(12, labels=labels), *[await sale.open(25) for _ in range(3)])
    orders = [
        Orders(database_url, "mix", sale.organizer_id, sale.event_id, pools, labels, clients=8, times=60, seed=10 * seed + number)
        for number in range(3)
    ]
    before = await deadlocks(sale.database)

    async with buyers(*orders) as processes:
        for process in processes:
            process.begin()
        outcomes = sum([await process.outcomes() for process in processes], Counter())

    assert [name for name in outcomes if name.startswith("trouble")] == []
    assert outcomes["Hold"] > 50
    assert await sale.faults() == []
    assert await deadlocks(sale.database) == before
    clock.advance(minutes=10)
    await Inventory(sale.database, clock).sweep()
    assert [held for held, _ in [await sale.figures(pool) for pool in pools]] == [0] * len(pools)
    assert await sale.faults() == []


async def test_a_process_killed_inside_its_transaction_leaves_nothing_and_keeps_nobody_waiting(sale: Sale, database_url: str) -> None:
    floor = await sale.open(1)
    orders = Orders(database_url, "stand_still", sale.organizer_id, sale.event_id, (floor,))

    async with buyers(orders) as [standing]:
        standing.begin()
        await standing.heard("inside")
        claiming = asyncio.create_task(sale.claim(sale.claim_of(floor)))
        await until_waiting(sale.database, 1)
        await standing.kill()
        [outcome] = await claiming

    assert isinstance(outcome, Hold)
    assert await sale.figures(floor) == (1, 0)
    assert await sale.faults() == []


async def test_a_process_killed_in_the_middle_of_a_sale_loses_no_place(sale: Sale, database_url: str) -> None:
    floor = await sale.open(3_000)
    endless = Orders(database_url, "sell_out", sale.organizer_id, sale.event_id, (floor,), clients=20, times=1_000_000)
    finishing = Orders(database_url, "sell_out", sale.organizer_id, sale.event_id, (floor,), clients=20, times=200)

    async with buyers(endless, endless, finishing) as [first, second, survivor]:
        for process in (first, second, survivor):
            process.begin()
        for killed in (first, second):
            for _ in range(5):
                await killed.heard("flushed")
            await killed.kill()
        outcomes = await survivor.outcomes()

    held, sold = await sale.figures(floor)
    assert await sale.faults() == []
    assert (held, sold) == (3_000, 0)
    assert outcomes["Hold"] + outcomes["SoldOut"] == 20 * 200
