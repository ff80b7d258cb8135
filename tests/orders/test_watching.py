"""Whoever waits for news of an order hears them soon, at a cost that does not grow with how many wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.orders.queries import OrderState
from alltickets.orders.rules import OrderStatus
from alltickets.orders.service.watching import WATCHERS_OF_ORDER_MAX, Watching
from alltickets.platform.coalescer import Overloaded
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from tests.orders.box_office import BoxOffice

OPEN = OrderState(OrderStatus.AWAITING_PAYMENT, "open")
PAID = OrderState(OrderStatus.PAID, "captured")
NEVER = 3_600.0


@pytest_asyncio.fixture
async def listener(database_url: str) -> AsyncIterator[Listener]:
    listener = Listener(database_url)
    yield listener
    await listener.stop()


async def test_who_watches_is_told_how_it_stands_and_then_that_it_was_paid_without_asking_again(box: BoxOffice, listener: Listener) -> None:
    placed = await box.place((await box.hold()).hold_id)
    watching = Watching(box.database, recheck_seconds=NEVER)
    watching.follow(listener)
    listener.start()

    async with aclosing(watching.states(box.organizer_id, placed.order.order_id)) as states:
        first = await anext(states)
        await box.pay(placed.order)
        second = await anext(states)

    assert (first, second) == (OPEN, PAID)


async def test_an_announcement_that_was_lost_costs_a_moment(box: BoxOffice) -> None:
    placed = await box.place((await box.hold()).hold_id)
    watching = Watching(box.database, recheck_seconds=0.05)

    async with aclosing(watching.states(box.organizer_id, placed.order.order_id)) as states:
        await anext(states)
        await box.pay(placed.order)

        assert await anext(states) == PAID


async def test_fifty_who_wait_cost_as_many_statements_as_one(box: BoxOffice, database_url: str) -> None:
    orders = [(await box.place((await box.hold()).hold_id)).order for _ in range(10)]
    statements: list[str] = []
    observed = Database(database_url, pool_size=2, observe=statements.append)
    await observed.open()
    watching = Watching(observed, recheck_seconds=NEVER)
    watched = [watching.states(box.organizer_id, order.order_id) for order in orders for _ in range(5)]

    told = await asyncio.gather(*(anext(states) for states in watched))

    assert told == [OPEN] * 50
    # All who came while the first look was under way are looked for together in the second.
    assert len(statements) <= 2
    await asyncio.gather(*(states.aclose() for states in watched))
    await observed.close()


async def test_where_nothing_moves_a_sign_of_life_comes_and_then_the_end(box: BoxOffice) -> None:
    placed = await box.place((await box.hold()).hold_id)
    watching = Watching(box.database, watched_seconds_max=0.5, quiet_seconds_max=0.2, recheck_seconds=NEVER)

    heard = [state async for state in watching.states(box.organizer_id, placed.order.order_id)]

    assert heard[0] == OPEN
    assert set(heard[1:]) == {None}


async def test_an_order_of_another_organizer_is_never_told_of(box: BoxOffice, closed_box: BoxOffice) -> None:
    placed = await box.place((await box.hold()).hold_id)
    watching = Watching(box.database, watched_seconds_max=0.5, quiet_seconds_max=0.2)

    heard = [state async for state in watching.states(box.event_id, placed.order.order_id)]

    assert set(heard) == {None}


async def test_so_many_may_watch_one_order_and_so_many_a_process(box: BoxOffice) -> None:
    order, other, third = [(await box.place((await box.hold()).hold_id)).order for _ in range(3)]
    watching = Watching(box.database, watchers_max=WATCHERS_OF_ORDER_MAX + 1)
    watched = [watching.states(box.organizer_id, order.order_id) for _ in range(WATCHERS_OF_ORDER_MAX)]
    await asyncio.gather(*(anext(states) for states in watched))

    with pytest.raises(Overloaded):
        watching.require_room(order.order_id)
    watching.require_room(other.order_id)
    watched.append(watching.states(box.organizer_id, other.order_id))
    await anext(watched[-1])
    with pytest.raises(Overloaded):
        watching.require_room(third.order_id)

    await asyncio.gather(*(states.aclose() for states in watched))
    watching.require_room(order.order_id)
    watching.require_room(third.order_id)


async def test_when_the_process_stops_everybody_is_let_go_and_nobody_taken_in(box: BoxOffice) -> None:
    placed = await box.place((await box.hold()).hold_id)
    watching = Watching(box.database, quiet_seconds_max=NEVER, recheck_seconds=NEVER)
    states = watching.states(box.organizer_id, placed.order.order_id)
    await anext(states)
    waiting = asyncio.create_task(anext(states, "the end"))
    await asyncio.sleep(0)

    watching.stop()

    assert await waiting == "the end"
    with pytest.raises(Overloaded):
        watching.require_room(placed.order.order_id)


async def test_while_the_database_is_away_whoever_waits_goes_on_waiting() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing", pool_size=2)
    await away.open()
    watching = Watching(away, watched_seconds_max=0.5, quiet_seconds_max=0.2)

    heard = [state async for state in watching.states(new_id(), new_id())]

    assert set(heard) == {None}
    await away.close()
