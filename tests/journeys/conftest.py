"""The real thing, started as an operator starts it: separate processes on a database of their own, spoken to through HTTP alone."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from alltickets.platform.secrets import KeyRing
from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import FLAGS, PHONE, Arrival, Shopper, chromium, new_shopper
from tests.mercadopago import MercadoPagoProcess
from tests.simulators.payway import PaywayProcess


@pytest.fixture(scope="package")
def two_keys() -> tuple[str, str]:
    """The entries of the stack's key ring, the older one first: its operator has just added a key."""
    return f"1:{KeyRing.generate_key()}", f"2:{KeyRing.generate_key()}"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, two_keys: tuple[str, str]) -> Iterator[Stack]:
    """Database, sandbox gateway, one web process and one worker, for tests that leave them running."""
    stack = Stack(tmp_path_factory.mktemp("stack"), {"ALLTICKETS_KEY_RING": ",".join(two_keys)})
    stack.start_database()
    try:
        stack.sandbox()
        stack.serve()
        stack.work()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="package")
def mercadopago(stack: Stack) -> MercadoPagoProcess:
    """The simulated MercadoPago, beside everything else."""
    stack.simulator("mercadopago")
    return MercadoPagoProcess(stack.simulator_url("mercadopago"))


@pytest.fixture(scope="package")
def payway(stack: Stack) -> PaywayProcess:
    """The simulated Payway, likewise."""
    stack.simulator("payway")
    return PaywayProcess(stack.simulator_url("payway"))


@pytest.fixture
def organizer(stack: Stack) -> Organizer:
    """Somebody who has just signed up and connected a gateway."""
    organizer = Organizer(stack.url)
    organizer.connect_sandbox()
    return organizer


@pytest.fixture
def sale(organizer: Organizer) -> Sale:
    """A published event of theirs with ten places."""
    return organizer.publish(capacity=10)


@pytest.fixture
def buyer(stack: Stack) -> Buyer:
    """Somebody who has just come."""
    return Buyer(stack.url)


@pytest.fixture
def slug(organizer: Organizer, sale: Sale) -> str:
    """The address of the sale's event."""
    return str(organizer.call("GET", f"/events/{sale.event_id}")["slug"])


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all; each shopper has an empty profile of their own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def arrive(browser: Browser, stack: Stack) -> AsyncIterator[Arrival]:
    """Makes shoppers. What their pages threw is a failure."""
    shoppers: list[Shopper] = []

    async def make(size: tuple[int, int] = PHONE, *, language: str = "", scripts: bool = True) -> Shopper:
        shoppers.append(await new_shopper(browser, stack, size, language=language, scripts=scripts))
        return shoppers[-1]

    yield make
    for shopper in shoppers:
        await shopper.page.context.close()
    assert [fault for shopper in shoppers for fault in shopper.faults] == []
