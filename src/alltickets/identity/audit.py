"""The audit log: who did what to which thing of an organizer. Rows are added and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.identity.actors import Actor, DeviceActor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Reader, Transaction
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["AuditEntry", "Subject", "list_entries", "record"]

Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an action was done to, e.g. `Subject("event", event_id)`."""

    kind: str
    id: UUID | None


@dataclass(frozen=True)
class AuditEntry:
    """One line of the log."""

    audit_entry_id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    detail: dict[str, str | int | bool | None]


async def record(tx: Transaction, actor: Actor | DeviceActor, action: str, subject: Subject, detail: Detail | None = None) -> None:
    """Add an entry in the caller's transaction, so that it stands exactly when the action does. One statement.

    `action` is `thing.past_participle`, e.g. `event.published`. `detail` holds what a reader needs later; never a secret.
    """
    assert actor.organizer_id == tx.organizer_id, "nobody acts for another organizer"
    await tx.execute(
        """
        INSERT INTO identity.audit_entries
               (organizer_id, audit_entry_id, at, actor_kind, actor_id, actor_label, action, subject_kind, subject_id, detail)
        VALUES (%(organizer_id)s, %(audit_entry_id)s, now(), %(actor_kind)s, %(actor_id)s, %(actor_label)s, %(action)s,
                %(subject_kind)s, %(subject_id)s, %(detail)s::jsonb)
        """,
        audit_entry_id=new_id(),
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_label=actor.label,
        action=action,
        subject_kind=subject.kind,
        subject_id=subject.id,
        detail=msgspec.json.encode(dict(detail or {})).decode(),
    )


async def list_entries(reader: Reader, *, cursor: str | None, size: int) -> Page[AuditEntry]:
    """The organizer's entries, newest first, by the primary key: ids are made in time order. Raises `CursorUnreadable`."""
    key = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        AuditEntry,
        """
        SELECT audit_entry_id, at, actor_kind, actor_id, actor_label, action, subject_kind, subject_id, detail
          FROM identity.audit_entries
         WHERE organizer_id = %(organizer_id)s
           AND (%(before)s::uuid IS NULL OR audit_entry_id < %(before)s::uuid)
         ORDER BY audit_entry_id DESC
         LIMIT %(limit)s
        """,
        before=key[0] if key else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda entry: [str(entry.audit_entry_id)])
