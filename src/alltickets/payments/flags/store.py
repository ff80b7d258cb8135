"""Flags as rows: raised once for a thing while it is open, listed, settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.kernel.ids import new_id
from alltickets.payments.events import FlagKind, PaymentFlagged, PaymentUnflagged
from alltickets.platform.database import Reader, Transaction, rows_as_json
from alltickets.platform.outbox import Recorded
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["Flag", "list_flags", "mark_settled", "raise_flags", "read_flag", "settle_of_attempts", "settle_over"]

_OF_ACCOUNT: frozenset[FlagKind] = frozenset({"account_refused", "request_refused"})
"""What is wrong with an account is wrong with each payment at it, and is one thing to look at."""

_COLUMNS = """f.flag_id, f.kind, f.reference, f.payment_id, f.attempt_id, f.account_id, f.explanation, f.times, f.raised_at, f.last_at,
               f.settled_at, f.settled_by, f.note"""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that somebody has to look at, or has. `reference`: of its payment, an order's id. `times`: how often it was found."""

    flag_id: UUID
    kind: FlagKind
    reference: UUID
    payment_id: UUID
    attempt_id: UUID
    account_id: UUID
    explanation: str
    times: int
    raised_at: datetime
    last_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    note: str | None


async def raise_flags(tx: Transaction, recorded: Sequence[Recorded]) -> list[Flag]:
    """Keep what these events flag, and return what was not open before. Two statements, whatever their number."""
    told = [(entry.event, entry.occurred_at) for entry in recorded if isinstance(entry.event, PaymentFlagged)]
    accounts = await _accounts_of(tx, {event.attempt_id for event, _ in told})
    raised: dict[tuple[UUID, FlagKind], Flag] = {}
    for event, at in told:
        account_id = accounts[event.attempt_id]
        key = (account_id if event.kind in _OF_ACCOUNT else event.attempt_id, event.kind)
        before = raised.get(key)
        raised[key] = Flag(
            flag_id=before.flag_id if before is not None else new_id(),
            kind=event.kind,
            reference=event.reference,
            payment_id=event.payment_id,
            attempt_id=event.attempt_id,
            account_id=account_id,
            explanation=event.detail,
            times=1 if before is None else before.times + 1,
            raised_at=at if before is None else before.raised_at,
            last_at=at,
            settled_at=None,
            settled_by=None,
            note=None,
        )
    kept = await _upsert(tx, raised) if raised else set()
    return [flag for flag in raised.values() if flag.flag_id in kept]


async def list_flags(reader: Reader, *, is_settled: bool | None, cursor: str | None, size: int) -> Page[Flag]:
    """Flags, newest first: open ones, settled ones, or both. Indexes: flags_open, or the primary key. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    standing = {None: "", False: "AND f.settled_at IS NULL", True: "AND f.settled_at IS NOT NULL"}[is_settled]
    rows = await reader.fetch_all(
        Flag,
        f"""
        SELECT {_COLUMNS}
          FROM payments.flags f
         WHERE f.organizer_id = %(organizer_id)s {standing}
           AND f.flag_id < %(before)s
         ORDER BY f.flag_id DESC
         LIMIT %(limit)s
        """,
        before=before[0] if before is not None else UUID(int=2**128 - 1),
        limit=size + 1,
    )
    return page_of(rows, size, lambda flag: [str(flag.flag_id)])


async def read_flag(reader: Reader, flag_id: UUID) -> Flag | None:
    """One flag; None: there is no such one."""
    return await reader.fetch_first(
        Flag,
        f"""
        SELECT {_COLUMNS}
          FROM payments.flags f
         WHERE f.organizer_id = %(organizer_id)s AND f.flag_id = %(flag_id)s
        """,
        flag_id=flag_id,
    )


async def mark_settled(tx: Transaction, flag_id: UUID, *, by: str, note: str, now: datetime) -> bool:
    """Settle an open flag; False where it is settled, or there is none."""
    marked = await tx.execute(
        """
        UPDATE payments.flags
           SET settled_at = %(now)s, settled_by = %(by)s, note = %(note)s
         WHERE organizer_id = %(organizer_id)s AND flag_id = %(flag_id)s AND settled_at IS NULL
        """,
        flag_id=flag_id,
        by=by,
        note=note,
        now=now,
    )
    return marked > 0


async def settle_of_attempts(
    tx: Transaction, attempt_ids: Sequence[UUID], kinds: Sequence[FlagKind], *, by: str, note: str, now: datetime
) -> None:
    """Settle the open flags of these kinds that these attempts have: something was done about them."""
    await tx.execute(
        """
        UPDATE payments.flags
           SET settled_at = %(now)s, settled_by = %(by)s, note = %(note)s
         WHERE organizer_id = %(organizer_id)s AND subject_id = ANY(%(attempt_ids)s) AND kind = ANY(%(kinds)s) AND settled_at IS NULL
        """,
        attempt_ids=list(attempt_ids),
        kinds=list(kinds),
        by=by,
        note=note,
        now=now,
    )


async def settle_over(tx: Transaction, recorded: Sequence[Recorded]) -> None:
    """Settle what these events say is over by itself; what was found again since stays open. One statement each, for they are few."""
    for entry in recorded:
        event = entry.event
        if isinstance(event, PaymentUnflagged):
            await tx.execute(
                """
                UPDATE payments.flags
                   SET settled_at = %(at)s, settled_by = 'payments', note = %(note)s
                 WHERE organizer_id = %(organizer_id)s AND subject_id = %(attempt_id)s AND kind = ANY(%(kinds)s)
                   AND last_at <= %(at)s AND settled_at IS NULL
                """,
                attempt_id=event.attempt_id,
                kinds=list(event.kinds),
                note=event.detail,
                at=entry.occurred_at,
            )


async def _accounts_of(tx: Transaction, attempt_ids: set[UUID]) -> dict[UUID, UUID]:
    rows = await tx.fetch_tuples(
        "SELECT id, account_id FROM payments.attempts WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s)", ids=list(attempt_ids)
    )
    return dict(rows)


async def _upsert(tx: Transaction, raised: dict[tuple[UUID, FlagKind], Flag]) -> set[UUID]:
    """Write flags, or count them where they are open; the ids under which they are kept."""
    rows = await tx.fetch_tuples(
        """
        INSERT INTO payments.flags AS f (organizer_id, flag_id, kind, subject_id, payment_id, attempt_id, account_id, reference,
                                         explanation, times, raised_at, last_at)
        SELECT o.organizer_id, x.flag_id, x.kind, x.subject_id, x.payment_id, x.attempt_id, x.account_id, x.reference,
               x.explanation, x.times, x.raised_at, x.last_at
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(flag_id uuid, kind text, subject_id uuid, payment_id uuid, attempt_id uuid, account_id uuid, reference uuid,
                        explanation text, times int, raised_at timestamptz, last_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
         ORDER BY x.subject_id, x.kind
        ON CONFLICT (organizer_id, subject_id, kind) WHERE settled_at IS NULL DO UPDATE
           SET payment_id = excluded.payment_id, attempt_id = excluded.attempt_id, reference = excluded.reference,
               explanation = excluded.explanation, times = f.times + excluded.times, last_at = excluded.last_at
        RETURNING f.flag_id
        """,
        rows=rows_as_json(
            [
                {
                    "flag_id": flag.flag_id,
                    "kind": kind,
                    "subject_id": subject_id,
                    "payment_id": flag.payment_id,
                    "attempt_id": flag.attempt_id,
                    "account_id": flag.account_id,
                    "reference": flag.reference,
                    "explanation": flag.explanation,
                    "times": flag.times,
                    "raised_at": flag.raised_at,
                    "last_at": flag.last_at,
                }
                for (subject_id, kind), flag in raised.items()
            ]
        ),
    )
    return {flag_id for (flag_id,) in rows}
