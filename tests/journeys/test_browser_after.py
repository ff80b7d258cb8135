"""After the payment, in a real browser: the order's page learns by itself what has become of it."""

from playwright.async_api import Response

from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import Arrival, violations_of

NEWS = "**/o/*/news"


async def test_the_page_hears_that_it_is_paid_while_its_clock_stands_still(arrive: Arrival, stack: Stack, sale: Sale) -> None:
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    shopper = await arrive()
    page = shopper.page
    loads: list[str] = []
    page.on("load", lambda page: loads.append(page.url))
    await page.clock.install()
    async with page.expect_response(NEWS) as answered:
        await page.goto(f"{stack.url}/o/{order['order_id']}#{order['secret']}")
    await shopper.becomes("unpaid")
    await page.clock.pause_at(await page.evaluate("Date.now() / 1_000 + 60"))
    loads_before = len(loads)

    buyer.pay(order)
    await shopper.becomes("paid")

    assert (await answered.value).headers["content-type"].startswith("text/event-stream")
    assert len(loads) == loads_before
    await shopper.gets_focus("h1")


async def test_where_nothing_comes_by_itself_the_page_asks(arrive: Arrival, stack: Stack, sale: Sale) -> None:
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    shopper = await arrive()
    page = shopper.page
    news: list[Response] = []
    page.on("response", lambda answer: news.append(answer) if answer.url.endswith("/news") else None)
    await page.route(NEWS, lambda route: route.abort())
    await page.goto(f"{stack.url}/o/{order['order_id']}#{order['secret']}")
    await shopper.becomes("unpaid")

    buyer.pay(order)
    await shopper.becomes("paid")

    assert news == []


async def test_whoever_withdraws_without_scripts_gets_a_code_and_the_money_back(
    arrive: Arrival, stack: Stack, organizer: Organizer, sale: Sale
) -> None:
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    buyer.pay(order)
    buyer.paid(order)
    shopper = await arrive(scripts=False)
    page = shopper.page

    await page.goto(f"{stack.url}/")
    await page.locator(".site-foot a").first.click()
    await page.locator("#reference").fill(f"{stack.url}/o/{order['order_id']}#{order['secret']}")
    await page.locator("form button").click()
    told = await page.locator(".notice strong").inner_text()
    [asked] = organizer.call("GET", "/withdrawals", None)["items"]
    organizer.call("POST", f"/withdrawals/{asked['withdrawal_id']}/accept")
    buyer.paid(order, status="refunded")

    assert asked["code"] in told
    assert asked["order_id"] == order["order_id"]


async def test_the_form_and_its_answers_are_for_everybody(arrive: Arrival, stack: Stack) -> None:
    shopper = await arrive()
    page = shopper.page
    await page.goto(f"{stack.url}/withdrawal")
    asking = await violations_of(page)
    await page.locator("form button").click()
    await page.wait_for_selector(".fault")
    faulty = await violations_of(page)
    await page.locator("#reference").fill("7KQ2-M9XA")
    await page.locator("#mail").fill("julia@example.com")
    await page.locator("form button").click()
    await page.wait_for_selector(".notice.good")

    assert (asking, faulty, await violations_of(page)) == ([], [], [])
