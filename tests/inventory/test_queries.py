"""Reads of stock: cheap however many ask, and at most a second old."""

import asyncio

import pytest

from alltickets.inventory.queries import Levels
from alltickets.inventory.rules import PoolLevel
from alltickets.kernel.ids import new_id
from tests.inventory.sale import Sale, opened


async def test_levels_are_read_once_however_many_ask(sale: Sale, database_url: str) -> None:
    floor, vip = await sale.open(10), await sale.open(2)
    await sale.claim(sale.claim_of(floor, 3))
    statements: list[str] = []

    async with opened(database_url, statements.append) as database:
        levels = Levels(database)
        answers = await asyncio.gather(*[levels.of(sale.organizer_id, sale.event_id) for _ in range(100)])

    assert answers == [{floor: PoolLevel(floor, 10, 3, 0), vip: PoolLevel(vip, 2, 0, 0)}] * 100
    assert len(statements) == 1


async def test_levels_are_at_most_a_second_old(sale: Sale) -> None:
    floor = await sale.open(10)
    levels = Levels(sale.database)
    loop = asyncio.get_running_loop()
    before = (await levels.of(sale.organizer_id, sale.event_id))[floor]

    await sale.claim(sale.claim_of(floor, 3))
    claimed_at = loop.time()
    for _ in range(200):
        seen = (await levels.of(sale.organizer_id, sale.event_id))[floor]
        if seen.held:
            break
        await asyncio.sleep(0.02)

    assert (before.held, seen.held) == (0, 3)
    assert loop.time() - claimed_at == pytest.approx(0.5, abs=0.75)


async def test_an_event_without_pools_has_no_levels(sale: Sale) -> None:
    levels = Levels(sale.database)

    of_nothing = await levels.of(sale.organizer_id, new_id())

    assert of_nothing == {}


async def test_levels_of_an_event_are_nobody_elses(sale: Sale) -> None:
    await sale.open(10)
    levels = Levels(sale.database)

    of_stranger = await levels.of(new_id(), sale.event_id)

    assert of_stranger == {}
