"""Use cases of ticket types and their access codes."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from alltickets.catalog.events import EventPart
from alltickets.catalog.queries import EventFacts, read_event
from alltickets.catalog.refusals import EventNotFound, NotDeletable, SectorNotFound, TicketTypeNotFound
from alltickets.catalog.rules.details import require, ticket_type_faults
from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import CodesRead, TicketTypeChange, TicketTypeCreate, TicketTypeRead
from alltickets.catalog.service.editing import Detail, Edit, Editing, check_room, check_version
from alltickets.catalog.service.stock import counted_ticket_type, plan_stock
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, Transaction

__all__ = ["TicketTypes"]


class TicketTypes:
    """What can be bought of an event."""

    def __init__(self, database: Database, editing: Editing) -> None:
        self._database = database
        self._editing = editing

    async def add(self, actor: Actor, event_id: UUID, body: TicketTypeCreate) -> TicketTypeRead:
        """Add a ticket type; a limited one gets a pool of its own at every performance.

        Raises `EventNotFound`, `SectorNotFound`, `InvalidDetails`, `TooManyParts`.
        """
        facts = msgspec.structs.asdict(body)
        codes = facts.pop("codes")
        ticket_type = TicketTypeRead(ticket_type_id=new_id(), version=1, **facts)
        _require(ticket_type, codes)
        async with self._editing.of(actor, event_id) as edit:
            check_room("ticket types", len(edit.before.event.ticket_types))
            if all(one.sector_id != body.sector_id for one in edit.before.event.sectors):
                raise SectorNotFound(body.sector_id)
            await _insert(edit.tx, event_id, ticket_type)
            await _insert_codes(edit.tx, event_id, ticket_type.ticket_type_id, codes)
            performance_ids = [one.performance_id for one in edit.before.event.performances]
            await plan_stock(edit.tx, edit.before, performance_ids, counted_ticket_type(ticket_type))
            detail: Detail = {"name": ticket_type.name, "price_minor": ticket_type.price_minor}
            await edit.changed(EventPart.TICKET_TYPE, ticket_type.ticket_type_id, "added", detail)
        return _of(edit.after, ticket_type.ticket_type_id)

    async def change(self, actor: Actor, event_id: UUID, ticket_type_id: UUID, body: TicketTypeChange) -> TicketTypeRead:
        """Change a ticket type. Raises `EventNotFound`, `TicketTypeNotFound`, `VersionConflict`, `InvalidDetails`."""
        changes = changes_of(body)
        async with self._editing.of(actor, event_id) as edit:
            before = _of(edit.before, ticket_type_id)
            check_version(body.version, before.version)
            after = msgspec.structs.replace(before, **changes)
            _require(after, edit.before.codes_of(ticket_type_id))
            if changes:
                await _update(edit.tx, event_id, after)
                detail: Detail = {"fields": ", ".join(sorted(changes)), "price_minor": after.price_minor}
                await edit.changed(EventPart.TICKET_TYPE, ticket_type_id, "changed", detail)
        return _of(edit.after, ticket_type_id)

    async def delete(self, actor: Actor, event_id: UUID, ticket_type_id: UUID) -> None:
        """Delete a draft's ticket type. Raises `EventNotFound`, `TicketTypeNotFound`, `NotDeletable`."""
        async with self._editing.of(actor, event_id) as edit:
            _of(edit.before, ticket_type_id)
            if edit.before.event.status != EventStatus.DRAFT:
                raise NotDeletable("The event was published, so the ticket type was kept. Hide it, or end its sale, instead.")
            if any(ticket_type_id in question.ticket_type_ids for question in edit.before.event.questions):
                raise NotDeletable("A question is for this ticket type, so it was kept. Change or delete the question first.")
            await _delete(edit, ticket_type_id)
            await edit.changed(EventPart.TICKET_TYPE, ticket_type_id, "deleted")

    async def codes(self, actor: Actor, event_id: UUID, ticket_type_id: UUID) -> CodesRead:
        """Its access codes, for those who hand them out. Raises `EventNotFound`, `TicketTypeNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            facts = await read_event(reader, event_id)
        if facts is None:
            raise EventNotFound(str(event_id))
        _of(facts, ticket_type_id)
        return CodesRead(facts.codes_of(ticket_type_id))

    async def set_codes(self, actor: Actor, event_id: UUID, ticket_type_id: UUID, codes: Sequence[str]) -> CodesRead:
        """Replace its access codes. Raises `EventNotFound`, `TicketTypeNotFound`, `InvalidDetails`."""
        async with self._editing.of(actor, event_id) as edit:
            _require(_of(edit.before, ticket_type_id), codes)
            await _delete_codes(edit.tx, event_id, ticket_type_id)
            await _insert_codes(edit.tx, event_id, ticket_type_id, codes)
            # How many, not which: the audit log is read by more people than may hand out codes.
            await edit.changed(EventPart.TICKET_TYPE, ticket_type_id, "codes_set", {"codes_count": len(codes)})
        return CodesRead(edit.after.codes_of(ticket_type_id))


def _of(facts: EventFacts, ticket_type_id: UUID) -> TicketTypeRead:
    for one in facts.event.ticket_types:
        if one.ticket_type_id == ticket_type_id:
            return one
    raise TicketTypeNotFound(ticket_type_id)


def _require(ticket_type: TicketTypeRead, codes: Sequence[str]) -> None:
    require(
        ticket_type_faults(
            sales_from=ticket_type.sales_from,
            sales_until=ticket_type.sales_until,
            per_order_max=ticket_type.per_order_max,
            per_buyer_max=ticket_type.per_buyer_max,
            visibility=ticket_type.visibility,
            codes=codes,
        )
    )


async def _insert(tx: Transaction, event_id: UUID, ticket_type: TicketTypeRead) -> None:
    await tx.execute(
        """
        INSERT INTO catalog.ticket_types
               (organizer_id, event_id, ticket_type_id, sector_id, name, description, price_minor, sales_from, sales_until,
                per_order_max, per_buyer_max, quantity_max, visibility, position, version)
        VALUES (%(organizer_id)s, %(event_id)s, %(ticket_type_id)s, %(sector_id)s, %(name)s, %(description)s, %(price_minor)s,
                %(sales_from)s, %(sales_until)s, %(per_order_max)s, %(per_buyer_max)s, %(quantity_max)s, %(visibility)s, %(position)s,
                %(version)s)
        """,
        event_id=event_id,
        **{**msgspec.structs.asdict(ticket_type), "visibility": ticket_type.visibility.value},
    )


async def _update(tx: Transaction, event_id: UUID, ticket_type: TicketTypeRead) -> None:
    await tx.execute(
        """
        UPDATE catalog.ticket_types
           SET name = %(name)s, description = %(description)s, price_minor = %(price_minor)s, sales_from = %(sales_from)s,
               sales_until = %(sales_until)s, per_order_max = %(per_order_max)s, per_buyer_max = %(per_buyer_max)s,
               visibility = %(visibility)s, position = %(position)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND ticket_type_id = %(ticket_type_id)s
        """,
        event_id=event_id,
        **{**msgspec.structs.asdict(ticket_type), "visibility": ticket_type.visibility.value},
    )


async def _delete(edit: Edit, ticket_type_id: UUID) -> None:
    event_id = edit.before.event.event_id
    await _delete_codes(edit.tx, event_id, ticket_type_id)
    await edit.tx.execute(
        """
        DELETE FROM catalog.pools
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND ticket_type_id = %(ticket_type_id)s
        """,
        event_id=event_id,
        ticket_type_id=ticket_type_id,
    )
    await edit.tx.execute(
        """
        DELETE FROM catalog.ticket_types
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND ticket_type_id = %(ticket_type_id)s
        """,
        event_id=event_id,
        ticket_type_id=ticket_type_id,
    )


async def _insert_codes(tx: Transaction, event_id: UUID, ticket_type_id: UUID, codes: Sequence[str]) -> None:
    await tx.execute(
        """
        INSERT INTO catalog.access_codes (organizer_id, event_id, ticket_type_id, code)
        SELECT o.organizer_id, %(event_id)s, %(ticket_type_id)s, x.code
          FROM platform.organizers o,
               unnest(%(codes)s::text[]) AS x(code)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        event_id=event_id,
        ticket_type_id=ticket_type_id,
        codes=sorted({code.strip() for code in codes}),
    )


async def _delete_codes(tx: Transaction, event_id: UUID, ticket_type_id: UUID) -> None:
    await tx.execute(
        """
        DELETE FROM catalog.access_codes
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND ticket_type_id = %(ticket_type_id)s
        """,
        event_id=event_id,
        ticket_type_id=ticket_type_id,
    )
