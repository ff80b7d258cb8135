"""What Stripe's words mean: all of them are known, and reports of one payment come to the same in whatever order they are read."""

import itertools
import typing
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stripe
from alltickets.kernel.money import Money
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.gateways.stripe.meaning import (
    CHARGE_STATUSES,
    DISPUTE_STATUSES,
    INTENT_STATUSES,
    REFUND_STATUSES,
    SESSION_STATUSES,
    payment_of,
    refund_result,
)
from alltickets.payments.gateways.stripe.objects import Dispute, Intent, Refund
from alltickets.payments.port import GatewayPayment
from tests.payments.test_rules import ATTEMPT, Ledger

ASKED = Money(100_00, "USD")


def report(status: str, *disputes: str, refunded: int = 0, charge: str = "succeeded", error: str | None = None) -> GatewayPayment:
    """The payment as it is read at some moment: its intent, its charge, and the disputes of that."""
    raw = {
        "id": "pi_1",
        "status": status,
        "amount": 100_00,
        "amount_received": 100_00 if status == "succeeded" else 0,
        "currency": "usd",
        "livemode": False,
        "metadata": {"attempt_id": str(ATTEMPT)},
        "latest_charge": {"id": "ch_1", "status": charge, "amount_refunded": refunded, "disputed": bool(disputes)},
        "last_payment_error": None if error is None else {"code": "card_declined", "decline_code": error},
    }
    found = [Dispute(id=f"du_{place}", status=one) for place, one in enumerate(disputes)]
    payment = payment_of(msgspec.convert(raw, Intent), found)
    assert payment is not None
    return payment


BEFORE = [
    report("requires_action"),
    report("requires_payment_method", error="insufficient_funds", charge="failed"),
    report("processing", charge="pending"),
    report("succeeded"),
    report("succeeded", refunded=10_00),
    report("succeeded", "warning_needs_response", refunded=10_00),
    report("succeeded", "needs_response", refunded=10_00),
    report("succeeded", "under_review", refunded=10_00),
]
WON = [*BEFORE, report("succeeded", "won", refunded=10_00)]
LOST = [*BEFORE, report("succeeded", "lost", refunded=10_00)]
AGAIN = [*WON, report("succeeded", "won", "needs_response", refunded=10_00)]
WON_AFTER_ALL = [*AGAIN, report("succeeded", "won", "won", refunded=10_00)]


def after(reports: typing.Iterable[GatewayPayment]) -> tuple[str, str, str, int, int]:
    """Where the reports lead: attempt, payment, charge, what was given back, how often it was said that the money came."""
    ledger = Ledger()
    ledger.payment = msgspec.structs.replace(ledger.payment, amount=ASKED)
    for one in reports:
        ledger.report(one)
    charge = ledger.charges["pi_1"]
    return ledger.attempt.status, ledger.payment.status, charge.status, charge.refunded_minor, len(ledger.told_of(PaymentCaptured))


@pytest.mark.parametrize(
    ("life", "end"),
    [
        (WON, ("partially_refunded", "partially_refunded", "charged", 10_00, 1)),
        (AGAIN, ("disputed", "disputed", "disputed", 10_00)),
        (WON_AFTER_ALL, ("partially_refunded", "partially_refunded", "charged", 10_00, 1)),
        (LOST, ("charged_back", "charged_back", "charged_back", 10_00)),
    ],
    ids=["won", "disputed again", "won twice", "lost"],
)
@settings(max_examples=60)
@given(data=st.data())
def test_any_order_and_repetition_of_reports_ends_the_same(
    life: list[GatewayPayment], end: tuple[object, ...], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(life))
    repeated = data.draw(st.lists(st.sampled_from(life), max_size=5))

    assert after([*order, *repeated])[: len(end)] == end


def test_every_order_of_a_dispute_that_was_won() -> None:
    ends = {after(order) for order in itertools.permutations([WON[3], WON[6], WON[7], WON[8]])}

    assert ends == {("partially_refunded", "partially_refunded", "charged", 10_00, 1)}


def literals(kind: Any, field: str) -> set[str]:
    """The words that the official client knows for a field of an object."""

    def words(hint: Any) -> set[str]:
        if typing.get_origin(hint) is typing.Literal:
            return set(typing.get_args(hint))
        return {word for part in typing.get_args(hint) for word in words(part)}

    return words(kind.__annotations__[field])


def test_every_word_of_stripe_is_known() -> None:
    assert set(INTENT_STATUSES) == literals(stripe.PaymentIntent, "status")
    assert set(CHARGE_STATUSES) == literals(stripe.Charge, "status")
    # What came with a later version of the API may be said to us by that.
    assert set(DISPUTE_STATUSES) == literals(stripe.Dispute, "status") | {"prevented"}
    assert set(SESSION_STATUSES) == literals(stripe.checkout.Session, "status")
    assert set(REFUND_STATUSES) == {"pending", "requires_action", "succeeded", "failed", "canceled"}


@pytest.mark.parametrize("strange", [report("dreaming"), report("succeeded", charge="dreaming")])
def test_a_word_that_nobody_knows_confirms_nothing(strange: GatewayPayment) -> None:
    assert (strange.status, strange.is_recognised) == ("pending", False)


def test_a_dispute_in_a_strange_state_is_still_a_dispute_and_told() -> None:
    strange = report("succeeded", "dreaming")

    assert (strange.status, strange.is_recognised) == ("disputed", False)
    assert refund_result(Refund(id="re_1", status="dreaming")).status == "pending"


def test_nobody_has_tried_yet() -> None:
    intent = Intent(id="pi_1", status="requires_payment_method", amount=1, amount_received=0, currency="usd", livemode=False, metadata={})

    assert payment_of(intent, []) is None
