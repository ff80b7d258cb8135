"""The form for a card on an order's page, and what the page takes from it."""

import re
from typing import Any

from simulators.payway.sites import key_of
from tests.guessing import nearly
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import place_order, with_secret

SITE = "00097001"
NUMBER = "4507990000004905"


async def connect_payway(house: House) -> None:
    """An account of a site at Payway, which nobody reaches from here."""
    await house.site.contexts.payments.accounts.connect(
        house.actor,
        "payway",
        label="Tarjeta",
        currency="ARS",
        settings={"public_key": key_of(SITE, "public"), "methods": "1:1,3;31"},
        credentials={"private_key": key_of(SITE, "private")},
    )


def sent(page: str, **changes: str) -> dict[str, str]:
    """What the page's script sends, but for what the test changes."""
    [attempt_id] = re.findall(r'name="attempt_id" value="([^"]+)"', page)
    card = {"token": "b" * 36, "method": "1", "bin": "450799", "last_four": "4905", "installments": "1"}
    return {"attempt_id": attempt_id, **card, **changes}


async def test_the_form_says_where_the_token_is_made_and_can_send_no_card(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))
        other = await browser.get(f"/e/{event.slug}")

    inputs = re.findall(r"<input [^>]*id=\"card-[^>]*>", page.text)
    host = "https://ventasonline.payway.com.ar"
    assert order["next_action"]["kind"] == "card"
    assert order["next_action"]["card_form"]["tokens_url"] == f"{host}/api/v2/tokens"
    assert f'data-tokens-url="{host}/api/v2/tokens"' in page.text
    assert f'data-public-key="{key_of(SITE, "public")}"' in page.text
    assert key_of(SITE, "private") not in page.text
    assert len(inputs) == 5
    assert [one for one in inputs if "name=" in one] == []
    assert page.headers["content-security-policy"].endswith(f"; connect-src 'self' {host}")
    assert "connect-src" not in other.headers.get("content-security-policy", "")


async def test_what_is_no_token_is_refused_and_not_said_again(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        page = await browser.get(path, headers=with_secret(order))
        wrong = ({"token": NUMBER}, {"token": ""}, {"bin": NUMBER}, {"last_four": NUMBER}, {"installments": "many"})

        refused = [await browser.post(f"{path}/card", data=sent(page.text, **changes), headers=with_secret(order)) for changes in wrong]
        again = await browser.get(path, headers=with_secret(order))

    assert [one.status_code for one in refused] == [422] * 5
    assert NUMBER not in "".join(one.text for one in refused)
    assert 'id="card-form"' in again.text


async def test_the_api_takes_what_its_form_offers(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        form = order["next_action"]["card_form"]
        path = f"/api/shop/orders/{order['order_id']}/payment/card"
        card = {"attempt_id": form["attempt_id"], "token": "b" * 36, "method": "1", "bin": "450799", "last_four": "4905", "installments": 3}

        async def told(secret: str = order["secret"], **changes: Any) -> tuple[int, str]:
            answer = await browser.post(path, json=card | changes, headers={"authorization": f"Bearer {secret}"})
            assert NUMBER not in answer.text
            return answer.status_code, answer.json()["type"].rpartition("/")[2]

        assert await told(card_number=NUMBER) == (422, "invalid-request")
        assert await told(token=NUMBER) == (422, "invalid-request")
        assert await told(installments=12) == (422, "card-not-taken")
        assert await told(method="104") == (422, "card-not-taken")
        assert await told(attempt_id="0190a5d2-7c11-7cc3-98c4-dc0c0c07398f") == (404, "payment-not-found")
        assert await told(secret=nearly(order["secret"])) == (404, "order-not-found")
