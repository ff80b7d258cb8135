"""Use cases of sectors."""

from uuid import UUID

import msgspec

from alltickets.catalog.events import EventPart
from alltickets.catalog.queries import EventFacts
from alltickets.catalog.refusals import NotDeletable, SectorNotFound
from alltickets.catalog.rules.details import capacity_of, require, sector_faults
from alltickets.catalog.rules.snapshot import SeatRow
from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import SectorChange, SectorCreate, SectorRead
from alltickets.catalog.service.editing import Editing, check_room, check_version
from alltickets.catalog.service.stock import counted_sector, plan_stock
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id

__all__ = ["Sectors"]


class Sectors:
    """The parts of the house that an event is sold in."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    async def add(self, actor: Actor, event_id: UUID, body: SectorCreate) -> SectorRead:
        """Add a sector, with stock at every performance. Raises `EventNotFound`, `InvalidDetails`, `TooManyParts`."""
        rows = tuple(SeatRow(row.label, row.first, row.last) for row in body.rows)
        require(sector_faults(capacity=body.capacity, rows=rows))
        sector = SectorRead(new_id(), body.name, capacity_of(capacity=body.capacity, rows=rows), rows, body.position, version=1)
        async with self._editing.of(actor, event_id) as edit:
            check_room("sectors", len(edit.before.event.sectors))
            await edit.tx.execute(
                """
                INSERT INTO catalog.sectors (organizer_id, event_id, sector_id, name, capacity, rows, position, version)
                VALUES (%(organizer_id)s, %(event_id)s, %(sector_id)s, %(name)s, %(capacity)s, %(rows)s::jsonb, %(position)s, 1)
                """,
                event_id=event_id,
                sector_id=sector.sector_id,
                name=sector.name,
                capacity=sector.capacity,
                rows=msgspec.json.encode(rows).decode(),
                position=sector.position,
            )
            performance_ids = [one.performance_id for one in edit.before.event.performances]
            await plan_stock(edit.tx, edit.before, performance_ids, [counted_sector(sector)])
            await edit.changed(EventPart.SECTOR, sector.sector_id, "added", {"name": sector.name, "capacity": sector.capacity})
        return _of(edit.after, sector.sector_id)

    async def change(self, actor: Actor, event_id: UUID, sector_id: UUID, body: SectorChange) -> SectorRead:
        """Change a sector; its capacity counts for performances to come. Raises `EventNotFound`, `SectorNotFound`, `VersionConflict`,
        or `InvalidDetails` for a capacity that its rows do not have.
        """
        changes = changes_of(body)
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, sector_id)
            check_version(body.version, before.version)
            after = msgspec.structs.replace(before, **changes)
            require(sector_faults(capacity=after.capacity, rows=after.rows))
            if changes:
                await edit.tx.execute(
                    """
                    UPDATE catalog.sectors
                       SET name = %(name)s, capacity = %(capacity)s, position = %(position)s, version = version + 1
                     WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND sector_id = %(sector_id)s
                    """,
                    event_id=event_id,
                    sector_id=sector_id,
                    name=after.name,
                    capacity=after.capacity,
                    position=after.position,
                )
                await edit.changed(EventPart.SECTOR, sector_id, "changed", {"fields": ", ".join(sorted(changes))})
        return _of(edit.after, sector_id)

    async def delete(self, actor: Actor, event_id: UUID, sector_id: UUID) -> None:
        """Delete a draft's sector that no ticket type is for. Raises `EventNotFound`, `SectorNotFound`, `NotDeletable`."""
        async with self._editing.of(actor, event_id) as edit:
            _of(edit.before, sector_id)
            if edit.before.event.status != EventStatus.DRAFT:
                raise NotDeletable("The event was published, so the sector was kept. Lower its capacity to what is sold instead.")
            if any(one.sector_id == sector_id for one in edit.before.event.ticket_types):
                raise NotDeletable("Ticket types are for this sector, so it was kept. Delete them first.")
            await edit.tx.execute(
                "DELETE FROM catalog.pools WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND sector_id = %(sector_id)s",
                event_id=event_id,
                sector_id=sector_id,
            )
            await edit.tx.execute(
                """
                DELETE FROM catalog.sectors
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND sector_id = %(sector_id)s
                """,
                event_id=event_id,
                sector_id=sector_id,
            )
            await edit.changed(EventPart.SECTOR, sector_id, "deleted")


def _of(facts: EventFacts, sector_id: UUID) -> SectorRead:
    for one in facts.event.sectors:
        if one.sector_id == sector_id:
            return one
    raise SectorNotFound(sector_id)
