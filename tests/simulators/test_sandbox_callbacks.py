"""Callbacks: what they say, how they are signed, and everything that can go wrong with them."""

import threading
from collections.abc import Callable

import pytest

from bench.stack import free_port
from simulators.sandbox.credentials import sign_callback
from tests.simulators.conftest import Mailbox
from tests.simulators.receiver import Received
from tests.simulators.sandbox import Merchant, wait_until


def is_genuine(merchant: Merchant, received: Received) -> bool:
    """Check the signature as the README says a merchant should."""
    sent_at = int(received.signature.partition(",")[0].removeprefix("t="))
    return received.signature == sign_callback(merchant.secret, sent_at, received.raw_body)


def test_a_payment_is_told_with_a_signed_callback(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("approve")

    (received,) = mailbox.wait_for(1)

    assert is_genuine(merchant, received)
    assert set(received.event) == {"id", "type", "sent_at", "payment"}
    assert received.event["id"].startswith("evt_")
    assert received.event["type"] == "payment.updated"
    assert received.payment == payment


def test_every_later_change_is_told(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("pending")
    merchant.change(payment["id"], "approved")
    merchant.refund(payment["id"], 100)
    merchant.change(payment["id"], "charged_back")

    received = mailbox.wait_for(4)

    told = {one.payment["sequence"]: one.payment["status"] for one in received}
    assert told == {1: "pending", 2: "approved", 3: "partially_refunded", 4: "charged_back"}


def test_a_callback_is_sent_again_until_it_is_accepted(merchant: Merchant, mailbox: Mailbox) -> None:
    mailbox.answer(lambda number: 500 if number < 3 else 204)

    payment = merchant.pay("approve")

    received = mailbox.wait_for(3)
    assert len({one.raw_body for one in received}) == 1
    assert all(is_genuine(merchant, one) for one in received)
    (report,) = wait_until(lambda: merchant.callbacks(payment["id"], state="delivered"))
    assert [one["answer"] for one in report["tries"]] == [500, 500, 204]


def test_a_callback_nobody_accepts_is_given_up_after_five_tries(merchant: Merchant, mailbox: Mailbox) -> None:
    mailbox.answer(lambda _: 302)

    payment = merchant.pay("approve")

    (report,) = wait_until(lambda: merchant.callbacks(payment["id"], state="given_up"))
    assert [one["answer"] for one in report["tries"]] == [302] * 5
    assert len(mailbox.received()) == 5
    assert report["id"] in merchant.http.get("/admin").text
    assert "Abandonado" in merchant.http.get("/admin").text


def test_a_merchant_that_is_not_there_is_tried_again(merchant: Merchant) -> None:
    link = merchant.link(callback_url=f"http://127.0.0.1:{free_port()}/")

    payment = merchant.pay("approve", link=link)

    (report,) = wait_until(lambda: merchant.callbacks(payment["id"], state="given_up"))
    assert [one["answer"] for one in report["tries"]] == [None] * 5
    assert all("ConnectError" in one["error"] for one in report["tries"])


def test_a_merchant_that_answers_too_late_is_told_again(merchant: Merchant, mailbox: Mailbox) -> None:
    told_again = threading.Event()

    def answer(number: int) -> int:
        if number > 1:
            told_again.set()
        told_again.wait(5)
        return 200

    mailbox.answer(answer)

    payment = merchant.pay("approve")

    (report,) = wait_until(lambda: merchant.callbacks(payment["id"], state="delivered"))
    assert [(one["answer"], one["error"]) for one in report["tries"]] == [(None, "no answer within 1 s"), (200, None)]


def test_copies_of_a_callback_are_the_same_event(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("approve", repeat=4)

    received = mailbox.wait_for(4)

    assert {one.event["id"] for one in received} == {received[0].event["id"]}
    wait_until(lambda: merchant.callbacks(payment["id"], state="delivered"))
    assert len(mailbox.received()) == 4


def test_a_lost_callback_never_comes_and_the_payment_is_there_all_the_same(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("approve", lose="true")
    merchant.pay("approve")

    received = mailbox.wait_for(1)

    assert payment["status"] == "approved"
    assert all(one.payment["id"] != payment["id"] for one in received)
    (report,) = merchant.callbacks(payment["id"])
    assert (report["state"], report["tries"]) == ("lost", [])


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_shuffled_callbacks_tell_the_end_before_the_beginning(merchant: Merchant, mailbox: Mailbox, action: str) -> None:
    payment = merchant.pay(action, shuffle="true")

    received = mailbox.wait_for(2)

    assert [one.payment["sequence"] for one in received] == [2, 1]
    assert [one.payment["status"] for one in received] == [payment["status"], "pending"]


def test_a_delayed_approval_overtakes_its_own_beginning_when_shuffled(merchant: Merchant, mailbox: Mailbox) -> None:
    merchant.pay("approve_later", delay_seconds=1, shuffle="true")

    received = mailbox.wait_for(2)

    assert [one.payment["status"] for one in received] == ["approved", "pending"]


def test_a_shuffled_callback_is_overtaken_even_when_the_other_one_fails(merchant: Merchant, mailbox: Mailbox) -> None:
    mailbox.answer(lambda number: 500 if number == 1 else 200)

    merchant.pay("approve", shuffle="true")

    received = mailbox.wait_for(3)
    assert received[0].payment["sequence"] == 2
    assert {one.payment["sequence"] for one in received} == {1, 2}


def test_a_delayed_callback_comes_after_the_others(merchant: Merchant, mailbox: Mailbox) -> None:
    delayed = merchant.pay("approve", delay_ms=800)
    prompt = merchant.pay("approve")

    received = mailbox.wait_for(2)

    assert [one.payment["id"] for one in received] == [prompt["id"], delayed["id"]]


def test_a_forged_callback_has_a_wrong_signature(merchant: Merchant, mailbox: Mailbox) -> None:
    merchant.pay("approve", forge_signature="true")

    received = mailbox.wait_for(1)

    assert not is_genuine(merchant, received[0])


def test_another_amount_is_told_by_callbacks_and_api_alike(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("approve", report_amount_minor=1, report_currency="USD")

    (received,) = mailbox.wait_for(1)

    assert (payment["amount_minor"], payment["currency"]) == (1, "USD")
    assert received.payment == payment


def test_another_amount_may_be_told_by_callbacks_only(merchant: Merchant, mailbox: Mailbox) -> None:
    payment = merchant.pay("approve", report_amount_minor=1, report_currency="USD", report_in="callbacks")

    (received,) = mailbox.wait_for(1)

    assert (payment["amount_minor"], payment["currency"]) == (1_250_000, "ARS")
    assert (received.payment["amount_minor"], received.payment["currency"]) == (1, "USD")
    assert is_genuine(merchant, received)


def test_faults_of_all_callbacks_can_be_set_at_once(merchant: Merchant, mailbox: Mailbox, faults: Callable[..., None]) -> None:
    faults(callbacks={"repeat": 2, "shuffle": True})

    merchant.pay("approve")

    received = mailbox.wait_for(4)
    assert [one.payment["sequence"] for one in received] == [2, 2, 1, 1]


def test_losing_all_callbacks_lasts_until_the_faults_are_cleared(merchant: Merchant, mailbox: Mailbox, faults: Callable[..., None]) -> None:
    faults(callbacks={"lose": True})
    payment = merchant.pay("pending")
    merchant.http.delete("/admin/faults")

    merchant.change(payment["id"], "approved")

    assert mailbox.wait_for(1)[0].payment["status"] == "approved"
    lost, _told = merchant.callbacks(payment["id"])
    assert lost["state"] == "lost"
