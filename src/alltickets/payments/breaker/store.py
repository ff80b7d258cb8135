"""Breakers as rows: locked, folded and written by whoever has an outcome that matters."""

from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.payments.breaker.rules import CLOSED, Breaker, Operation, is_error_of_account
from alltickets.payments.port import GatewayError, GatewayErrorKind
from alltickets.platform.database import Transaction

__all__ = ["close_breaker", "forget", "lock_breaker", "note_failure", "note_fault", "write_breaker"]

TEXT_LENGTH_MAX = 500


async def lock_breaker(tx: Transaction, account_id: UUID) -> Breaker:
    """An account's breaker, made where there is none, under lock until `tx` ends."""
    # In one statement: a row that was there for an INSERT may have been deleted by the time that another statement locks it.
    [row] = await tx.fetch_tuples(
        """
        INSERT INTO payments.breakers (organizer_id, account_id, failures_in_row, calls, failures, open_seconds, probes_well)
        SELECT o.organizer_id, %(account_id)s, 0, 0, 0, 0, 0
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, account_id) DO UPDATE
           SET account_id = excluded.account_id
        RETURNING failures_in_row, window_from, calls, failures, opened_until, open_seconds, probing_until, probes_well
        """,
        account_id=account_id,
    )
    return Breaker(**dict(zip(Breaker.__struct_fields__, row, strict=True)))


async def write_breaker(tx: Transaction, account_id: UUID, breaker: Breaker) -> None:
    """Write a breaker that is locked."""
    await tx.execute(
        """
        UPDATE payments.breakers
           SET failures_in_row = %(failures_in_row)s, window_from = %(window_from)s, calls = %(calls)s, failures = %(failures)s,
               opened_until = %(opened_until)s, open_seconds = %(open_seconds)s, probing_until = %(probing_until)s,
               probes_well = %(probes_well)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
        """,
        account_id=account_id,
        **msgspec.structs.asdict(breaker),
    )


async def forget(tx: Transaction, account_id: UUID) -> None:
    """What was counted of an account that works, or is another one now, counts no more."""
    await tx.execute(
        """
        DELETE FROM payments.breakers
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
        """,
        account_id=account_id,
    )


async def close_breaker(tx: Transaction, account_id: UUID) -> None:
    """What was counted of an account that works counts no more; what went wrong last stays, for people."""
    await tx.execute(
        """
        DELETE FROM payments.breakers
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND last_error IS NULL
        """,
        account_id=account_id,
    )
    await write_breaker(tx, account_id, CLOSED)


async def note_failure(tx: Transaction, account_id: UUID, operation: Operation, error: GatewayError, now: datetime) -> None:
    """Keep a failure as what went wrong last at the account, where it speaks of that; it is not counted.

    Locks the breaker, so whatever else `tx` locks but the stream comes before.
    """
    if is_error_of_account(operation, error.kind):
        await note_fault(tx, account_id, operation, error.kind, str(error), now)


async def note_fault(tx: Transaction, account_id: UUID, operation: Operation, kind: GatewayErrorKind, text: str, now: datetime) -> None:
    """Keep what went wrong last, for people, in words of ours. What goes well later leaves it: it says when it was. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.breakers (organizer_id, account_id, failures_in_row, calls, failures, open_seconds, probes_well,
                                       last_error, last_error_operation, last_error_kind, last_error_at)
        SELECT o.organizer_id, %(account_id)s, 0, 0, 0, 0, 0, %(text)s, %(operation)s, %(kind)s, %(now)s
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, account_id) DO UPDATE
           SET last_error = excluded.last_error, last_error_operation = excluded.last_error_operation,
               last_error_kind = excluded.last_error_kind, last_error_at = excluded.last_error_at
        """,
        account_id=account_id,
        operation=operation,
        kind=kind,
        text=text[:TEXT_LENGTH_MAX],
        now=now,
    )
