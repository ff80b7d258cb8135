"""Credentials and card numbers are planted at every door, rightly and wrongly: no answer, no log and no table may hold one."""

from collections.abc import Mapping
from typing import Any

from bench.people import Buyer, Organizer
from bench.stack import Stack
from tests.journeys.seen import problem_of
from tests.kept import everything_kept
from tests.mercadopago import VISA as MERCADOPAGO_VISA
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.sandbox import Merchant
from tests.payments.stripe import StripeAccount
from tests.simulators.payway import MASTERCARD, PaywayProcess, Site

CARDS = (MASTERCARD, MERCADOPAGO_VISA.replace(" ", ""))
WRONG = "Zx9-planted-and-wrong-0123456789abcdef"


def accounts_of(site: Site, seller: Seller, stripe: StripeAccount, merchant: Merchant) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Settings and credentials of an account at every gateway."""
    return {
        "sandbox": ({"merchant": merchant.id, "mode": "session"}, {"secret": merchant.secret}),
        "payway": ({"public_key": site.public_key, "methods": "1:1;31;104:1"}, {"private_key": site.private_key}),
        "mercadopago": ({}, {"access_token": seller.token, "webhook_secret": seller.webhook_secret}),
        "stripe": ({}, {"secret_key": stripe.key, "webhook_secret": stripe.webhook_secret()}),
    }


def test_nothing_that_is_planted_is_found_anywhere(stack: Stack, mercadopago: MercadoPagoProcess, payway: PaywayProcess) -> None:
    organizer, buyer, site = Organizer(stack.url), Buyer(stack.url), Site(payway)
    accounts = accounts_of(site, Seller.fresh(), StripeAccount.fresh(), Merchant.fresh())
    ids, answers = _connect(organizer, accounts)
    sale = organizer.publish(capacity=10)

    by_card = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"], payment_option_id=ids["payway"]).json()
    answers += _send_cards(buyer, by_card, site)
    buyer.paid(by_card)
    by_page = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"], payment_option_id=ids["mercadopago"]).json()
    mercadopago.pay(by_page["next_action"]["url"])
    buyer.paid(by_page)
    for order in (by_card, by_page):
        organizer.call("POST", f"/orders/{order['order_id']}/cancel", {"reason": "prueba"})
        buyer.paid(order, "refunded")
        answers += [organizer.http.get(f"/api/organizer/payments/{order['order_id']}{more}").text for more in ("", "/postings")]

    secrets = [secret for _, credentials in accounts.values() for secret in credentials.values()]
    logs = [process.log.read_text() for process in stack.processes if process.name.startswith(("serve", "work"))]
    kept = everything_kept(stack.database.url)
    for planted in (*secrets, WRONG, *CARDS):
        assert [answer for answer in answers if planted in answer] == [], "in an answer"
        assert [log for log in logs if planted in log] == [], "in a log"
        assert [row for row in kept if planted in row or planted.encode().hex() in row] == [], "in the database"


def _connect(organizer: Organizer, accounts: Mapping[str, tuple[dict[str, str], dict[str, str]]]) -> tuple[dict[str, str], list[str]]:
    """Connect each account, and try to in every wrong way; the ids, and what was answered."""
    ids: dict[str, str] = {}
    answers: list[str] = []
    path = "/api/organizer/payments/accounts"
    for gateway, (settings, credentials) in accounts.items():
        currency = "USD" if gateway == "stripe" else "ARS"
        body: dict[str, Any] = {
            "gateway": gateway,
            "label": gateway,
            "currency": currency,
            "settings": settings,
            "credentials": credentials,
        }
        secret = next(iter(credentials.values()))
        wrong: list[object] = [
            {**body, "credentials": dict.fromkeys(credentials, WRONG)},
            {**body, "credentials": {**credentials, WRONG: WRONG}},
            {**body, "credentials": secret},
            {**body, "credentials": {name: [value] for name, value in credentials.items()}},
            {**body, "settings": {**settings, "secret": secret}},
            {**body, "gateway": "nobody"},
            {**body, "currency": "XXX"},
        ]
        refused = [organizer.http.post(path, json=one) for one in wrong]
        refused.append(organizer.http.post(path, content=f'{{"credentials": {{"secret": "{secret}"'))
        assert all(problem_of(answer) for answer in refused if answer.status_code != 201)
        connected = organizer.http.post(path, json=body)
        assert connected.status_code == 201, connected.text
        ids[gateway] = connected.json()["account_id"]
        replaced = organizer.http.put(f"{path}/{ids[gateway]}", json=body)
        checked = organizer.http.post(f"{path}/{ids[gateway]}/check")
        answers += [answer.text for answer in (*refused, connected, replaced, checked)]
    return ids, [*answers, organizer.http.get(path).text]


def _send_cards(buyer: Buyer, order: Mapping[str, Any], site: Site) -> list[str]:
    """Send the numbers of cards to us wherever somebody might, then the token of one; what was answered."""
    secret = {"Authorization": f"Bearer {order['secret']}"}
    path = f"/api/shop/orders/{order['order_id']}"
    number, form = MASTERCARD, order["next_action"]["card_form"]
    token = site.make_token(MASTERCARD).json()
    card = {
        "attempt_id": form["attempt_id"],
        "token": token["id"],
        "method": "104",
        "bin": token["bin"],
        "last_four": token["last_four_digits"],
        "installments": 1,
    }
    wrong: list[dict[str, object]] = [
        {**card, "token": number},
        {**card, "number": number},
        {**card, "bin": number},
        {**card, "last_four": number},
        {**card, "method": number},
        {**card, "attempt_id": number},
        {**card, "installments": int(number)},
    ]
    refused = [buyer.http.post(f"{path}/payment/card", json=one, headers=secret) for one in wrong]
    refused.append(buyer.http.post(f"{path}/payment/card", content=f'{{"number": "{number}"', headers=secret))
    pages = [
        buyer.http.post(f"/o/{order['order_id']}", data={"secret": number}),
        buyer.http.post(f"/o/{order['order_id']}/pay", data={"number": number}),
        buyer.http.post("/withdrawal", data={"number": number, "mail": "x"}),
        buyer.http.get(f"/o/{order['order_id']}"),
    ]
    charged = buyer.http.post(f"{path}/payment/card", json=card, headers=secret)
    assert [answer.status_code for answer in refused if not 400 <= answer.status_code < 500] == []
    assert charged.status_code == 200, charged.text
    return [answer.text for answer in (*refused, *pages, charged)]
