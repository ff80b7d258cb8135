"""What payments tells the others. `reference` is the caller's own id for what is being paid; amounts are minor units.

A reader must bear any order of `PaymentPending` and `PaymentFailed` (a buyer tries again and again), and `PaymentCaptured` after
`PaymentFailed`: money that arrives late is still money. `PaymentCaptured` comes at most once per payment.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from alltickets.platform.events import Event

__all__ = [
    "CallbacksReceived",
    "ChargeMoney",
    "ChargeMoved",
    "DisputeAnswered",
    "DisputeClosed",
    "DisputeDue",
    "DisputeOpened",
    "FailureReason",
    "FlagKind",
    "PaidTwice",
    "PaymentCaptured",
    "PaymentDisputed",
    "PaymentFailed",
    "PaymentFlagged",
    "PaymentInstructed",
    "PaymentPending",
    "PaymentRefunded",
    "PaymentUnflagged",
    "RefundFailed",
    "RefundOrdered",
]

FailureReason = Literal["declined", "expired", "cancelled", "voided", "error"]
FlagKind = Literal[
    "amount_mismatch",  # money of another amount or currency came: nothing was confirmed
    "account_mismatch",  # the payment was reported by another account than the one it was started on
    "paid_twice",  # a second charge came for what is paid: it is being given back in full
    "unknown_status",  # the gateway used a word that we do not know: taken for pending
    "unresolved",  # the gateway could not say for a day what became of the attempt
    "refund_failed",  # the gateway refuses to give the money back
    "refund_unresolved",  # the gateway could not say for a day what became of a refund
    "account_refused",  # the gateway does not accept the account's credentials
    "request_refused",  # the gateway does not understand our request
    "promotion_mismatch",  # it was charged under a promotion that does not hold: the organizer bears the discount
    "capture_refused",  # the gateway does not take what it has reserved: it is asked again for minutes, then that is given back
    "void_refused",  # the gateway does not give reserved money back: it lapses at the buyer's bank
    "refund_by_hand",  # no gateway can give the money back: somebody has to, and to note it
]


class CallbacksReceived(Event, frozen=True, kw_only=True):
    """Callbacks were verified and stored; they are to be applied. One event per batch that arrived together."""

    callback_ids: tuple[UUID, ...]


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """The whole amount was taken, in the currency that was asked for; less `discount_minor`, where a promotion took that off."""

    reference: UUID
    payment_id: UUID
    attempt_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    discount_minor: int = 0


class PaymentInstructed(Event, frozen=True, kw_only=True):
    """The buyer was told how to pay by themselves: by transfer, or in cash."""

    reference: UUID
    payment_id: UUID
    attempt_id: UUID


class PaymentPending(Event, frozen=True, kw_only=True):
    """The gateway has the payment and has not decided."""

    reference: UUID
    payment_id: UUID
    attempt_id: UUID


class PaymentFailed(Event, frozen=True, kw_only=True):
    """The newest attempt came to nothing. The buyer may try again, and may even have paid: that is told by `PaymentCaptured`."""

    reference: UUID
    payment_id: UUID
    attempt_id: UUID
    reason: FailureReason


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """`amount_minor` more of the captured money was given back, `refunded_minor` in all; everything when `is_full`."""

    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    refunded_minor: int
    currency: str
    is_full: bool


class PaidTwice(Event, frozen=True, kw_only=True):
    """The buyer has paid again what was paid, by the same means or another; `amount_minor` goes back by itself."""

    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str


class PaymentDisputed(Event, frozen=True, kw_only=True):
    """The buyer's bank asks for the captured money back, or has taken it (`is_lost`)."""

    reference: UUID
    payment_id: UUID
    charge_id: UUID
    is_lost: bool


class DisputeOpened(Event, frozen=True, kw_only=True):
    """A buyer's bank asks for `amount_minor` back; until `due_at` evidence is taken. An inquiry has taken no money yet.

    Told twice of an inquiry that becomes a dispute.
    """

    dispute_id: UUID
    reference: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    reason: str
    is_inquiry: bool
    due_at: datetime | None


class DisputeAnswered(Event, frozen=True, kw_only=True):
    """Evidence was handed in to the gateway."""

    dispute_id: UUID
    reference: UUID


class DisputeDue(Event, frozen=True, kw_only=True):
    """The deadline of a dispute that nobody has answered comes near. Told once for each of the days that it is told on."""

    dispute_id: UUID
    reference: UUID
    due_at: datetime
    days_left: int


class DisputeClosed(Event, frozen=True, kw_only=True):
    """The bank has decided, or nothing came of it."""

    dispute_id: UUID
    reference: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    outcome: Literal["won", "lost", "closed"]


class PaymentFlagged(Event, frozen=True, kw_only=True):
    """Somebody has to look at this payment. `detail` is a sentence for them."""

    reference: UUID
    payment_id: UUID
    attempt_id: UUID
    kind: FlagKind
    detail: str


class PaymentUnflagged(Event, frozen=True, kw_only=True):
    """An attempt that somebody had to look at came out of the state that was looked at: what was flagged about that is over by itself."""

    payment_id: UUID
    attempt_id: UUID
    kinds: tuple[FlagKind, ...]
    detail: str


class ChargeMoney(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the money of a charge stands, in minor units. `fee_minor`: what the gateway keeps of it, as far as it told."""

    kept_minor: int = 0
    """Taken for what was to be paid."""
    aside_minor: int = 0
    """Taken for nothing: what was paid already, or another amount than was agreed."""
    refunded_minor: int = 0
    is_disputed: bool = False
    is_lost: bool = False
    disputed_minor: int = 0
    """How much banks hold while they decide; 0 where it is disputed: all of it."""
    lost_minor: int = 0
    """How much they kept; 0 where it is lost: all of it."""
    fee_minor: int = 0
    dispute_fee_minor: int = 0
    """What of `fee_minor` disputes cost."""

    @property
    def held_minor(self) -> int:
        """What banks ask for of it and have not decided on. It may be more than is left of it."""
        return self.disputed_minor or (self.kept_minor + self.aside_minor if self.is_disputed else 0)

    @property
    def taken_minor(self) -> int:
        """What they kept. It may be more than is left of it."""
        return self.lost_minor or (self.kept_minor + self.aside_minor if self.is_lost else 0)


class ChargeMoved(Event, frozen=True, kw_only=True):
    """The money of a charge stands otherwise than before. The books follow it.

    Also of charges that did not bring their payment's money, of which no other event speaks. That one did is told by `PaymentCaptured`
    alone, as long as there is nothing else to tell of it: in a rush that is one event less for each order.
    """

    payment_id: UUID
    charge_id: UUID
    currency: str
    before: ChargeMoney
    after: ChargeMoney


class RefundOrdered(Event, frozen=True, kw_only=True):
    """The gateway will be asked to give money back: of the charge that paid (`is_kept`), or of what came beside it."""

    refund_id: UUID
    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    is_kept: bool


class RefundFailed(Event, frozen=True, kw_only=True):
    """The gateway will not give the money of this refund back. `is_kept`: as of `RefundOrdered`."""

    refund_id: UUID
    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    is_kept: bool
