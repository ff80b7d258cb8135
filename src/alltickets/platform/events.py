"""Domain events as they stand in the log: facts in the past tense, appended in the transaction that makes them true."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from alltickets.platform.database import Transaction

__all__ = ["Event", "append_events"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all domain events: ids, amounts and names as they were; its class name is its type in the log."""

    version: ClassVar[int] = 1
    """Raised when the meaning of a field changes. Fields may be added with a default at any time."""


async def append_events(tx: "Transaction", events: Sequence[Event]) -> None:
    """Write events to the stream of the transaction's organizer, in their order. Two statements, whatever their number.

    The row of `platform.streams` stays locked until the commit: positions have no gap and follow the order of commits, so a reader that
    goes by position misses nothing. An identity column would: it is handed out before the commit (design section 2, measured).
    """
    [(last,)] = await tx.fetch_tuples(
        """
        UPDATE platform.streams
           SET position = position + %(count)s
         WHERE organizer_id = %(organizer_id)s
        RETURNING position
        """,
        count=len(events),
    )
    await tx.execute(
        """
        INSERT INTO platform.events (organizer_id, position, type, version, payload, occurred_at)
        SELECT o.organizer_id, x.position, x.type, x.version, x.payload, now()
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(position bigint, type text, version int, payload jsonb)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=msgspec.json.encode(
            [
                {"position": position, "type": type(event).__name__, "version": event.version, "payload": event}
                for position, event in enumerate(events, last - len(events) + 1)
            ]
        ).decode(),
    )
