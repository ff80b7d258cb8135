"""The pages of an order: open for whoever has its secret, shut for everybody else, and nothing of them kept on the way."""

import re

import pytest

from tests.guessing import nearly
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import connect_sandbox, place_order, with_secret


async def test_without_the_secret_the_page_tells_nothing_of_the_order(site: Site, house: House) -> None:
    event = await house.published(title="Noche secreta", ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)

        bare = await browser.get(f"/o/{order['order_id']}")
        wrong = await browser.get(f"/o/{order['order_id']}", headers={"cookie": f"order={nearly(order['secret'])}"})
        unknown = await browser.get("/o/0190a5d2-7c11-7cc3-98c4-dc0c0c07398f")
        nonsense = await browser.get("/o/nonsense")

    assert [bare.status_code, wrong.status_code, unknown.status_code, nonsense.status_code] == [200, 200, 200, 404]
    assert "Noche secreta" not in bare.text + wrong.text
    assert bare.text == wrong.text
    assert bare.text.replace(order["order_id"], "") == unknown.text.replace("0190a5d2-7c11-7cc3-98c4-dc0c0c07398f", "")


async def test_the_secret_comes_in_a_form_and_goes_back_as_a_cookie_of_these_pages_alone(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/en/o/{order['order_id']}"

        opened = await browser.post(path, data={"secret": f"http://tickets.example{path}#{order['secret']}"})
        refused = await browser.post(path, data={"secret": nearly(order["secret"])})

    assert (opened.status_code, opened.headers["location"]) == (303, path)
    cookie = opened.headers["set-cookie"]
    assert cookie.startswith(f"order={order['secret']}; Path={path}; Max-Age=")
    assert "HttpOnly; SameSite=Lax" in cookie
    assert order["secret"] not in opened.headers["location"]
    assert (refused.status_code, refused.headers.get("set-cookie")) == (404, None)


async def test_whoever_has_it_sees_tickets_that_open_and_scan(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event, places=2, name="<script>alert(1)</script>")
        page = await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))
        codes = re.findall(r'src="([^"]+/qr\.svg)"', page.text)
        code = await browser.get(codes[0], headers=with_secret(order))
        shut = await browser.get(codes[0])
        ticket = await browser.get(codes[0].removesuffix("/qr.svg"), headers=with_secret(order))

    assert len(codes) == 2
    assert (code.status_code, code.headers["content-type"]) == (200, "image/svg+xml")
    assert shut.status_code == 404
    assert "<svg" in ticket.text
    assert "<script>alert" not in page.text + ticket.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


async def test_nothing_between_keeps_them_and_no_other_site_hears_of_them(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        page = await browser.get(path, headers=with_secret(order))
        [code] = re.findall(r'src="([^"]+/qr\.svg)"', page.text)
        answers = [
            page,
            await browser.get(path),
            await browser.post(path, data={"secret": order["secret"]}),
            await browser.get(code, headers=with_secret(order)),
            await browser.get(code.removesuffix("/qr.svg"), headers=with_secret(order)),
        ]

    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert {answer.headers["referrer-policy"] for answer in answers} == {"no-referrer"}


async def test_its_tickets_and_performances_are_taken_along_as_files(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/en/o/{order['order_id']}"
        page = await browser.get(path, headers=with_secret(order))

        printed = await browser.get(f"{path}/tickets.pdf", headers=with_secret(order))
        calendar = await browser.get(f"{path}/calendar.ics", headers=with_secret(order))
        shut = [await browser.get(f"{path}/{name}") for name in ("tickets.pdf", "calendar.ics")]

    assert f'href="{path}/tickets.pdf"' in page.text
    assert f'href="{path}/calendar.ics"' in page.text
    assert (printed.content[:5], printed.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert printed.headers["content-disposition"].startswith('attachment; filename="tickets')
    assert calendar.text.startswith("BEGIN:VCALENDAR")
    assert {answer.headers["cache-control"] for answer in (printed, calendar)} == {"no-store"}
    assert [answer.status_code for answer in shut] == [404, 404]


async def test_an_order_that_waits_leads_to_the_gateway_without_a_redirect_that_browsers_would_stop(site: Site, house: House) -> None:
    await connect_sandbox(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"

        page = await browser.get(path, headers=with_secret(order))
        leaving = await browser.post(f"{path}/pay", headers=with_secret(order))
        without = await browser.post(f"{path}/pay")

    assert 'data-standing="unpaid"' in page.text
    assert f'action="{path}/pay"' in page.text
    assert leaving.status_code == 200
    assert re.search(r'http-equiv="refresh" content="0;url=http://127\.0\.0\.1:8001/pay\?', leaving.text)
    assert without.status_code == 404


@pytest.mark.parametrize(("prefix", "words"), [("", "Vas a"), ("/en", "You are going to"), ("/pt", "Você vai a")])
async def test_it_speaks_the_language_of_its_path(site: Site, house: House, prefix: str, words: str) -> None:
    event = await house.published(ticket_type={"price_minor": 0})
    async with site.browser() as browser:
        order = await place_order(browser, event)

        page = await browser.get(f"{prefix}/o/{order['order_id']}", headers=with_secret(order))

    assert words in page.text
