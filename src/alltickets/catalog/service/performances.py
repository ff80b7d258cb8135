"""Use cases of performances."""

from typing import LiteralString
from uuid import UUID

import msgspec

from alltickets.catalog.events import EventPart, PerformanceCancelled
from alltickets.catalog.queries import EventFacts
from alltickets.catalog.refusals import NotDeletable, PerformanceNotFound
from alltickets.catalog.rules.details import performance_faults, require
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import PerformanceChange, PerformanceCreate, PerformanceRead
from alltickets.catalog.service.editing import Editing, check_room, check_version
from alltickets.catalog.service.stock import counted_in, plan_stock
from alltickets.identity.interface import Actor, Subject
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Transaction

__all__ = ["Performances"]

_UPDATE: LiteralString = """
    UPDATE catalog.performances
       SET starts_at = %(starts_at)s, ends_at = %(ends_at)s, doors_at = %(doors_at)s, status = %(status)s, version = version + 1
     WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND performance_id = %(performance_id)s
"""


class Performances:
    """The times that an event takes place."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    async def add(self, actor: Actor, event_id: UUID, body: PerformanceCreate) -> PerformanceRead:
        """Add a performance, with stock for everything in the event. Raises `EventNotFound`, `InvalidDetails`, `TooManyParts`."""
        require(performance_faults(starts_at=body.starts_at, ends_at=body.ends_at, doors_at=body.doors_at))
        performance_id = new_id()
        async with self._editing.of(actor, event_id) as edit:
            check_room("performances", len(edit.before.event.performances))
            await edit.tx.execute(
                """
                INSERT INTO catalog.performances (organizer_id, event_id, performance_id, starts_at, ends_at, doors_at, status, version)
                VALUES (%(organizer_id)s, %(event_id)s, %(performance_id)s, %(starts_at)s, %(ends_at)s, %(doors_at)s, 'scheduled', 1)
                """,
                event_id=event_id,
                performance_id=performance_id,
                **msgspec.structs.asdict(body),
            )
            await plan_stock(edit.tx, edit.before, [performance_id], counted_in(edit.before))
            await edit.changed(EventPart.PERFORMANCE, performance_id, "added")
        return _of(edit.after, performance_id)

    async def change(self, actor: Actor, event_id: UUID, performance_id: UUID, body: PerformanceChange) -> PerformanceRead:
        """Change its times. Raises `EventNotFound`, `PerformanceNotFound`, `VersionConflict`, `InvalidDetails`."""
        changes = changes_of(body)
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, performance_id)
            check_version(body.version, before.version)
            after = msgspec.structs.replace(before, **changes)
            require(performance_faults(starts_at=after.starts_at, ends_at=after.ends_at, doors_at=after.doors_at))
            if changes:
                await _write(edit.tx, event_id, after)
                await edit.changed(EventPart.PERFORMANCE, performance_id, "changed", {"fields": ", ".join(sorted(changes))})
        return _of(edit.after, performance_id)

    async def cancel(self, actor: Actor, event_id: UUID, performance_id: UUID, reason: str) -> PerformanceRead:
        """Say that it does not take place, while the event goes on; saying it again changes nothing.

        Raises `EventNotFound`, `PerformanceNotFound`.
        """
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, performance_id)
            if before.status != PerformanceStatus.CANCELLED:
                await _write(edit.tx, event_id, msgspec.structs.replace(before, status=PerformanceStatus.CANCELLED))
                cancelled = PerformanceCancelled(event_id=event_id, performance_id=performance_id, reason=reason)
                await edit.moved(cancelled, "cancelled", Subject("performance", performance_id), {"reason": reason})
        return _of(edit.after, performance_id)

    async def delete(self, actor: Actor, event_id: UUID, performance_id: UUID) -> None:
        """Delete a performance of a draft. Raises `EventNotFound`, `PerformanceNotFound`, `NotDeletable`."""
        async with self._editing.of(actor, event_id) as edit:
            _of(edit.before, performance_id)
            if edit.before.event.status != EventStatus.DRAFT:
                raise NotDeletable("The event was published, so the performance was kept. Cancel it instead.")
            for statement in _DELETIONS:
                await edit.tx.execute(statement, event_id=event_id, performance_id=performance_id)
            await edit.changed(EventPart.PERFORMANCE, performance_id, "deleted")


_DELETIONS: tuple[LiteralString, ...] = (
    """
    DELETE FROM catalog.pools
     WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND performance_id = %(performance_id)s
    """,
    """
    DELETE FROM catalog.performances
     WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND performance_id = %(performance_id)s
    """,
)


def _of(facts: EventFacts, performance_id: UUID) -> PerformanceRead:
    for one in facts.event.performances:
        if one.performance_id == performance_id:
            return one
    raise PerformanceNotFound(performance_id)


async def _write(tx: Transaction, event_id: UUID, performance: PerformanceRead) -> None:
    await tx.execute(
        _UPDATE,
        event_id=event_id,
        performance_id=performance.performance_id,
        starts_at=performance.starts_at,
        ends_at=performance.ends_at,
        doors_at=performance.doors_at,
        status=performance.status.value,
    )
