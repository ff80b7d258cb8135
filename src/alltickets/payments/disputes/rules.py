"""What a report does to a dispute, and when somebody has to hear of it again. Pure.

Reports come twice, late and out of order here too: a dispute is the greatest of its reports. What was lost stays lost; else the provider's
own count decides, and where it does not count, how far the dispute has got.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.payments.events import DisputeClosed, DisputeOpened
from alltickets.payments.port import DisputeReason, DisputeState, GatewayDispute, GatewayPayment, GatewayStatus
from alltickets.payments.rules import Charge
from alltickets.platform.events import Event

__all__ = [
    "LOOKED_AT_EVERY",
    "OPEN_STATES",
    "REMINDED_DAYS_BEFORE",
    "Dispute",
    "days_left",
    "follow",
    "known_as",
    "news_of",
    "next_reminder",
    "restated",
    "status_of",
    "told_of",
]

OPEN_STATES: tuple[DisputeState, ...] = ("needs_response", "under_review")
REMINDED_DAYS_BEFORE = (3, 1)
LOOKED_AT_EVERY = timedelta(hours=6)
"""How often the gateway is asked about an open one: a notice may be lost, and a bank takes weeks."""

_RANKS: Mapping[DisputeState, int] = {"needs_response": 0, "under_review": 1, "closed": 2, "won": 2, "lost": 2}
_BY_STATUS: Mapping[GatewayStatus, DisputeState] = {
    "disputed": "needs_response",
    "charged_back": "lost",
    "charged": "won",
    "refunded": "closed",
}
"""What a payment's status says of a dispute that its gateway does not tell of otherwise."""
_NAMED_BY_PAYMENT = "payment:"


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer's bank asks for. `version` grows with each change; 0 while it was not stored."""

    id: UUID
    charge_id: UUID
    payment_id: UUID
    reference: UUID
    account_id: UUID
    provider_dispute_id: str
    state: DisputeState
    is_inquiry: bool
    amount: Money
    reason: DisputeReason
    raw_reason: str
    raw_status: str
    due_at: datetime | None
    opened_at: datetime
    sequence: int
    fee_minor: int
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided."""
        return self.state in OPEN_STATES


def told_of(charge: Charge, seen: GatewayPayment, known: Sequence[Dispute]) -> tuple[GatewayDispute, ...]:
    """The disputes that a report speaks of. Where it only has the payment's status there is one, named by the payment."""
    if seen.disputes:
        return seen.disputes
    name = f"{_NAMED_BY_PAYMENT}{charge.provider_payment_id}"
    mine = next((one for one in known if one.provider_dispute_id == name), None)
    if mine is None and (known or charge.status not in ("disputed", "charged_back")):
        return ()
    state = _BY_STATUS.get(charge.status)
    if state is None:
        return ()
    left = Money(charge.amount.minor - charge.refunded_minor, charge.amount.currency)
    return (
        GatewayDispute(
            provider_dispute_id=name,
            state=state,
            amount=left if mine is None else mine.amount,
            reason="other",
            raw_reason="",
            raw_status=charge.raw_status,
            sequence=charge.sequence,
        ),
    )


def follow(known: Dispute | None, told: GatewayDispute, charge: Charge, *, ids: tuple[UUID, UUID, UUID], now: datetime) -> Dispute | None:
    """The dispute after a report; None where it says nothing new. `ids`: its own if it is new, the payment's, and its reference."""
    report = Dispute(
        id=ids[0],
        charge_id=charge.id,
        payment_id=ids[1],
        reference=ids[2],
        account_id=charge.account_id,
        provider_dispute_id=told.provider_dispute_id,
        state=told.state,
        is_inquiry=told.is_inquiry,
        amount=told.amount,
        reason=told.reason,
        raw_reason=told.raw_reason,
        raw_status=told.raw_status,
        due_at=told.due_at,
        opened_at=told.opened_at or now,
        sequence=told.sequence,
        fee_minor=told.fee_minor,
    )
    if known is None:
        return report
    is_renamed = known.provider_dispute_id != told.provider_dispute_id
    if not is_renamed and _order(report) < _order(known):
        return None
    after = msgspec.structs.replace(report, id=known.id, opened_at=told.opened_at or known.opened_at, version=known.version)
    return None if after == known else after


def known_as(told: GatewayDispute, known: Sequence[Dispute]) -> Dispute | None:
    """Which of a charge's disputes a report is about: by the provider's name, or the one that had only its payment's name so far."""
    for one in known:
        if one.provider_dispute_id == told.provider_dispute_id:
            return one
    nameless = [one for one in known if one.is_open and one.provider_dispute_id.startswith(_NAMED_BY_PAYMENT)]
    return nameless[0] if nameless else None


def news_of(before: Dispute | None, after: Dispute) -> list[Event]:
    """What others are told: that there is one, that an inquiry has become one, that it has ended."""
    events: list[Event] = []
    if before is None or (before.is_inquiry and not after.is_inquiry):
        events.append(
            DisputeOpened(
                dispute_id=after.id,
                reference=after.reference,
                charge_id=after.charge_id,
                amount_minor=after.amount.minor,
                currency=after.amount.currency,
                reason=after.reason,
                is_inquiry=after.is_inquiry,
                due_at=after.due_at,
            )
        )
    if not after.is_open and (before is None or before.state != after.state):
        outcome: Literal["won", "lost", "closed"] = "won" if after.state == "won" else "lost" if after.state == "lost" else "closed"
        events.append(
            DisputeClosed(
                dispute_id=after.id,
                reference=after.reference,
                charge_id=after.charge_id,
                amount_minor=after.amount.minor,
                currency=after.amount.currency,
                outcome=outcome,
            )
        )
    return events


def next_reminder(dispute: Dispute, now: datetime) -> datetime | None:
    """When somebody has to be reminded of its deadline next; None: never again."""
    if dispute.state != "needs_response" or dispute.due_at is None:
        return None
    moments = [dispute.due_at - timedelta(days=days) for days in REMINDED_DAYS_BEFORE]
    return min((moment for moment in moments if moment > now), default=None)


def days_left(due_at: datetime, now: datetime) -> int:
    """Until a deadline, in days as people count them: what is less than one more than that is not counted."""
    return max(0, round((due_at - now) / timedelta(days=1)))


def restated(dispute: Dispute, **changes: object) -> GatewayDispute:
    """A dispute as its gateway would report it again, but for what a person says of it."""
    told = GatewayDispute(
        provider_dispute_id=dispute.provider_dispute_id,
        state=dispute.state,
        amount=dispute.amount,
        is_inquiry=dispute.is_inquiry,
        reason=dispute.reason,
        raw_reason=dispute.raw_reason,
        raw_status=dispute.raw_status,
        due_at=dispute.due_at,
        opened_at=dispute.opened_at,
        sequence=dispute.sequence,
        fee_minor=dispute.fee_minor,
    )
    return msgspec.structs.replace(told, **changes)


def status_of(disputes: Sequence[GatewayDispute]) -> GatewayStatus:
    """What all its disputes together make of a payment that was charged."""
    taking = {one.state for one in disputes if not one.is_inquiry}
    if "lost" in taking:
        return "charged_back"
    return "disputed" if taking & set(OPEN_STATES) else "charged"


def _order(dispute: Dispute) -> tuple[bool, int, bool, int]:
    return (dispute.state == "lost", dispute.sequence, not dispute.is_inquiry, _RANKS[dispute.state])
