"""The simulated MercadoPago used by MercadoPago's own client, for every call that we make, and its answers held against the contract."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from mercadopago.config import RequestOptions  # type: ignore[import-untyped]
from mercadopago.core import MPBase  # type: ignore[import-untyped]
from mercadopago.http import HttpClient  # type: ignore[import-untyped]
from mercadopago.webhook.validator import (  # type: ignore[import-untyped]
    InvalidWebhookSignatureError,
    WebhookSignatureValidator,
)

from alltickets.kernel.ids import new_id
from mercadopago import SDK  # type: ignore[import-untyped]
from simulators.mercadopago.contract import answer_faults
from simulators.mercadopago.credentials import APPLICATION, Keys
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.simulators.conftest import Mailbox

REAL = "https://api.mercadopago.com"


class Elsewhere(HttpClient):  # type: ignore[misc]
    """The client's transport, led to the simulator: the address is the one thing of it that cannot be set."""

    def __init__(self, url: str) -> None:
        self.url = url

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        assert url.startswith(REAL)
        kwargs.pop("maxretries", None)
        return super().request(method, self.url + url.removeprefix(REAL), maxretries=0, **kwargs)


@pytest.fixture
def seller() -> Seller:
    return Seller.fresh()


@pytest.fixture
def sdk(mercadopago: MercadoPagoProcess, seller: Seller) -> SDK:
    return SDK(seller.token, http_client=Elsewhere(mercadopago.url))


def agrees(path: str, method: str, answer: dict[str, Any], status: int = 200) -> Any:
    """The answer's body, once its status is that one and it agrees with the contract."""
    assert answer["status"] == status, answer
    assert answer_faults(path, method, status, answer["response"]) == []
    return answer["response"]


def terms(reference: str, **changes: Any) -> dict[str, Any]:
    return {
        "items": [{"title": "Noche de Otoño", "quantity": 2, "unit_price": 1500.5, "currency_id": "ARS"}],
        "payer": {"email": "ana@example.com"},
        "external_reference": reference,
        "back_urls": {"success": "http://127.0.0.1:9/b", "pending": "http://127.0.0.1:9/b", "failure": "http://127.0.0.1:9/b"},
        "expires": True,
        "expiration_date_to": "2099-12-31T23:59:59.000-03:00",
        **changes,
    }


def test_a_preference_is_made_read_changed_and_found(sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller) -> None:
    reference = str(new_id())

    made = agrees("/checkout/preferences", "post", sdk.preference().create(terms(reference)), 201)
    over = agrees(
        "/checkout/preferences/{id}", "put", sdk.preference().update(made["id"], {"expiration_date_to": "2020-01-01T00:00:00.000Z"})
    )
    read = agrees("/checkout/preferences/{id}", "get", sdk.preference().get(made["id"]))
    found = agrees("/checkout/preferences/search", "get", sdk.preference().search({"external_reference": reference}))

    assert made["id"].startswith(f"{seller.user}-")
    assert (made["total_amount"], made["collector_id"], made["external_reference"]) == (3001.0, seller.user, reference)
    assert read == over
    assert [one["id"] for one in found["elements"]] == [made["id"]]
    assert mercadopago.http.get(made["init_point"]).status_code == 410


def test_a_payment_is_read_found_given_back_and_asked_back(sdk: SDK, mercadopago: MercadoPagoProcess) -> None:
    reference = str(new_id())
    made = sdk.preference().create(terms(reference))["response"]
    mercadopago.pay(made["init_point"], "FUND Pérez")
    mercadopago.pay(made["init_point"], installments=6)

    query = {"sort": "date_created", "criteria": "asc", "external_reference": reference}
    declined, paid = agrees("/v1/payments/search", "get", sdk.payment().search(query))["results"]
    partly = agrees("/v1/payments/{id}/refunds", "post", sdk.refund().create(paid["id"], {"amount": 1.0}, _keyed()), 201)
    read = agrees("/v1/payments/{id}/refunds/{refund_id}", "get", sdk.refund().get(paid["id"], partly["id"]))
    mercadopago.change(paid["id"], "charged_back", "in_process")
    seen = agrees("/v1/payments/{id}", "get", sdk.payment().get(paid["id"]))
    [asked_back] = sdk.chargeback().search({"payment_id": paid["id"]})["response"]["results"]
    [order] = agrees("/merchant_orders/search", "get", sdk.merchant_order().search({"preference_id": made["id"]}))["elements"]

    assert (declined["status"], declined["status_detail"]) == ("rejected", "cc_rejected_insufficient_amount")
    assert (paid["status"], paid["transaction_amount"], paid["installments"]) == ("approved", 3001.0, 6)
    assert paid["transaction_details"]["total_paid_amount"] == 3601.2
    assert paid["transaction_details"]["net_received_amount"] == 3001.0 - paid["fee_details"][0]["amount"]
    assert (paid["card"]["first_six_digits"], paid["card"]["last_four_digits"]) == ("450995", "3704")
    assert read == partly
    assert sdk.refund().list_all(paid["id"])["response"] == [partly]
    assert (seen["status"], seen["status_detail"], seen["transaction_amount_refunded"]) == ("charged_back", "in_process", 1.0)
    assert seen["date_last_updated"] > paid["date_last_updated"]
    assert sdk.chargeback().get(asked_back["id"])["response"] == asked_back
    assert (asked_back["payments"], asked_back["amount"]) == ([paid["id"]], 3000.0)
    assert order["id"] == int(seen["order"]["id"])
    assert agrees("/merchant_orders/{id}", "get", sdk.merchant_order().get(order["id"])) == order


class Reports(MPBase):  # type: ignore[misc]
    """The settlement report on the base that every resource of the client is made of; the client has none for it."""

    path = "/v1/account/settlement_report"

    def order(self, dates: dict[str, str]) -> Any:
        return self._post(uri=self.path, data=dates)

    def task(self, task_id: object) -> Any:
        return self._get(uri=f"{self.path}/task/{task_id}")

    def made(self) -> Any:
        return self._get(uri=f"{self.path}/list")


def test_a_settlement_report_is_ordered_watched_and_listed(sdk: SDK) -> None:
    """The file itself is CSV, which the client's transport refuses to read, and evidence for a chargeback is sent in parts, which it
    cannot write: these two are held against the published contract alone, in test_mercadopago.py.
    """
    reports = Reports(sdk.request_options, sdk.http_client)
    dates = {"begin_date": "2020-01-01T00:00:00Z", "end_date": "2099-01-01T00:00:00Z"}

    ordered = agrees(reports.path, "post", reports.order(dates), 202)
    task = agrees(f"{reports.path}/task/{{task_id}}", "get", reports.task(ordered["id"]))
    [listed] = agrees(f"{reports.path}/list", "get", reports.made())["results"]

    assert (task["id"], listed["file_name"]) == (ordered["id"], task["file_name"])
    assert reports.order({"begin_date": "2020-01-01"})["status"] == 400


def test_a_ticket_waits_for_its_payer_and_may_be_called_off(sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller) -> None:
    reference = str(new_id())
    made = sdk.preference().create(terms(reference, date_of_expiration="2099-12-31T23:59:59.000-03:00"))["response"]
    mercadopago.pay(made["init_point"], method="rapipago")
    [waiting] = mercadopago.payments(seller, reference)

    called_off = agrees("/v1/payments/{id}", "put", sdk.payment().update(waiting["id"], {"status": "cancelled"}))
    again = agrees("/v1/payments/{id}", "put", sdk.payment().update(waiting["id"], {"status": "cancelled"}), 400)

    assert (waiting["status"], waiting["status_detail"], waiting["payment_type_id"]) == ("pending", "pending_waiting_payment", "ticket")
    assert (called_off["status"], called_off["status_detail"]) == ("cancelled", "by_collector")
    assert again["cause"][0]["code"] == 2063


def test_a_refund_keeps_its_key_and_needs_one(sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller) -> None:
    reference = str(new_id())
    mercadopago.pay(sdk.preference().create(terms(reference))["response"]["init_point"])
    [paid] = mercadopago.payments(seller, reference)
    key = _keyed()

    first, same = (sdk.refund().create(paid["id"], {"amount": 1.0}, key) for _ in range(2))
    other = sdk.refund().create(paid["id"], {"amount": 2.0}, key)
    too_much = sdk.refund().create(paid["id"], {"amount": 3000.01}, _keyed())
    none = sdk.refund().create(paid["id"], {"amount": 0}, _keyed())
    rest = sdk.refund().create(paid["id"], None, _keyed())
    after = sdk.refund().create(paid["id"], None, _keyed())
    keyless = mercadopago.http.post(f"/v1/payments/{paid['id']}/refunds", headers=seller.headers)

    assert first == same
    assert (rest["status"], rest["response"]["amount"]) == (201, 3000.0)
    refused = [(one["status"], one["response"]["cause"][0]["code"]) for one in (other, too_much, none, after)]
    assert refused == [(409, 2032), (400, 2085), (400, 4040), (400, 4296)]
    assert (keyless.status_code, keyless.json()["cause"][0]["code"]) == (400, 4292)
    assert mercadopago.payments(seller, reference)[0]["status"] == "refunded"


def test_the_connection_test_and_what_a_wrong_token_hears(sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller) -> None:
    stranger = SDK(Seller.fresh().token, http_client=Elsewhere(mercadopago.url))
    wrong = SDK(seller.token[:-1] + "x", http_client=Elsewhere(mercadopago.url))
    made = sdk.preference().create(terms("one"))["response"]

    methods = agrees("/v1/payment_methods", "get", sdk.payment_methods().list_all())
    agrees("/v1/payment_methods", "get", wrong.payment_methods().list_all(), 401)
    agrees("/checkout/preferences/{id}", "get", stranger.preference().get(made["id"]), 404)

    assert {"visa", "account_money", "rapipago"} <= {one["id"] for one in methods}


def test_tokens_are_given_for_a_code_and_rotated(sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller) -> None:
    application = {"client_id": APPLICATION, "client_secret": Keys().client_secret_of(APPLICATION)}
    asked = {"client_id": APPLICATION, "redirect_uri": "http://127.0.0.1:9/oauth", "state": "s/1"}
    page = mercadopago.http.get("/authorization", params={**asked, "response_type": "code", "platform_id": "mp"})
    allowed = mercadopago.http.post("/authorization", data={**asked, "user_id": str(seller.user)})
    back = parse_qs(allowed.headers["location"].partition("?")[2])
    redeemed = {"code": back["code"][0], "redirect_uri": asked["redirect_uri"]}
    for_code = {**application, **redeemed, "grant_type": "authorization_code"}

    first = agrees("/oauth/token", "post", sdk.oauth().create(for_code))
    agrees("/oauth/token", "post", sdk.oauth().create(for_code), 400)
    rotated = {**application, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = agrees("/oauth/token", "post", sdk.oauth().refresh(rotated))
    agrees("/oauth/token", "post", sdk.oauth().refresh(rotated), 400)

    assert (page.status_code, back["state"]) == (200, ["s/1"])
    assert second["refresh_token"] != first["refresh_token"]
    acting = SDK(second["access_token"], http_client=Elsewhere(mercadopago.url))
    assert acting.preference().create(terms("by-oauth"))["response"]["collector_id"] == seller.user
    divided = agrees("/checkout/preferences", "post", acting.preference().create(terms("divided", marketplace_fee=300.1)), 201)
    mercadopago.pay(divided["init_point"])
    query = {"sort": "date_created", "criteria": "asc", "external_reference": "divided"}
    [paid] = acting.payment().search(query)["response"]["results"]
    assert [one["amount"] for one in paid["fee_details"] if one["type"] == "application_fee"] == [divided["marketplace_fee"]] == [300.1]
    for refused in (sdk.preference().create(terms("x", marketplace_fee=1)), acting.preference().create(terms("x", marketplace_fee=3001))):
        assert (refused["status"], refused["response"]["error"]) == (400, "invalid_marketplace_fee")
    assert acting.user().get()["response"]["id"] == seller.user
    assert SDK(first["access_token"], http_client=Elsewhere(mercadopago.url)).payment_methods().list_all()["status"] == 401
    ended = mercadopago.http.post("/admin/deauthorize", json={"application": APPLICATION, "user_id": seller.user})
    assert ended.json() == {"tokens": 1}
    assert acting.payment_methods().list_all()["status"] == 401


@pytest.mark.filterwarnings("ignore:notification_url is deprecated")
def test_webhooks_are_signed_as_its_own_validator_wants(
    sdk: SDK, mercadopago: MercadoPagoProcess, seller: Seller, mailbox: Mailbox
) -> None:
    reference = str(new_id())
    made = sdk.preference().create(terms(reference, notification_url=f"{mailbox.url}?x=1&source_news=webhooks"))["response"]

    mercadopago.pay(made["init_point"])

    [paid] = mercadopago.payments(seller, reference)
    notices = {one.event["type"]: one for one in mailbox.wait_for(2)}
    assert {kind: one.event["data"]["id"] for kind, one in notices.items()} == {
        "payment": str(paid["id"]),
        "topic_merchant_order_wh": paid["order"]["id"],
    }
    for one in notices.values():
        query = parse_qs(one.query)
        signed = (one.headers["x-signature"], one.headers["x-request-id"], query["data.id"][0])
        WebhookSignatureValidator.validate(*signed, seller.webhook_secret)
        with pytest.raises(InvalidWebhookSignatureError):
            WebhookSignatureValidator.validate(*signed, seller.webhook_secret[::-1])
        assert query["x"] == ["1"]
        assert one.event["user_id"] == seller.user


def _keyed() -> RequestOptions:
    return RequestOptions(custom_headers={"x-idempotency-key": str(new_id())})
