"""The simulated MercadoPago: its page, what it refuses, its notices, its faults, its settlement report."""

import csv
import io
import re
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from alltickets.kernel.ids import new_id
from simulators.mercadopago.cards import OUTCOMES
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.simulators.conftest import Mailbox
from tests.simulators.sandbox import wait_until

BACK = "http://127.0.0.1:9/gracias?paso=3"


class Shop:
    """A seller at the API."""

    def __init__(self, gateway: MercadoPagoProcess) -> None:
        self.gateway = gateway
        self.seller = Seller.fresh()

    def post(self, terms: Any) -> httpx.Response:
        return self.gateway.http.post("/checkout/preferences", json=terms, headers=self.seller.headers)

    def terms(self, **changes: Any) -> dict[str, Any]:
        """A preference that is all right, but for what the test changes."""
        return {
            "items": [{"title": "Noche de Otoño", "quantity": 1, "unit_price": 12500, "currency_id": "ARS"}],
            "external_reference": str(new_id()),
            "back_urls": {"success": BACK, "pending": BACK, "failure": BACK},
            **changes,
        }

    def preference(self, **changes: Any) -> dict[str, Any]:
        answer = self.post(self.terms(**changes))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def payments(self, preference: dict[str, Any]) -> list[dict[str, Any]]:
        return self.gateway.payments(self.seller, preference["external_reference"])

    def paid(self, cardholder: str = "APRO", *, form: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """The payment that a buyer makes of a new preference."""
        made = self.preference(**changes)
        self.gateway.pay(made["init_point"], cardholder, **(form or {}))
        return self.payments(made)[-1]


@pytest.fixture
def shop(mercadopago: MercadoPagoProcess) -> Shop:
    return Shop(mercadopago)


def test_the_page_shows_who_is_paid_how_much_and_for_what(shop: Shop) -> None:
    made = shop.preference(items=[{"title": '2 <b>"Campo"</b>', "quantity": 2, "unit_price": 6250.05}])

    page = shop.gateway.http.get(made["init_point"])

    assert page.status_code == 200
    assert 'lang="es-AR"' in page.text
    assert "$\N{NO-BREAK SPACE}12.500,10" in page.text
    assert "2 &lt;b&gt;&#34;Campo&#34;&lt;/b&gt; × 2" in page.text
    assert "acá no se mueve dinero real" in page.text
    assert "form-action 'self' http://127.0.0.1:9;" in page.headers["content-security-policy"]


def test_the_cardholders_name_decides(shop: Shop) -> None:
    made = shop.preference()

    for name in OUTCOMES:
        shop.gateway.pay(made["init_point"], f"{name} de Prueba")

    assert [(one["status"], one["status_detail"]) for one in shop.payments(made)] == list(OUTCOMES.values())


def test_a_declined_buyer_tries_again_from_the_result(shop: Shop) -> None:
    made = shop.preference(auto_return="approved")

    declined = shop.gateway.pay(made["init_point"], "FUND")
    shown = shop.gateway.http.get(declined.headers["location"]).text
    approved = shop.gateway.pay(made["init_point"], "APRO")

    assert "Tu pago fue rechazado" in shown
    assert "cc_rejected_insufficient_amount" in shown
    assert approved.headers["location"].startswith(f"{BACK}&collection_id=")
    last = shop.payments(made)[-1]
    assert dict(parse_qsl(urlsplit(approved.headers["location"]).query)) == {
        "paso": "3",
        "collection_id": str(last["id"]),
        "collection_status": "approved",
        "payment_id": str(last["id"]),
        "status": "approved",
        "external_reference": made["external_reference"],
        "payment_type": "credit_card",
        "merchant_order_id": last["order"]["id"],
        "preference_id": made["id"],
        "site_id": "MLA",
        "processing_mode": "aggregator",
        "merchant_account_id": "null",
    }
    assert shop.gateway.http.get(made["init_point"]).status_code == 409


def test_two_tabs_may_pay_twice_and_a_double_click_may_not(shop: Shop) -> None:
    made = shop.preference()
    tabs = [re.search(r'name="submission" value="([^"]+)"', shop.gateway.http.get(made["init_point"]).text) for _ in range(2)]

    for tab in (tabs[0], tabs[0], tabs[1]):
        assert tab is not None
        shop.gateway.pay(made["init_point"], submission=tab[1])

    assert [one["status"] for one in shop.payments(made)] == ["approved", "approved"]


def test_what_the_page_does_not_take_makes_no_payment(shop: Shop) -> None:
    binary = {"binary_mode": True, "payment_methods": {"excluded_payment_types": [{"id": "ticket"}], "installments": 3}}
    made = shop.preference(**binary)
    typed = {"pref_id": made["id"], "card_number": "4509 9535 6623 3704", "cardholder": "APRO"}
    wrong = [{"card_number": "4242424242424242"}, {"cardholder": "Juan Pérez"}, {"method": "rapipago"}, {"installments": "6"}]

    answers = [shop.gateway.http.post("/checkout/v1/payment", data={**typed, **one}) for one in wrong]
    unknown = shop.gateway.http.post("/checkout/v1/payment", data={**typed, "coupon": "1"})
    shop.gateway.pay(made["init_point"], "CONT")

    assert [one.status_code for one in (*answers, unknown)] == [422, 422, 422, 422, 400]
    assert "4242" not in answers[0].text
    assert [one["status_detail"] for one in shop.payments(made)] == ["cc_rejected_other_reason"]
    assert "Rapipago" not in shop.gateway.http.get(made["init_point"]).text


def test_who_leaves_goes_back_with_nothing(shop: Shop) -> None:
    made = shop.preference()

    left = shop.gateway.http.post("/checkout/v1/payment", data={"pref_id": made["id"], "method": "none"})

    back = parse_qs(urlsplit(left.headers["location"]).query)
    assert (back["payment_id"], back["status"], back["preference_id"]) == (["null"], ["null"], [made["id"]])
    assert shop.payments(made) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"items": []}, "invalid_items"),
        ({"items": [{"title": "x", "quantity": 1}]}, "invalid_items"),
        ({"items": [{"title": "x", "quantity": 0, "unit_price": 1}]}, "invalid_items"),
        ({"items": [{"title": "x", "quantity": 1, "unit_price": "1"}]}, "invalid_items"),
        ({"items": [{"title": "x", "quantity": 1, "unit_price": 0.001}]}, "invalid_items"),
        ({"items": [{"title": "x", "quantity": 1, "unit_price": 1, "currency_id": "USD"}]}, "invalid_items"),
        ({"payer": {"email": "ana@"}}, "invalid_payer"),
        ({"payer": {"email": f"{'a' * 150}@example.com"}}, "invalid_payer"),
        ({"back_urls": {}, "auto_return": "approved"}, "invalid_auto_return"),
        ({"auto_return": "always"}, "invalid_auto_return"),
        ({"back_urls": {"success": "https://example.com/"}}, "invalid_back_urls"),
        ({"notification_url": "http://10.0.0.1/"}, "invalid_notification_url"),
        ({"expiration_date_to": "mañana"}, "invalid_expiration_date_to"),
        ({"expiration_date_from": "2030-01-02T00:00:00Z", "expiration_date_to": "2030-01-01T00:00:00Z"}, "invalid_expiration_date_to"),
        ({"external_reference": "x" * 257}, "invalid_external_reference"),
        ({"statement_descriptor": "x" * 23}, "bad_request"),
    ],
)
def test_preferences_that_make_no_sense_are_refused(shop: Shop, change: dict[str, Any], code: str) -> None:
    answer = shop.post(shop.terms(**change))

    assert (answer.status_code, answer.json()["error"], answer.json()["status"]) == (400, code, 400)


def test_a_link_that_is_over_takes_no_money(shop: Shop) -> None:
    made = shop.preference(expires=True, expiration_date_to="2020-01-01T00:00:00.000-03:00")

    page = shop.gateway.http.get(made["init_point"])
    paid = shop.gateway.http.post("/checkout/v1/payment", data={"pref_id": made["id"], "method": "account_money"})

    assert (page.status_code, paid.status_code) == (410, 410)
    assert "venció" in page.text


def test_a_ticket_that_nobody_pays_expires(shop: Shop) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(time.time() + 1))

    waiting = shop.paid(form={"method": "pagofacil"}, date_of_expiration=soon)

    assert (waiting["status"], waiting["payment_method_id"]) == ("pending", "pagofacil")
    ended = wait_until(lambda: (now := shop.gateway.get(shop.seller, f"/v1/payments/{waiting['id']}"))["status"] != "pending" and now)
    assert (ended["status"], ended["status_detail"]) == ("cancelled", "expired")


def test_a_bare_address_is_told_twice_and_only_once_with_a_signature(shop: Shop, mailbox: Mailbox) -> None:
    paid = shop.paid(notification_url=mailbox.url)

    notices = mailbox.wait_for(4)

    unsigned = [one for one in notices if "x-signature" not in one.headers]
    told = {(parse_qs(one.query)["topic"][0], parse_qs(one.query)["id"][0], one.event["resource"]) for one in unsigned}
    assert told == {("payment", str(paid["id"]), str(paid["id"])), ("merchant_order", paid["order"]["id"], paid["order"]["id"])}
    assert {parse_qs(one.query)["type"][0] for one in notices if one not in unsigned} == {"payment", "topic_merchant_order_wh"}


def test_a_chargeback_comes_later_and_may_be_won(shop: Shop, mailbox: Mailbox) -> None:
    paid = shop.paid(notification_url=f"{mailbox.url}?source_news=webhooks")
    mailbox.wait_for(2)

    shop.gateway.change(paid["id"], "charged_back", "in_process")
    mailbox.wait_for(5)
    shop.gateway.change(paid["id"], "charged_back", "reimbursed")

    told = [one.event for one in mailbox.wait_for(8) if one.event["type"] == "topic_chargebacks_wh"]
    assert [one["data"]["payment_id"] for one in told] == [paid["id"], paid["id"]]
    [case] = shop.gateway.get(shop.seller, "/v1/chargebacks/search", {"payment_id": str(paid["id"])})["results"]
    assert (case["id"], case["coverage_applied"]) == (told[0]["data"]["id"], True)
    refused = shop.gateway.http.post(f"/admin/payments/{paid['id']}", json={"status": "approved", "status_detail": "accredited"})
    assert refused.status_code == 409


def test_a_chargeback_of_a_part_takes_documents_until_it_is_decided(shop: Shop) -> None:
    paid = shop.paid()
    refused = shop.gateway.http.post(
        f"/admin/payments/{paid['id']}", json={"status": "charged_back", "status_detail": "in_process", "amount_minor": 10**12}
    )
    shop.gateway.change(paid["id"], "charged_back", "in_process", amount_minor=1_00)
    [case] = shop.gateway.get(shop.seller, "/v1/chargebacks/search", {"payment_id": str(paid["id"])})["results"]
    path, files = f"/v1/chargebacks/{case['id']}/documentation", {"files[]": ("a.pdf", b"%PDF-1.7", "application/pdf")}
    words = {"files[]": ("a.txt", b"He came.", "text/plain")}

    wrong = [shop.gateway.http.post(path, files=some, headers=shop.seller.headers) for some in (words, {"file": files["files[]"]})]
    taken = shop.gateway.http.post(path, files=files, headers=shop.seller.headers)
    shop.gateway.change(paid["id"], "charged_back", "settled")
    late = shop.gateway.http.post(path, files=files, headers=shop.seller.headers)

    assert (refused.status_code, case["amount"], case["documentation_status"]) == (409, 1, "not_supplied")
    assert ([one.status_code for one in wrong], late.status_code) == ([400, 400], 400)
    assert (taken.status_code, taken.json()["documentation_status"]) == (200, "review_pending")
    assert [one["size"] for one in taken.json()["documentation"]] == [8]


def test_notices_are_repeated_lost_forged_and_out_of_order(shop: Shop, mailbox: Mailbox) -> None:
    mailbox.answer(lambda number: 500 if number == 1 else 200)
    url = f"{mailbox.url}?source_news=webhooks"

    shop.paid(form={"lose": "true"}, notification_url=url)
    forged = shop.paid(form={"forge_signature": "true"}, notification_url=url)
    shuffled = shop.paid(form={"shuffle": "true"}, notification_url=url)

    events = [one.event["action"] for one in mailbox.wait_for(7) if one.event["data"]["id"] == str(shuffled["id"])]
    assert events == ["payment.updated", "payment.created"]
    wait_until(lambda: sum(len(one["tries"]) for one in shop.gateway.notices(forged["external_reference"])) == 3)
    assert {one["forged"] for one in shop.gateway.notices(forged["external_reference"])} == {True}


def test_creating_may_be_down_while_questions_are_answered(shop: Shop) -> None:
    paid = shop.paid()

    shop.gateway.take_down("create")

    refused = shop.post(shop.terms())
    assert (refused.status_code, refused.json()["error"]) == (503, "service_unavailable")
    assert shop.gateway.get(shop.seller, f"/v1/payments/{paid['id']}")["status"] == "approved"
    shop.gateway.misbehave(fail_5xx=1, fail_status=502)
    assert shop.gateway.http.get(f"/v1/payments/{paid['id']}", headers=shop.seller.headers).status_code == 502
    shop.gateway.misbehave()
    assert shop.post(shop.terms()).status_code == 201


def test_the_settlement_report_tells_what_moved_and_differs_when_told_to(shop: Shop) -> None:
    sold = [shop.paid() for _ in range(3)]
    shop.gateway.change(sold[0]["id"], "charged_back", "in_process")
    whole = report(shop)
    shop.gateway.http.put("/admin/differences", json={"missing": 1, "amount": 1, "extra": 1, "duplicate": 1})

    wrong = report(shop)

    assert [(row["TRANSACTION_TYPE"], row["TRANSACTION_AMOUNT"], row["FEE_AMOUNT"], row["SETTLEMENT_NET_AMOUNT"]) for row in whole] == [
        *[("SETTLEMENT", "12500.00", "-512.50", "11987.50")] * 3,
        ("CHARGEBACK", "-12500.00", "0.00", "-12500.00"),
    ]
    assert [row["SOURCE_ID"] for row in whole] == [str(one["id"]) for one in (*sold, sold[0])]
    ids = [row["SOURCE_ID"] for row in wrong]
    assert ids[:4] == [str(one["id"]) for one in (sold[1], sold[2], sold[0], sold[1])]
    assert (wrong[0]["TRANSACTION_AMOUNT"], wrong[3]["TRANSACTION_AMOUNT"]) == ("12501.00", "12501.00")
    assert int(ids[4]) == sold[0]["id"] + 7_000_000_000


def report(shop: Shop) -> list[dict[str, str]]:
    """A report of everything, made, waited for and fetched."""
    http, headers, path = shop.gateway.http, shop.seller.headers, "/v1/account/settlement_report"
    config = {"separator": ";", "display_timezone": "America/Argentina/Buenos_Aires", "file_name_prefix": f"todo-{new_id()}"}
    assert http.post(f"{path}/config", json=config, headers=headers).status_code == 200
    dates = {"begin_date": "2020-01-01T00:00:00Z", "end_date": "2099-01-01T00:00:00Z"}
    task = http.post(path, json=dates, headers=headers)
    assert (task.status_code, task.json()["status"]) == (202, "pending")
    done = shop.gateway.get(shop.seller, f"{path}/task/{task.json()['id']}")
    assert done["status"] == "done"
    text = http.get(f"{path}/{done['file_name']}", headers=headers).text
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_the_administration_is_shown(shop: Shop) -> None:
    paid = shop.paid()

    page = shop.gateway.http.get("/admin")
    changed = shop.gateway.http.post(f"/admin/payments/{paid['id']}/form", data={"state": "in_mediation/pending"})

    assert str(paid["id"]) in page.text
    assert changed.status_code == 303
    assert shop.gateway.get(shop.seller, f"/v1/payments/{paid['id']}")["status"] == "in_mediation"
