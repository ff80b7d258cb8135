"""The administration: faults of the API, later changes of payments, and who may touch it."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from simulators.chassis.errors import Refused
from simulators.chassis.guards import from_this_machine
from tests.simulators.sandbox import Merchant

NO_FAULTS = {
    "latency_ms": 0,
    "timeout_after_processing": 0,
    "fail_5xx": 0,
    "fail_status": 503,
    "callbacks": {"repeat": 1, "lose": False, "shuffle": False, "delay_ms": 0},
}


def test_faults_are_set_shown_and_cleared(merchant: Merchant, faults: Callable[..., None]) -> None:
    faults(latency_ms=1, callbacks={"delay_ms": 5})

    shown = merchant.http.get("/admin/faults").json()
    cleared = merchant.http.delete("/admin/faults").json()

    assert shown == NO_FAULTS | {"latency_ms": 1, "callbacks": {"repeat": 1, "lose": False, "shuffle": False, "delay_ms": 5}}
    assert cleared == merchant.http.get("/admin/faults").json() == NO_FAULTS


@pytest.mark.parametrize(
    "faults", [{"latency": 1}, {"latency_ms": -1}, {"fail_5xx": "2"}, {"fail_status": 404}, {"callbacks": {"repeat": 0}}]
)
def test_unknown_or_absurd_faults_are_refused(merchant: Merchant, faults: dict[str, object]) -> None:
    answer = merchant.http.put("/admin/faults", json=faults)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_a_failing_call_is_not_processed(merchant: Merchant, faults: Callable[..., None]) -> None:
    payment = merchant.pay("approve")
    faults(fail_5xx=2, fail_status=502)

    answers = [merchant.refund(payment["id"], 100, key="same") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [502, 502, 201]
    assert "idempotent-replayed" not in answers[2].headers
    assert merchant.http.get("/admin/faults").json()["fail_5xx"] == 0


def test_a_call_that_times_out_was_processed(merchant: Merchant, faults: Callable[..., None]) -> None:
    payment = merchant.pay("approve")
    faults(timeout_after_processing=1)

    with pytest.raises(httpx.ReadTimeout):
        merchant.api.post(
            f"/v1/payments/{payment['id']}/refunds", json={"amount_minor": 100}, headers={"idempotency-key": "same"}, timeout=0.2
        )

    assert merchant.payment(payment["id"])["refunded_minor"] == 100
    assert merchant.refund(payment["id"], 100, key="same").headers["idempotent-replayed"] == "true"
    assert merchant.payment(payment["id"])["refunded_minor"] == 100


def test_latency_slows_the_api_and_nothing_else(merchant: Merchant, faults: Callable[..., None]) -> None:
    faults(latency_ms=60_000)

    health, page = merchant.http.get("/health"), merchant.show(merchant.link())

    assert (health.status_code, page.status_code) == (200, 200)
    with pytest.raises(httpx.ReadTimeout):
        merchant.api.get("/v1/payments?reference=none", timeout=0.2)


def test_a_slow_call_is_answered_in_the_end(merchant: Merchant, faults: Callable[..., None]) -> None:
    faults(latency_ms=100)

    started = time.monotonic()
    answer = merchant.api.get("/v1/payments?reference=none")

    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("pending", ["approved", "charged_back", "approved"]),
        ("pending", ["rejected", "approved", "refunded"]),
        ("pending", ["cancelled", "approved"]),
    ],
)
def test_a_payment_can_be_changed_later(merchant: Merchant, first: str, then: list[str]) -> None:
    payment = merchant.pay(first)

    changed = [merchant.change(payment["id"], status).json() for status in then]

    assert [one["status"] for one in changed] == then
    assert [one["sequence"] for one in changed] == list(range(2, 2 + len(then)))
    assert merchant.payment(payment["id"]) == changed[-1]


def test_a_refund_by_the_gateway_gives_all_back(merchant: Merchant) -> None:
    payment = merchant.pay("approve")
    merchant.refund(payment["id"], 100)

    changed = merchant.change(payment["id"], "refunded").json()

    assert changed["refunded_minor"] == changed["amount_minor"]


def test_a_dispute_won_leaves_what_was_refunded_before(merchant: Merchant) -> None:
    payment = merchant.pay("approve")
    merchant.refund(payment["id"], 100)
    merchant.change(payment["id"], "charged_back")

    changed = merchant.change(payment["id"], "approved").json()

    assert (changed["status"], changed["refunded_minor"]) == ("partially_refunded", 100)


@pytest.mark.parametrize(
    ("action", "status"), [("approve", "pending"), ("approve", "approved"), ("reject", "refunded"), ("pending", "charged_back")]
)
def test_impossible_changes_are_refused(merchant: Merchant, action: str, status: str) -> None:
    payment = merchant.pay(action)

    answer = merchant.change(payment["id"], status)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "invalid_transition")
    assert merchant.payment(payment["id"]) == payment


def test_a_payment_decided_by_hand_is_not_approved_later(merchant: Merchant) -> None:
    payment = merchant.pay("approve_later", delay_seconds=1)
    witness = merchant.pay("approve_later", delay_seconds=1)
    merchant.change(payment["id"], "rejected")

    deadline = time.monotonic() + 5
    while merchant.payment(witness["id"])["status"] == "pending":
        assert time.monotonic() < deadline

    assert merchant.payment(payment["id"])["status"] == "rejected"


def test_unknown_payments_and_statuses_are_refused(merchant: Merchant) -> None:
    payment = merchant.pay("pending")

    assert merchant.change("pay_unknown", "approved").status_code == 404
    assert merchant.change(payment["id"], "paid").status_code == 400
    assert merchant.http.get("/admin/callbacks?merchant=x").status_code == 400


def test_the_page_of_the_administration_changes_payments_too(merchant: Merchant) -> None:
    payment = merchant.pay("pending")

    answer = merchant.http.post(f"/admin/payments/{payment['id']}/form", data={"status": "approved"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/admin")
    assert payment["id"] in merchant.http.get("/admin").text
    assert merchant.payment(payment["id"])["status"] == "approved"


def test_pages_of_other_sites_cannot_press_its_buttons(merchant: Merchant) -> None:
    payment = merchant.pay("pending")

    answer = merchant.http.post(
        f"/admin/payments/{payment['id']}/form", data={"status": "approved"}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403
    assert merchant.payment(payment["id"]) == payment


@pytest.mark.parametrize(
    ("address", "is_let_in"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.1.20", False)]
)
def test_only_this_machine_is_let_in(address: str, is_let_in: bool) -> None:
    scope: Any = {"type": "http", "method": "GET", "headers": [], "client": (address, 50_000)}
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
    handler = BaseRouteHandler("/")

    if is_let_in:
        from_this_machine(connection, handler)
    else:
        with pytest.raises(Refused):
            from_this_machine(connection, handler)
