"""What is written to buyers, and when."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from alltickets.kernel.ids import new_id
from alltickets.kernel.mail import address_key
from alltickets.notifications.rules import (
    MailKind,
    MailState,
    has_bounced,
    is_still_true,
    kind_of_resend,
    news_of,
    next_try,
    wait_before,
)
from alltickets.orders.events import (
    HolderCorrected,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    PaymentUnplaced,
    WithdrawalAsked,
    WithdrawalSettled,
)
from alltickets.orders.rules import OrderStatus
from alltickets.payments.events import (
    FailureReason,
    PaidTwice,
    PaymentCaptured,
    PaymentFailed,
    PaymentInstructed,
    PaymentPending,
    PaymentRefunded,
)
from alltickets.platform.events import Event
from alltickets.tickets.events import TicketReissued

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
ORDER, EVENT, PAYMENT, ATTEMPT, CHARGE = (new_id() for _ in range(5))
TICKET = new_id()
PAID = {"reference": ORDER, "payment_id": PAYMENT}
K, S = MailKind, OrderStatus


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (OrderPlaced(order_id=ORDER, event_id=EVENT, quantity=1, total_minor=1, currency="ARS", campaign=None), None),
        (OrderPaid(order_id=ORDER, event_id=EVENT, lines=(), total_minor=1, currency="ARS", campaign=None, late=False), K.CONFIRMATION),
        (OrderExpired(order_id=ORDER, event_id=EVENT), K.ORDER_EXPIRED),
        (OrderCancelled(order_id=ORDER, event_id=EVENT, reason="doble"), K.CANCELLED),
        (OrderCancelled(order_id=ORDER, event_id=EVENT, reason="doble", is_withdrawn=True), None),
        (WithdrawalAsked(withdrawal_id=TICKET, order_id=ORDER, event_id=EVENT), K.WITHDRAWAL_ASKED),
        (WithdrawalSettled(withdrawal_id=TICKET, order_id=ORDER, event_id=EVENT, status="accepted"), K.WITHDRAWAL_ACCEPTED),
        (WithdrawalSettled(withdrawal_id=TICKET, order_id=ORDER, event_id=EVENT, status="declined"), K.WITHDRAWAL_DECLINED),
        (OrderRefunded(order_id=ORDER, event_id=EVENT), None),
        (PaymentUnplaced(order_id=ORDER, event_id=EVENT, amount_minor=1, currency="ARS"), K.MONEY_RETURNING),
        (PaymentInstructed(attempt_id=ATTEMPT, **PAID), K.PAYMENT_INSTRUCTED),
        (PaymentPending(attempt_id=ATTEMPT, **PAID), K.PAYMENT_PENDING),
        (PaymentCaptured(attempt_id=ATTEMPT, charge_id=CHARGE, amount_minor=1, currency="ARS", discount_minor=0, **PAID), None),
        (PaymentRefunded(charge_id=CHARGE, amount_minor=1, refunded_minor=1, currency="ARS", is_full=True, **PAID), K.REFUNDED),
        (PaidTwice(charge_id=CHARGE, amount_minor=1, currency="ARS", **PAID), K.PAID_TWICE),
        (HolderCorrected(order_id=ORDER, event_id=EVENT, ticket_id=TICKET, correction=1, has_new_code=True), K.HOLDER_REPLACED),
        (HolderCorrected(order_id=ORDER, event_id=EVENT, ticket_id=TICKET, correction=1, has_new_code=False), K.HOLDER_CORRECTED),
        (TicketReissued(ticket_id=TICKET, order_id=ORDER, event_id=EVENT, serial=2, reason=""), K.CODE_REPLACED),
        (TicketReissued(ticket_id=TICKET, order_id=ORDER, event_id=EVENT, serial=2, reason="", is_correction=True), None),
    ],
)
def test_an_event_calls_for_one_mail_or_for_none(event: Event, kind: MailKind | None) -> None:
    news = news_of(event)

    assert (news and (news.order_id, news.kind)) == (kind and (ORDER, kind))


def test_a_failed_payment_is_told_unless_the_buyer_let_it_go() -> None:
    told = {reason for reason in get_args(FailureReason) if news_of(PaymentFailed(attempt_id=ATTEMPT, reason=reason, **PAID)) is not None}

    assert told == {"declined", "error", "voided"}


def test_two_refunds_of_one_order_are_two_mails_each_with_its_amount() -> None:
    first, second = (
        news_of(PaymentRefunded(charge_id=CHARGE, amount_minor=5, refunded_minor=sum_, currency="ARS", is_full=False, **PAID))
        for sum_ in (5, 10)
    )

    assert first != second
    assert [news and news.amount_minor for news in (first, second)] == [5, 5]


@pytest.mark.parametrize(
    ("kind", "true"),
    [
        (K.CONFIRMATION, {(S.PAID, "captured"), (S.PAID, "none")}),
        (K.PAYMENT_INSTRUCTED, {(S.AWAITING_PAYMENT, state) for state in ("open", "pending", "failed")}),
        (K.PAYMENT_PENDING, {(S.AWAITING_PAYMENT, "pending")}),
        (K.PAYMENT_REJECTED, {(S.AWAITING_PAYMENT, "failed"), (S.EXPIRED, "failed")}),
        (K.ORDER_EXPIRED, {(S.EXPIRED, "pending")}),
    ],
)
def test_a_mail_that_has_become_untrue_is_not_sent(kind: MailKind, true: set[tuple[OrderStatus, str]]) -> None:
    states = {
        (S.AWAITING_PAYMENT, "open"),
        (S.AWAITING_PAYMENT, "pending"),
        (S.AWAITING_PAYMENT, "failed"),
        (S.PAID, "captured"),
        (S.PAID, "none"),
        (S.EXPIRED, "open"),
        (S.EXPIRED, "pending"),
        (S.EXPIRED, "failed"),
        (S.EXPIRED, "returning"),
        (S.CANCELLED, "returning"),
        (S.REFUNDED, "returned"),
    }

    assert {state for state in states if is_still_true(kind, *state)} == true


def test_what_is_asked_for_again_is_how_things_stand() -> None:
    assert kind_of_resend(S.PAID, "captured") == K.CONFIRMATION
    assert kind_of_resend(S.AWAITING_PAYMENT, "pending") == K.PAYMENT_PENDING
    assert [kind_of_resend(status, "open") for status in (S.AWAITING_PAYMENT, S.EXPIRED, S.CANCELLED, S.REFUNDED)] == [None] * 4


def test_bad_news_waits_for_second_thoughts() -> None:
    assert {kind for kind in MailKind if wait_before(kind)} == {K.PAYMENT_PENDING, K.PAYMENT_REJECTED}


def test_tries_are_close_at_first_then_apart_and_end_after_three_days() -> None:
    tries, now = [], NOW
    while (following := next_try(NOW, now)) is not None:
        tries.append(following - now)
        now = following

    assert tries[:4] == [timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1.5)]
    assert tries == sorted(tries)
    assert set(tries[20:]) == {timedelta(minutes=15)}
    assert timedelta(days=2, hours=23) < now - NOW <= timedelta(days=3)


@pytest.mark.parametrize(
    ("mail", "key"),
    [
        (" Ana.Paz@Example.COM ", "ana.paz@example.com"),
        ("straße@example.com", "straße@example.com"),
        ("ana@example.com", "ana@example.com"),
    ],
)
def test_addresses_are_compared_without_their_case_and_are_not_otherwise_made_alike(mail: str, key: str) -> None:
    assert address_key(mail) == key


def test_a_sign_that_only_looks_like_a_letter_is_somebody_elses_address() -> None:
    kelvin, fullwidth = "\N{KELVIN SIGN}ate@example.com", "\N{FULLWIDTH LATIN SMALL LETTER A}na@example.com"

    assert address_key(kelvin) != "kate@example.com"
    assert address_key(fullwidth) != "ana@example.com"


@pytest.mark.parametrize(
    ("states", "bounced"),
    [
        ([], False),
        ([("ana", MailState.BOUNCED)], True),
        ([("ana", MailState.BOUNCED), ("ana", MailState.QUEUED)], True),
        ([("ana", MailState.BOUNCED), ("ana", MailState.SENT)], False),
        ([("ana", MailState.SENT), ("ana", MailState.BOUNCED)], True),
        ([("eva", MailState.BOUNCED)], False),
    ],
)
def test_an_address_has_bounced_if_it_refused_the_last_mail(states: list[tuple[str, MailState]], bounced: bool) -> None:
    assert has_bounced(states, "ana") is bounced
