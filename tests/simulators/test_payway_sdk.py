"""The simulator as Payway's own library for Node sees it: what nobody here wrote understands every answer, and is understood."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.simulators.payway import ROOT, VISA, VISA_WITHOUT_FUNDS, PaywayProcess, Site

SDK = Path(__file__).parent / "payway_sdk"


def called(payway: PaywayProcess, site: Site, *calls: list[Any]) -> list[Any]:
    """What each call of the library was answered."""
    assert (SDK / "node_modules").is_dir(), "make .venv/payway-sdk.stamp fetches the library"
    command: list[str | Path] = [ROOT / ".venv" / "bin" / "node", SDK / "calls.cjs", payway.url, site.public_key, site.private_key]
    ended = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    answers: list[Any] = json.loads(ended.stdout)
    return answers


def card(number: str) -> dict[str, Any]:
    return {
        "card_number": number,
        "card_expiration_month": "08",
        "card_expiration_year": "40",
        "security_code": "123",
        "card_holder_name": "John Doe",
        "card_holder_identification": {"type": "dni", "number": "25123456"},
    }


def payment(reference: str, token: str, number: str) -> dict[str, Any]:
    """As its documents show it, with what does not belong there."""
    return {
        "site_transaction_id": reference,
        "token": token,
        "user_id": "juanpepito",
        "payment_method_id": 1,
        "bin": number[:6],
        "amount": 2550,
        "currency": "ARS",
        "installments": 1,
        "description": "Description of product",
        "payment_type": "single",
        "sub_payments": [],
        "apiKey": "566f2c897b5e4bfaa0ec2452f5d67f13",
        "Content-Type": "application/json",
    }


def test_a_card_is_charged_found_and_given_back_in_parts(payway: PaywayProcess) -> None:
    site = Site(payway)

    token, paid, listed, shown, closed, part, taken_back, whole, health = called(
        payway,
        site,
        ["tokens", card(VISA)],
        ["payment", payment("id_1", "$0.id", VISA)],
        ["getAllPayments", "0", "20", "id_1", site.id],
        ["paymentInfo", "$1.id"],
        ["batchClosure", {"username": "caja", "site_id": site.id, "payment_method_id": 1}],
        ["partialRefund", {"data": {"amount": 1050}}, "$1.id"],
        ["deleteRefund", {}, "$1.id", "$5.id"],
        ["refund", "$1.id"],
        ["healthcheck"],
    )

    assert (token["status"], token["bin"], token["last_four_digits"]) == ("active", "450799", "4905")
    assert (paid["status"], paid["site_transaction_id"], paid["amount"], paid["card_brand"]) == ("approved", "id_1", 2550, "Visa")
    assert ([one["id"] for one in listed["results"]], listed["hasMore"]) == ([paid["id"]], False)
    assert shown == paid
    assert closed["closed"] == 1
    assert (part["amount"], part["status"]) == (1050, "approved")
    assert taken_back["status"] == "approved"
    assert (whole["amount"], whole["status"]) == (2550, "approved")
    assert health["name"]
    assert site.status(paid["id"]) == "refunded"


def test_a_no_and_two_steps(payway: PaywayProcess) -> None:
    site = Site(payway, two_steps=True)

    _, declined, _, reserved, captured, repeated = called(
        payway,
        site,
        ["tokens", card(VISA_WITHOUT_FUNDS)],
        ["payment", payment("id_1", "$0.id", VISA_WITHOUT_FUNDS)],
        ["tokens", card(VISA)],
        ["payment", payment("id_2", "$2.id", VISA)],
        ["confirmPayment", "$3.id", {"amount": 2550}],
        ["payment", payment("id_2", "$2.id", VISA)],
    )

    assert (declined["status"], declined["status_details"]["error"]["reason"]["id"]) == ("rejected", 51)
    assert (reserved["status"], captured["status"], captured["id"]) == ("pre_approved", "approved", reserved["id"])
    assert repeated["validation_errors"] == [{"code": "repeated", "param": "site_transaction_id"}]


def test_a_reservation_is_annulled_and_what_was_given_back_is_listed(payway: PaywayProcess) -> None:
    """The library annuls by its refund of the whole. It has no call for the history of refunds and none for `expand`: its reading of a
    payment, which puts the id into the address as it is given, is led there.
    """
    two_steps, plain = Site(payway, two_steps=True), Site(payway)

    _, reserved, annulled, after, history = called(
        payway,
        two_steps,
        ["tokens", card(VISA)],
        ["payment", payment("id_1", "$0.id", VISA)],
        ["refund", "$1.id"],
        ["paymentInfo", "$1.id"],
        ["paymentInfo", "$1.id/refunds"],
    )
    _, paid, _, part, shown, expanded, parts = called(
        payway,
        plain,
        ["tokens", card(VISA)],
        ["payment", payment("id_2", "$0.id", VISA)],
        ["batchClosure", {"username": "caja", "site_id": plain.id, "payment_method_id": 1}],
        ["partialRefund", {"data": {"amount": 1050}}, "$1.id"],
        ["paymentInfo", "$1.id"],
        ["paymentInfo", "$1.id?expand=card_data"],
        ["paymentInfo", "$1.id/refunds"],
    )

    assert (reserved["status"], annulled["status"], annulled["amount"], after["status"]) == ("pre_approved", "approved", 2550, "annulled")
    assert [(one["amount"], one["status"]) for one in history["parent"]["history"]] == [(2550, "approved")]
    assert [(one["id"], one["amount"]) for one in parts["parent"]["history"]] == [(part["id"], 1050)]
    assert shown["card_data"].startswith("/tokens/")
    assert expanded["card_data"]["card_number"] == "450799XXXXXX4905"
    assert {**expanded, "card_data": None} == {**shown, "card_data": None}
    assert expanded["id"] == paid["id"]


def test_cybersource_takes_what_the_library_makes_of_ticketing_data(payway: PaywayProcess) -> None:
    site = Site(payway, cybersource=True)
    bill_to = {
        "city": "Rosario",
        "country": "AR",
        "customer_id": "juan",
        "email": "juan@example.com",
        "first_name": "Juan",
        "last_name": "Perez",
        "phone_number": "3415550000",
        "postal_code": "2000",
        "state": "S",
        "street1": "Bulevar 318",
    }
    item = {
        "code": "1",
        "description": "Entrada",
        "name": "Entrada",
        "sku": "general",
        "total_amount": 2550,
        "quantity": 1,
        "unit_price": 2550,
    }
    data = {
        "send_to_cs": True,
        "channel": "Web",
        "bill_to": bill_to,
        "purchase_totals": {"currency": "ARS", "amount": 2550},
        "customer_in_site": {"is_guest": True},
        "ticketing_transaction_data": {"days_to_event": 55, "delivery_type": "Pick up", "items": [item]},
    }

    _, paid = called(payway, site, ["tokens", card(VISA)], ["payment", payment("id_1", "$0.id", VISA) | {"fraud_detection": data}])

    assert (paid["status"], paid["fraud_detection"]["status"]["decision"]) == ("approved", "green")
