"""The hosted page: what the buyer sees, and where each button leads."""

import re
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.simulators.sandbox import Merchant, wait_until


def returned(location: str) -> dict[str, str]:
    """What the gateway appended to the return URL."""
    return dict(parse_qsl(urlsplit(location).query))


def test_page_shows_who_is_paid_how_much_and_for_what(merchant: Merchant) -> None:
    link = merchant.link(description='2 entradas <b>"Campo"</b>')

    page = merchant.show(link)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'lang="es-AR"' in page.text
    assert "$\N{NO-BREAK SPACE}12.500,00" in page.text
    assert merchant.id in page.text
    assert "2 entradas &lt;b&gt;&#34;Campo&#34;&lt;/b&gt;" in page.text
    assert "acá no se mueve dinero real" in page.text


def test_page_may_only_lead_back_to_the_merchant(merchant: Merchant) -> None:
    page = merchant.show(merchant.link())

    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9;" in policy


@pytest.mark.parametrize("field", ["amount_minor", "reference", "description", "return_url", "callback_url", "expires_at", "currency"])
def test_a_link_changed_after_signing_is_refused(merchant: Merchant, field: str) -> None:
    changed = {"amount_minor": "1", "expires_at": "1999999999", "currency": "USD"}
    link = merchant.link() | {field: changed.get(field, "http://127.0.0.1:9/otro")}
    if field == "reference":
        link["reference"] = "otra"

    for answer in (merchant.show(link), merchant.act(link, "approve")):
        assert answer.status_code == 403
        assert "no es válido" in answer.text
    assert merchant.api.get("/v1/payments", params={"reference": link["reference"]}).json() == {"payments": []}


def test_a_link_signed_by_another_merchant_is_refused(merchant: Merchant, stranger: Merchant) -> None:
    link = stranger.link(merchant=merchant.id)

    assert merchant.show(link).status_code == 403


def test_an_expired_link_says_so_and_takes_no_money(merchant: Merchant) -> None:
    link = merchant.link(expires_at=int(time.time()) - 1)

    for answer in (merchant.show(link), merchant.act(link, "approve")):
        assert answer.status_code == 410
        assert "venció" in answer.text
        assert "http://127.0.0.1:9/gracias?paso=3" in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"return_url": "https://example.com/"},
        {"return_url": "http://127.0.0.1:80@example.com/"},
        {"return_url": "http://127.0.0.1.example.com/"},
        {"return_url": "javascript:alert(1)"},
        {"callback_url": "http://10.0.0.1/"},
        {"callback_url": "http://127.0.0.1\\@example.com/"},
        {"amount_minor": 0},
        {"amount_minor": -100},
        {"amount_minor": "1e3"},
        {"amount_minor": "12.50"},
        {"amount_minor": "0100"},
        {"amount_minor": 10_000_000_000},
        {"currency": "ars"},
        {"currency": "ABC"},
        {"reference": ""},
        {"reference": "a b"},
        {"reference": "a" * 65},
        {"description": ""},
        {"description": "dos\nlíneas"},
        {"description": "x" * 201},
        {"expires_at": 0.5},
        {"expires_at": int(time.time()) * 1000},
        {"merchant": "sbx_x"},
    ],
)
def test_a_link_with_an_absurd_field_is_refused_even_when_signed(merchant: Merchant, change: dict[str, Any]) -> None:
    link = merchant.link(**change)

    answer = merchant.show(link)

    assert answer.status_code == 400
    assert "No pudimos procesar este pedido" in answer.text


def test_unknown_repeated_and_missing_fields_are_refused(merchant: Merchant) -> None:
    link = merchant.link()

    assert merchant.show(link | {"coupon": "1"}).status_code == 400
    assert merchant.act(link, "approve", coupon="1").status_code == 400
    assert merchant.act(link, "steal").status_code == 400
    assert merchant.act(link, "approve", repeat="21").status_code == 400
    assert merchant.http.get("/pay", params=[*link.items(), ("amount_minor", "1")]).status_code == 400
    assert merchant.show({name: text for name, text in link.items() if name != "currency"}).status_code == 400
    assert merchant.show({name: text for name, text in link.items() if name != "signature"}).status_code == 403
    assert merchant.http.post("/pay", json=link).status_code == 415


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [
        ("approve", "approved", None),
        ("reject", "rejected", "insufficient_funds"),
        ("pending", "pending", None),
        ("cancel", "cancelled", "cancelled_by_buyer"),
    ],
)
def test_each_button_makes_its_payment_and_returns_to_the_merchant(
    merchant: Merchant, action: str, status: str, reason: str | None
) -> None:
    link = merchant.link()

    answer = merchant.act(link, action)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://127.0.0.1:9/gracias?paso=3&reference=")
    query = returned(answer.headers["location"])
    payment = merchant.payment(query["payment"])
    assert query == {"paso": "3", "reference": link["reference"], "payment": payment["id"], "status": status}
    assert (payment["status"], payment["reason"], payment["amount_minor"]) == (status, reason, 1_250_000)
    assert (payment["sequence"], payment["refunded_minor"], payment["merchant"]) == (1, 0, merchant.id)


def test_the_reason_of_a_rejection_can_be_chosen(merchant: Merchant) -> None:
    assert merchant.pay("reject", reason="stolen_card")["reason"] == "stolen_card"
    assert merchant.act(merchant.link(), "reject", reason="bad_mood").status_code == 400


def test_paying_with_delay_is_pending_first_and_approved_later(merchant: Merchant) -> None:
    payment = merchant.pay("approve_later", delay_seconds=1)

    assert payment["status"] == "pending"
    approved = wait_until(lambda: (now := merchant.payment(payment["id"]))["status"] == "approved" and now)
    assert approved["sequence"] == 2


def test_paying_twice_makes_two_payments_of_one_reference(merchant: Merchant) -> None:
    link = merchant.link()

    merchant.act(link, "approve_twice")

    payments = merchant.api.get("/v1/payments", params={"reference": link["reference"]}).json()["payments"]
    assert [payment["status"] for payment in payments] == ["approved", "approved"]
    assert payments[0]["id"] != payments[1]["id"]


def test_a_double_click_is_one_payment(merchant: Merchant) -> None:
    link = merchant.link()
    found = re.search(r'name="submission" value="([^"]+)"', merchant.show(link).text)
    assert found

    first, second = (merchant.act(link, "approve", submission=found[1]) for _ in range(2))

    assert first.headers["location"] == second.headers["location"]
    assert len(merchant.api.get("/v1/payments", params={"reference": link["reference"]}).json()["payments"]) == 1


def test_a_paid_reference_is_not_paid_again(merchant: Merchant) -> None:
    link = merchant.link()
    merchant.act(link, "approve")

    for answer in (merchant.show(link), merchant.act(link, "approve")):
        assert answer.status_code == 409
        assert "ya está pagada" in answer.text
    assert len(merchant.api.get("/v1/payments", params={"reference": link["reference"]}).json()["payments"]) == 1


def test_a_rejected_buyer_may_try_again(merchant: Merchant) -> None:
    link = merchant.link()
    merchant.act(link, "reject")

    assert "fue rechazado" in merchant.show(link).text
    assert merchant.act(link, "approve").status_code == 303


def test_a_session_is_shown_and_paid_like_a_link(merchant: Merchant) -> None:
    session = merchant.api.post("/v1/sessions", json=merchant.terms(), headers={"idempotency-key": "one"}).json()

    page = merchant.http.get(session["url"])
    answer = merchant.act({"session": session["id"]}, "approve")

    assert "$\N{NO-BREAK SPACE}12.500,00" in page.text
    assert answer.status_code == 303
    assert merchant.http.get(session["url"]).status_code == 409
    assert merchant.api.get(f"/v1/sessions/{session['id']}").json()["status"] == "completed"


def test_a_closed_or_unknown_session_takes_no_money(merchant: Merchant) -> None:
    session = merchant.api.post("/v1/sessions", json=merchant.terms(), headers={"idempotency-key": "one"}).json()
    merchant.api.post(f"/v1/sessions/{session['id']}/expire")

    assert merchant.http.get(session["url"]).status_code == 410
    assert merchant.act({"session": session["id"]}, "approve").status_code == 410
    assert merchant.act({"session": "ses_unknown"}, "approve").status_code == 404


def test_a_new_merchant_gets_an_id_and_the_secret_that_opens_the_api(merchant: Merchant) -> None:
    page = merchant.http.get("/merchants/new").text

    new_id, secret = (re.search(rf'id="{name}">([^<]+)<', page)[1] for name in ("merchant", "secret"))  # type: ignore[index]
    headers = {"authorization": f"Bearer {secret}", "x-merchant": new_id}
    assert merchant.http.get("/v1/payments?reference=none", headers=headers).json() == {"payments": []}


def test_unknown_pages_and_wrong_methods_are_refused_in_their_face(merchant: Merchant) -> None:
    assert "No encontramos esta página" in merchant.http.get("/nowhere").text
    assert merchant.http.delete("/pay").status_code == 405
    assert merchant.http.get("/assets/sandbox.css").headers["content-type"].startswith("text/css")
    assert (
        merchant.http.post("/pay", content=b"x=" + b"a" * 70_000, headers={"content-type": "application/x-www-form-urlencoded"}).status_code
        == 413
    )
