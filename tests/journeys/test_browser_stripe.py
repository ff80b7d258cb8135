"""Buying in dollars in a real browser: at the simulated Stripe, whose notices find us; declined first, then paid, then disputed and won."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from bench.people import Organizer
from bench.stack import Stack
from tests.journeys.browser import Arrival
from tests.payments.stripe import DECLINED, StripeAccount, StripeProcess
from tests.waiting import until


@pytest.fixture(scope="module")
def stripe(stack: Stack) -> Iterator[StripeProcess]:
    """The simulated Stripe beside the shared stack."""
    simulator = stack.simulator("stripe")
    process = StripeProcess(stack.simulator_url("stripe"))
    yield process
    process.close()
    simulator.stop()


def connect(organizer: Organizer, stack: Stack, stripe: StripeProcess) -> StripeAccount:
    """As an organizer does it: the key first, which gives the address for notices, then the secret of these."""
    account = StripeAccount.fresh()
    body = {"gateway": "stripe", "label": "Tarjeta", "currency": "USD", "settings": {}, "credentials": {"secret_key": account.key}}
    account_id = organizer.call("POST", "/payments/accounts", body)["account_id"]
    url = f"{stack.url}/api/payments/callbacks/stripe/{account_id}"
    endpoint = stripe.call(account, "POST", "/webhook_endpoints", **{"url": url, "enabled_events[]": "*"})
    credentials = {"secret_key": account.key, "webhook_secret": endpoint["secret"]}
    organizer.call("PUT", f"/payments/accounts/{account_id}", {**body, "credentials": credentials})
    assert organizer.call("POST", f"/payments/accounts/{account_id}/check")["is_working"]
    return account


async def pay_by(page: Page, number: str) -> None:
    await page.locator("#card_number").fill(number)
    await page.locator("#card_expiry").fill("12/34")
    await page.locator("#card_cvc").fill("123")
    await page.locator("button[value=card]").click()


async def test_a_card_is_declined_another_pays_and_its_dispute_is_won(
    arrive: Arrival, organizer: Organizer, stack: Stack, stripe: StripeProcess
) -> None:
    account = connect(organizer, stack, stripe)
    sale = organizer.publish(capacity=10, price_minor=25_00, currency="USD")
    shopper = await arrive()
    page = shopper.page
    await shopper.arrive(str(organizer.call("GET", f"/events/{sale.event_id}")["slug"]))
    await shopper.reserve(1)
    await shopper.review()
    await shopper.field("consent").check()
    await shopper.go_on()
    await page.wait_for_url(re.compile(re.escape(stripe.url)))

    await pay_by(page, DECLINED)
    await expect(page.locator("[role=alert]")).to_contain_text("rechazó")
    await pay_by(page, "4242 4242 4242 4242")
    await page.wait_for_selector("#order")
    await shopper.becomes("paid")

    [order] = organizer.call("GET", "/orders")["items"]
    [charge] = stripe.call(account, "GET", "/charges", limit=1)["data"]

    def standing() -> str:
        return str(organizer.call("GET", f"/payments/{order['order_id']}")["status"])

    dispute = stripe.admin("disputes", payment_intent=charge["payment_intent"])
    await until(lambda: standing() == "disputed", seconds=20)
    stripe.admin(f"disputes/{dispute['id']}", status="won")
    await until(lambda: standing() == "paid", seconds=20)
    assert charge["amount"] == 25_00
    assert {report["state"] for report in stripe.callbacks(payment=charge["payment_intent"])} <= {"delivered", "waiting"}
