"""MercadoPago and Payway side by side: what the buyer's page, the organizer and the books tell of the same purchases."""

import asyncio
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from alltickets.kernel.ids import new_id
from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from tests.journeys.browser import PHONE, Arrival, Shopper, fits, violations_of
from tests.journeys.operating import operate
from tests.journeys.seen import payment_of
from tests.journeys.test_browser_card import fill_in, press_pay
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.simulators.payway import VISA, PaywayProcess, Site
from tests.waiting import until

GOES_ON_SECONDS_MAX = 5.0
"""What was promised: the sale goes on."""
SLOWEST_SECONDS_MAX = 8.0
"""For the slowest of all buyers. An account that hangs is given up after three seconds (`PAGE_SECONDS_MAX`). On two cores the slowest took
3.2 to 4.1 s, with other work on them 5.2 to 5.9 s. Whoever waited for it twice, or for its time-out, would take longer than this.
"""
BUYERS = 80
"""Most of them wait for the account that hangs at the same time: more than connections are kept for."""


@pytest.fixture
def site(payway: PaywayProcess) -> Site:
    return Site(payway)


@pytest.fixture
def organizer(stack: Stack) -> Organizer:
    """Somebody without an account yet."""
    return Organizer(stack.url)


async def go_to_pay(shopper: Shopper, slug: str, option: str) -> None:
    """All of the checkout, by one of the ways to pay."""
    await shopper.arrive(slug)
    await shopper.reserve(1)
    await shopper.review()
    await shopper.page.get_by_label(option).check()
    await shopper.field("consent").check()
    await shopper.go_on()


async def pay_at_mercadopago(page: Page, cardholder: str) -> None:
    await page.get_by_label("Titular").fill(cardholder)
    await page.get_by_role("button", name="Pagar").click()


def newest_order(organizer: Organizer) -> dict[str, Any]:
    order: dict[str, Any] = organizer.call("GET", "/orders")["items"][0]
    return order


def posted(organizer: Organizer, order: Mapping[str, Any]) -> dict[str, int]:
    """What the books say of an order: kinds of facts, and the amount of each."""
    found: Counter[str] = Counter()
    for posting in organizer.call("GET", f"/payments/{order['order_id']}/postings")["items"]:
        found[posting["kind"]] += posting["amount_minor"]
    return dict(found)


def in_pesos(minor: int) -> str:
    """As pages write it."""
    return f"{minor // 100:,}".replace(",", ".") + f",{minor % 100:02d}"


async def test_the_buyers_page_and_the_books_tell_the_same_story(
    arrive: Arrival, stack: Stack, organizer: Organizer, mercadopago: MercadoPagoProcess, site: Site, sale: Sale, slug: str
) -> None:
    """At MercadoPago a card is declined, another one pays, and its bank has the money back; at Payway a part of it goes back."""
    seller = Seller.fresh()
    asked = organizer.call("POST", "/payments/connections", {"gateway": "mercadopago", "label": "MercadoPago"})
    connected = organizer.http.get(mercadopago.agree(asked["url"], seller))
    organizer.connect_payway(site.id)
    first, second = await arrive(PHONE), await arrive(PHONE)

    # What the address says on the way back is not believed.
    page = first.page
    await go_to_pay(first, slug, "MercadoPago")
    await page.wait_for_url(re.compile(re.escape(f"{mercadopago.url}/checkout/")))
    shown = await page.locator(".items").inner_text()
    faults = await violations_of(page)
    await pay_at_mercadopago(page, "FUND")
    await page.wait_for_selector("[data-status=rejected]")
    faults += await violations_of(page)
    back = await page.get_by_role("link", name="Volver al sitio").get_attribute("href")
    assert back is not None
    await page.goto(back.replace("rejected", "approved"))
    await first.becomes("rejected")
    await page.go_back()
    await page.get_by_role("link", name="Pagar con otra tarjeta").click()
    await pay_at_mercadopago(page, "APRO")
    await first.becomes("paid")
    await first.codes_shown(1)
    disputed = newest_order(organizer)
    paid = payment_of(organizer, disputed)
    declined, approved = sorted(paid["charges"], key=lambda charge: int(charge["provider_payment_id"]))
    mercadopago.change(approved["provider_payment_id"], "charged_back", "in_process")
    await until(lambda: payment_of(organizer, disputed)["status"] == "disputed", seconds=20)
    mercadopago.change(approved["provider_payment_id"], "charged_back", "settled")
    await until(lambda: payment_of(organizer, disputed)["status"] == "charged_back", seconds=20)

    page = second.page
    await go_to_pay(second, slug, "Tarjeta de crédito o débito")
    await fill_in(second, VISA)
    await press_pay(second)
    await second.becomes("paid")
    returned = newest_order(organizer)
    part_minor = returned["total"]["minor"] // 4
    wanted = {"refund_id": str(new_id()), "reason": "Sin estacionamiento", "amount_minor": part_minor}
    given = [organizer.call("POST", f"/orders/{returned['order_id']}/refunds", wanted) for _ in range(2)]
    await until(lambda: posted(organizer, returned).get("refund") == part_minor, seconds=20)
    queried = await asyncio.to_thread(operate, stack, "payments", "query", str(organizer.organizer_id), returned["order_id"])
    await page.reload()
    await first.page.reload()

    assert (connected.status_code, f"VENDEDOR{seller.user}" in connected.text) == (200, True)
    assert (paid["status"], declined["status"], approved["status"], faults) == ("paid", "declined", "charged", [])
    assert (approved["facts"]["card_bin"], approved["facts"]["card_last_four"]) == ("450995", "3704")
    assert [(one["refund_id"], one["amount"]["minor"]) for one in given] == [(wanted["refund_id"], part_minor)] * 2
    assert [one["status"] for one in organizer.call("GET", f"/orders/{returned['order_id']}/refunds")] == ["succeeded"]
    assert f"{part_minor} given back" in queried
    total_minor = disputed["total"]["minor"]
    assert [text in shown for text in ("General", in_pesos(total_minor))] == [True, True]
    for shopper, order in ((first, disputed), (second, returned)):
        shown = await shopper.page.locator("#order").inner_text()
        assert in_pesos(total_minor) in shown
        assert {in_pesos(part_minor) in shown, f"Te devolvimos $\N{NO-BREAK SPACE}{in_pesos(part_minor)}" in shown} == {order is returned}
        assert ("Tu banco recuperó el pago" in shown) is (order is disputed)
        assert posted(organizer, order)["sale"] == order["total"]["minor"] == total_minor
        assert await fits(shopper.page)
    books = posted(organizer, disputed)
    assert books["dispute_opened"] - books.get("dispute_won", 0) == books["dispute_lost"] == total_minor, books
    await asyncio.to_thread(operate, stack, "ledger", "verify", "--organizer", str(organizer.organizer_id))
    mercadopago.take_back(seller, told=f"{stack.url}/api/payments/notices/mercadopago")
    await until(lambda: _is_revoked(organizer), seconds=20)


def _is_revoked(organizer: Organizer) -> bool:
    """Whether the organizer is told that the seller took back their leave."""
    accounts = organizer.call("GET", "/payments/accounts")
    return [one["seller"]["revoked_at"] is not None for one in accounts if one["seller"] is not None] == [True]


async def test_who_pays_by_two_methods_gets_the_second_payment_back_and_is_told(
    stack: Stack, organizer: Organizer, mercadopago: MercadoPagoProcess, site: Site
) -> None:
    organizer.connect_mercadopago()
    payway_id = organizer.connect_payway(site.id)
    sale, buyer = organizer.publish(capacity=10), Buyer(stack.url)
    order = buyer.order(sale, buyer.hold(sale, 2).json()["hold_id"]).json()
    page = order["next_action"]["url"]
    secret = {"Authorization": f"Bearer {order['secret']}"}
    path = f"/api/shop/orders/{order['order_id']}"

    # Its page cannot be closed when the buyer leaves it: closed, nobody could pay twice.
    mercadopago.take_down("create")
    form = buyer.http.post(f"{path}/payments", params={"payment_option_id": str(payway_id)}, headers=secret).json()["card_form"]
    token = site.make_token(VISA).json()
    card = {"token": token["id"], "method": "1", "bin": token["bin"], "last_four": token["last_four_digits"], "installments": 1}
    charged = buyer.http.post(f"{path}/payment/card", json={"attempt_id": form["attempt_id"], **card}, headers=secret)
    buyer.paid(order)
    mercadopago.misbehave()
    mercadopago.pay(page)
    wait_until(lambda: [one["status"] for one in payment_of(organizer, order)["refunds"]] == ["succeeded"], "the refund", 20)
    wait_until(lambda: "refund" in posted(organizer, order), "the books", 20)

    assert charged.status_code == 200
    total_minor = order["total"]["minor"]
    payment = payment_of(organizer, order)
    assert sorted((one["is_surplus"], one["refunded_minor"]) for one in payment["charges"]) == [(False, 0), (True, total_minor)]
    assert (payment["status"], payment["refunds"][0]["amount_minor"]) == ("paid", total_minor)
    shown = buyer.read(order)
    assert (shown["status"], shown["refunded"]["minor"], len(shown["tickets"])) == ("paid", 0, 2)
    books = posted(organizer, order)
    assert books["sale"] == books["aside"] == books["refund"] == total_minor
    wait_until(lambda: "paid_twice" in _mails(organizer, order), "the mail that tells so", 20)
    assert sorted(_mails(organizer, order)) == ["confirmation", "paid_twice"]


def _mails(organizer: Organizer, order: Mapping[str, Any]) -> list[str]:
    return [mail["kind"] for mail in organizer.call("GET", f"/orders/{order['order_id']}/mails")]


async def test_in_the_middle_of_a_rush_the_sale_goes_on_at_the_other_account_when_the_first_hangs(
    stack: Stack, organizer: Organizer, mercadopago: MercadoPagoProcess
) -> None:
    hanging = organizer.connect_mercadopago()
    organizer.connect_sandbox("session")
    sale = organizer.publish(capacity=2 * BUYERS)
    reached: list[tuple[float, str]] = []
    waited: list[float] = []

    async def buy(http: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(number * 1.5 / BUYERS)
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        hold_id, visitor_id = str(new_id()), str(new_id())
        places = {"event_id": str(sale.event_id), "visitor_id": visitor_id, "lines": [sale.line(1)]}
        (await http.put(f"/api/shop/holds/{hold_id}", json=places, headers=headers)).raise_for_status()
        buyer = {"name": "Julia Ríos", "mail": f"julia{number}@example.com", "document": "30.123.456"}
        body = {"event_id": str(sale.event_id), "hold_id": hold_id, "buyer": buyer}
        if number % 2:
            # Their page still shows the account that hangs, and they have touched its button.
            body["payment_option_id"] = str(hanging)
        began = time.monotonic()
        order = (await http.put(f"/api/shop/orders/{new_id()}", json=body, headers=headers)).raise_for_status().json()
        waited.append(time.monotonic() - began)
        reached.append((time.monotonic(), f"{httpx.URL(order['next_action']['url']).port}"))

    hung_at: list[float] = []

    async def hang() -> None:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(mercadopago.misbehave, latency_ms=60_000)
        hung_at.append(time.monotonic())

    limits = httpx.Limits(max_connections=BUYERS)
    async with httpx.AsyncClient(base_url=stack.url, timeout=30, limits=limits, verify=PLAIN) as http:
        await asyncio.gather(hang(), *(buy(http, number) for number in range(BUYERS)))
    mercadopago.misbehave()
    other = str(httpx.URL(stack.sandbox_url).port)
    at_other = sorted(at - hung_at[0] for at, port in reached if port == other)
    sys.stdout.write(
        f"{len(reached)} of {BUYERS} have a page, {len(at_other)} of them at the other account, the first {at_other[0]:.2f} s after the"
        f" first account hung; the slowest order took {max(waited):.2f} s\n"
    )

    assert len(reached) == BUYERS
    assert 0 < at_other[0] < GOES_ON_SECONDS_MAX
    assert max(waited) < SLOWEST_SECONDS_MAX, "whoever buys, and whatever they chose, has a page in time"
    assert next(one["last_error"] for one in organizer.call("GET", "/payments/accounts")) is not None
