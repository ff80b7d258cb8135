"""The list of stored callbacks, for people: what became of each, and never what stood in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["CallbackState", "CallbackSummary", "InState", "list_callbacks", "read_callback"]

CallbackState = Literal["received", "applied", "to_fetch", "unknown", "unreadable"]
InState = Literal["applied", "to_fetch", "unknown", "unreadable"]
"""Received is what is newest, for a moment: nobody looks for it, and no index has to tell it from what is applied."""

_COLUMNS = "c.id AS callback_id, c.account_id, c.state, c.is_verified, c.tries, c.next_try_at, c.error, c.received_at"


@dataclass(frozen=True, slots=True)
class CallbackSummary:
    """A stored callback. is_verified: signed; what is not only hints. tries: of the loop. error: why it is not applied."""

    callback_id: UUID
    account_id: UUID
    state: CallbackState
    is_verified: bool
    tries: int
    next_try_at: datetime | None
    error: str | None
    received_at: datetime


async def list_callbacks(reader: Reader, *, in_state: InState | None, cursor: str | None, size: int) -> Page[CallbackSummary]:
    """Callbacks, newest first. Indexes: callbacks_left, or the primary key, for most are applied. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        CallbackSummary,
        f"""
        SELECT {_COLUMNS}
          FROM payments.callbacks c
         WHERE c.organizer_id = %(organizer_id)s {_narrowed(in_state)}
           AND c.id < %(before)s
         ORDER BY c.id DESC
         LIMIT %(limit)s
        """,
        in_state=in_state,
        before=before[0] if before is not None else UUID(int=2**128 - 1),
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [str(one.callback_id)])


async def read_callback(reader: Reader, callback_id: UUID) -> CallbackSummary | None:
    """One callback; None: there is no such one."""
    return await reader.fetch_first(
        CallbackSummary,
        f"""
        SELECT {_COLUMNS}
          FROM payments.callbacks c
         WHERE c.organizer_id = %(organizer_id)s AND c.id = %(callback_id)s
        """,
        callback_id=callback_id,
    )


def _narrowed(in_state: InState | None) -> str:
    if in_state is None:
        return ""
    # The words of the index, which holds what is in trouble or due, and knows of no state: so what is applied never touches it.
    return "AND c.state = %(in_state)s" + ("" if in_state == "applied" else " AND (c.error IS NOT NULL OR c.next_try_at IS NOT NULL)")
