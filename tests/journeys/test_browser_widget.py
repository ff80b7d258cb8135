"""The event's page and what stands beside it, in a real browser: a sale that opens by itself, tickets on an organizer's own site."""

import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import pytest_asyncio
from playwright.async_api import Page, Request, expect

from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import Arrival, violations_of

EVENT_SCRIPT_BYTES_MAX = 10_000
OPENS_IN_SECONDS = 15
# A telephone that believes every sale to have opened years ago.
WRONG_CLOCK = "Date.now = () => 4e12"
COUNT_SHIFTS = """() => new Promise(tell => {
  const seen = new PerformanceObserver(list => tell(list.getEntries().length));
  seen.observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => tell(0), 300);
})"""

OpenPage = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def visit(arrive: Arrival) -> OpenPage:
    """Makes visitors on a phone, of whom there is nothing but their page."""

    async def make(*, scripts: bool = True) -> Page:
        return (await arrive(scripts=scripts)).page

    return make


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


@pytest.fixture
def site(stack: Stack, organizer: Organizer, sale: Sale) -> Iterator[int]:
    """The port of the organizer's own site: a page with a policy as strict as can be, and the snippet of docs/widget.md in it."""
    address = address_of(stack, organizer, sale)
    page = f"""<!doctype html><html lang="es"><title>Mi banda</title><h1>Mi banda</h1>
    <script src="{stack.url}/embed.js" async></script>
    <alltickets-event event="{address.rpartition("/")[2]}"><a href="{address}">Entradas</a></alltickets-event>"""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-security-policy", f"default-src 'none'; script-src {stack.url}; frame-src {stack.url}")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


async def test_a_purchase_starts_on_the_site_of_the_organizer(
    visit: OpenPage, stack: Stack, organizer: Organizer, sale: Sale, site: int
) -> None:
    organizer.call("PUT", "/embedding", {"origins": [f"http://127.0.0.1:{site}"]})
    page = await visit()
    link, frame = page.locator("alltickets-event > a"), page.locator("alltickets-event iframe")
    tickets = page.frame_locator("alltickets-event iframe")

    await page.goto(f"http://127.0.0.1:{site}/")
    await expect(tickets.locator("select.quantity")).to_be_visible()
    await expect(link).to_be_hidden()
    box = await frame.bounding_box()
    inner = await tickets.locator("body").bounding_box()
    await tickets.locator("select.quantity").select_option("2")
    await tickets.locator("form.offers button").click()
    await page.wait_for_selector(".picks")

    assert box is not None
    assert inner is not None
    assert abs(box["height"] - inner["height"]) <= 1
    # Out of the frame: a frame of another site has no storage, and nobody should pay where the address does not say whom.
    assert page.url.partition("?")[0] == f"{address_of(stack, organizer, sale)}/checkout"
    await expect(page.locator(".stepper input")).to_have_value("2")


async def test_a_site_that_the_organizer_did_not_name_gets_a_link_and_no_frame(
    visit: OpenPage, stack: Stack, organizer: Organizer, sale: Sale, site: int
) -> None:
    organizer.call("PUT", "/embedding", {"origins": [f"http://127.0.0.1:{site}"]})
    page = await visit()

    # The same machine, and another origin.
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await page.goto(f"http://localhost:{site}/")

    await expect(page.locator("alltickets-event > a")).to_be_visible()
    assert [frame.url for frame in page.frames if frame != page.main_frame] == ["chrome-error://chromewebdata/"]
    await page.locator("alltickets-event > a").click()
    await expect(page.locator("select.quantity")).to_be_visible()
    assert page.url == address_of(stack, organizer, sale)


async def test_what_is_framed_can_be_used_by_everybody(visit: OpenPage, stack: Stack, organizer: Organizer, sale: Sale) -> None:
    page = await visit()

    await page.goto(address_of(stack, organizer, sale).replace("/e/", "/embed/"))

    assert await violations_of(page) == []


async def test_who_finds_it_sold_out_signs_up_without_scripts(visit: OpenPage, stack: Stack, organizer: Organizer, sale: Sale) -> None:
    for _ in range(2):
        assert Buyer(stack.url).hold(sale, 5).status_code == 200
    page, watched = await visit(scripts=False), await visit()
    address = address_of(stack, organizer, sale)

    await watched.goto(address)
    # A page before that was a second old at most.
    while await watched.locator("#waiting").count() == 0:
        await watched.reload()
    violations = await violations_of(watched)
    await page.goto(address)
    await page.locator("#waiting-mail").fill("julia@example.com")
    await page.locator("#waiting-quantity").fill("2")
    await page.locator("#waiting button").click()

    await expect(page.locator("[role=status]")).to_contain_text("julia@example.com")
    assert violations == []
    [entry] = organizer.call("GET", f"/events/{sale.event_id}/waiting-list")["items"]
    assert (entry["mail"], entry["quantity"]) == ("julia@example.com", 2)
