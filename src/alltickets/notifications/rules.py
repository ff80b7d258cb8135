"""What is written to buyers, and when: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from alltickets.identity.interface import Limit
from alltickets.orders.events import (
    HolderCorrected,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    PaymentUnplaced,
    WithdrawalAsked,
    WithdrawalSettled,
)
from alltickets.orders.interface import OrderStatus
from alltickets.payments.events import PaidTwice, PaymentFailed, PaymentInstructed, PaymentPending, PaymentRefunded
from alltickets.platform.events import Event
from alltickets.tickets.events import TicketReissued

__all__ = [
    "ADDRESSES_PER_ORDER",
    "FRESH_FOR",
    "LEASE",
    "RECOVERIES_PER_ADDRESS",
    "RECOVERIES_PER_MAIL",
    "RESENDS_PER_ADDRESS",
    "RESENDS_PER_ORDER",
    "WITH_TICKETS",
    "MailKind",
    "MailState",
    "News",
    "has_bounced",
    "is_still_true",
    "kind_of_resend",
    "news_of",
    "next_try",
    "wait_before",
]

LEASE = timedelta(seconds=120)
"""How long a try may take before another process may make one: more than handing a mail in takes at most."""
FRESH_FOR = timedelta(days=3)
"""News older than this is not mailed: a subscription begins at the beginning of the log, and would write to everybody who ever bought."""
GIVE_UP_AFTER = timedelta(days=3)
RETRY_WAIT_MIN = timedelta(minutes=1)
RETRY_WAIT_MAX = timedelta(minutes=15)
SECOND_THOUGHTS = timedelta(minutes=2)
"""How long bad news waits: most who are told on the page that a payment is pending or failed have paid by then."""


class MailKind(StrEnum):
    """What a mail tells."""

    CONFIRMATION = "confirmation"
    """Paid: here are the tickets."""
    PAYMENT_INSTRUCTED = "payment_instructed"
    """How to pay by transfer or in cash, and until when."""
    PAYMENT_PENDING = "payment_pending"
    """The gateway has not decided; nobody should pay twice meanwhile."""
    PAYMENT_REJECTED = "payment_rejected"
    """The payment came to nothing and may be tried again."""
    ORDER_EXPIRED = "order_expired"
    """The places are gone while the payment is still pending."""
    MONEY_RETURNING = "money_returning"
    """The money came when the places were somebody else's."""
    CANCELLED = "cancelled"
    """The organizer called the order off."""
    PAID_TWICE = "paid_twice"
    """What was paid was paid again, and that goes back."""
    REFUNDED = "refunded"
    """Money went back, all or some of it."""
    HOLDER_CORRECTED = "holder_corrected"
    """The buyer corrected the data of a ticket's holder."""
    HOLDER_REPLACED = "holder_replaced"
    """Somebody else goes in with a ticket: here is its new code."""
    CODE_REPLACED = "code_replaced"
    """A ticket has a new code, since others may have had the old one."""
    ADDRESS_CHANGED = "address_changed"
    """To the address that the buyer is no longer written to at."""
    WITHDRAWAL_ASKED = "withdrawal_asked"
    """The buyer withdrew: here is the code, and what happens next."""
    WITHDRAWAL_NOTICE = "withdrawal_notice"
    """The same, to the organizer."""
    WITHDRAWAL_ACCEPTED = "withdrawal_accepted"
    """The money goes back."""
    WITHDRAWAL_DECLINED = "withdrawal_declined"
    """The order stays as it is, and why."""
    RECOVERED = "recovered"
    """The links of somebody's orders, because they asked for them."""
    PLACES_FREED = "places_freed"
    """There are places again of what somebody waits for."""


class MailState(StrEnum):
    """What became of a mail. Every state but the first is final."""

    QUEUED = "queued"
    """To be sent, now or when the mail server is back."""
    SENT = "sent"
    """The mail server has taken it."""
    BOUNCED = "bounced"
    """The mail server refused it for good; `fault` has its words."""
    FAILED = "failed"
    """Nobody took it for days."""
    DROPPED = "dropped"
    """It had become untrue or old before it was sent."""


WITH_TICKETS = frozenset({MailKind.CONFIRMATION, MailKind.HOLDER_REPLACED, MailKind.CODE_REPLACED})
"""What the order's files go with."""

# How often buyers may have mail sent. People behind one address (an office, a venue) share what an address may do.
RESENDS_PER_ORDER = Limit("mail.resend.order", 3, 3600)
RESENDS_PER_ADDRESS = Limit("mail.resend.address", 30, 3600)
ADDRESSES_PER_ORDER = Limit("mail.address.order", 3, 86_400)
RECOVERIES_PER_MAIL = Limit("mail.recovery.mail", 3, 3600)
RECOVERIES_PER_ADDRESS = Limit("mail.recovery.address", 20, 3600)


@dataclass(frozen=True, slots=True)
class News:
    """What an event calls for: one mail for each order, kind and `occasion`, however often the event is handled.

    `amount_minor`: what the mail is about, where that is not the order's total; `ticket_id`: where it is about one ticket.
    """

    order_id: UUID
    kind: MailKind
    occasion: str = ""
    amount_minor: int | None = None
    ticket_id: UUID | None = None


def news_of(event: Event) -> News | None:
    """What a buyer is told of an event; None: nothing."""
    match event:
        case OrderPaid():
            return News(event.order_id, MailKind.CONFIRMATION)
        case OrderExpired():
            return News(event.order_id, MailKind.ORDER_EXPIRED)
        case OrderCancelled(is_withdrawn=True):
            return None
        case OrderCancelled():
            return News(event.order_id, MailKind.CANCELLED)
        case WithdrawalAsked():
            return News(event.order_id, MailKind.WITHDRAWAL_ASKED)
        case WithdrawalSettled():
            return News(event.order_id, MailKind.WITHDRAWAL_ACCEPTED if event.status == "accepted" else MailKind.WITHDRAWAL_DECLINED)
        case PaymentUnplaced():
            return News(event.order_id, MailKind.MONEY_RETURNING, amount_minor=event.amount_minor)
        case PaymentInstructed():
            return News(event.reference, MailKind.PAYMENT_INSTRUCTED, str(event.attempt_id))
        case PaymentPending():
            return News(event.reference, MailKind.PAYMENT_PENDING, str(event.attempt_id))
        case PaymentFailed(reason="declined" | "error" | "voided"):
            # A buyer who went away or let the time pass knows that; what is pending and expires is told of by the order.
            return News(event.reference, MailKind.PAYMENT_REJECTED, str(event.attempt_id))
        case PaymentRefunded():
            return News(event.reference, MailKind.REFUNDED, str(event.refunded_minor), event.amount_minor)
        case PaidTwice():
            return News(event.reference, MailKind.PAID_TWICE, str(event.charge_id), event.amount_minor)
        case HolderCorrected():
            kind = MailKind.HOLDER_REPLACED if event.has_new_code else MailKind.HOLDER_CORRECTED
            return News(event.order_id, kind, f"{event.ticket_id} {event.correction}", ticket_id=event.ticket_id)
        case TicketReissued(is_correction=False):
            return News(event.order_id, MailKind.CODE_REPLACED, f"{event.ticket_id} {event.serial}", ticket_id=event.ticket_id)
    return None


def wait_before(kind: MailKind) -> timedelta:
    """How long after its news a mail is sent at the earliest."""
    return SECOND_THOUGHTS if kind in (MailKind.PAYMENT_PENDING, MailKind.PAYMENT_REJECTED) else timedelta(0)


def is_still_true(kind: MailKind, status: OrderStatus, payment_state: str) -> bool:
    """Whether what the mail tells is so, as the order stands when it is sent."""
    match kind:
        case MailKind.CONFIRMATION | MailKind.HOLDER_CORRECTED | MailKind.HOLDER_REPLACED | MailKind.CODE_REPLACED:
            return status == OrderStatus.PAID
        case MailKind.PAYMENT_INSTRUCTED:
            return status == OrderStatus.AWAITING_PAYMENT
        case MailKind.PAYMENT_PENDING:
            return status == OrderStatus.AWAITING_PAYMENT and payment_state == "pending"
        case MailKind.PAYMENT_REJECTED:
            return status in (OrderStatus.AWAITING_PAYMENT, OrderStatus.EXPIRED) and payment_state == "failed"
        case MailKind.ORDER_EXPIRED:
            # Whoever has not begun to pay, or whose payment failed, gave up or was told.
            return status == OrderStatus.EXPIRED and payment_state == "pending"
    return True


def kind_of_resend(status: OrderStatus, payment_state: str) -> MailKind | None:
    """The mail that tells how an order stands, for whoever asks for it again; None: there is none."""
    if status == OrderStatus.AWAITING_PAYMENT and payment_state == "pending":
        return MailKind.PAYMENT_PENDING
    return MailKind.CONFIRMATION if status == OrderStatus.PAID else None


def has_bounced(mails: Iterable[tuple[str, MailState]], recipient_key: str) -> bool:
    """Whether the address refused the last mail that it was handed. `mails`: recipients' keys and states, the oldest first."""
    answers = [state for key, state in mails if key == recipient_key and state in (MailState.SENT, MailState.BOUNCED)]
    return answers[-1:] == [MailState.BOUNCED]


def next_try(queued_at: datetime, now: datetime) -> datetime | None:
    """When a mail that was not taken is tried again; None: it is given up.

    Each wait is half of the time since it was queued, from one minute to fifteen: soon after a hiccup, seldom in an outage, and never more
    than a quarter of an hour after its end.
    """
    wait = min(max((now - queued_at) / 2, RETRY_WAIT_MIN), RETRY_WAIT_MAX)
    return None if now + wait > queued_at + GIVE_UP_AFTER else now + wait
