"""What a report of a gateway does to an attempt, its payment and its charge. Pure.

Three things have a state. A *charge* is a payment as the provider knows it; an *attempt* is one try of a buyer at one account (its link
may carry several charges: tried again, or paid twice); a *payment* is what is to be paid, over all its attempts. The first
charge that brings the money is *kept*; any other one is surplus and goes back.

Reports come twice, late and out of order, so nothing here depends on their order: a charge is the greatest of its reports (`_greater`),
an attempt moves up by rank, and a payment follows the kept charge, or else its newest attempt.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.payments.events import (
    ChargeMoney,
    ChargeMoved,
    FailureReason,
    PaidTwice,
    PaymentCaptured,
    PaymentDisputed,
    PaymentFailed,
    PaymentFlagged,
    PaymentPending,
    PaymentRefunded,
)
from alltickets.payments.port import ChargeFacts, GatewayDispute, GatewayPayment, GatewayStatus
from alltickets.platform.events import Event

__all__ = [
    "ATTEMPT_RANKS",
    "PAYMENT_OF_ATTEMPT",
    "Attempt",
    "AttemptStatus",
    "Charge",
    "Contested",
    "Intent",
    "Payment",
    "PaymentStatus",
    "Transition",
    "conclude",
    "decide",
    "may_move",
    "money_moved",
    "money_of",
    "refundable_minor",
    "restated",
]

AttemptStatus = Literal[
    "created",
    "sending",
    "awaiting_buyer",
    "pending",
    "unknown",
    "authorized",
    "capturing",
    "voiding",
    "declined",
    "expired",
    "cancelled",
    "voided",
    "error",
    "charged",
    "partially_refunded",
    "refunded",
    "disputed",
    "charged_back",
    "integrity_hold",
]
PaymentStatus = Literal["open", "processing", "failed", "expired", "paid", "partially_refunded", "refunded", "disputed", "charged_back"]

ATTEMPT_RANKS: dict[AttemptStatus, int] = {
    "created": 0,  # stored; nobody was told
    "sending": 1,  # the gateway is being called, or was when the process died
    "awaiting_buyer": 2,  # the buyer has the link
    "pending": 3,  # the gateway has a payment and has not decided
    "unknown": 3,  # the answer to our call was lost; only a query can tell
    "authorized": 4,  # the money is reserved
    "capturing": 5,  # and is being taken
    "voiding": 5,  # and is being given back, for it will not be taken
    "declined": 6,  # a no; the same link may still be tried again
    "expired": 6,  # nobody paid in time
    "cancelled": 6,  # called off before money moved
    "voided": 6,  # what was reserved was given back, and nothing was ever taken; or what was taken did not fit, and was given back
    "error": 6,  # nothing ever reached the gateway, or it refused to understand
    "charged": 7,  # the money is here
    "partially_refunded": 7,  # some of it went back
    "refunded": 8,  # all of it went back
    "disputed": 8,  # the bank asks for it
    "charged_back": 8,  # and has it
    "integrity_hold": 9,  # another amount, currency or account than agreed: people decide
}

PAYMENT_OF_ATTEMPT: dict[AttemptStatus, PaymentStatus] = {
    "created": "open",
    "sending": "open",
    "awaiting_buyer": "open",
    "pending": "processing",
    "unknown": "processing",
    "authorized": "processing",
    "capturing": "processing",
    "voiding": "processing",
    "integrity_hold": "processing",
    "declined": "failed",
    "cancelled": "failed",
    "voided": "failed",
    "error": "failed",
    "expired": "expired",
    "charged": "paid",
    "partially_refunded": "partially_refunded",
    "refunded": "refunded",
    "disputed": "disputed",
    "charged_back": "charged_back",
}
"""What a payment is while this is the state of its newest attempt, or, once money is kept, of the attempt that brought it."""

_STEPS_DOWN = {
    ("disputed", "charged"),
    ("disputed", "partially_refunded"),
    ("unknown", "awaiting_buyer"),
    ("integrity_hold", "voiding"),
    ("integrity_hold", "voided"),
}
_OF_MONEY = {status for status, rank in ATTEMPT_RANKS.items() if ATTEMPT_RANKS["charged"] <= rank < ATTEMPT_RANKS["integrity_hold"]}
_EXCLUDED = {("voiding", "capturing")}

_FAILURES: dict[AttemptStatus, FailureReason] = {
    "declined": "declined",
    "expired": "expired",
    "cancelled": "cancelled",
    "voided": "voided",
    "error": "error",
}


def may_move(before: AttemptStatus, after: AttemptStatus) -> bool:
    """Upwards by rank, either way within one. Three steps down: a dispute that was won, a lost answer that was found to be a link, and
    money of another amount, taken or only reserved, which is given back.

    So money overwrites a decline, an expiry and a cancellation when the gateway says so, and nothing else ever overwrites money. Reserved
    money that is to be given back is never taken after all.
    """
    if before == after or (before, after) in _EXCLUDED:
        return False
    if (before, after) in _STEPS_DOWN:
        return True
    return ATTEMPT_RANKS[after] >= ATTEMPT_RANKS[before]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid. `kept_*` name the charge that brought the money; `is_captured` once that was announced."""

    id: UUID
    reference: UUID
    amount: Money
    status: PaymentStatus
    newest_attempt_id: UUID
    kept_attempt_id: UUID | None = None
    kept_charge_id: UUID | None = None
    is_captured: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at one account. Its id is the reference that the gateway gives back."""

    id: UUID
    payment_id: UUID
    account_id: UUID
    status: AttemptStatus
    has_promotion: bool = False
    discount_minor: int = 0
    """What a promotion takes off the payment's amount where this attempt is what pays it."""

    def asked(self, payment: Payment) -> Money:
        """What was asked for at the gateway."""
        return Money(payment.amount.minor - self.discount_minor, payment.amount.currency)


class Contested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What buyers' banks did with the money of a charge, where the provider tells how much: 0 is all of it, if its status says so."""

    open_minor: int = 0
    lost_minor: int = 0
    fee_minor: int = 0
    """What the provider keeps for the disputes themselves."""


Intent = Literal["capture", "void"]
"""What is to become of reserved money, committed before the gateway is called. A capture may become a void, never the reverse."""


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as the provider knows it: the greatest of its reports. `is_surplus` once it was decided to give it back, for good.

    intent: of money that was only reserved, what was decided to do with it.
    """

    id: UUID
    attempt_id: UUID
    account_id: UUID
    provider_payment_id: str
    status: GatewayStatus
    raw_status: str
    amount: Money
    refunded_minor: int
    sequence: int
    is_surplus: bool = False
    facts: ChargeFacts = ChargeFacts()
    contested: Contested = Contested()
    intent: Intent | None = None


def restated(charge: Charge, **changes: object) -> GatewayPayment:
    """A charge as its gateway would report it again, but for what we learnt ourselves."""
    seen = GatewayPayment(
        provider_payment_id=charge.provider_payment_id,
        reference=str(charge.attempt_id),
        status=charge.status,
        amount=charge.amount,
        refunded_minor=charge.refunded_minor,
        sequence=charge.sequence,
        raw_status=charge.raw_status,
        facts=charge.facts,
    )
    return msgspec.structs.replace(seen, **changes)


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand after a report, and what there is to tell. `surplus_minor` of the charge has to be given back now."""

    payment: Payment
    attempt: Attempt
    charge: Charge | None = None
    surplus_minor: int = 0
    events: tuple[Event, ...] = ()


def decide(
    payment: Payment, attempt: Attempt, known: Charge | None, seen: GatewayPayment, *, account_id: UUID, charge_id: UUID
) -> Transition:
    """Apply what the gateway says of one of its payments; `account_id` is the account that says it.

    `known` is the charge as we have it, None when it is new: it is then recorded as `charge_id`. A report that says nothing new
    changes nothing. Tickets are never confirmed on another amount or currency than was asked for.
    """
    seen = _as_voided(known, seen)
    charge = _merge(known, seen, attempt, account_id, charge_id)
    events: list[Event] = []
    if not seen.is_recognised and (known is None or known.raw_status != seen.raw_status):
        events.append(_flag(payment, attempt, "unknown_status", f"The gateway said {seen.raw_status!r}; it is taken for pending."))
    fault = _mismatch(payment, attempt, known, seen, account_id) or _wrong_amount(attempt.asked(payment), charge)
    if fault is not None:
        if known is not None and (known.attempt_id != attempt.id or known.id == payment.kept_charge_id or _changes_currency(known, seen)):
            charge = known
        if charge.intent == "void" and not _holds_or_held_money(charge):
            return _follow_voided(payment, attempt, charge, events)
        if _is_back(payment, attempt, charge):
            return _follow_returned(payment, attempt, charge, events)
        held = conclude(payment, attempt, "integrity_hold")
        if held is not None:
            kind: Literal["amount_mismatch", "account_mismatch"]
            kind = "amount_mismatch" if account_id == attempt.account_id else "account_mismatch"
            events += [*held.events, _flag(payment, attempt, kind, fault)]
            payment, attempt = held.payment, held.attempt
        return Transition(payment=payment, attempt=attempt, charge=charge, events=tuple(events))

    if charge.is_surplus and payment.kept_charge_id is None and _is_back(payment, attempt, charge):
        return _follow_returned(payment, attempt, charge, events)
    if _holds_or_held_money(charge) and payment.kept_charge_id is None and not charge.is_surplus:
        payment = msgspec.structs.replace(payment, kept_charge_id=charge.id, kept_attempt_id=attempt.id)
    if charge.id == payment.kept_charge_id:
        return _follow_kept(payment, attempt, known, charge, events)
    return _follow_other(payment, attempt, charge, events)


def conclude(payment: Payment, attempt: Attempt, status: AttemptStatus) -> Transition | None:
    """Move an attempt by what we found out ourselves (a call's answer, silence, time), its payment with it; None if it may not move."""
    if not may_move(attempt.status, status):
        return None
    attempt = msgspec.structs.replace(attempt, status=status)
    if payment.kept_charge_id is not None or attempt.id != payment.newest_attempt_id:
        return Transition(payment=payment, attempt=attempt)
    after = PAYMENT_OF_ATTEMPT[status]
    events: list[Event] = []
    if after != payment.status:
        if status in _FAILURES and payment.status in ("open", "processing"):
            events.append(
                PaymentFailed(reference=payment.reference, payment_id=payment.id, attempt_id=attempt.id, reason=_FAILURES[status])
            )
        elif after == "processing":
            events.append(PaymentPending(reference=payment.reference, payment_id=payment.id, attempt_id=attempt.id))
    return Transition(payment=msgspec.structs.replace(payment, status=after), attempt=attempt, events=tuple(events))


def money_of(charge: Charge | None, *, is_kept: bool) -> ChargeMoney:
    """How the money of a charge stands; all zero where it never held any."""
    if charge is None or not _holds_or_held_money(charge):
        return ChargeMoney()
    return ChargeMoney(
        kept_minor=charge.amount.minor if is_kept else 0,
        aside_minor=0 if is_kept else charge.amount.minor,
        refunded_minor=charge.refunded_minor,
        is_disputed=charge.status == "disputed",
        is_lost=charge.status == "charged_back",
        disputed_minor=charge.contested.open_minor,
        lost_minor=charge.contested.lost_minor,
        fee_minor=(charge.facts.fee_minor or 0) + charge.contested.fee_minor,
        dispute_fee_minor=charge.contested.fee_minor,
    )


def money_moved(payment: Payment, known: Charge | None, transition: Transition) -> list[ChargeMoved]:
    """What a transition tells of its charge's money beside `PaymentCaptured`; `payment` and `known` as they were before it."""
    charge = transition.charge
    assert charge is not None, "a report is of a charge"
    before = money_of(known, is_kept=known is not None and known.id == payment.kept_charge_id)
    after = money_of(charge, is_kept=charge.id == transition.payment.kept_charge_id)
    told = ChargeMoney(kept_minor=after.kept_minor) if transition.payment.is_captured and not payment.is_captured else ChargeMoney()
    if known is not None and known.amount.currency != charge.amount.currency:
        # It was reported in the wrong currency first: that comes to nothing, and the other one begins from nothing.
        steps = [(known.amount.currency, before, ChargeMoney()), (charge.amount.currency, told, after)]
    else:
        start = msgspec.structs.replace(before, kept_minor=max(before.kept_minor, told.kept_minor))
        steps = [(charge.amount.currency, start, after)]
    return [
        ChargeMoved(payment_id=payment.id, charge_id=charge.id, currency=currency, before=one, after=other)
        for currency, one, other in steps
        if one != other
    ]


def refundable_minor(charge: Charge, succeeded_minor: int, on_its_way_minor: int) -> int:
    """What can still be asked back, given our own refunds of this charge that succeeded and those that are not final yet.

    The gateway's figure holds refunds made on its own pages too, ours may be ahead of it. A refund that it has counted before we
    marked it counts twice for a moment: that refuses too much, never too little.
    """
    if charge.status != "charged":
        return 0
    return max(0, charge.amount.minor - max(charge.refunded_minor, succeeded_minor) - on_its_way_minor)


def _merge(known: Charge | None, seen: GatewayPayment, attempt: Attempt, account_id: UUID, charge_id: UUID) -> Charge:
    amount = seen.amount
    refunded = max(0, min(seen.refunded_minor, amount.minor))
    if seen.status == "refunded":
        refunded = amount.minor
    report = Charge(
        id=charge_id,
        attempt_id=attempt.id,
        account_id=account_id,
        provider_payment_id=seen.provider_payment_id,
        status=seen.status,
        raw_status=seen.raw_status,
        amount=amount,
        refunded_minor=refunded,
        sequence=seen.sequence,
        facts=seen.facts,
        contested=_contested(seen.disputes),
    )
    if known is None:
        return _settled(report)
    greater = report if _order(report) > _order(known) else known
    # A fee is often told days after the payment, with the same state; and a report that tells nothing takes nothing back.
    # An older one that comes late tells what no newer one has.
    tells_more = report.facts != ChargeFacts() and (_order(report) >= _order(known) or known.facts == ChargeFacts())
    return _settled(
        msgspec.structs.replace(
            greater,
            id=known.id,
            attempt_id=known.attempt_id,
            refunded_minor=min(max(known.refunded_minor, refunded), greater.amount.minor),
            is_surplus=known.is_surplus,
            intent=known.intent,
            facts=report.facts if tells_more else known.facts,
            contested=_contested_since(known, report, seen),
        )
    )


def _contested(disputes: Sequence[GatewayDispute]) -> Contested:
    taking = [one for one in disputes if not one.is_inquiry]
    return Contested(
        open_minor=sum(one.amount.minor for one in taking if one.state in ("needs_response", "under_review")),
        lost_minor=sum(one.amount.minor for one in taking if one.state == "lost"),
        fee_minor=sum(one.fee_minor for one in disputes),
    )


def _contested_since(known: Charge, report: Charge, seen: GatewayPayment) -> Contested:
    """What the newer of both tells of amounts. What was lost stays lost, and a report that tells nothing takes nothing back."""
    if _order(report) < _order(known) or (not seen.disputes and known.status == report.status):
        return known.contested
    is_all_lost = (
        not known.contested.lost_minor if known.status == "charged_back" else not seen.disputes and report.status == "charged_back"
    )
    lost_minor = 0 if is_all_lost else max(known.contested.lost_minor, report.contested.lost_minor)
    fee_minor = report.contested.fee_minor if seen.disputes else known.contested.fee_minor
    return Contested(open_minor=report.contested.open_minor, lost_minor=lost_minor, fee_minor=fee_minor)


def _order(charge: Charge) -> tuple[int, int, int, int, str]:
    """Reports of one charge by how much they know. Before money, the rank decides; once there was money, the provider's own count.

    A charge-back ends everything: a provider that wins it back books a new payment.
    """
    rank = ATTEMPT_RANKS[charge.status]
    if rank < ATTEMPT_RANKS["charged"]:
        return (0, 0, rank, charge.sequence, charge.status)
    stage = 2 if charge.status == "charged_back" else 1
    return (stage, charge.sequence, rank, charge.sequence, charge.status)


def _settled(charge: Charge) -> Charge:
    if charge.status == "charged" and 0 < charge.amount.minor == charge.refunded_minor:
        return msgspec.structs.replace(charge, status="refunded")
    return charge


def _holds_or_held_money(charge: Charge) -> bool:
    return ATTEMPT_RANKS[charge.status] >= ATTEMPT_RANKS["charged"]


def _as_voided(known: Charge | None, seen: GatewayPayment) -> GatewayPayment:
    """What was reserved and given back was never taken, in whatever word its gateway says so: some call that a refund of the whole."""
    if known is None or known.intent != "void" or _holds_or_held_money(known) or seen.status != "refunded":
        return seen
    return msgspec.structs.replace(seen, status="cancelled", refunded_minor=0)


def _mismatch(payment: Payment, attempt: Attempt, known: Charge | None, seen: GatewayPayment, account_id: UUID) -> str | None:
    """A sentence on what differs from what was agreed; None when all is well."""
    if known is not None and known.attempt_id != attempt.id:
        return f"{seen.provider_payment_id} was reported for attempt {known.attempt_id} before."
    if account_id != attempt.account_id:
        return f"The payment was started on account {attempt.account_id} and reported by {account_id}."
    agreed = attempt.asked(payment)
    if seen.amount != agreed or seen.refunded_minor > seen.amount.minor:
        asked = f"{agreed.minor} {agreed.currency}"
        came = f"{seen.amount.minor} {seen.amount.currency}"
        return f"{asked} (minor units) were asked for; {seen.provider_payment_id} is of {came}, {seen.refunded_minor} given back."
    return None


def _wrong_amount(agreed: Money, charge: Charge) -> str | None:
    """The same of the charge as all its reports together have it: a later word that it is pending does not change what was taken."""
    if charge.amount == agreed or not _holds_or_held_money(charge):
        return None
    came = f"{charge.amount.minor} {charge.amount.currency}"
    return f"{charge.provider_payment_id} took {came} (minor units), and was reported of the amount that was asked for."


def _changes_currency(known: Charge, seen: GatewayPayment) -> bool:
    """Whether money that was taken is reported in another currency, which is nothing that can be followed."""
    return _holds_or_held_money(known) and known.amount.currency != seen.amount.currency


def _flag(
    payment: Payment, attempt: Attempt, kind: Literal["unknown_status", "amount_mismatch", "account_mismatch", "paid_twice"], detail: str
) -> PaymentFlagged:
    return PaymentFlagged(reference=payment.reference, payment_id=payment.id, attempt_id=attempt.id, kind=kind, detail=detail)


def _status_of(charge: Charge) -> AttemptStatus:
    if charge.status == "charged" and charge.refunded_minor:
        return "partially_refunded"
    if charge.status == "authorized" and charge.intent is not None:
        return "capturing" if charge.intent == "capture" else "voiding"
    if charge.status == "cancelled" and charge.intent == "void":
        return "voided"
    return charge.status


def _follow_kept(payment: Payment, attempt: Attempt, known: Charge | None, charge: Charge, events: list[Event]) -> Transition:
    """The attempt and the payment are what the kept charge is."""
    status = _status_of(charge)
    if may_move(attempt.status, status):
        attempt = msgspec.structs.replace(attempt, status=status)
    before = payment.status
    payment = msgspec.structs.replace(payment, status=PAYMENT_OF_ATTEMPT[status])
    if charge.status == "charged" and not payment.is_captured:
        payment = msgspec.structs.replace(payment, is_captured=True)
        events.append(
            PaymentCaptured(
                reference=payment.reference,
                payment_id=payment.id,
                attempt_id=attempt.id,
                charge_id=charge.id,
                amount_minor=charge.amount.minor,
                currency=charge.amount.currency,
                discount_minor=attempt.discount_minor,
            )
        )
    more = charge.refunded_minor - (known.refunded_minor if known is not None else 0)
    if more > 0:
        events.append(
            PaymentRefunded(
                reference=payment.reference,
                payment_id=payment.id,
                charge_id=charge.id,
                amount_minor=more,
                refunded_minor=charge.refunded_minor,
                currency=charge.amount.currency,
                is_full=charge.refunded_minor == charge.amount.minor,
            )
        )
    if payment.status != before and payment.status in ("disputed", "charged_back"):
        is_lost = payment.status == "charged_back"
        events.append(PaymentDisputed(reference=payment.reference, payment_id=payment.id, charge_id=charge.id, is_lost=is_lost))
    return Transition(payment=payment, attempt=attempt, charge=charge, events=tuple(events))


def _follow_other(payment: Payment, attempt: Attempt, charge: Charge, events: list[Event]) -> Transition:
    """A charge without money, or one that came for what another charge has paid: that one is given back in full."""
    surplus_minor = 0
    if charge.status == "charged" and not charge.is_surplus:
        charge = msgspec.structs.replace(charge, is_surplus=True)
        surplus_minor = charge.amount.minor - charge.refunded_minor
        detail = f"{charge.provider_payment_id} paid again what was paid; it is given back in full."
        events.append(_flag(payment, attempt, "paid_twice", detail))
        events.append(
            PaidTwice(
                reference=payment.reference,
                payment_id=payment.id,
                charge_id=charge.id,
                amount_minor=surplus_minor,
                currency=charge.amount.currency,
            )
        )
    if attempt.id != payment.kept_attempt_id and attempt.status != "integrity_hold":
        moved = conclude(payment, attempt, _status_of(charge))
        if moved is not None:
            payment, attempt = moved.payment, moved.attempt
            events += moved.events
    return Transition(payment=payment, attempt=attempt, charge=charge, surplus_minor=surplus_minor, events=tuple(events))


def _is_back(payment: Payment, attempt: Attempt, charge: Charge) -> bool:
    """Whether money of this attempt that did not pay for anything went back whole."""
    return charge.status == "refunded" and charge.attempt_id == attempt.id and charge.id != payment.kept_charge_id


def _follow_returned(payment: Payment, attempt: Attempt, charge: Charge, events: list[Event]) -> Transition:
    """Another amount than agreed was taken, and is back: nobody has to decide on it any more, and what is still unpaid may be paid."""
    if attempt.id == payment.kept_attempt_id:
        # Another charge of it has paid: it is what that one is.
        if attempt.status == "integrity_hold":
            [status] = [one for one, of_it in PAYMENT_OF_ATTEMPT.items() if of_it == payment.status and one in _OF_MONEY]
            attempt = msgspec.structs.replace(attempt, status=status)
        return Transition(payment=payment, attempt=attempt, charge=charge, events=tuple(events))
    moved = conclude(payment, attempt, "voided")
    if moved is not None:
        payment, attempt = moved.payment, moved.attempt
        events += moved.events
    return Transition(payment=payment, attempt=attempt, charge=charge, events=tuple(events))


def _follow_voided(payment: Payment, attempt: Attempt, charge: Charge, events: list[Event]) -> Transition:
    """Another amount than agreed was only reserved, and goes back: nobody has to decide on it once it is back."""
    moved = conclude(payment, attempt, _status_of(charge)) if attempt.status == "voiding" else None
    if moved is not None:
        payment, attempt = moved.payment, moved.attempt
        events += moved.events
    return Transition(payment=payment, attempt=attempt, charge=charge, events=tuple(events))
