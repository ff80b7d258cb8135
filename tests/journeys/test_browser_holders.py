"""A buyer changes what they bought, in a real browser against the real stack; the door knows at once."""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bench.people import Buyer, Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import DESK, PHONE, Arrival, Shopper, codes_on_paper, violations_of


@pytest_asyncio.fixture(loop_scope="session")
async def open_order(arrive: Arrival, stack: Stack, organizer: Organizer, sale: Sale) -> Arrival:
    """Opens the page of a paid order of two tickets, whose holders may be corrected until the show begins."""
    version = organizer.call("GET", f"/events/{sale.event_id}")["version"]
    organizer.call("PATCH", f"/events/{sale.event_id}", {"version": version, "holder_corrections_until_hours": 0})

    async def open_page(size: tuple[int, int] = PHONE, *, language: str = "", scripts: bool = True) -> Shopper:
        buyer = Buyer(stack.url)
        order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
        await asyncio.to_thread(buyer.pay, order)
        await asyncio.to_thread(buyer.paid, order)
        shopper = await arrive(size, language=language, scripts=scripts)
        link = f"{stack.url}{language}/o/{order['order_id']}#{order['secret']}"
        await shopper.page.goto(link)
        if not scripts:
            await shopper.page.locator("#secret").fill(link)
            await shopper.page.locator("#by-hand button").click()
        await shopper.becomes("paid")
        return shopper

    return open_page


@pytest.mark.parametrize(("size", "language", "scripts"), [(PHONE, "", False), (DESK, "/en", True)], ids=["phone without scripts", "desk"])
async def test_a_holder_is_corrected_and_the_former_code_stays_outside(
    open_order: Arrival, organizer: Organizer, sale: Sale, size: tuple[int, int], language: str, scripts: bool
) -> None:
    shopper = await open_order(size, language=language, scripts=scripts)
    page = shopper.page
    seen: dict[str, list[str]] = {}

    async def look(state: str) -> None:
        if scripts:
            seen[state] = await violations_of(page)

    [former, other] = await shopper.codes_shown(2)
    await look("order")
    await page.locator(".stub-more a").first.click()
    await expect(shopper.field("holder/name")).to_have_value("Julia Ríos")
    await look("form")
    await shopper.field("holder/name").fill("")
    await shopper.field("holder/document").fill("12")
    await page.locator("form button").click()
    await expect(page.locator(".fault-list a")).to_have_count(2)
    await look("faults")
    await expect(shopper.field("holder/document")).to_have_value("12")
    await page.locator(".fault-list a").first.click()
    await shopper.field("holder/name").fill("Bruno Díaz")
    await shopper.field("holder/document").fill("28.999.111")
    await page.locator("form button").click()
    await expect(page.locator(".notice.good")).to_be_visible()
    await look("done")
    [new, still] = await shopper.codes_shown(2)
    async with page.expect_download() as download:
        await page.locator(".files a").first.click()
    printed = codes_on_paper(await (await download.value).path())

    steward = organizer.steward(sale)
    scanned = [steward.scan(code) for code in (former, new, new)]

    assert {state: found for state, found in seen.items() if found} == {}
    assert await page.locator(".stub-name").all_inner_texts() == ["Bruno Díaz", "Julia Ríos"]
    assert (printed, still) == ([new, other], other)
    assert [(one["outcome"], one["holder_name"]) for one in scanned] == [
        ("revoked", "Bruno Díaz"),
        ("admitted", "Bruno Díaz"),
        ("already_used", "Bruno Díaz"),
    ]


async def test_a_code_is_replaced_after_one_warning_and_mail_goes_elsewhere(
    open_order: Arrival, organizer: Organizer, sale: Sale, stack: Stack
) -> None:
    shopper = await open_order()
    page = shopper.page
    seen: dict[str, list[str]] = {}
    [former, other] = await shopper.codes_shown(2)

    await page.locator(".stub-more a[href$=new-code]").first.click()
    await expect(page.locator(".notice.warn")).to_contain_text("deja de servir")
    seen["warning"] = await violations_of(page)
    await page.locator("form button").dblclick()
    await expect(page.locator(".notice.good")).to_be_visible()
    [new, still] = await shopper.codes_shown(2)

    await page.locator("a[href$='/mail']").click()
    await shopper.field("mail").fill("julia@")
    await page.locator("form button").click()
    await expect(page.locator("#field-mail-fault")).to_be_visible()
    seen["faulty address"] = await violations_of(page)
    await shopper.field("mail").fill("julia.rios@example.com")
    await page.locator("form button").click()
    await expect(page.locator(".notice.good")).to_contain_text("julia.rios@example.com")
    seen["address"] = await violations_of(page)

    steward = organizer.steward(sale)
    assert [steward.scan(code)["outcome"] for code in (former, new, other)] == ["revoked", "admitted", "admitted"]
    assert still == other
    assert {state: found for state, found in seen.items() if found} == {}
