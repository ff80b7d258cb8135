"""The form for a card on an order's page, and what the page takes from it."""

import re
from datetime import date
from typing import Any

import msgspec

from alltickets.payments.promotions.rules import BinRange, Promotion, PromotionTerms
from simulators.payway.sites import key_of
from tests.guessing import nearly
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import place_order, with_secret
from tests.storefront.test_checkout import data_in

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


async def promote(house: House, **changes: Any) -> Promotion:
    """20 % off for cards of Banco X, at most 2.000,00, and three instalments without interest."""
    plain = PromotionTerms(
        name="Banco X <b>",
        bank="Banco X",
        currency="ARS",
        bins=(BinRange("450799", "450799"),),
        methods=("credit_card",),
        instalments=(1, 3),
        discount_basis_points=2_000,
        cap_minor=200_000,
        hour_to=24,
    )
    return await house.site.contexts.payments.promotions.create(house.actor, msgspec.structs.replace(plain, **changes))


async def test_promotions_are_shown_before_the_card_is_known_with_what_they_cost(site: Site, house: House) -> None:
    await connect_payway(house)
    promotion = await promote(house)
    await promote(house, name="Ayer", ends_on=date(2020, 1, 1))
    every = ("thursday", "monday", "tuesday", "wednesday", "friday", "saturday", "sunday")
    await promote(
        house, name="Doce", weekdays=every, ends_on=date(2199, 1, 2), discount_basis_points=0, instalments=(12, 3), cap_minor=None
    )
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        page = (await browser.get(f"/o/{order['order_id']}", headers=with_secret(order))).text.replace("\N{NO-BREAK SPACE}", " ")
        checkout = (await browser.get(f"/e/{event.slug}/checkout")).text.replace("\N{NO-BREAK SPACE}", " ")

    assert re.findall(r'data-promotion="([^"]+)"', page)[0] == str(promotion.promotion_id)
    assert ("Doce" in page, "Ayer" in page, '<option value="12">' in page) == (True, False, True)
    assert 'data-ranges="45079900-45079999" data-kinds="credit_card" data-installments="1 3" data-pay="Pagar $ 10.500,00"' in page
    assert "<strong>Banco X &lt;b&gt;</strong>" in page
    assert "20 % de descuento, hasta $ 2.000,00 por compra · 3 cuotas sin interés (CFTEA: 0,00 %) · tarjetas de Banco X" in page
    assert "Pagás $ 10.500,00 en lugar de $ 12.500,00." in page
    assert "3 cuotas fijas de $ 3.500,00 sin interés. Precio de contado: $ 10.500,00. Precio total financiado: $ 10.500,00." in page
    [option] = data_in(checkout)["payment_options"]
    shown, other = option["promotions"]
    assert (shown["name"], "3 cuotas sin interés (CFTEA: 0,00 %)" in shown["says"]) == ("Banco X <b>", True)
    assert other["says"] == (
        "3 y 12 cuotas sin interés (CFTEA: 0,00 %) · tarjetas de Banco X · "
        "lunes, martes, miércoles, jueves, viernes, sábado y domingo · hasta el 2 de enero de 2199"
    )


async def test_who_was_shown_less_than_holds_is_charged_nothing_and_told(site: Site, house: House) -> None:
    await connect_payway(house)
    promotion = await promote(house)
    event = await house.published()
    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        form = sent((await browser.get(path, headers=with_secret(order))).text, promotion_id=str(promotion.promotion_id))
        await house.site.contexts.payments.promotions.end(house.actor, promotion.promotion_id)

        answer = await browser.post(f"{path}/card", data=form, headers=with_secret(order))
        page = await browser.get(answer.headers["location"], headers=with_secret(order))

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=promotion")
    assert "No se cobró nada." in page.text
    assert 'id="card-form"' in page.text
