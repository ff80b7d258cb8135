"""What buyers do with their tickets after paying: say who goes in instead, and have a code replaced that others may have."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.catalog.interface import EventSnapshot, QuestionSnapshot, read_snapshot
from alltickets.identity.interface import Actor, Limit, Subject, record, spend_tries
from alltickets.kernel.time import Clock
from alltickets.orders.events import BuyerMailCorrected, HolderCorrected
from alltickets.orders.records import Order, lock_orders, read_order, write_buyer, write_holders
from alltickets.orders.refusals import OrderNotFound, TicketChanged, TicketNotChangeable
from alltickets.orders.rules import (
    Holder,
    check_holder,
    corrected_fields,
    corrections_end,
    is_other_person,
    kept_answers,
    why_uncorrectable,
    why_unreplaceable,
)
from alltickets.orders.secrets import OrderSecrets
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.tickets.interface import HolderCorrection, NoSuchTicket, ShownTicket, Ticket, Tickets, correct_holder, read_ticket, reissue

__all__ = ["REISSUES_PER_ORDER", "Admitted", "Objections", "SelfService", "ShownHolder", "correct_buyer_mail"]

REISSUES_PER_ORDER = Limit("order.reissue", 5, 86_400)
"""Whoever has the secret may have codes replaced; each costs a mail with its tickets, and a code has so many serials only."""

Admitted = Callable[[Reader, Collection[UUID]], Awaitable[set[UUID]]]
"""With which of these tickets somebody went in. Only doors know: the composition root hands it over, since orders may not ask them."""


@dataclass(frozen=True, slots=True)
class ShownHolder:
    """Who goes in with a ticket, and whether that may be corrected. `objection`: the word of `TicketNotChangeable`; None: it may be."""

    ticket: Ticket
    event: EventSnapshot
    holder: Holder
    questions: tuple[QuestionSnapshot, ...]
    corrections_left: int
    correctable_until: datetime
    objection: str | None
    reissue_objection: str | None


async def correct_buyer_mail(tx: Transaction, order_id: UUID, mail: str) -> tuple[Order, Order]:
    """Have the buyer written to at `mail`, an address that `check_mail` let pass: the order before and after, locked until `tx` ends.

    What it was already changes nothing. Raises `OrderNotFound`.
    """
    before = next(iter(await lock_orders(tx, order_ids=[order_id])), None)
    if before is None:
        raise OrderNotFound
    if before.buyer.mail == mail:
        return before, before
    buyer = msgspec.structs.replace(before.buyer, mail=mail, first_mail=before.buyer.first_mail or before.buyer.mail)
    await write_buyer(tx, order_id, buyer)
    tx.publish(BuyerMailCorrected(order_id=order_id, event_id=before.event_id))
    return before, msgspec.structs.replace(before, buyer=buyer)


class SelfService:
    """Use cases of buyers. Whoever has the order's secret may; a wrong one raises `OrderNotFound` everywhere."""

    def __init__(self, database: Database, clock: Clock, tickets: Tickets, secrets: OrderSecrets, admitted: Admitted) -> None:
        self._database = database
        self._clock = clock
        self._tickets = tickets
        self._secrets = secrets
        self._admitted = admitted

    async def holder(self, order_id: UUID, secret: str, ticket_id: UUID) -> ShownHolder:
        """Who goes in with the ticket as things stand. Raises `OrderNotFound` or `NoSuchTicket`."""
        async with self._database.reading(self._secrets.organizer_of(order_id, secret)) as reader:
            order = await read_order(reader, order_id)
            return await self._shown(reader, order, ticket_id)

    async def objections(self, event: EventSnapshot, order: Order, tickets: Collection[ShownTicket]) -> Mapping[UUID, "Objections"]:
        """For each of the order's tickets why its holder, and its code, cannot be changed. One statement, none for an order without any."""
        if not tickets:
            return {}
        async with self._database.reading(event.organizer_id) as reader:
            admitted = await self._admitted(reader, [one.ticket.ticket_id for one in tickets])
        now = self._clock()
        return {one.ticket.ticket_id: _objections(event, order, one.ticket, one.ticket.ticket_id in admitted, now) for one in tickets}

    async def correct(self, order_id: UUID, secret: str, ticket_id: UUID, *, made_on: int, holder: Holder) -> ShownHolder:
        """Have somebody else go in with the ticket. Who differs in name or document gets a new code, and the old one admits nobody.

        What is said already changes nothing and counts for nothing, so the same again is done once. made_on: the ticket's corrections that
        the buyer saw. Raises `OrderNotFound`, `NoSuchTicket`, `TicketNotChangeable`, `HoldersInvalid` or `TicketChanged`.
        """
        async with self._database.transaction(self._secrets.organizer_of(order_id, secret)) as tx:
            # The order's row makes its corrections come one after the other; the ticket's own UPDATE counts them.
            order = next(iter(await lock_orders(tx, order_ids=[order_id])), None)
            shown = await self._shown(tx, order, ticket_id)
            assert order is not None, "an unknown order was refused"
            after = kept_answers(shown.questions, shown.holder, holder)
            if after != shown.holder:
                if shown.objection is not None:
                    raise TicketNotChangeable(shown.objection)
                check_holder(shown.questions, shown.holder, after)
                await self._write(tx, order, shown, after, made_on)
        return await self.holder(order_id, secret, ticket_id)

    async def reissue(self, order_id: UUID, secret: str, ticket_id: UUID, *, serial: int) -> ShownTicket:
        """Replace the ticket's code of that serial, once. Raises as `correct`, and `TooManyTries`."""
        organizer_id = self._secrets.organizer_of(order_id, secret)
        await spend_tries(self._database, (REISSUES_PER_ORDER, str(order_id)), now=self._clock())
        async with self._database.transaction(organizer_id) as tx:
            order = next(iter(await lock_orders(tx, order_ids=[order_id])), None)
            shown = await self._shown(tx, order, ticket_id)
            assert order is not None, "an unknown order was refused"
            if shown.reissue_objection is not None:
                raise TicketNotChangeable(shown.reissue_objection)
            ticket = await reissue(tx, ticket_id, serial=serial, reason="asked for by the buyer")
            actor = Actor.buyer(organizer_id, order.number)
            await record(tx, actor, "ticket.reissued", Subject("ticket", ticket_id), {"order": order.number, "serial": ticket.serial})
        return await self._tickets.shown(organizer_id, order_id, ticket_id)

    async def _shown(self, reader: Reader, order: Order | None, ticket_id: UUID) -> ShownHolder:
        """What decides, as it stands now and not as a copy has it."""
        if order is None:
            raise OrderNotFound
        ticket = await read_ticket(reader, ticket_id)
        if ticket is None or ticket.order_id != order.order_id:
            raise NoSuchTicket(str(ticket_id))
        event = await read_snapshot(reader, order.event_id)
        assert event is not None, "an event with orders is never deleted"
        is_admitted = ticket_id in await self._admitted(reader, [ticket_id])
        objections = _objections(event, order, ticket, is_admitted, self._clock())
        return ShownHolder(
            ticket=ticket,
            event=event,
            holder=order.holders[ticket.number - 1],
            questions=tuple(one for one in event.questions if one.concerns(ticket.ticket_type_id)),
            corrections_left=max(0, event.holder_corrections_max - ticket.corrections),
            correctable_until=corrections_end(event, ticket.performance_id),
            objection=objections.correction,
            reissue_objection=objections.reissue,
        )

    async def _write(self, tx: Transaction, order: Order, shown: ShownHolder, after: Holder, made_on: int) -> None:
        before, ticket_id = shown.holder, shown.ticket.ticket_id
        has_new_code = is_other_person(shown.questions, before, after)
        corrected = await correct_holder(
            tx,
            HolderCorrection(
                ticket_id=ticket_id,
                made_on=made_on,
                corrections_max=shown.event.holder_corrections_max,
                holder_name=after.name,
                holder_document=after.document,
                holder_mail=after.mail,
                is_other_person=has_new_code,
            ),
        )
        if corrected is None:
            raise TicketChanged(str(ticket_id))
        holders = [*order.holders]
        holders[corrected.number - 1] = after
        await write_holders(tx, order.order_id, holders)
        # Which fields, and not what they said: names and documents do not outlive their order in the log.
        detail: dict[str, str | int | bool | None] = {
            "order": order.number,
            "fields": ", ".join(corrected_fields(before, after)),
            "new_code": has_new_code,
        }
        await record(tx, Actor.buyer(tx.organizer_id, order.number), "ticket.holder_corrected", Subject("ticket", ticket_id), detail)
        tx.publish(
            HolderCorrected(
                order_id=order.order_id,
                event_id=order.event_id,
                ticket_id=ticket_id,
                correction=corrected.corrections,
                has_new_code=has_new_code,
            )
        )


@dataclass(frozen=True, slots=True)
class Objections:
    """Why a ticket's holder cannot be corrected, and why its code cannot be replaced; None: nothing speaks against it."""

    correction: str | None
    reissue: str | None


def _objections(event: EventSnapshot, order: Order, ticket: Ticket, is_admitted: bool, now: datetime) -> Objections:
    facts = (event, order.status, ticket)
    return Objections(
        why_uncorrectable(*facts, is_admitted=is_admitted, now=now), why_unreplaceable(*facts, is_admitted=is_admitted, now=now)
    )
