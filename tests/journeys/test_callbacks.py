"""Money's bad days: what the gateway says comes twice, late, out of order, forged, wrong, or never."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import Process, Stack, free_port, wait_until
from tests.journeys.gateway import Gateway
from tests.journeys.seen import payment_of, places, problem_of

HASTY_HOLD_SECONDS = 2
UNMOVED_SECONDS = 1.5
"""How long an order is watched that must not move; a callback is taken up within a tenth of that."""


@pytest.fixture(scope="module")
def hasty_url(stack: Stack) -> Iterator[str]:
    """A shop on the same database whose holds run out at once."""
    port = free_port()
    shop: Process = stack.serve(surface="shop", port=port, settings={"ALLTICKETS_HOLD_SECONDS": str(HASTY_HOLD_SECONDS)})
    yield f"http://127.0.0.1:{port}"
    shop.stop()


@pytest.fixture
def gateway(organizer: Organizer) -> Gateway:
    return Gateway(organizer)


@pytest.fixture
def roomy_sale(organizer: Organizer) -> Sale:
    return organizer.publish(capacity=500)


def order_of(buyer: Buyer, sale: Sale, quantity: int = 2) -> dict[str, Any]:
    held = buyer.hold(sale, quantity)
    assert held.status_code == 200, held.text
    order = buyer.order(sale, held.json()["hold_id"])
    assert order.status_code == 200, order.text
    placed: dict[str, Any] = order.json()
    return placed


def stays_unpaid(buyer: Buyer, order: dict[str, Any]) -> dict[str, Any]:
    """The order after a while in which it was not paid."""
    until = time.monotonic() + UNMOVED_SECONDS
    while time.monotonic() < until:
        shown = buyer.read(order)
        assert (shown["status"], shown["tickets"]) == ("awaiting_payment", [])
        time.sleep(0.1)
    return shown


def refunded_payment(organizer: Organizer, order: dict[str, Any]) -> dict[str, Any]:
    """The payment once everything that was to be given back was."""

    def settled() -> dict[str, Any] | None:
        payment = payment_of(organizer, order)
        refunds = payment["refunds"]
        return payment if refunds and all(refund["status"] == "succeeded" for refund in refunds) else None

    payment: dict[str, Any] = wait_until(settled, "the refund", 20)
    return payment


def test_a_callback_that_comes_five_times_pays_once(organizer: Organizer, buyer: Buyer, sale: Sale, gateway: Gateway) -> None:
    order = order_of(buyer, sale)
    payment = gateway.payment(order)

    answers = [gateway.tell(payment, event_id="evt_same") for _ in range(3)]
    answers += [gateway.tell(payment) for _ in range(2)]
    paid = buyer.paid(order)

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len(paid["tickets"]) == 2
    assert places(organizer, sale) == (0, 2, 8)
    assert [charge["is_surplus"] for charge in payment_of(organizer, order)["charges"]] == [False]


def test_repeated_and_shuffled_callbacks_of_the_sandbox_pay_once(organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    order = order_of(buyer, sale)

    buyer.pay(order, repeat=4, shuffle="true")
    paid = buyer.paid(order)

    assert (paid["payment_state"], len(paid["tickets"])) == ("captured", 2)
    assert places(organizer, sale) == (0, 2, 8)


def history(gateway: Gateway, order: dict[str, Any], length: int) -> list[dict[str, object]]:
    """What the gateway tells of a payment, one after the other: decided upon, paid, given back in part, asked back by the bank."""
    part_minor = order["total"]["minor"] // 4
    payment = gateway.payment(order, status="pending")
    changes: tuple[dict[str, object], ...] = (
        {},
        {"status": "approved", "sequence": 2},
        {"status": "partially_refunded", "sequence": 3, "refunded_minor": part_minor},
        {"status": "charged_back", "sequence": 4, "refunded_minor": part_minor},
    )
    return [{**payment, **change} for change in changes[:length]]


def all_is_read(look: "psycopg.Connection[Any]", organizer: Organizer) -> bool:
    """Whether no callback waits, and nobody has any of the log left to read."""
    row = look.execute(
        """
        SELECT (SELECT count(*) FROM payments.callbacks WHERE organizer_id = %(o)s AND state = 'received')
               + (SELECT coalesce(sum(s.position - c.position), 0) FROM platform.streams s JOIN platform.cursors c USING (organizer_id)
                   WHERE organizer_id = %(o)s)
        """,
        {"o": organizer.organizer_id},
    ).fetchone()
    return row == (0,)


def whole_story(organizer: Organizer, buyer: Buyer, order: dict[str, Any]) -> tuple[object, ...]:
    """What the buyer, the organizer and the books are told: order, payment, and what each account of the books has of it."""
    shown, payment = buyer.read(order), payment_of(organizer, order)
    books: Counter[str] = Counter()
    for posting in organizer.call("GET", f"/payments/{order['order_id']}/postings")["items"]:
        for move in posting["moves"]:
            books[move["debit"]] += move["amount_minor"]
            books[move["credit"]] -= move["amount_minor"]
    kept = sorted((account, minor) for account, minor in books.items() if minor)
    told = (shown["status"], shown["payment_state"], shown["refunded"]["minor"], len(shown["tickets"]))
    return (*told, payment["status"], [charge["status"] for charge in payment["charges"]], kept)


LENGTHS = (2, 3, 4)
PAID, BANK = 1, 3
"""The notices that the payment was made, and that its bank asks for the money."""


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[int, list[int], bool]:
    """How much happens, which of the notices comes when, and whether the last one comes once all others are read."""
    length = draw(st.sampled_from(LENGTHS))
    again = draw(st.lists(st.integers(0, length - 1), max_size=2))
    arrival = draw(st.permutations([*range(length), *again]))
    if BANK in arrival:
        # A bank asks for money days after it was paid: polling has long found that.
        paid_at, asked_at = sorted((arrival.index(PAID), arrival.index(BANK)))
        arrival[paid_at], arrival[asked_at] = PAID, BANK
    return length, arrival, draw(st.booleans())


@given(plans=st.lists(arrivals(), min_size=6, max_size=6))
@settings(max_examples=2, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
def test_notices_in_any_order_twice_or_late_end_as_those_that_come_in_order(
    stack: Stack, organizer: Organizer, roomy_sale: Sale, gateway: Gateway, plans: list[tuple[int, list[int], bool]]
) -> None:
    """Many orders at once: waiting costs more than telling."""
    buyer = Buyer(stack.url)
    in_order = {length: order_of(Buyer(stack.url), roomy_sale) for length in LENGTHS}
    shuffled = [(order_of(Buyer(stack.url), roomy_sale), plan) for plan in plans]

    late = []
    look = psycopg.connect(stack.database.url, autocommit=True)
    for length, order in in_order.items():
        for notice in history(gateway, order, length):
            gateway.tell(notice)
    for order, (length, arrival, is_late) in shuffled:
        told = history(gateway, order, length)
        notices = [told[number] for number in arrival]
        for notice in notices[:-1] if is_late else notices:
            assert gateway.tell(notice).status_code == 200
        late += notices[-1:] if is_late else []
    wait_until(lambda: all_is_read(look, organizer), "everything to be read", 30)
    for notice in late:
        assert gateway.tell(notice).status_code == 200
    wait_until(lambda: all_is_read(look, organizer), "everything to be read", 30)

    look.close()

    expected = {length: whole_story(organizer, buyer, order) for length, order in in_order.items()}
    assert [story[4] for story in expected.values()] == ["paid", "partially_refunded", "disputed"]
    for order, plan in shuffled:
        assert whole_story(organizer, buyer, order) == expected[plan[0]], plan


def test_what_was_said_before_the_money_came_changes_nothing_when_it_arrives_after_it(buyer: Buyer, sale: Sale, gateway: Gateway) -> None:
    order = order_of(buyer, sale)
    payment = gateway.payment(order, sequence=3)

    gateway.tell(payment)
    buyer.paid(order)
    gateway.tell({**payment, "status": "rejected", "sequence": 2})
    gateway.tell({**payment, "status": "pending", "sequence": 1})
    time.sleep(UNMOVED_SECONDS)

    shown = buyer.read(order)
    assert (shown["status"], shown["payment_state"], len(shown["tickets"])) == ("paid", "captured", 2)


def test_money_that_comes_late_buys_the_same_places_if_they_are_free(organizer: Organizer, hasty_url: str, sale: Sale) -> None:
    buyer = Buyer(hasty_url)
    order = order_of(buyer, sale)
    buyer.paid(order, "expired")
    given_back = places(organizer, sale)

    buyer.pay(order)
    paid = buyer.paid(order)

    assert given_back == (0, 0, 10)
    assert (paid["payment_state"], len(paid["tickets"])) == ("captured", 2)
    assert places(organizer, sale) == (0, 2, 8)


def test_money_that_comes_when_the_places_are_gone_goes_back_and_the_order_says_so(
    organizer: Organizer, stack: Stack, hasty_url: str, sale: Sale
) -> None:
    buyer = Buyer(hasty_url)
    order = order_of(buyer, sale)
    buyer.paid(order, "expired")
    assert Buyer(stack.url).hold(sale, 10).status_code == 200

    buyer.pay(order)
    payment = refunded_payment(organizer, order)
    shown = wait_until(lambda: (now := buyer.read(order))["payment_state"] == "returned" and now, "the order to say so", 20)

    assert (shown["status"], shown["tickets"], shown["refunded"]) == ("expired", [], order["total"])
    assert [refund["amount_minor"] for refund in payment["refunds"]] == [order["total"]["minor"]]
    assert places(organizer, sale) == (10, 0, 0)


def test_a_forged_callback_is_refused_and_nothing_of_it_kept(buyer: Buyer, sale: Sale, gateway: Gateway) -> None:
    order = order_of(buyer, sale)
    payment = gateway.payment(order)

    wrong_secret = gateway.tell(payment, secret="ein anderes Geheimnis, das lang genug ist")
    too_old = gateway.tell(payment, sent_at=time.time() - 3600)

    assert (wrong_secret.status_code, problem_of(wrong_secret)) == (401, "callback-forged")
    assert (too_old.status_code, problem_of(too_old)) == (401, "callback-forged")
    stays_unpaid(buyer, order)


def test_a_callback_for_an_account_that_nobody_has_is_told_so(stack: Stack) -> None:
    answer = httpx.post(f"{stack.url}/api/payments/callbacks/sandbox/{uuid4()}", content=b"{}", verify=PLAIN)

    assert (answer.status_code, problem_of(answer)) == (404, "gateway-account-not-found")


@pytest.mark.parametrize("told", [{"amount_minor": 100}, {"amount_minor": 9_999_999_900}, {"currency": "USD"}], ids=str)
def test_another_amount_or_currency_than_agreed_is_flagged_and_not_confirmed(
    organizer: Organizer, buyer: Buyer, sale: Sale, gateway: Gateway, told: dict[str, object]
) -> None:
    order = order_of(buyer, sale)

    answer = gateway.tell(gateway.payment(order, **told))
    stays_unpaid(buyer, order)

    assert answer.status_code == 200
    [attempt] = payment_of(organizer, order)["attempts"]
    assert (attempt["status"], attempt["needs_review"]) == ("integrity_hold", True)


def test_a_gateway_that_took_another_amount_is_flagged_and_not_confirmed(organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    order = order_of(buyer, sale)

    buyer.pay(order, report_amount_minor=order["total"]["minor"] - 100)
    stays_unpaid(buyer, order)

    [attempt] = payment_of(organizer, order)["attempts"]
    assert (attempt["status"], attempt["needs_review"]) == ("integrity_hold", True)
    [flag] = [one for one in organizer.call("GET", "/payments/flags")["items"] if one["reference"] == order["order_id"]]
    assert (flag["kind"], "giveBackPayment" in flag["next_operations"]) == ("amount_mismatch", True)

    organizer.call("POST", f"/payments/{order['order_id']}/give-back")
    wait_until(lambda: buyer.read(order)["payment_state"] == "failed", "the order to be payable again", 20)
    again = buyer.http.post(f"/api/shop/orders/{order['order_id']}/payments", headers={"Authorization": f"Bearer {order['secret']}"})
    buyer.pay({**order, "next_action": again.json()})
    paid = buyer.paid(order)

    assert (len(paid["tickets"]), paid["refunded"]["minor"]) == (2, 0)
    assert [one["settled_by"] is not None for one in organizer.call("GET", "/payments/flags")["items"]] == [True]
    assert [attempt["status"] for attempt in payment_of(organizer, order)["attempts"]] == ["voided", "charged"]


def test_a_callback_of_an_unknown_payment_is_kept_and_reported(stack: Stack, buyer: Buyer, sale: Sale, gateway: Gateway) -> None:
    answer = gateway.tell(gateway.payment(order_of(buyer, sale), reference=str(uuid4())))

    def kept() -> tuple[str, ...] | None:
        with psycopg.connect(stack.database.url) as connection:
            return connection.execute(
                "SELECT id::text FROM payments.callbacks WHERE account_id = %s AND state = 'unknown'", (gateway.account_id,)
            ).fetchone()

    [callback_id] = wait_until(kept, "the callback to be kept as unknown", 10)
    logs = [process.log.read_text() for process in stack.processes if process.name.startswith("work")]

    assert answer.status_code == 200
    assert any("callback of an unknown payment" in log and callback_id in log for log in logs)


def test_who_pays_twice_gets_the_second_payment_back(organizer: Organizer, buyer: Buyer, sale: Sale) -> None:
    order = order_of(buyer, sale)

    buyer.pay(order, "approve_twice")
    paid = buyer.paid(order)
    payment = refunded_payment(organizer, order)

    assert len(paid["tickets"]) == 2
    assert sorted((charge["is_surplus"], charge["refunded_minor"]) for charge in payment["charges"]) == [
        (False, 0),
        (True, order["total"]["minor"]),
    ]
    assert (buyer.read(order)["status"], buyer.read(order)["refunded"]["minor"]) == ("paid", 0)
    assert places(organizer, sale) == (0, 2, 8)


def test_after_a_rejected_payment_the_buyer_pays_again(buyer: Buyer, sale: Sale) -> None:
    order = order_of(buyer, sale)
    secret = {"Authorization": f"Bearer {order['secret']}"}

    buyer.pay(order, "reject")
    failed = wait_until(lambda: (now := buyer.read(order))["payment_state"] == "failed" and now, "the rejection", 10)
    again = buyer.http.post(f"/api/shop/orders/{order['order_id']}/payments", headers=secret)
    buyer.pay({**order, "next_action": again.json()})
    paid = buyer.paid(order)

    assert (failed["status"], failed["next_action"]["kind"]) == ("awaiting_payment", "retry")
    assert (again.status_code, again.json()["kind"]) == (200, "redirect")
    assert (paid["payment_state"], len(paid["tickets"])) == ("captured", 2)


def test_a_payment_whose_callback_is_lost_is_found_by_asking(stack: Stack, buyer: Buyer, sale: Sale) -> None:
    order = order_of(buyer, sale)

    # The gateway first says that it is deciding; of the decision it tells nobody.
    back = buyer.pay(order, "pending")
    wait_until(lambda: buyer.read(order)["payment_state"] == "pending", "the gateway's first word", 10)
    payment_id = httpx.URL(back.headers["location"]).params["payment"]
    admin = httpx.Client(base_url=f"{stack.sandbox_url}/admin", timeout=10, verify=PLAIN)
    try:
        admin.put("/faults", json={"callbacks": {"lose": True}}).raise_for_status()
        admin.post(f"/payments/{payment_id}", json={"status": "approved"}).raise_for_status()
    finally:
        admin.delete("/faults").raise_for_status()
    paid = buyer.paid(order)

    [decision] = [
        told for told in admin.get("/callbacks", params={"payment": payment_id}).json()["callbacks"] if told["status"] == "approved"
    ]
    assert (decision["state"], decision["tries"]) == ("lost", [])
    assert len(paid["tickets"]) == 2
