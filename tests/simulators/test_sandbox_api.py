"""The merchants' API: signing in, payments, refunds, sessions, and how strictly it reads."""

import time
from typing import Any

import httpx
import pytest

from tests.simulators.sandbox import Merchant


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which always has this shape."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"]
    return answer.status_code, error["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic wrong"},
        {"x-merchant": "sbx_nobody0000"},
        {"x-merchant": "../../etc"},
    ],
)
def test_a_call_that_does_not_prove_its_merchant_is_refused(merchant: Merchant, headers: dict[str, str]) -> None:
    good = {"authorization": f"Bearer {merchant.secret}", "x-merchant": merchant.id}
    given = good | headers if headers else {}

    for path in ("/v1/payments?reference=a", "/v1/payments/pay_1", "/v1/sessions/ses_1"):
        answer = merchant.http.get(path, headers=given)
        assert code_of(answer) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_payment_has_the_documented_fields(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    assert list(payment) == [
        "id",
        "merchant",
        "reference",
        "status",
        "reason",
        "amount_minor",
        "refunded_minor",
        "currency",
        "sequence",
        "created_at",
        "updated_at",
    ]
    assert payment["id"].startswith("pay_")
    assert payment["created_at"].endswith("Z")


def test_payments_are_found_by_reference_oldest_first(merchant: Merchant) -> None:
    link = merchant.link()
    merchant.act(link, "reject")
    merchant.act(link, "approve")

    payments = merchant.api.get("/v1/payments", params={"reference": link["reference"]}).json()["payments"]

    assert [payment["status"] for payment in payments] == ["rejected", "approved"]


def test_merchants_never_see_each_others_things(merchant: Merchant, stranger: Merchant) -> None:
    payment = merchant.pay("approve")
    refund = merchant.refund(payment["id"], 100).json()
    session = merchant.api.post("/v1/sessions", json=merchant.terms(), headers={"idempotency-key": "one"}).json()

    assert stranger.api.get("/v1/payments", params={"reference": payment["reference"]}).json() == {"payments": []}
    assert code_of(stranger.api.get(f"/v1/payments/{payment['id']}")) == (404, "not_found")
    assert code_of(stranger.api.get(f"/v1/payments/{payment['id']}/refunds/{refund['id']}")) == (404, "not_found")
    assert code_of(stranger.refund(payment["id"], 100)) == (404, "not_found")
    assert code_of(stranger.api.get(f"/v1/sessions/{session['id']}")) == (404, "not_found")
    assert code_of(stranger.api.post(f"/v1/sessions/{session['id']}/expire")) == (404, "not_found")


def test_refunds_add_up_to_the_whole_and_never_beyond(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    part = merchant.refund(payment["id"], 250_000)
    after_part = merchant.payment(payment["id"])
    beyond = merchant.refund(payment["id"], 1_000_001)
    rest = merchant.refund(payment["id"], 1_000_000)
    after_all = merchant.payment(payment["id"])

    assert (part.status_code, rest.status_code) == (201, 201)
    assert (after_part["status"], after_part["refunded_minor"]) == ("partially_refunded", 250_000)
    assert code_of(beyond) == (422, "refund_exceeds_balance")
    assert (after_all["status"], after_all["refunded_minor"], after_all["sequence"]) == ("refunded", 1_250_000, 3)
    assert code_of(merchant.refund(payment["id"], 1)) == (422, "refund_exceeds_balance")


def test_a_refund_can_be_looked_up(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    refund = merchant.refund(payment["id"], 100).json()

    assert (refund["payment"], refund["amount_minor"], refund["currency"], refund["status"]) == (payment["id"], 100, "ARS", "succeeded")
    assert merchant.api.get(f"/v1/payments/{payment['id']}/refunds/{refund['id']}").json() == refund
    assert code_of(merchant.api.get(f"/v1/payments/{payment['id']}/refunds/ref_unknown")) == (404, "not_found")


@pytest.mark.parametrize("action", ["reject", "pending", "cancel"])
def test_what_took_no_money_cannot_be_refunded(merchant: Merchant, action: str) -> None:
    payment = merchant.pay(action)

    assert code_of(merchant.refund(payment["id"], 100)) == (422, "payment_not_refundable")


def test_a_refund_repeated_with_its_key_is_made_once(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    first, second = (merchant.refund(payment["id"], 100, key="same") for _ in range(2))

    assert (second.status_code, second.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert merchant.payment(payment["id"])["refunded_minor"] == 100


def test_a_key_is_good_for_one_request_only(merchant: Merchant, stranger: Merchant) -> None:
    payment, other = merchant.pay("approve"), merchant.pay("approve")
    merchant.refund(payment["id"], 100, key="same")

    assert code_of(merchant.refund(payment["id"], 101, key="same")) == (409, "idempotency_conflict")
    assert code_of(merchant.refund(other["id"], 100, key="same")) == (409, "idempotency_conflict")
    assert stranger.refund(stranger.pay("approve")["id"], 100, key="same").status_code == 201


def test_what_writes_needs_a_key(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    refund = merchant.api.post(f"/v1/payments/{payment['id']}/refunds", json={"amount_minor": 1})
    session = merchant.api.post("/v1/sessions", json=merchant.terms())

    assert code_of(refund) == (400, "idempotency_key_required")
    assert code_of(session) == (400, "idempotency_key_required")


def test_a_session_opened_twice_with_its_key_is_one(merchant: Merchant) -> None:
    terms = merchant.terms()

    first, second = (merchant.api.post("/v1/sessions", json=terms, headers={"idempotency-key": "one"}) for _ in range(2))
    other = merchant.api.post("/v1/sessions", json=terms | {"amount_minor": 1}, headers={"idempotency-key": "one"})

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert first.json()["status"] == "open"
    assert code_of(other) == (409, "idempotency_conflict")


def test_a_session_can_be_closed_until_it_is_paid(merchant: Merchant) -> None:
    open_, paid = (
        merchant.api.post("/v1/sessions", json=merchant.terms(), headers={"idempotency-key": key}).json() for key in ("one", "two")
    )
    merchant.act({"session": paid["id"]}, "approve")

    first, second = (merchant.api.post(f"/v1/sessions/{open_['id']}/expire") for _ in range(2))

    assert first.json()["status"] == second.json()["status"] == "expired"
    assert code_of(merchant.api.post(f"/v1/sessions/{paid['id']}/expire")) == (409, "session_completed")


def test_a_session_expires_by_itself(merchant: Merchant) -> None:
    terms = merchant.terms(expires_at=int(time.time()) - 1)

    session = merchant.api.post("/v1/sessions", json=terms, headers={"idempotency-key": "one"}).json()

    assert session["status"] == "expired"


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": "100"},
        {"amount_minor": 1.5},
        {"amount_minor": True},
        {"amount_minor": 0},
        {"amount_minor": 10**12},
        {"currency": "XYZ"},
        {"merchant": "sbx_somebodyelse"},
        {"callback_url": "https://example.com/hook"},
        {"extra": 1},
        {"description": None},
        {"expires_at": "tomorrow"},
    ],
)
def test_a_session_of_an_absurd_charge_is_refused(merchant: Merchant, change: dict[str, Any]) -> None:
    answer = merchant.api.post("/v1/sessions", json=merchant.terms(**change), headers={"idempotency-key": "one"})

    assert answer.status_code == 400
    assert code_of(answer)[1] in ("invalid_request", "host_not_allowed")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"amount_minor":1,"note":"x"}', b'{"amount_minor":-1}', b'{"amount_minor":"1"}', b"\xff"]
)
def test_a_malformed_refund_is_refused(merchant: Merchant, body: bytes) -> None:
    payment = merchant.pay("approve")

    answer = merchant.api.post(
        f"/v1/payments/{payment['id']}/refunds", content=body, headers={"idempotency-key": "one", "content-type": "application/json"}
    )

    assert code_of(answer) == (400, "invalid_request")
    assert merchant.payment(payment["id"])["refunded_minor"] == 0


def test_other_content_types_unknown_paths_and_query_fields_are_refused(merchant: Merchant) -> None:
    payment = merchant.pay("approve")

    form = merchant.api.post(f"/v1/payments/{payment['id']}/refunds", data={"amount_minor": "1"}, headers={"idempotency-key": "one"})

    assert code_of(form) == (415, "unsupported_media_type")
    assert code_of(merchant.api.get("/v1/nothing")) == (404, "not_found")
    assert code_of(merchant.api.delete(f"/v1/payments/{payment['id']}")) == (405, "method_not_allowed")
    assert code_of(merchant.api.get("/v1/payments")) == (400, "invalid_request")
    assert code_of(merchant.api.get("/v1/payments?reference=a&limit=1")) == (400, "invalid_request")
    assert code_of(merchant.api.get("/v1/payments?reference=a&reference=b")) == (400, "invalid_request")
