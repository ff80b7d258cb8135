"""What a batch costs: a number of statements that does not grow with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderConflict
from alltickets.orders.rules import Buyer
from alltickets.orders.service import PlacedOrder
from alltickets.platform.database import Database
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded
from tests.orders.box_office import BoxOffice
from tests.orders.test_fulfilment import captured, expired, failed, refunded


class Bill:
    """A process whose statements are counted, work by work."""

    def __init__(self, box: BoxOffice, statements: list[str]) -> None:
        self.box = box
        self.statements = statements
        self.costs: dict[str, int] = {}

    def note(self, work: str) -> None:
        """What was said since the last time was this work. Copies that are re-checked each second are not part of it."""
        self.costs[work] = sum("catalog." not in one and "pricing." not in one for one in self.statements)
        self.statements.clear()

    async def tell(self, work: str, events: Sequence[Event]) -> None:
        recorded = [Recorded(self.box.organizer_id, position, self.box.clock(), event) for position, event in enumerate(events)]
        async with self.box.database.transaction(self.box.organizer_id) as tx:
            await self.box.orders.fulfilment.on_events(tx, recorded)
        self.note(work)


@pytest_asyncio.fixture
async def bill(closed_box: BoxOffice, database_url: str) -> AsyncIterator[Bill]:
    """An event with a limit per buyer; what is read once is in the process's memory."""
    box = await closed_box.open(capacity=1_000, per_buyer_max=50)
    statements: list[str] = []
    database = Database(database_url, pool_size=4, observe=statements.append)
    await database.open()
    process = box.on(database)
    # Twice: that the context of its decisions is kept, a process believes once another transaction has found it.
    for _ in range(2):
        await process.order()
    statements.clear()
    yield Bill(process, statements)
    await database.close()


async def lives(bill: Bill, size: int) -> None:
    """So many orders: held, placed, sent again, and all that money and time do to them."""
    box, orders = bill.box, bill.box.orders
    visitors = [new_id() for _ in range(size)]
    buyers = [Buyer(f"Eva {number}", f"{new_id()}@example.com") for number in range(size)]

    async def order(work: str) -> list[Order]:
        held = await asyncio.gather(*(box.hold(visitor=visitor) for visitor in visitors))
        bill.note(f"hold, {work}")
        requests = [box.order_request(one.hold_id, buyer=buyer) for one, buyer in zip(held, buyers, strict=True)]
        placed = await asyncio.gather(*(orders.placing.place(one) for one in requests))
        bill.note(f"order, {work}")
        return [one.order for one in placed]

    first = await order("anew")
    await order("in place of one that was left")
    box.clock.advance(seconds=300)
    bought = await order("again")
    await bill.tell("expired", [expired(box, *first)])
    await bill.tell("failed", [failed(one) for one in bought])
    await bill.tell("captured", [captured(one) for one in bought])
    await bill.tell("captured late", [captured(one) for one in first])
    await bill.tell("refunded", [refunded(one) for one in bought])


async def test_a_batch_takes_as_many_statements_as_one_request(bill: Bill) -> None:
    await lives(bill, 1)
    alone, bill.costs = bill.costs, {}

    await lives(bill, 30)

    assert bill.costs == alone
    assert max(alone.values()) <= 20


@pytest.mark.parametrize("size", [1, 30])
async def test_an_order_sent_again_costs_a_look_and_its_link(bill: Bill, size: int) -> None:
    box = bill.box
    requests = [box.order_request((await box.hold()).hold_id, buyer=Buyer("Eva", f"{new_id()}@example.com")) for _ in range(size)]
    await asyncio.gather(*(box.orders.placing.place(one) for one in requests))
    bill.note("placed")

    await asyncio.gather(*(box.orders.placing.place(one) for one in requests))

    bill.note("sent again")
    # Holds and orders for all of them together, and for each what comes next: its payment and the organizer's accounts.
    assert bill.costs["sent again"] <= 2 + 2 * size


async def test_one_id_for_two_holds_in_one_batch_is_decided_without_running_into_the_database(bill: Bill) -> None:
    box, order_id = bill.box, new_id()
    held = [await box.hold() for _ in range(2)]
    bill.note("held")

    outcomes = await asyncio.gather(*(box.place(one.hold_id, order_id=order_id) for one in held), return_exceptions=True)

    bill.note("placed")
    assert [type(outcome) for outcome in outcomes] == [PlacedOrder, OrderConflict]
    # As many as one order alone, and one more look for the second.
    assert bill.costs["placed"] == 13
