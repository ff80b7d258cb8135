"""Disputes as rows: followed under their payment's lock, each change one UPDATE on the version that was read and one row of history."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.disputes.rules import LOOKED_AT_EVERY, Dispute, follow, known_as, news_of, next_reminder, told_of
from alltickets.payments.port import GatewayPayment
from alltickets.payments.rules import Charge, Payment
from alltickets.payments.standings import Cause
from alltickets.platform.database import Reader, Transaction, rows_as_json

__all__ = ["DISPUTE_COLUMNS", "Told", "dispute_of", "disputes_of_charges", "follow_disputes", "lock_dispute", "may_concern"]

DISPUTE_COLUMNS = """d.id, d.charge_id, d.payment_id, d.reference, d.account_id, d.provider_dispute_id, d.state, d.is_inquiry,
               d.amount_minor, d.currency, d.reason, d.raw_reason, d.raw_status, d.due_at, d.opened_at, d.sequence, d.fee_minor,
               d.version"""
"""Of payments.disputes as `d`, in the order in which `dispute_of` reads them."""

_DISPUTED = ("disputed", "charged_back")

_log = structlog.get_logger()
_moves = Counter("alltickets_payment_disputes", "Disputes by the state that they came into", ["state"])


@dataclass(frozen=True, slots=True)
class Told:
    """What an account says of a payment of its, and the charge as it stands by that."""

    charge: Charge
    payment: Payment
    seen: GatewayPayment


@dataclass(frozen=True, slots=True)
class _Change:
    before: Dispute | None
    after: Dispute


def may_concern(known: Charge | None, charge: Charge, seen: GatewayPayment) -> bool:
    """Whether a report may say anything of a dispute. In a rush none does, and nothing is read."""
    return bool(seen.disputes) or charge.status in _DISPUTED or (known is not None and known.status in _DISPUTED)


async def follow_disputes(tx: Transaction, told: Sequence[Told], *, cause: Cause, now: datetime) -> None:
    """Apply what reports say of disputes, in their order, and publish what follows. The payments are locked by the caller."""
    known = await disputes_of_charges(tx, [one.charge.id for one in told])
    changes: dict[UUID, _Change] = {}
    for one in told:
        mine = known[one.charge.id]
        for report in told_of(one.charge, one.seen, mine):
            before = known_as(report, mine)
            after = follow(before, report, one.charge, ids=(new_id(), one.payment.id, one.payment.reference), now=now)
            if after is None:
                continue
            first = changes[after.id].before if after.id in changes else before
            changes[after.id] = _Change(first, after)
            mine[:] = [*(other for other in mine if other.id != after.id), after]
    for change in changes.values():
        _announce(tx, change)
    await _write(tx, list(changes.values()), cause, now)


async def disputes_of_charges(reader: Reader, charge_ids: Sequence[UUID]) -> dict[UUID, list[Dispute]]:
    """Every dispute of these charges, oldest first; by charge, and empty for one that has none."""
    rows = await reader.fetch_tuples(
        f"""
        SELECT {DISPUTE_COLUMNS}
          FROM payments.disputes d
         WHERE d.organizer_id = %(organizer_id)s AND d.charge_id = ANY(%(charge_ids)s)
         ORDER BY d.id
        """,
        charge_ids=list(charge_ids),
    )
    found: dict[UUID, list[Dispute]] = defaultdict(list)
    for row in rows:
        found[row[1]].append(dispute_of(row))
    return found


async def lock_dispute(tx: Transaction, dispute_id: UUID) -> Dispute | None:
    """A dispute, locked until `tx` ends; None: there is no such one."""
    rows = await tx.fetch_tuples(
        f"""
        SELECT {DISPUTE_COLUMNS}
          FROM payments.disputes d
         WHERE d.organizer_id = %(organizer_id)s AND d.id = %(id)s
           FOR UPDATE
        """,
        id=dispute_id,
    )
    return dispute_of(rows[0]) if rows else None


def dispute_of(row: tuple[Any, ...]) -> Dispute:
    """A dispute from its columns, `DISPUTE_COLUMNS`; whatever follows them in the row is somebody else's."""
    return Dispute(
        id=row[0],
        charge_id=row[1],
        payment_id=row[2],
        reference=row[3],
        account_id=row[4],
        provider_dispute_id=row[5],
        state=row[6],
        is_inquiry=row[7],
        amount=Money(row[8], row[9]),
        reason=row[10],
        raw_reason=row[11],
        raw_status=row[12],
        due_at=row[13],
        opened_at=row[14],
        sequence=row[15],
        fee_minor=row[16],
        version=row[17],
    )


def _announce(tx: Transaction, change: _Change) -> None:
    before, after = change.before, change.after
    tx.publish(*news_of(before, after))
    if before is None or before.state != after.state:
        _moves.labels(after.state).inc()
        _log.info("dispute moved", dispute=str(after.id), before=None if before is None else before.state, after=after.state)


async def _write(tx: Transaction, changes: Sequence[_Change], cause: Cause, now: datetime) -> None:
    """What is new is inserted, what is known moves on the version that was read, and each leaves a row of history. Two statements."""
    if not changes:
        return
    written = await tx.execute(
        """
        INSERT INTO payments.disputes (organizer_id, id, charge_id, payment_id, reference, account_id, provider_dispute_id, state,
                                       is_inquiry, amount_minor, currency, reason, raw_reason, raw_status, due_at, opened_at, sequence,
                                       fee_minor, version, remind_at, look_at, first_seen_at, updated_at)
        SELECT o.organizer_id, x.id, x.charge_id, x.payment_id, x.reference, x.account_id, x.provider_dispute_id, x.state,
               x.is_inquiry, x.amount_minor, x.currency, x.reason, x.raw_reason, x.raw_status, x.due_at, x.opened_at, x.sequence,
               x.fee_minor, x.version, x.remind_at, x.look_at, %(now)s, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, charge_id uuid, payment_id uuid, reference uuid, account_id uuid, provider_dispute_id text, state text,
                        is_inquiry boolean, amount_minor bigint, currency text, reason text, raw_reason text, raw_status text,
                        due_at timestamptz, opened_at timestamptz, sequence bigint, fee_minor bigint, version int,
                        remind_at timestamptz, look_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, id) DO UPDATE
           SET provider_dispute_id = excluded.provider_dispute_id, state = excluded.state, is_inquiry = excluded.is_inquiry,
               amount_minor = excluded.amount_minor, currency = excluded.currency, reason = excluded.reason,
               raw_reason = excluded.raw_reason, raw_status = excluded.raw_status, due_at = excluded.due_at,
               opened_at = excluded.opened_at, sequence = excluded.sequence, fee_minor = excluded.fee_minor,
               version = excluded.version, remind_at = excluded.remind_at, look_at = excluded.look_at, updated_at = excluded.updated_at
         WHERE payments.disputes.version = excluded.version - 1
        """,
        rows=rows_as_json([_row(change.after, now) for change in changes]),
        now=now,
    )
    assert written == len(changes), "nobody moves a dispute without its payment's lock"
    await _write_history(tx, changes, cause, now)


async def _write_history(tx: Transaction, changes: Sequence[_Change], cause: Cause, now: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO payments.dispute_history (organizer_id, dispute_id, version, state_before, state, raw_status, amount_minor, due_at,
                                              cause, at)
        SELECT o.organizer_id, x.dispute_id, x.version, x.state_before, x.state, x.raw_status, x.amount_minor, x.due_at, %(cause)s, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(dispute_id uuid, version int, state_before text, state text, raw_status text, amount_minor bigint,
                        due_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(
            [
                {
                    "dispute_id": after.id,
                    "version": after.version + 1,
                    "state_before": None if before is None else before.state,
                    "state": after.state,
                    "raw_status": after.raw_status,
                    "amount_minor": after.amount.minor,
                    "due_at": after.due_at,
                }
                for before, after in ((change.before, change.after) for change in changes)
            ]
        ),
        cause=cause,
        now=now,
    )


def _row(dispute: Dispute, now: datetime) -> dict[str, object]:
    return {
        "id": dispute.id,
        "charge_id": dispute.charge_id,
        "payment_id": dispute.payment_id,
        "reference": dispute.reference,
        "account_id": dispute.account_id,
        "provider_dispute_id": dispute.provider_dispute_id,
        "state": dispute.state,
        "is_inquiry": dispute.is_inquiry,
        "amount_minor": dispute.amount.minor,
        "currency": dispute.amount.currency,
        "reason": dispute.reason,
        "raw_reason": dispute.raw_reason,
        "raw_status": dispute.raw_status,
        "due_at": dispute.due_at,
        "opened_at": dispute.opened_at,
        "sequence": dispute.sequence,
        "fee_minor": dispute.fee_minor,
        "version": dispute.version + 1,
        "remind_at": next_reminder(dispute, now),
        "look_at": now + LOOKED_AT_EVERY if dispute.is_open else None,
    }
