"""Withdrawing on pages: at once, without signing in, and without telling anybody who bought."""

import re

import pytest

from tests.storefront.conftest import House, Site
from tests.storefront.shopper import place_order, with_secret

CODE = re.compile(r"W-[0-9A-Z]{4}-[0-9A-Z]{4}")


async def test_every_page_leads_to_the_form(site: Site) -> None:
    async with site.browser() as browser:
        listing = await browser.get("/en/")
        form = await browser.get("/en/withdrawal")

    assert 'href="/en/withdrawal"' in listing.text
    assert 'action="/en/withdrawal"' in form.text
    assert CODE.search(form.text) is None


async def test_the_answer_is_the_same_whether_or_not_there_is_such_an_order(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser(**{"x-forwarded-for": "203.0.113.61"}) as browser:
        order = await place_order(browser, event)
        right = {"reference": order["number"], "mail": "julia@example.com"}

        true, again = [await browser.post("/withdrawal", data=right) for _ in range(2)]
        false = await browser.post("/withdrawal", data={**right, "mail": "carla@example.com"})

    [code], [twice], [other] = [set(CODE.findall(answer.text)) for answer in (true, again, false)]
    assert [true.status_code, false.status_code] == [200, 200]
    assert true.headers["cache-control"] == "no-store"
    assert code == twice != other
    assert true.text.replace("julia@", "carla@").replace(code, other) == false.text


@pytest.mark.parametrize("data", [{}, {"reference": "<script>", "mail": "julia"}, {"reference": "7KQ2-M9XA"}], ids=str)
async def test_what_is_no_number_or_mail_is_told_beside_its_field(site: Site, data: dict[str, str]) -> None:
    async with site.browser() as browser:
        answer = await browser.post("/withdrawal", data=data)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text


async def test_the_link_of_the_order_is_enough_and_one_that_opens_nothing_gets_no_code(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser(**{"x-forwarded-for": "203.0.113.62"}) as browser:
        order = await place_order(browser, event)
        link = f"http://tickets.example/en/o/{order['order_id']}#{order['secret']}"

        asked = await browser.post("/withdrawal", data={"reference": link, "mail": ""})
        wrong = [await browser.post("/withdrawal", data={"reference": text}) for text in (link[:-3], "#", "http://[#x")]
        page = await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))

    [code] = set(CODE.findall(asked.text))
    assert 'data-withdrawal="asked"' in page.text
    assert code in page.text
    assert [(answer.status_code, CODE.search(answer.text)) for answer in wrong] == [(422, None)] * 3


async def test_on_the_order_one_press_is_enough_and_the_page_says_what_was_answered(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path, secret = f"/en/o/{order['order_id']}", with_secret(order)
        before = await browser.get(path, headers=secret)
        form = await browser.get(f"{path}/withdrawal", headers=secret)
        asked = await browser.post(f"{path}/withdrawal", headers=secret)
        stranger = await browser.post(f"{path}/withdrawal")
        after = await browser.get(path, headers=secret)
        withdrawing = site.contexts.orders.withdrawing
        [one] = (await withdrawing.page(house.actor, status=None, cursor=None, size=9)).items
        await withdrawing.decline(house.actor, one.withdrawal_id, "<b>Mañana</b>")
        declined = await browser.get(path, headers=secret)

    assert f'href="{path}/withdrawal"' in before.text
    assert f'action="{path}/withdrawal"' in form.text
    assert (asked.status_code, asked.headers["location"]) == (303, path)
    assert stranger.status_code == 404
    assert one.code in after.text
    assert 'data-withdrawal="declined"' in declined.text
    assert "&lt;b&gt;Mañana&lt;/b&gt;" in declined.text


async def test_so_many_may_be_asked_from_one_address(site: Site) -> None:
    async with site.browser(**{"x-forwarded-for": "203.0.113.63"}) as browser:
        answers = [await browser.post("/withdrawal", data={"reference": "7KQ2-M9XA", "mail": "julia@example.com"}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
