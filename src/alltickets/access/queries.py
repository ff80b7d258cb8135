"""Reads of access: checkpoints, their counters, and the conflicts that staff must look at."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.access.rules import Checkpoint
from alltickets.access.schemas import CheckpointRead, ConflictRead, Counters
from alltickets.platform.database import Reader, uuid_array
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["Admission", "admissions_of_tickets", "list_checkpoints", "list_conflicts", "read_admitted", "read_checkpoint", "read_counters"]


class Admission(msgspec.Struct, frozen=True):
    """Somebody went in with a ticket: where, when, and which scanner saw the code."""

    ticket_id: UUID
    checkpoint: str
    device_id: UUID
    admitted_at: datetime


async def read_checkpoint(reader: Reader, checkpoint_id: UUID) -> Checkpoint | None:
    """A checkpoint of the reader's organizer, or None."""
    return await reader.fetch_first(
        Checkpoint,
        """
        SELECT checkpoint_id, event_id, name, performance_ids, ticket_type_ids, sector_ids, opens_at, closes_at
          FROM access.checkpoints
         WHERE organizer_id = %(organizer_id)s AND checkpoint_id = %(checkpoint_id)s
        """,
        checkpoint_id=checkpoint_id,
    )


async def list_checkpoints(reader: Reader, event_id: UUID) -> list[CheckpointRead]:
    """The event's checkpoints in the order in which they were made, with their counters. Index: checkpoints_by_event."""
    return await reader.fetch_all(
        CheckpointRead,
        """
        SELECT p.checkpoint_id, p.event_id, p.name, p.performance_ids, p.ticket_type_ids, p.sector_ids, p.opens_at, p.closes_at,
               coalesce(c.admitted, 0) AS admitted, coalesce(c.refused, 0) AS refused, coalesce(c.conflicts, 0) AS conflicts
          FROM access.checkpoints p
          LEFT JOIN access.counters c
            ON c.organizer_id = p.organizer_id AND c.checkpoint_id = p.checkpoint_id
         WHERE p.organizer_id = %(organizer_id)s AND p.event_id = %(event_id)s
         ORDER BY p.checkpoint_id
        """,
        event_id=event_id,
    )


async def read_admitted(reader: Reader, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Those of these tickets with which somebody went in. One statement for all, on the primary key."""
    rows = await reader.fetch_tuples(
        """
        SELECT ticket_id
          FROM access.redemptions
         WHERE organizer_id = %(organizer_id)s AND ticket_id = ANY(%(ticket_ids)s::uuid[])
        """,
        ticket_ids=uuid_array(ticket_ids),
    )
    return {ticket_id for (ticket_id,) in rows}


async def admissions_of_tickets(reader: Reader, ticket_ids: Collection[UUID]) -> list[Admission]:
    """Every admission with these tickets, the first one first. On the primary keys."""
    return await reader.fetch_all(
        Admission,
        """
        SELECT r.ticket_id, p.name AS checkpoint, s.device_id, r.admitted_at
          FROM access.redemptions r
          JOIN access.checkpoints p
            ON p.organizer_id = r.organizer_id AND p.checkpoint_id = r.checkpoint_id
          JOIN access.scans s
            ON s.organizer_id = r.organizer_id AND s.scan_id = r.scan_id
         WHERE r.organizer_id = %(organizer_id)s AND r.ticket_id = ANY(%(ticket_ids)s::uuid[])
         ORDER BY r.admitted_at, r.ticket_id
        """,
        ticket_ids=uuid_array(ticket_ids),
    )


async def read_counters(reader: Reader, checkpoint_id: UUID) -> Counters:
    """The checkpoint's counters; zeros before its first scan."""
    counters = await reader.fetch_first(
        Counters,
        """
        SELECT checkpoint_id, admitted, refused, conflicts
          FROM access.counters
         WHERE organizer_id = %(organizer_id)s AND checkpoint_id = %(checkpoint_id)s
        """,
        checkpoint_id=checkpoint_id,
    )
    return counters or Counters(checkpoint_id, 0, 0, 0)


async def list_conflicts(reader: Reader, event_id: UUID, *, cursor: str | None, size: int) -> Page[ConflictRead]:
    """The event's conflicts, newest first, each with the ticket's first admission. Index: scans_in_conflict. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        ConflictRead,
        """
        SELECT s.scan_id, s.checkpoint_id, s.device_id, s.ticket_id, s.outcome, s.scanned_at, s.received_at,
               r.admitted_at AS first_at, r.checkpoint_id AS first_checkpoint_id, r.scan_id AS first_scan_id
          FROM access.scans s
          LEFT JOIN access.redemptions r
            ON r.organizer_id = s.organizer_id AND r.ticket_id = s.ticket_id AND r.entry_number = 1
         WHERE s.organizer_id = %(organizer_id)s AND s.event_id = %(event_id)s AND s.conflict
           AND (%(before)s::uuid IS NULL OR s.scan_id < %(before)s::uuid)
         ORDER BY s.scan_id DESC
         LIMIT %(limit)s
        """,
        event_id=event_id,
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda conflict: [str(conflict.scan_id)])
