"""Buying in a real browser against the real stack: the whole way to the door, and the bad days on it."""

import re
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from playwright.async_api import Browser, Request, expect

from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack
from tests.guessing import nearly
from tests.journeys.browser import DESK, PHONE, Arrival, Shopper, codes_on_paper
from tests.journeys.seen import places

CHECKOUT_SCRIPT_BYTES_MAX = 30_000


def orders_of(organizer: Organizer) -> list[str]:
    """The states of the organizer's orders."""
    return [one["status"] for one in organizer.call("GET", "/orders")["items"]]


@pytest.mark.parametrize(("size", "language"), [(PHONE, ""), (DESK, "/en")], ids=["phone", "desk"])
async def test_from_the_event_to_the_door_which_lets_the_code_in_once(
    arrive: Arrival, organizer: Organizer, sale: Sale, slug: str, size: tuple[int, int], language: str
) -> None:
    shopper = await arrive(size, language=language)
    page = shopper.page

    await shopper.come_from_event(slug, 2)
    await shopper.go_on()
    await expect(shopper.field("buyer/name")).to_be_visible()
    await shopper.review("Bruno Paz")
    await shopper.pay()
    await shopper.decide("approve")
    await shopper.becomes("paid")
    codes = await shopper.codes_shown(2)
    await page.locator(".stub-open").first.click()
    await page.wait_for_selector("#ticket")
    shown = await shopper.codes_shown(1)

    steward = organizer.steward(sale)
    outcomes = [steward.scan(code)["outcome"] for code in (*codes, codes[0])]

    assert outcomes == ["admitted", "admitted", "already_used"]
    assert shown == [codes[0]]
    assert places(organizer, sale) == (0, 2, 8)


async def test_the_keyboard_alone_buys(arrive: Arrival, organizer: Organizer, slug: str) -> None:
    shopper = await arrive(DESK)
    await shopper.arrive(slug)

    await shopper.page.locator(".checkout-back a").focus()
    # Nothing is chosen yet, so there is nothing to take away: the first stop is the quantity.
    await shopper.press("Tab", "2", "Tab", "Tab", "Enter")
    await expect(shopper.field("buyer/name")).to_be_visible()
    await shopper.gets_focus("step-title")
    for text in ("Julia Ríos", "julia@example.com", "30123456"):
        await shopper.press("Tab")
        await shopper.page.keyboard.insert_text(text)
    # The telephone, the first ticket, the second: somebody else's, then its name.
    await shopper.press("Tab", "Tab", "Tab", "Tab")
    await shopper.page.keyboard.insert_text("Bruno Paz")
    await shopper.press("Enter")
    await expect(shopper.field("consent")).to_be_visible()
    await shopper.gets_focus("step-title")
    await shopper.press("Tab", "Tab", "Tab", "Space", "Tab", "Tab", "Tab", "Enter")
    await shopper.at_gateway()
    await shopper.page.locator("button[value=approve]").focus()
    await shopper.press("Enter")
    await shopper.becomes("paid")

    assert orders_of(organizer) == ["paid"]


async def test_faults_are_told_in_a_summary_that_leads_to_each_field(arrive: Arrival, slug: str) -> None:
    shopper = await arrive()
    await shopper.arrive(slug)
    await shopper.reserve(1)
    await shopper.fill(mail="julia@", document="12")

    await shopper.go_on()
    await shopper.gets_focus("notices")
    links = shopper.page.locator(".fault-list a")
    told = await links.all_inner_texts()
    await links.nth(1).click()

    await shopper.gets_focus("field-buyer-document")
    assert told == ["Mail", "DNI"]
    await shopper.field("buyer/document").fill("30.123.456")
    assert await links.all_inner_texts() == ["Mail"]


async def test_a_reload_in_each_step_keeps_the_step_the_places_and_what_was_typed(
    arrive: Arrival, organizer: Organizer, sale: Sale, slug: str
) -> None:
    shopper = await arrive()
    page = shopper.page
    await shopper.arrive(slug)
    await shopper.choose(2)

    await page.reload()
    chosen = await page.locator(".stepper input").input_value()
    await shopper.go_on()
    await shopper.fill("Bruno Paz")
    await page.reload()
    typed = await shopper.field("holders/1/name").input_value()
    await shopper.go_on()
    await expect(shopper.field("consent")).to_be_visible()
    await page.reload()
    await expect(shopper.field("consent")).to_be_visible()

    assert (chosen, typed) == ("2", "Bruno Paz")
    assert places(organizer, sale) == (2, 0, 8)
    await page.go_back()
    await expect(shopper.field("buyer/name")).to_have_value("Julia Ríos")


async def test_two_presses_on_pay_and_two_tabs_make_one_order(arrive: Arrival, organizer: Organizer, sale: Sale, slug: str) -> None:
    shopper = await arrive()
    await shopper.arrive(slug)
    await shopper.reserve(2)
    await shopper.review("Bruno Paz")
    second = Shopper(await shopper.page.context.new_page(), shopper.stack)
    await second.arrive(slug)
    await second.go_on()
    await second.go_on()
    await expect(second.field("consent")).to_be_visible()
    await second.field("consent").check()

    await shopper.field("consent").check()
    await shopper.page.locator(".pay").dblclick()
    await shopper.at_gateway()
    # The other tab has noticed by itself: there is nothing to choose there any more, only the order to be paid.
    await expect(second.page.locator(".ordered h2")).to_be_visible()
    await second.page.locator(".ordered button").first.click()
    await second.at_gateway()

    assert second.page.url == shopper.page.url
    await shopper.decide("approve")
    await shopper.becomes("paid")
    assert orders_of(organizer) == ["paid"]
    assert places(organizer, sale) == (0, 2, 8)


async def test_who_goes_back_after_paying_is_shown_the_order_and_not_asked_to_pay_again(arrive: Arrival, slug: str) -> None:
    shopper = await arrive()
    page = shopper.page
    await shopper.buy(slug, 1)

    await shopper.arrive(slug)

    # The order is over, and what was typed is gone from the device.
    await expect(page.locator(".stepper input")).to_have_value("0")
    kept = await page.evaluate("Object.entries(localStorage).filter(([, value]) => value.includes('julia@example.com'))")
    assert kept == []


async def test_who_comes_back_from_the_gateway_without_paying_goes_on_with_the_same_order(
    arrive: Arrival, organizer: Organizer, slug: str
) -> None:
    shopper = await arrive()
    await shopper.arrive(slug)
    await shopper.reserve(1)
    await shopper.review()
    await shopper.pay()

    await shopper.page.go_back()
    await expect(shopper.page.locator(".ordered h2")).to_be_visible()
    await shopper.page.locator(".ordered button").first.click()
    await shopper.at_gateway()
    await shopper.decide("approve")
    await shopper.becomes("paid")

    assert orders_of(organizer) == ["paid"]


async def test_a_rejected_payment_is_told_and_another_try_pays_the_same_order(arrive: Arrival, organizer: Organizer, slug: str) -> None:
    shopper = await arrive(language="/en")
    page = shopper.page
    await shopper.arrive(slug)
    await shopper.reserve(1)
    await shopper.review()
    await shopper.pay()

    await shopper.decide("reject")
    await shopper.becomes("rejected")
    # The gateway sends everybody back to the page without a language; the reader's own comes by itself.
    assert re.search(r"/en/o/", page.url)
    await page.locator("#order form button").click()
    await shopper.at_gateway()
    await shopper.decide("pending")
    await shopper.becomes("pending")
    payment_id = parse_qs(urlsplit(page.url).query)["payment"][0]
    await shopper.approve_at_gateway(payment_id)
    await shopper.becomes("paid")

    assert orders_of(organizer) == ["paid"]


async def test_without_a_connection_it_is_said_and_tried_until_there_is_one(
    arrive: Arrival, organizer: Organizer, sale: Sale, slug: str
) -> None:
    shopper = await arrive()
    page, context = shopper.page, shopper.page.context
    connection = page.locator(".connection .notice")
    await shopper.arrive(slug)
    await shopper.choose(2)
    # The price has come; from here on there is no network.
    await expect(page.locator(".totals-bar")).to_be_visible()

    await context.set_offline(True)
    await shopper.go_on()
    await expect(connection).to_be_visible()
    await context.set_offline(False)
    await expect(shopper.field("buyer/name")).to_be_visible()
    await expect(connection).to_be_hidden()

    # Typing and looking need no network.
    await context.set_offline(True)
    await shopper.review("Bruno Paz")
    await shopper.field("consent").check()
    await shopper.go_on()
    # Whoever presses at the foot of the page sees it too.
    await expect(connection).to_be_in_viewport()
    await context.set_offline(False)
    await shopper.at_gateway()

    assert places(organizer, sale) == (2, 0, 8)
    assert orders_of(organizer) == ["awaiting_payment"]


async def test_a_hold_whose_time_is_over_is_told_and_taken_again(arrive: Arrival, slug: str) -> None:
    shopper = await arrive()
    page = shopper.page
    await page.clock.install()
    await shopper.arrive(slug)
    await shopper.reserve(2)
    await shopper.fill("Bruno Paz")

    await page.clock.fast_forward("05:30")
    await expect(page.locator(".timer + [role=status]")).to_have_text("Quedan 5 minutos para pagar.")
    await page.clock.fast_forward("05:00")
    notice = page.locator(".notices .notice")
    await expect(notice).to_contain_text("Se terminó el tiempo de tu reserva")
    await shopper.gets_focus("notices")
    await notice.locator(".alternatives button").first.click()

    await expect(shopper.field("holders/1/name")).to_have_value("Bruno Paz")


async def test_what_is_sold_out_meanwhile_is_told_with_what_comes_nearest(arrive: Arrival, stack: Stack, sale: Sale, slug: str) -> None:
    shopper = await arrive()
    await shopper.arrive(slug)
    await shopper.choose(3)
    Buyer(stack.url).hold(sale, 8)

    await shopper.go_on()
    offered = shopper.page.locator(".alternatives button")
    await expect(offered).to_have_text("Seguir con 2 entradas: 2 × General")
    await offered.click()

    await expect(shopper.field("buyer/name")).to_be_visible()


async def test_an_order_works_without_scripts_from_its_link_to_its_tickets(
    arrive: Arrival, organizer: Organizer, stack: Stack, sale: Sale
) -> None:
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    buyer.pay(order)
    buyer.paid(order)
    shopper = await arrive(scripts=False)
    page = shopper.page
    link = f"{stack.url}/o/{order['order_id']}#{order['secret']}"

    await page.goto(link)
    await page.locator("#secret").fill(link)
    await page.locator("#by-hand button").click()
    async with page.expect_download() as download:
        await page.locator(".files a").first.click()
    printed = codes_on_paper(await (await download.value).path())
    await page.locator(".stub-open").click()
    shown = await shopper.codes_shown(1)

    assert printed == shown
    assert organizer.steward(sale).scan(shown[0])["outcome"] == "admitted"


async def test_the_scripts_of_a_page_fit_into_its_budget(arrive: Arrival, slug: str) -> None:
    shopper = await arrive()
    page = shopper.page
    scripts: list[Request] = []
    page.on("requestfinished", lambda request: scripts.append(request) if request.resource_type == "script" else None)

    await shopper.arrive(slug)
    await page.wait_for_load_state("networkidle")
    sizes = [(await request.sizes())["responseBodySize"] for request in scripts]

    assert sizes != []
    assert sum(sizes) <= CHECKOUT_SCRIPT_BYTES_MAX


async def test_a_wrong_secret_opens_nothing(arrive: Arrival, stack: Stack, sale: Sale) -> None:
    buyer = Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    shopper = await arrive()
    page = shopper.page

    await page.goto(f"{stack.url}/o/{order['order_id']}#{nearly(order['secret'])}")
    await expect(page.locator("#wrong")).to_be_visible()

    assert await page.locator("#order").count() == 0


async def test_a_ticket_opens_without_a_network_once_it_was_opened(arrive: Arrival, slug: str) -> None:
    shopper = await arrive()
    page = shopper.page
    await shopper.buy(slug, 1)
    await page.locator(".stub-open").click()
    await expect(page.locator("#kept")).to_be_visible()
    [code] = await shopper.codes_shown(1)

    await page.context.set_offline(True)
    await page.reload()

    assert await shopper.codes_shown(1) == [code]


def line_of(process: psutil.Process) -> list[str]:
    """Its command line; none where it has just ended, as the process of a closed page does."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


async def test_the_browser_is_without_all_that_playwright_wants_it_to_be_without(browser: Browser) -> None:
    lines = {process: line_of(process) for process in psutil.Process().children(recursive=True)}
    driven = {process.pid: line for process, line in lines.items() if "--remote-debugging-pipe" in line}
    # What Chromium is just forking has its line until it becomes something else.
    [line] = [driven[process.pid] for process in lines if process.pid in driven and process.ppid() not in driven]
    switch = "--disable-features="

    off = [set(word.removeprefix(switch).split(",")) for word in line if word.startswith(switch)]

    *others, ours = off
    assert others
    assert set().union(*others) <= ours
