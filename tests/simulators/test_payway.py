"""Payway as its documents and official libraries describe it: keys, tokens, payments, refunds, batch close, and what goes wrong."""

import csv
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bench.plain import PLAIN
from tests.simulators.payway import (
    AMEX,
    MASTERCARD,
    VISA,
    VISA_DEBIT,
    VISA_REFUSED,
    VISA_WITHOUT_FUNDS,
    PaywayProcess,
    Site,
)
from tests.simulators.sandbox import wait_until

ITEM = {"code": "general", "description": "Entrada", "name": "Entrada", "sku": "general", "total_amount": 1_250_000, "quantity": 1}
FRAUD_DATA: dict[str, Any] = {
    "send_to_cs": True,
    "channel": "Web",
    "bill_to": {
        "city": "Rosario",
        "country": "AR",
        "customer_id": "order1",
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "Paz",
        "phone_number": "3415550000",
        "postal_code": "2000",
        "state": "S",
        "street1": "Bulevar 318",
    },
    "purchase_totals": {"currency": "ARS", "amount": 1_250_000},
    "customer_in_site": {"is_guest": True},
    "ticketing_transaction_data": {"days_to_event": 5, "delivery_type": "Pick up", "items": [ITEM | {"unit_price": 1_250_000}]},
}


@pytest.fixture
def site(payway: PaywayProcess) -> Site:
    return Site(payway)


def faults_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The validation errors of a 400."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_type"] == "invalid_request_error"
    return [(one["code"], one["param"]) for one in answer.json()["validation_errors"]]


# --- keys


def test_each_key_opens_its_own_doors(site: Site, payway: PaywayProcess) -> None:
    def told(path: str, key: str | None, body: object = None) -> tuple[int, Any]:
        answer = payway.http.request("GET" if body is None else "POST", f"/api/v2{path}", json=body, headers={"apikey": key} if key else {})
        return answer.status_code, answer.json()

    assert told("/payments", site.private_key)[0] == 200
    assert told("/payments", site.public_key) == (403, {"message": "You cannot consume this service"})
    assert told("/tokens", site.private_key, {}) == (403, {"message": "You cannot consume this service"})
    assert told("/payments", "0" * 32) == (401, {"message": "Invalid authentication credentials"})
    assert told("/payments", "nonsense")[0] == told("/payments", None)[0] == 401


def test_one_site_sees_nothing_of_another(site: Site, payway: PaywayProcess) -> None:
    payment = site.charge()
    stranger = Site(payway)

    assert stranger.call("GET", f"/payments/{payment['id']}").status_code == 404
    assert stranger.find(payment["site_transaction_id"]) == []
    assert stranger.call("POST", f"/payments/{payment['id']}/refunds", {}).status_code == 404


# --- tokens


def test_a_token_tells_of_the_card_what_may_be_told(site: Site) -> None:
    answer = site.make_token(VISA)

    token = answer.json()
    assert answer.status_code == 201
    assert (token["bin"], token["last_four_digits"], token["status"], token["security_code_length"]) == ("450799", "4905", "active", 3)
    assert token["cardholder"] == {"identification": {"type": "dni", "number": "29123456"}, "name": "JUAN PEREZ"}
    assert VISA not in answer.text


def test_browsers_of_every_site_may_ask_for_tokens_and_read_why_not(site: Site, payway: PaywayProcess) -> None:
    headers = {
        "origin": "https://tickets.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,content-type",
    }
    preflight = payway.http.options("/api/v2/tokens", headers=headers)
    refused = site.make_token("1234")

    assert preflight.status_code == 204
    assert "apikey" in preflight.headers["access-control-allow-headers"]
    assert {one.headers["access-control-allow-origin"] for one in (preflight, site.make_token(), refused)} == {"*"}
    assert "access-control-allow-origin" not in payway.http.options("/api/v2/payments").headers


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"card_number": "4507990000004904"}, [("invalid_param", "card_number")]),
        ({"card_number": ""}, [("empty", "card_number")]),
        ({"security_code": "1234"}, [("invalid_param", "security_code")]),
        ({"card_expiration_month": "13"}, [("invalid_param", "card_expiration_month")]),
        ({"card_expiration_year": "20"}, [("invalid_param", "card_expiration_year")]),
        ({"card_holder_name": None}, [("missing", "card_holder_name")]),
        (
            {"card_holder_identification": None},
            [("missing", "card_holder_identification.type"), ("missing", "card_holder_identification.number")],
        ),
    ],
)
def test_what_is_wrong_with_a_card_is_said_by_its_field(site: Site, changes: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert faults_of(site.make_token(**changes)) == faults


# --- charges


@pytest.mark.parametrize(
    ("number", "method", "status", "reason"),
    [
        (VISA, 1, "approved", None),
        (VISA_REFUSED, 1, "rejected", 5),
        (VISA_WITHOUT_FUNDS, 1, "rejected", 51),
        (VISA_DEBIT, 31, "approved", None),
        (MASTERCARD, 104, "approved", None),
        (AMEX, 111, "approved", None),
        ("4111111111111111", 1, "rejected", 14),
    ],
)
def test_a_test_card_does_what_the_table_says(site: Site, number: str, method: int, status: str, reason: int | None) -> None:
    answer = site.call("POST", "/payments", site.order(number, method=method, installments=3))

    payment = answer.json()
    error = payment["status_details"]["error"]
    assert answer.status_code == (201 if status == "approved" else 402)
    assert (payment["status"], payment["amount"], payment["currency"], payment["installments"]) == (status, 1_250_000, "ars", 3)
    assert (None if error is None else error["reason"]["id"]) == reason
    assert (payment["tid"] is not None) == (status == "approved")
    assert site.find(payment["site_transaction_id"]) == [payment]


def test_every_fault_of_a_charge_is_listed(site: Site) -> None:
    order = site.order(amount=12.5, currency="EUR", installments=0, sub_payments=None, bin="45")

    assert faults_of(site.call("POST", "/payments", order)) == [
        ("invalid_param", "bin"),
        ("invalid_param", "amount"),
        ("invalid_param", "currency"),
        ("invalid_param", "installments"),
        ("missing", "sub_payments"),
    ]


def test_a_charge_has_to_fit_its_token_which_is_good_once_and_for_a_while(site: Site, payway: PaywayProcess) -> None:
    order = site.order()
    brief = Site(payway, token_seconds=0)
    late = brief.order()

    assert faults_of(site.call("POST", "/payments", order | {"bin": "454640"})) == [("invalid_param", "bin")]
    assert faults_of(site.call("POST", "/payments", order | {"payment_method_id": 31})) == [("invalid_param", "payment_method_id")]
    assert faults_of(site.call("POST", "/payments", order | {"token": "b" * 36})) == [("invalid_param", "token")]
    assert site.call("POST", "/payments", order).status_code == 201
    again = order | {"site_transaction_id": "another"}
    assert faults_of(site.call("POST", "/payments", again)) == [("invalid_param", "token")]
    assert faults_of(brief.call("POST", "/payments", late)) == [("invalid_param", "token")]


def test_a_reference_is_taken_once(site: Site) -> None:
    reference = site.charge()["site_transaction_id"]

    again = site.call("POST", "/payments", site.order(site_transaction_id=reference))

    assert faults_of(again) == [("repeated", "site_transaction_id")]
    assert len(site.find(reference)) == 1


def test_two_charges_of_one_reference_at_once_are_one(site: Site) -> None:
    orders = [site.order(site_transaction_id="same") for _ in range(6)]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda order: site.call("POST", "/payments", order).status_code, orders))

    assert sorted(answers) == [201, 400, 400, 400, 400, 400]


def test_what_cannot_be_read_or_found_has_its_body(site: Site, payway: PaywayProcess) -> None:
    garbled = payway.http.post("/api/v2/payments", content=b"{", headers=site.headers)
    missing = site.call("GET", "/payments/123456789")

    assert (garbled.status_code, garbled.json()) == (400, {"error_type": "malformed_request_error"})
    assert missing.status_code == 404
    assert missing.json() == {"error_type": "not_found_error", "entity_name": "Payment", "id": "123456789"}


def test_payments_are_found_page_by_page(site: Site) -> None:
    ids = [site.charge()["id"] for _ in range(3)]

    first = site.call("GET", "/payments", pageSize=2).json()
    rest = site.call("GET", "/payments", pageSize=2, offset=2, merchantId=site.id).json()

    assert ([one["id"] for one in first["results"]], first["hasMore"]) == (ids[:0:-1], True)
    assert ([one["id"] for one in rest["results"]], rest["hasMore"]) == (ids[:1], False)


def test_the_card_is_shown_masked_to_whoever_asks_for_it(site: Site) -> None:
    payment = site.charge()

    shown = site.call("GET", f"/payments/{payment['id']}", expand="card_data").json()

    assert shown["card_data"]["card_number"] == "450799XXXXXX4905"


def test_two_steps_reserve_first_and_take_then(payway: PaywayProcess) -> None:
    site = Site(payway, two_steps=True)
    payment = site.charge()

    too_much = site.call("PUT", f"/payments/{payment['id']}", {"amount": 1_250_001})
    taken = site.call("PUT", f"/payments/{payment['id']}", {"amount": 1_000_000})
    again = site.call("PUT", f"/payments/{payment['id']}", {"amount": 1_000_000})

    assert payment["status"] == "pre_approved"
    assert faults_of(too_much) == [("invalid_param", "amount")]
    assert (taken.json()["status"], taken.json()["amount"], taken.json()["confirmed"]["origin_amount"]) == (
        "approved",
        1_000_000,
        1_250_000,
    )
    assert again.json() == {"error_type": "invalid_status_error", "validation_errors": {"status": "approved"}}


# --- CyberSource


def test_cybersource_wants_all_of_its_data(payway: PaywayProcess) -> None:
    site = Site(payway, cybersource=True)
    half = {**FRAUD_DATA, "bill_to": {**FRAUD_DATA["bill_to"], "city": ""}}

    orders = [
        site.order(**more)
        for more in ({}, {"fraud_detection": half}, {"fraud_detection": FRAUD_DATA}, {"fraud_detection": {"send_to_cs": False}})
    ]
    decisions = [site.call("POST", "/payments", order).json() for order in orders]

    assert [one["fraud_detection"]["status"]["decision"] for one in decisions] == ["black", "black", "green", "green"]
    assert [one["status"] for one in decisions] == ["rejected", "rejected", "approved", "approved"]
    details = decisions[1]["fraud_detection"]["status"]["details"]
    assert details["validation_errors"] == [{"code": "invalid_param", "param": "bill_to.city"}]
    assert decisions[0]["status_details"]["error"]["type"] == "cybersource_error"


@pytest.mark.parametrize(("decision", "status"), [("green", "approved"), ("yellow", "review"), ("red", "rejected"), ("blue", "approved")])
def test_a_decision_of_cybersource(payway: PaywayProcess, decision: str, status: str) -> None:
    site = Site(payway, cybersource=True, decision=decision)

    assert site.charge(fraud_detection=FRAUD_DATA)["status"] == status


def test_a_review_ends_by_people(payway: PaywayProcess) -> None:
    site = Site(payway, cybersource=True, decision="yellow")
    kept, lost = (site.charge(fraud_detection=FRAUD_DATA)["id"] for _ in range(2))

    site.act(kept, "approve")
    site.act(lost, "reject")

    assert (site.status(kept), site.status(lost)) == ("approved", "rejected")


# --- refunds


def test_before_the_batch_is_closed_the_whole_is_annulled_and_after_it_refunded(site: Site) -> None:
    early, late = site.charge()["id"], site.charge()["id"]

    annulled = site.call("POST", f"/payments/{early}/refunds", {})
    site.close()
    refunded = site.call("POST", f"/payments/{late}/refunds", {"amount": 1_250_000})

    assert (annulled.status_code, annulled.json()["amount"], annulled.json()["status"]) == (201, 1_250_000, "approved")
    assert refunded.status_code == 201
    assert (site.status(early), site.status(late)) == ("annulled", "refunded")
    history = [site.call("GET", f"/payments/{one}/refunds").json()["parent"]["history"] for one in (early, late)]
    assert [[line["operation"] for line in lines] for lines in history] == [["anulacion"], ["devolucion"]]


def test_parts_go_back_up_to_the_whole(site: Site) -> None:
    payment = site.charge()["id"]
    path = f"/payments/{payment}/refunds"

    first = site.call("POST", path, {"amount": 250_000}).json()
    status = site.status(payment)
    too_much = site.call("POST", path, {"amount": 1_000_001})
    site.call("POST", path, {"amount": 1_000_000})
    over = site.call("POST", path, {"amount": 1})

    assert (first["amount"], status, site.status(payment)) == (250_000, "approved_with_refund", "refunded")
    assert faults_of(too_much) == [("invalid_param", "amount")]
    assert over.json()["validation_errors"] == {"status": "refunded"}


def test_visa_debit_goes_back_as_a_whole_only(site: Site) -> None:
    payment = site.charge(VISA_DEBIT, method=31)["id"]

    part = site.call("POST", f"/payments/{payment}/refunds", {"amount": 1})
    whole = site.call("POST", f"/payments/{payment}/refunds", {})

    assert (part.status_code, part.json()["status"], whole.status_code) == (402, "rejected", 201)


def test_a_refund_is_taken_back_but_no_annulment(site: Site) -> None:
    annulled, refunded = site.charge()["id"], site.charge()["id"]
    annulment = site.call("POST", f"/payments/{annulled}/refunds", {}).json()["id"]
    site.close()
    refund = site.call("POST", f"/payments/{refunded}/refunds", {}).json()["id"]

    back = site.call("DELETE", f"/payments/{refunded}/refunds/{refund}")
    twice = site.call("DELETE", f"/payments/{refunded}/refunds/{refund}")

    assert (back.status_code, back.json()) == (200, {"amount": 1_250_000, "error": None, "status": "approved"})
    assert site.status(refunded) == "accredited"
    assert twice.status_code == site.call("DELETE", f"/payments/{annulled}/refunds/{annulment}").status_code == 400
    assert site.call("DELETE", f"/payments/{refunded}/refunds/99999999").status_code == 404


def test_the_batch_of_one_method_is_closed_by_its_merchant(site: Site, payway: PaywayProcess) -> None:
    visa, debit = site.charge()["id"], site.charge(VISA_DEBIT, method=31)["id"]
    body = {"username": "caja", "site_id": site.id, "payment_method_id": 1}

    closed = payway.http.post("/api/v1/closures/batchclosure", json=body, headers=site.headers)

    assert closed.status_code == 200
    assert (site.status(visa), site.status(debit)) == ("accredited", "approved")
    assert payway.http.get("/api/v2/healthcheck").json()["name"]


# --- what goes wrong


def test_a_charge_whose_answer_never_comes_was_made(site: Site, payway: PaywayProcess) -> None:
    payway.misbehave(timeout_after_processing=1)
    order = site.order()

    with pytest.raises(httpx.ReadTimeout):
        payway.http.post("/api/v2/payments", json=order, headers=site.headers, timeout=0.3)

    assert [one["status"] for one in site.find(order["site_transaction_id"])] == ["approved"]


def test_charges_and_refunds_may_be_left_without_an_answer_and_others_not(site: Site, payway: PaywayProcess) -> None:
    payment = site.charge()["id"]
    payway.turn(lose_answers=1)

    with pytest.raises(httpx.ReadTimeout):
        payway.http.post(f"/api/v2/payments/{payment}/refunds", json={}, headers=site.headers, timeout=0.3)

    assert site.status(payment) == "annulled"


def test_a_charge_may_stay_undecided_until_somebody_decides(site: Site, payway: PaywayProcess) -> None:
    payway.turn(undecided=True)
    payment = site.charge()

    site.act(payment["id"], "approve")

    assert (payment["status"], site.status(payment["id"])) == ("process", "approved")


def test_a_slow_answer_and_an_unexpected_error_come_after_the_charge(site: Site, payway: PaywayProcess) -> None:
    payway.turn(answer_after_ms=600, conflicts=1)
    order = site.order()
    answers: list[httpx.Response] = []
    caller = threading.Thread(
        target=lambda: answers.append(httpx.post(f"{payway.url}/api/v2/payments", json=order, headers=site.headers, verify=PLAIN))
    )
    caller.start()

    found = wait_until(lambda: site.find(order["site_transaction_id"]))
    is_answered_yet = bool(answers)
    caller.join(5)

    assert (found[0]["status"], is_answered_yet) == ("approved", False)
    assert (answers[0].status_code, answers[0].json()) == (409, {"error_type": "api_error"})


def test_a_part_of_it_is_out_of_order(site: Site, payway: PaywayProcess) -> None:
    payment = site.charge()["id"]
    order = site.order()
    payway.turn(outage=["charges", "refunds"])

    charge, refund = site.call("POST", "/payments", order), site.call("POST", f"/payments/{payment}/refunds", {})

    assert (charge.status_code, refund.status_code, site.status(payment)) == (503, 503, "approved")
    assert site.find(order["site_transaction_id"]) == []


def test_a_new_payment_may_hide_for_a_while(site: Site, payway: PaywayProcess) -> None:
    payway.turn(hide_ms=300)
    reference = site.charge()["site_transaction_id"]

    hidden = site.find(reference)
    found = wait_until(lambda: site.find(reference))

    assert (hidden, len(found)) == ([], 1)


def test_every_charge_is_declined_for_one_reason(site: Site, payway: PaywayProcess) -> None:
    unknown = payway.http.put("/admin/dials", json={"decline_reason": 4711})
    payway.turn(decline_reason=28)

    assert unknown.status_code == 400
    assert site.charge()["status_details"]["error"]["reason"]["id"] == 28


# --- the portal


def test_the_settlement_has_the_differences_that_were_asked_for(site: Site, payway: PaywayProcess) -> None:
    sales = [site.charge()["id"] for _ in range(3)]
    site.close()
    site.call("POST", f"/payments/{sales[0]}/refunds", {"amount": 100})
    site.act(sales[2], "chargeback")

    def lines(*differences: str) -> list[dict[str, str]]:
        answer = payway.http.get(f"/admin/sites/{site.id}/settlement.csv", params=[("difference", one) for one in differences])
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(answer.text.splitlines(), delimiter=";"))

    plain = lines()
    assert [line["tipo"] for line in plain] == ["VENTA", "VENTA", "VENTA", "DEVOLUCION", "CONTRACARGO"]
    assert [line["bruto"] for line in plain] == ["12500.00", "12500.00", "12500.00", "-1.00", "-12500.00"]
    assert (plain[0]["arancel"], plain[0]["iva_arancel"], plain[0]["neto"]) == ("225.00", "47.25", "12227.75")
    assert lines("amount")[0]["bruto"] == "12501.00"
    assert lines("fee")[1]["arancel"] == "225.50"
    assert [len(lines(one)) for one in ("missing", "extra", "duplicate")] == [4, 6, 6]
    assert site.status(sales[2]) == "accredited", "the API tells nobody of a chargeback"


def test_the_administration_shows_payments_cards_and_faults(site: Site, payway: PaywayProcess) -> None:
    payment = site.charge(VISA_REFUSED)
    payway.turn(outage=["tokens"])

    page = payway.http.get("/admin")

    assert page.status_code == 200
    assert str(payment["site_transaction_id"]) in page.text
    assert "DENEGADA" in page.text
    assert VISA in page.text
    pressed = payway.http.post(f"/admin/payments/{payment['id']}/form", data={"act": "approve"})
    assert pressed.json() == {"error_type": "invalid_status_error", "validation_errors": {"status": "rejected"}}
