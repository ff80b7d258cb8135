"""axe judges every page in every state, on a phone and on a desk. Plain pages must also hold English words, which are of another length."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bench.stack import Stack
from tests.gallery.house import House
from tests.gallery.scenes import SCENES, Scene
from tests.gallery.visit import Visit
from tests.journeys.browser import DESK, PHONE, Shopper, fits, new_shopper, violations_of
from tests.mercadopago import MercadoPagoProcess
from tests.simulators.payway import PaywayProcess


@pytest.fixture(scope="module")
def house(stack: Stack, payway: PaywayProcess, mercadopago: MercadoPagoProcess) -> House:
    """The stack that the journeys run on, with an event and an order in every state."""
    assert payway
    assert mercadopago
    house = House(stack)
    house.open()
    return house


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walker(browser: Browser, house: House) -> AsyncIterator[Shopper]:
    """Somebody who walks through all of it in one page: a new one for each scene costs as much again as looking at it."""
    shopper = await new_shopper(browser, house.stack)
    yield shopper
    await shopper.page.context.close()


@pytest.mark.parametrize("scene", [one for one in SCENES if one.scripts], ids=lambda scene: scene.name)
async def test_axe_finds_nothing_and_nothing_reaches_beyond_the_edge(browser: Browser, house: House, walker: Shopper, scene: Scene) -> None:
    shopper = walker if scene.leaves_no_trace else await new_shopper(browser, house.stack)
    await shopper.forget()
    found: dict[str, list[str]] = {}

    await scene.reach(Visit(house, shopper, ""))
    await judge(shopper, PHONE, found, "es, phone")
    await judge(shopper, DESK, found, "es, desk")
    if scene.path is not None:
        await scene.reach(Visit(house, shopper, "/en"))
        await shopper.show_whole(PHONE)
        found["en, phone"] = [] if await fits(shopper.page) else ["wider than the screen"]
    if shopper is not walker:
        await shopper.page.context.close()

    assert {state: faults for state, faults in found.items() if faults} == {}
    assert shopper.faults == []


async def judge(shopper: Shopper, size: tuple[int, int], found: dict[str, list[str]], state: str) -> None:
    """The page as it is now."""
    await shopper.show_whole(size)
    found[state] = await violations_of(shopper.page)
    if not await fits(shopper.page):
        found[state].append("wider than the screen")
