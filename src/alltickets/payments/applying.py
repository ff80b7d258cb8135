"""Writes what gateways say: many reports of one organizer in some ten statements, each attempt moved once, in the caller's transaction.

Every way to learn something ends here: callbacks, queries, the answers of our own calls. The lock on payment and attempt is what makes
two processes that apply the same thing apply it once: the second waits, sees what the first wrote, and finds nothing new.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.kernel.ids import id_or_none, new_id
from alltickets.kernel.money import Money
from alltickets.payments.disputes.store import Told, follow_disputes, may_concern
from alltickets.payments.events import FlagKind, PaymentFlagged, PaymentUnflagged
from alltickets.payments.port import GatewayError, GatewayPayment
from alltickets.payments.promotions.uses import settle_promotions
from alltickets.payments.refunds.ordering import NewRefund, order_refunds
from alltickets.payments.rules import ATTEMPT_RANKS, AttemptStatus, Charge, Payment, conclude, decide, money_moved
from alltickets.payments.schedule import ABSENT_TIMES_MIN, LATE_DELAY_SECONDS, absence_is_proven, first_query, last_query, next_query
from alltickets.payments.standings import (
    Cause,
    Standing,
    fetch_charges,
    lock_standings,
    write_charges,
    write_standings,
)
from alltickets.platform.database import Transaction

__all__ = ["Report", "apply_absences", "apply_conclusion", "apply_failed_queries", "apply_reports"]

_IF_ABSENT: dict[AttemptStatus, AttemptStatus] = {"awaiting_buyer": "expired", "unknown": "error"}
"""What an attempt comes to when the gateway is proven to know of no payment: nobody paid, or our call never arrived."""


_OF_STATE: tuple[FlagKind, ...] = ("amount_mismatch", "account_mismatch", "unresolved", "capture_refused", "void_refused")
"""Flags about the state that an attempt is in: people look at it while it is there."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an account says of one of its payments."""

    account_id: UUID
    payment: GatewayPayment


@dataclass(slots=True)
class _Changes:
    charges: dict[tuple[UUID, str], Charge] = field(default_factory=dict)
    changed: set[tuple[UUID, str]] = field(default_factory=set)
    surplus: list[tuple[Charge, Payment, int]] = field(default_factory=list)
    disputed: list[Told] = field(default_factory=list)


async def apply_reports(tx: Transaction, reports: Sequence[Report], *, cause: Cause, now: datetime) -> list[bool]:
    """Apply reports in their order and publish what follows; for each whether its attempt is known here.

    Locks the payments and attempts concerned, in id order, until `tx` ends. At most ten statements, whatever the number of reports, and
    three more where a bank asks for money back.
    """
    ids = [id_or_none(report.payment.reference) for report in reports]
    standings = await lock_standings(tx, {attempt_id for attempt_id in ids if attempt_id is not None})
    if not standings:
        return [False] * len(reports)
    keys = [(report.account_id, report.payment.provider_payment_id) for report in reports]
    changes = _Changes(charges=await fetch_charges(tx, list(standings), keys))
    payments: dict[UUID, Payment] = {standing.payment.id: standing.payment for standing in standings.values()}
    for attempt_id, report in zip(ids, reports, strict=True):
        standing = standings.get(attempt_id) if attempt_id is not None else None
        if standing is not None:
            standing.payment = payments[standing.payment.id]
            _apply(tx, standing, report, changes, cause, now)
            payments[standing.payment.id] = standing.payment
    undecided = {charge.attempt_id for charge in changes.charges.values() if charge.status in ("pending", "authorized")}
    for standing in standings.values():
        standing.payment = payments[standing.payment.id]
        standing.has_undecided = standing.attempt.id in undecided
        if cause == "query" or standing.has_news:
            standing.absences, standing.absent_since = 0, None
            _ask_again(tx, standing, now)
    await write_charges(tx, [changes.charges[key] for key in changes.changed], now)
    await write_standings(tx, standings.values(), now)
    await settle_promotions(tx, standings.values(), changes.charges.values(), now)
    await _order_surplus_back(tx, changes.surplus, now)
    if changes.disputed:
        await follow_disputes(tx, changes.disputed, cause=cause, now=now)
    return [attempt_id in standings for attempt_id in ids]


async def apply_absences(tx: Transaction, absent: Mapping[UUID, timedelta], *, now: datetime) -> None:
    """The gateway was asked about these and knows of no payment, which is believed after so long (`absence_is_proven`).

    What came to nothing by silence alone is asked about for a day more, what nobody paid in time until its link has died by every clock:
    a charge that turns up then is money as any other.
    """
    standings = await lock_standings(tx, set(absent))
    for attempt_id, standing in standings.items():
        ending = _IF_ABSENT.get(standing.attempt.status)
        if ending is None or (ending == "expired" and now < standing.expires_at):
            _ask_again(tx, standing, now)
            continue
        standing.absences += 1
        standing.absent_since = standing.absent_since or now
        if absence_is_proven(standing.absences, standing.absent_since, now, absent_for_min=absent[attempt_id]):
            _conclude(tx, standing, ending, "silence", now)
            if ending == "error":
                # What `_ask_again` knows it by.
                standing.absences = ABSENT_TIMES_MIN
                standing.next_query_at = now + timedelta(seconds=LATE_DELAY_SECONDS)
            else:
                standing.next_query_at = last_query(now=now, expires_at=standing.expires_at)
            continue
        _ask_again(tx, standing, now)
        proof_at = standing.absent_since + absent[attempt_id] + timedelta(seconds=1)
        if standing.next_query_at is not None and standing.absences >= ABSENT_TIMES_MIN - 1 and proof_at > now:
            standing.next_query_at = min(standing.next_query_at, proof_at)
    await write_standings(tx, standings.values(), now)
    await settle_promotions(tx, standings.values(), (), now)


async def apply_failed_queries(tx: Transaction, failed: Mapping[UUID, GatewayError], *, now: datetime) -> None:
    """The gateway could not be asked about these: that says nothing about them, so they stay as they are and are asked about again."""
    standings = await lock_standings(tx, set(failed))
    for attempt_id, standing in standings.items():
        standing.error_kind, standing.error_code = failed[attempt_id].kind, failed[attempt_id].code
        # A closed attempt is only asked about for a reason, and that stands until there is an answer.
        standing.has_undecided = ATTEMPT_RANKS[standing.attempt.status] >= ATTEMPT_RANKS["declined"]
        _ask_again(tx, standing, now)
    await write_standings(tx, standings.values(), now)


async def apply_conclusion(
    tx: Transaction,
    attempt_id: UUID,
    status: AttemptStatus,
    *,
    cause: Cause,
    now: datetime,
    adjust: Callable[[Standing], None] | None = None,
) -> Standing | None:
    """Move an attempt to what we found out ourselves, if it may move there; how it stands now. None: no such attempt.

    `adjust` sets what belongs to the move (the link, the error) before it is written; it is not called where the attempt stays.
    """
    standing = (await lock_standings(tx, {attempt_id})).get(attempt_id)
    if standing is not None and _conclude(tx, standing, status, cause, now):
        if adjust is not None:
            adjust(standing)
        await write_standings(tx, [standing], now)
        await settle_promotions(tx, [standing], (), now)
    return standing


def _apply(tx: Transaction, standing: Standing, report: Report, changes: _Changes, cause: Cause, now: datetime) -> None:
    key = (report.account_id, report.payment.provider_payment_id)
    known = changes.charges.get(key)
    transition = decide(standing.payment, standing.attempt, known, report.payment, account_id=report.account_id, charge_id=new_id())
    moved = money_moved(standing.payment, known, transition)
    charge = transition.charge
    assert charge is not None, "a report is of a charge"
    if charge != known:
        changes.charges[key] = charge
        changes.changed.add(key)
        standing.has_news = True
    if charge.attempt_id == standing.attempt.id and may_concern(known, charge, report.payment):
        changes.disputed.append(Told(charge, standing.payment, report.payment))
    if transition.surplus_minor:
        changes.surplus.append((charge, transition.payment, transition.surplus_minor))
    if transition.payment != standing.payment:
        standing.payment = transition.payment
        standing.is_touched = True
    if transition.attempt != standing.attempt:
        standing.attempt = transition.attempt
        _enter(tx, standing, cause, now)
        if standing.attempt.status == "declined":
            standing.error_kind, standing.error_code = "declined", report.payment.reason
    tx.publish(*transition.events, *moved)


def _conclude(tx: Transaction, standing: Standing, status: AttemptStatus, cause: Cause, now: datetime) -> bool:
    transition = conclude(standing.payment, standing.attempt, status)
    if transition is None:
        return False
    standing.payment, standing.attempt = transition.payment, transition.attempt
    _enter(tx, standing, cause, now)
    standing.next_query_at = first_query(status, now=now, expires_at=standing.expires_at)
    tx.publish(*transition.events)
    return True


def _enter(tx: Transaction, standing: Standing, cause: Cause, now: datetime) -> None:
    standing.state_since = now
    standing.queries = 0
    standing.absences, standing.absent_since = 0, None
    standing.cause = cause
    was_looked_at = standing.needs_review
    standing.needs_review = standing.attempt.status == "integrity_hold"
    standing.is_touched = True
    if was_looked_at and not standing.needs_review:
        detail = f"over by itself: {standing.attempt.status}"
        tx.publish(PaymentUnflagged(payment_id=standing.payment.id, attempt_id=standing.attempt.id, kinds=_OF_STATE, detail=detail))


def _ask_again(tx: Transaction, standing: Standing, now: datetime) -> None:
    """Set when to ask about this attempt next; after a day of asking somebody is told."""
    following = next_query(
        standing.attempt.status,
        has_undecided=standing.has_undecided,
        ended_by_silence=standing.attempt.status == "error" and standing.absences > 0,
        times=standing.queries,
        since=standing.state_since,
        now=now,
        expires_at=standing.expires_at,
    )
    standing.queries += 1
    if following == "needs_review":
        standing.needs_review = True
        tx.publish(
            PaymentFlagged(
                reference=standing.payment.reference,
                payment_id=standing.payment.id,
                attempt_id=standing.attempt.id,
                kind="unresolved",
                detail="The gateway was asked for a day and still does not say what became of this attempt.",
            )
        )
    standing.next_query_at = following if isinstance(following, datetime) else None
    standing.is_touched = True


async def _order_surplus_back(tx: Transaction, surplus: Sequence[tuple[Charge, Payment, int]], now: datetime) -> None:
    """Refunds of what was paid twice. A charge becomes surplus once, under its payment's lock, so it is ordered back once."""
    refunds = [
        NewRefund(
            id=new_id(),
            reference=payment.reference,
            payment_id=payment.id,
            charge_id=charge.id,
            amount=Money(minor, charge.amount.currency),
            reason="paid twice",
            is_kept=False,
        )
        for charge, payment, minor in surplus
    ]
    await order_refunds(tx, refunds, now)
