"""What happens on the event's page and beside it, in a real browser: a sale that opens by itself."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest_asyncio
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from bench.people import Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import CHROMIUM_FLAGS, chromium, violations_of

PHONE = (390, 844)
EVENT_SCRIPT_BYTES_MAX = 10_000
OPENS_IN_SECONDS = 25
# A telephone that believes every sale to have opened years ago.
WRONG_CLOCK = "Date.now = () => 4e12"
COUNT_SHIFTS = """() => new Promise(tell => {
  const seen = new PerformanceObserver(list => tell(list.getEntries().length));
  seen.observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => tell(0), 300);
})"""

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all; each visitor has an empty profile of their own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[OpenPage]:
    """Makes visitors. What their pages threw is a failure."""
    faults: list[str] = []
    pages: list[Page] = []

    async def make(*, scripts: bool = True) -> Page:
        context = await browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, java_script_enabled=scripts)
        context.set_default_timeout(15_000)
        page = await context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        pages.append(page)
        return page

    yield make
    for page in pages:
        await page.context.close()
    assert faults == []


def address_of(stack: Stack, organizer: Organizer, sale: Sale) -> str:
    """The page of the sale's event."""
    return f"{stack.url}/e/{organizer.call('GET', f'/events/{sale.event_id}')['slug']}"


async def test_who_comes_before_the_sale_sees_what_is_left_by_the_servers_clock(
    visit: OpenPage, stack: Stack, organizer: Organizer
) -> None:
    opens_at = datetime.now(UTC) + timedelta(minutes=80)
    sale = organizer.publish(capacity=10, ticket_type={"sales_from": opens_at.isoformat()})
    page = await visit()
    scripts: list[Request] = []
    page.on("requestfinished", lambda request: scripts.append(request) if request.resource_type == "script" else None)
    await page.add_init_script(WRONG_CLOCK)

    await page.goto(address_of(stack, organizer, sale))

    await expect(page.locator("#opening-left")).to_have_text(re.compile(r"^01:1\d:\d\d$"))
    assert await page.evaluate(COUNT_SHIFTS) == 0
    assert await violations_of(page) == []
    assert sum([(await request.sizes())["responseBodySize"] for request in scripts]) <= EVENT_SCRIPT_BYTES_MAX


async def test_a_sale_opens_by_itself_on_the_page_of_whoever_waits(visit: OpenPage, stack: Stack, organizer: Organizer) -> None:
    page = await visit()
    await page.add_init_script(WRONG_CLOCK)
    opens_at = datetime.now(UTC) + timedelta(seconds=OPENS_IN_SECONDS)
    sale = organizer.publish(capacity=10, ticket_type={"sales_from": opens_at.isoformat()})

    await page.goto(address_of(stack, organizer, sale))
    await expect(page.locator("#opening-left")).to_have_text(re.compile(r"^00:00:(?!00)"))
    await expect(page.locator("select.quantity")).to_be_visible(timeout=1_000 * (OPENS_IN_SECONDS + 20))
    opened = datetime.now(UTC)

    assert opened >= opens_at
    await expect(page.locator("#opening-said")).to_have_text("La venta ya abrió. Elegí tus entradas.")
    await expect(page.locator(".buy-bar a")).to_be_visible()
    assert await violations_of(page) == []


async def test_without_scripts_the_day_and_the_hour_of_the_opening_stand_there(visit: OpenPage, stack: Stack, organizer: Organizer) -> None:
    opens_at = datetime.now(UTC) + timedelta(minutes=20)
    sale = organizer.publish(capacity=10, ticket_type={"sales_from": opens_at.isoformat()})
    page = await visit(scripts=False)

    await page.goto(address_of(stack, organizer, sale))

    await expect(page.locator("#opening")).to_contain_text("La venta abre el")
    await expect(page.locator(".opening-clock")).to_be_hidden()
