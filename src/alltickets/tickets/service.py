"""The use cases of tickets. Functions that take `tx` join the caller's transaction; the class at the end has those that are whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from alltickets.catalog.interface import Catalog, EventNotFound
from alltickets.identity.interface import Actor, DeviceActor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database, Transaction, rows_as_json, uuid_array
from alltickets.platform.paging import Page
from alltickets.tickets import queries
from alltickets.tickets.events import IssuedPart, TicketReissued, TicketRevoked, TicketsIssued
from alltickets.tickets.keys import EventKey, EventKeys
from alltickets.tickets.pdf.press import Press
from alltickets.tickets.pdf.sheet import PrintedOrder
from alltickets.tickets.rules import (
    HolderCorrection,
    IssueTicket,
    NoSuchTicket,
    ReplacedTooOften,
    Revocation,
    ShownTicket,
    Ticket,
    TicketIsRevoked,
    TicketStatus,
    ticket_of,
    token_of,
)
from alltickets.tickets.token import SERIAL_MAX, write_code

__all__ = ["Tickets", "correct_holder", "issue", "reissue", "revoke", "revoke_of_orders"]


async def issue(tx: Transaction, requests: Sequence[IssueTicket], *, now: datetime) -> list[Ticket]:
    """Issue these tickets, each number of an order once; the tickets in the order of the requests.

    What was issued before under the same order and number is answered as it is and not told of again, whatever else the request says.
    One statement whatever their number, one more when some were issued before. Signs nothing: a code is computed when it is shown.
    """
    if not requests:
        return []
    new = [ticket_of(request, new_id(), now) for request in requests]
    written = await _insert(tx, new)
    _publish_issued(tx, [ticket for ticket in new if ticket.ticket_id in written])
    if len(written) == len(new):
        return new
    by_number = {
        (ticket.order_id, ticket.number): ticket for ticket in await queries.read_of_orders(tx, {one.order_id for one in requests})
    }
    return [by_number[(request.order_id, request.number)] for request in requests]


async def revoke(tx: Transaction, ticket_ids: Sequence[UUID], *, reason: Revocation, now: datetime) -> list[UUID]:
    """Revoke these tickets; those that were valid until now. Others are left as they are. One statement."""
    rows = await tx.fetch_tuples(
        """
        UPDATE tickets.tickets
           SET status = 'revoked', revoked_reason = %(reason)s, revoked_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND ticket_id = ANY(%(ticket_ids)s::uuid[]) AND status = 'valid'
        RETURNING ticket_id, order_id, event_id
        """,
        ticket_ids=uuid_array(ticket_ids),
        reason=reason.value,
        now=now,
    )
    return _publish_revoked(tx, rows, reason)


async def revoke_of_orders(tx: Transaction, order_ids: Sequence[UUID], *, reason: Revocation, now: datetime) -> list[UUID]:
    """Revoke every ticket of these orders; those that were valid until now. One statement."""
    rows = await tx.fetch_tuples(
        """
        UPDATE tickets.tickets
           SET status = 'revoked', revoked_reason = %(reason)s, revoked_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND order_id = ANY(%(order_ids)s::uuid[]) AND status = 'valid'
        RETURNING ticket_id, order_id, event_id
        """,
        order_ids=uuid_array(order_ids),
        reason=reason.value,
        now=now,
    )
    return _publish_revoked(tx, rows, reason)


async def reissue(tx: Transaction, ticket_id: UUID, *, serial: int, reason: str) -> Ticket:
    """Replace the ticket's code of that serial, once: asked again it answers with the ticket as it is.

    From the commit on the old code admits nobody. Raises `NoSuchTicket`, `TicketIsRevoked` or `ReplacedTooOften`.
    """
    if serial >= SERIAL_MAX:
        raise ReplacedTooOften(SERIAL_MAX - 1)
    replaced = await tx.execute(
        """
        UPDATE tickets.tickets
           SET serial = serial + 1
         WHERE organizer_id = %(organizer_id)s AND ticket_id = %(ticket_id)s AND serial = %(serial)s AND status = 'valid'
        """,
        ticket_id=ticket_id,
        serial=serial,
    )
    ticket = await queries.read_ticket(tx, ticket_id)
    if ticket is None:
        raise NoSuchTicket(str(ticket_id))
    if ticket.revoked_reason is not None:
        raise TicketIsRevoked(str(ticket_id), ticket.revoked_reason)
    if replaced:
        tx.publish(
            TicketReissued(ticket_id=ticket_id, order_id=ticket.order_id, event_id=ticket.event_id, serial=ticket.serial, reason=reason)
        )
    return ticket


async def correct_holder(tx: Transaction, correction: HolderCorrection) -> Ticket | None:
    """Write another holder on the ticket, once: None when it was corrected meanwhile, as often as it may be, or revoked.

    The statement itself counts, so of two corrections at the same time one is made. Raises `NoSuchTicket` or `ReplacedTooOften`.
    """
    before = await queries.read_ticket(tx, correction.ticket_id)
    if before is None:
        raise NoSuchTicket(str(correction.ticket_id))
    if before.serial >= SERIAL_MAX:
        raise ReplacedTooOften(SERIAL_MAX - 1)
    corrected = await tx.execute(
        """
        UPDATE tickets.tickets
           SET holder_name = %(holder_name)s, holder_document = %(holder_document)s, holder_mail = %(holder_mail)s,
               corrections = corrections + 1, serial = serial + %(new_codes)s
         WHERE organizer_id = %(organizer_id)s AND ticket_id = %(ticket_id)s AND status = 'valid'
           AND corrections = %(made_on)s AND corrections < %(corrections_max)s
        """,
        holder_name=correction.holder_name,
        holder_document=correction.holder_document,
        holder_mail=correction.holder_mail,
        new_codes=int(correction.is_other_person),
        ticket_id=correction.ticket_id,
        made_on=correction.made_on,
        corrections_max=correction.corrections_max,
    )
    if not corrected:
        return None
    ticket = await queries.read_ticket(tx, correction.ticket_id)
    assert ticket is not None, "what was just written is there"
    if correction.is_other_person:
        tx.publish(
            TicketReissued(
                ticket_id=ticket.ticket_id,
                order_id=ticket.order_id,
                event_id=ticket.event_id,
                serial=ticket.serial,
                reason="holder corrected",
                is_correction=True,
            )
        )
    return ticket


class Tickets:
    """Use cases of tickets that are a transaction of their own, and the reads of the buyer's and the organizer's pages."""

    def __init__(self, database: Database, clock: Clock, keys: EventKeys, catalog: Catalog) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._catalog = catalog
        self._press = Press()

    async def shown_of_order(self, organizer_id: UUID, order_id: UUID) -> list[ShownTicket]:
        """The order's tickets by number, with their codes. The caller has seen that whoever asks may see the order."""
        async with self._database.reading(organizer_id) as reader:
            tickets = await queries.read_of_order(reader, order_id)
        return [await self._show(organizer_id, ticket) for ticket in tickets]

    async def shown(self, organizer_id: UUID, order_id: UUID, ticket_id: UUID) -> ShownTicket:
        """One ticket of the order. Raises `NoSuchTicket`, also for a ticket of another order."""
        async with self._database.reading(organizer_id) as reader:
            ticket = await queries.read_ticket(reader, ticket_id)
        if ticket is None or ticket.order_id != order_id:
            raise NoSuchTicket(str(ticket_id))
        return await self._show(organizer_id, ticket)

    async def print(self, order: PrintedOrder) -> bytes:
        """The order's tickets as a PDF, made off the event loop. Raises `Overloaded`."""
        return await self._press.print(order)

    async def typeset(self, template: Path, said: Mapping[str, object]) -> bytes:
        """Another context's sheet as a PDF, in the fonts of tickets. Raises `Overloaded`."""
        return await self._press.typeset(template, said)

    def close(self) -> None:
        """Let the press end."""
        self._press.close()

    async def list_of_event(
        self, organizer_id: UUID, event_id: UUID, *, status: TicketStatus | None, cursor: str | None, size: int
    ) -> Page[Ticket]:
        """A page of the event's tickets, the oldest first. Raises `EventNotFound` or `CursorUnreadable`."""
        await self._catalog.of_organizer(organizer_id, event_id)
        async with self._database.reading(organizer_id) as reader:
            return await queries.list_of_event(reader, event_id, status=status, cursor=cursor, size=size)

    async def revoke(self, actor: Actor, ticket_id: UUID, reason: Revocation) -> Ticket:
        """Revoke one ticket; a revoked one stays as it is. Raises `NoSuchTicket`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            revoked = await revoke(tx, [ticket_id], reason=reason, now=self._clock())
            ticket = await queries.read_ticket(tx, ticket_id)
            if ticket is None:
                raise NoSuchTicket(str(ticket_id))
            if revoked:
                await record(tx, actor, "ticket.revoked", Subject("ticket", ticket_id), {"reason": reason.value})
        return ticket

    async def reissue(self, actor: Actor, ticket_id: UUID, *, serial: int, reason: str) -> Ticket:
        """Replace one ticket's code. Raises as the function of this name."""
        async with self._database.transaction(actor.organizer_id) as tx:
            ticket = await reissue(tx, ticket_id, serial=serial, reason=reason)
            await record(tx, actor, "ticket.reissued", Subject("ticket", ticket_id), {"serial": ticket.serial, "reason": reason})
        return ticket

    async def replace_event_key(self, actor: Actor, event_id: UUID, number: int) -> EventKey:
        """Retire the event's key of that number, once, and make the next one: every code shown until now stops admitting.

        Raises `EventNotFound` or `ReplacedTooOften`.
        """
        await self._catalog.of_organizer(actor.organizer_id, event_id)
        async with self._database.transaction(actor.organizer_id) as tx:
            key = await self._keys.replace(tx, event_id, number)
            await record(tx, actor, "event_key.replaced", Subject("event", event_id), {"retired": number, "number": key.number})
        self._keys.forget(actor.organizer_id, event_id)
        return key

    async def keys_for(self, device: DeviceActor, event_id: UUID) -> list[EventKey]:
        """The event's keys by number, a live one among them, for a door to verify codes with no network.

        Raises `EventNotFound`, also for an event that is not the device's.
        """
        if device.event_id not in (None, event_id):
            raise EventNotFound(str(event_id))
        await self._catalog.of_organizer(device.organizer_id, event_id)
        await self._keys.ensure(device.organizer_id, event_id)
        return list((await self._keys.of(device.organizer_id, event_id)).values())

    async def _show(self, organizer_id: UUID, ticket: Ticket) -> ShownTicket:
        if ticket.status == TicketStatus.REVOKED:
            return ShownTicket(ticket, None)
        key = await self._keys.ensure(organizer_id, ticket.event_id)
        return ShownTicket(ticket, write_code(token_of(ticket, key.number), key.private_key))


async def _insert(tx: Transaction, tickets: Sequence[Ticket]) -> set[UUID]:
    """Write what is new; the ids of what was."""
    rows = await tx.fetch_tuples(
        """
        INSERT INTO tickets.tickets
               (organizer_id, ticket_id, order_id, number, event_id, performance_id, ticket_type_id, sector_id, seat_label, holder_name,
                holder_document, holder_mail, price_minor, currency, serial, status, issued_at)
        SELECT o.organizer_id, x.ticket_id, x.order_id, x.number, x.event_id, x.performance_id, x.ticket_type_id, x.sector_id, x.seat_label,
               x.holder_name, x.holder_document, x.holder_mail, x.price_minor, x.currency, x.serial, x.status, x.issued_at
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(ticket_id uuid, order_id uuid, number int, event_id uuid, performance_id uuid, ticket_type_id uuid, sector_id uuid,
                        seat_label text, holder_name text, holder_document text, holder_mail text, price_minor bigint, currency text,
                        serial int, status text, issued_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, order_id, number) DO NOTHING
        RETURNING ticket_id
        """,
        rows=rows_as_json(tickets),
    )
    return {ticket_id for (ticket_id,) in rows}


def _publish_issued(tx: Transaction, tickets: Sequence[Ticket]) -> None:
    by_order: dict[tuple[UUID, UUID, str], list[IssuedPart]] = {}
    for ticket in tickets:
        part = IssuedPart(
            ticket.ticket_id, ticket.number, ticket.performance_id, ticket.ticket_type_id, ticket.sector_id, ticket.price_minor
        )
        by_order.setdefault((ticket.order_id, ticket.event_id, ticket.currency), []).append(part)
    for (order_id, event_id, currency), parts in by_order.items():
        tx.publish(TicketsIssued(order_id=order_id, event_id=event_id, currency=currency, tickets=tuple(parts)))


def _publish_revoked(tx: Transaction, rows: Sequence[tuple[UUID, UUID, UUID]], reason: Revocation) -> list[UUID]:
    for ticket_id, order_id, event_id in rows:
        tx.publish(TicketRevoked(ticket_id=ticket_id, order_id=order_id, event_id=event_id, reason=reason.value))
    return [ticket_id for ticket_id, _, _ in rows]
