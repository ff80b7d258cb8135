"""How the page of an order tells its buyer to pay by themselves."""

import re

import pytest

from tests.payments.office import CASH, TRANSFER
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import connect_offline, connect_sandbox, place_order, with_secret


@pytest.mark.parametrize(("prefix", "words"), [("", "Titular"), ("/en", "Account holder"), ("/pt", "bilheteria")])
async def test_it_says_whom_to_pay_how_much_and_by_which_code(site: Site, house: House, prefix: str, words: str) -> None:
    await connect_offline(house)
    event = await house.published(ticket_type={"price_minor": 2_400_000})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = await browser.get(f"{prefix}/o/{order['order_id']}", headers=with_secret(order))
        cash = await browser.post(
            f"{prefix}/o/{order['order_id']}/pay",
            data={"option_id": re.findall(r'name="option_id" value="([^"]+)"', page.text)[0]},
            headers=with_secret(order),
        )
        other = await browser.get(f"{prefix}/o/{order['order_id']}", headers=with_secret(order))

    how = order["next_action"]
    assert (how["kind"], how["url"], how["instructions"]["method"]) == ("instructions", None, "bank_transfer")
    assert 'data-standing="instructed"' in page.text
    assert re.findall(r'data-copy="([^"]+)"', page.text) == [
        how["instructions"]["code"],
        *(TRANSFER[one] for one in ("cuit", "cbu", "alias")),
    ]
    assert (cash.status_code, cash.headers["location"]) == (303, f"{prefix}/o/{order['order_id']}")
    assert CASH["opening"] in other.text
    assert how["instructions"]["code"] not in other.text
    assert words in page.text + other.text


async def test_what_an_organizer_typed_is_shown_as_typed(site: Site, house: House) -> None:
    nasty = {**CASH, "place": '<script>alert(1)</script> "a" & b'}
    await house.site.contexts.payments.accounts.connect(
        house.actor, "cash", label="Efectivo", currency="ARS", settings=nasty, credentials={}
    )
    event = await house.published(ticket_type={"price_minor": 2_400_000})
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;a&#34; &amp; b" in page.text


async def test_the_checkout_knows_how_long_each_way_to_pay_may_take(site: Site, house: House) -> None:
    await connect_sandbox(house)
    await connect_offline(house)
    event = await house.published(ticket_type={"price_minor": 2_400_000})
    async with site.browser() as browser:
        page = await browser.get(f"/e/{event.slug}/checkout")

    assert re.findall(r'"pay_within_hours":(\w+)', page.text) == ["null", "48", "24"]
