"""What the event log tells of charges, as facts for the books; each is posted once, whatever order they are read in. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.payments.events import ChargeMoney, ChargeMoved, PaymentCaptured, RefundFailed, RefundOrdered
from alltickets.payments.ledger.rules import Books, ChargeFacts, Discount, Posting, PostingKind, books_of, moves_between
from alltickets.payments.parts import Part
from alltickets.platform.outbox import Recorded

__all__ = ["OF_DISPUTE", "Fact", "KnownCharge", "facts_of", "post"]


OF_DISPUTE = ":dispute"
"""Ends the key of a fee that a dispute costs: reports tell it apart from what is kept of the payment."""
_AT_ONCE = ":at_once"
"""In the key of a loss that nobody had been told to be in dispute: it comes out of nothing that was opened."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became true of a charge, in one currency. The same key is the same fact."""

    key: str
    kind: PostingKind
    minor: int
    currency: str
    payment_id: UUID
    charge_id: UUID
    occurred_at: datetime


@dataclass(slots=True)
class KnownCharge:
    """A charge as the facts that were posted tell of it, in one currency."""

    account_id: UUID
    parts: tuple[Part, ...]
    discount: Discount | None = None
    platform_fee_minor: int | None = None
    keys: set[str] = field(default_factory=set)
    sums: dict[PostingKind, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    lost_at_once: int = 0
    of_disputes: dict[PostingKind, int] = field(default_factory=dict)
    """Of the sums, what disputes cost."""
    books: Books | None = None
    """What all of that stands for, once it was asked for."""

    def note(self, key: str, kind: PostingKind, minor: int) -> None:
        """Take a fact up, once."""
        self.books = None
        self.keys.add(key)
        self.sums[kind] = self.sums.get(kind, 0) + minor
        if key.endswith(OF_DISPUTE):
            self.of_disputes[kind] = self.of_disputes.get(kind, 0) + minor
        if kind == "refund_ordered":
            self.orders[_named_by(key)] = minor
        elif kind == "refund_failed":
            self.failed.add(_named_by(key))
        elif kind == "dispute_lost" and key.endswith(_AT_ONCE):
            self.lost_at_once += minor

    @property
    def facts(self) -> ChargeFacts:
        """All of it together. A payment that was started without parts is the organizer's."""
        sold = self._level("sale")
        whole = sold + (self.discount.minor if self.discount is not None else 0)
        parts = self.parts if sum(part.minor for part in self.parts) == whole else (Part("proceeds", whole),)
        lost = self._level("dispute_lost")
        money = ChargeMoney(
            kept_minor=sold,
            aside_minor=self._level("aside", "aside_ended"),
            refunded_minor=self._level("refund", "refund_undone"),
            disputed_minor=max(0, self._level("dispute_opened", "dispute_won") - (lost - self.lost_at_once)),
            lost_minor=lost,
            fee_minor=self._told_fee(is_of_disputes=False) + self._told_fee(is_of_disputes=True),
            dispute_fee_minor=self._told_fee(is_of_disputes=True),
        )
        is_dispute_settled = bool(self.of_disputes.keys() & {"fee_adjusted", "fee_adjusted_back"})
        settled_of_disputes = self.of_disputes.get("fee_adjusted", 0) - self.of_disputes.get("fee_adjusted_back", 0)
        settled = self.sums.get("fee_settled", 0) + self.sums.get("fee_adjusted", 0) - self.sums.get("fee_adjusted_back", 0)
        ordered = sum(minor for refund_id, minor in self.orders.items() if refund_id not in self.failed)
        return ChargeFacts(
            account_id=self.account_id,
            parts=parts,
            money=money,
            ordered_minor=ordered,
            settled_fee_minor=max(0, settled - settled_of_disputes) if "fee_settled" in self.sums else None,
            settled_dispute_fee_minor=max(0, settled_of_disputes) if is_dispute_settled else None,
            discount=self.discount,
            platform_fee_minor=self.platform_fee_minor,
        )

    def _told_fee(self, *, is_of_disputes: bool) -> int:
        fee, returned = (self.of_disputes.get(kind, 0) for kind in ("fee", "fee_returned"))
        if not is_of_disputes:
            fee, returned = self.sums.get("fee", 0) - fee, self.sums.get("fee_returned", 0) - returned
        return max(0, fee - returned)

    def _level(self, up: PostingKind, down: PostingKind | None = None) -> int:
        # What took something back may be read before what it took back.
        return max(0, self.sums.get(up, 0) - (self.sums.get(down, 0) if down is not None else 0))


def facts_of(recorded: Sequence[Recorded]) -> list[Fact]:
    """The facts in a piece of the log, in its order."""
    return [fact for entry in recorded for fact in _facts_of(entry)]


def post(known: KnownCharge, fact: Fact, *, fee_tax_basis_points: int) -> Posting | None:
    """Post a fact: what it changes in the books of its charge. None where it was posted before."""
    if fact.key in known.keys:
        return None
    before = known.books
    if before is None:
        # Of a charge that nothing was told of, as nearly all are in a rush, the books say nothing.
        before = books_of(known.facts, fee_tax_basis_points=fee_tax_basis_points) if known.keys else {}
    known.note(fact.key, fact.kind, fact.minor)
    known.books = after = books_of(known.facts, fee_tax_basis_points=fee_tax_basis_points)
    return Posting(
        key=fact.key,
        kind=fact.kind,
        minor=fact.minor,
        currency=fact.currency,
        moves=moves_between(before, after),
        payment_id=fact.payment_id,
        charge_id=fact.charge_id,
        occurred_at=fact.occurred_at,
    )


def _facts_of(entry: Recorded) -> Iterator[Fact]:
    event = entry.event
    if isinstance(event, PaymentCaptured):
        yield _fact(entry, event, "sale", f"sale:{event.charge_id}", event.amount_minor)
    elif isinstance(event, RefundOrdered):
        yield _fact(entry, event, "refund_ordered", f"refund_ordered:{event.refund_id}", event.amount_minor)
    elif isinstance(event, RefundFailed):
        yield _fact(entry, event, "refund_failed", f"refund_failed:{event.refund_id}", event.amount_minor)
    elif isinstance(event, ChargeMoved):
        if event.after.kept_minor > event.before.kept_minor:
            yield _fact(entry, event, "sale", f"sale:{event.charge_id}", event.after.kept_minor)
        # What may come and go again is named by its place in the log, for it may become true twice.
        for kind, minor, suffix in _news(event.before, event.after):
            yield _fact(entry, event, kind, f"{kind}:{event.charge_id}:{entry.position}{suffix}", minor)
        yield from _disputed(entry, event)


def _news(before: ChargeMoney, after: ChargeMoney) -> Iterator[tuple[PostingKind, int, str]]:
    """What is new about the money of a charge beside that it was sold, and the end of its key."""
    of_disputes = after.dispute_fee_minor - before.dispute_fee_minor
    levels: tuple[tuple[PostingKind, PostingKind, int, str], ...] = (
        ("aside", "aside_ended", after.aside_minor - before.aside_minor, ""),
        ("fee", "fee_returned", after.fee_minor - before.fee_minor - of_disputes, ""),
        ("fee", "fee_returned", of_disputes, OF_DISPUTE),
        ("refund", "refund_undone", after.refunded_minor - before.refunded_minor, ""),
    )
    for up, down, minor, suffix in levels:
        if minor:
            yield up if minor > 0 else down, abs(minor), suffix


def _disputed(entry: Recorded, event: ChargeMoved) -> Iterator[Fact]:
    """What banks did: they ask for (more of) it, they leave it, they keep it."""
    name = f"{event.charge_id}:{entry.position}"
    held_before, held = event.before.held_minor, event.after.held_minor
    lost = max(0, event.after.taken_minor - event.before.taken_minor)
    is_at_once = held_before == 0
    opened = held - held_before + (0 if is_at_once else lost)
    if opened > 0:
        yield _fact(entry, event, "dispute_opened", f"dispute_opened:{name}", opened)
    elif opened < 0:
        yield _fact(entry, event, "dispute_won", f"dispute_won:{name}", -opened)
    if lost:
        yield _fact(entry, event, "dispute_lost", f"dispute_lost:{name}{_AT_ONCE if is_at_once else ''}", lost)


def _fact(
    entry: Recorded, event: PaymentCaptured | ChargeMoved | RefundOrdered | RefundFailed, kind: PostingKind, key: str, minor: int
) -> Fact:
    return Fact(
        key=key,
        kind=kind,
        minor=minor,
        currency=event.currency,
        payment_id=event.payment_id,
        charge_id=event.charge_id,
        occurred_at=entry.occurred_at,
    )


def _named_by(key: str) -> str:
    return key.partition(":")[2]
