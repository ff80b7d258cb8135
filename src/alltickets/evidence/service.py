"""Puts the evidence for a dispute together, and hands it in."""

from pathlib import Path
from uuid import UUID

import msgspec

from alltickets.access.interface import Admission, admissions_of_tickets
from alltickets.catalog.interface import Catalog, EventSnapshot
from alltickets.evidence.rules import admissions_of, headline_of, mails_of, sheet_of, tickets_of
from alltickets.evidence.schemas import (
    AdmissionRead,
    EvidenceBuyerRead,
    EvidenceEventRead,
    EvidenceMailRead,
    EvidenceOrderRead,
    EvidenceRead,
    EvidenceTicketRead,
)
from alltickets.identity.interface import Actor, device_names, organizer_of
from alltickets.notifications.interface import StoredMail, mails_of_order
from alltickets.orders.interface import Order, OrderNotFound, read_orders
from alltickets.payments.interface import DisputeDetails, DisputeEvidence, PaymentDetails, Payments
from alltickets.platform.database import Database
from alltickets.tickets.interface import Ticket, Tickets, read_of_order

__all__ = ["Evidence"]

_SHEET = Path(__file__).with_name("sheet.typ")
_LOCALE = "es-AR"


class Evidence:
    """Use cases of evidence. Whoever calls has seen that the actor may see the organizer's orders."""

    def __init__(self, database: Database, catalog: Catalog, payments: Payments, tickets: Tickets) -> None:
        self._database = database
        self._catalog = catalog
        self._payments = payments
        self._tickets = tickets

    async def read(self, organizer_id: UUID, dispute_id: UUID) -> EvidenceRead:
        """All that there is, as it stands now. Raises `DisputeNotFound`, or `OrderNotFound` for a payment that no order made."""
        dispute = await self._payments.disputes.read(organizer_id, dispute_id)
        how = await self._payments.disputes.flow_of(organizer_id, dispute)
        payment = await self._payments.details(organizer_id, dispute.reference)
        async with self._database.reading(organizer_id) as reader:
            orders = await read_orders(reader, order_ids=[dispute.reference])
            if not orders:
                raise OrderNotFound
            tickets = await read_of_order(reader, dispute.reference)
            admissions = await admissions_of_tickets(reader, [one.ticket_id for one in tickets])
            devices = await device_names(reader, [one.device_id for one in admissions])
            mails = await mails_of_order(reader, dispute.reference)
            organizer = await organizer_of(reader)
        event = await self._catalog.snapshot(orders[0].event_id)
        assert event is not None, "an event with orders is never deleted"
        return EvidenceRead(
            dispute_id=dispute.dispute_id,
            provider_dispute_id=dispute.provider_dispute_id,
            state=dispute.state,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
            due_at=dispute.due_at,
            how=how,
            locale=_LOCALE if organizer is None else organizer.locale,
            statement=dispute.statement,
            order=_order(orders[0], payment, dispute),
            buyer=_buyer(orders[0]),
            event=_event(event, tickets),
            tickets=[_ticket(event, one, admissions, devices) for one in tickets],
            mails=[_mail(one) for one in mails],
        )

    async def document(self, organizer_id: UUID, dispute_id: UUID) -> bytes:
        """The same as a PDF. Raises as `read`, or `Overloaded`."""
        return await self._print(await self.read(organizer_id, dispute_id))

    async def hand_in(self, actor: Actor, dispute_id: UUID, statement: str | None) -> tuple[EvidenceRead, bool]:
        """Hand it in where the gateway takes it: the evidence as it was, and whether it is handed in.

        Raises as `read`, and as payments' `Disputes.answer`.
        """
        evidence = await self.read(actor.organizer_id, dispute_id)
        if statement is not None:
            evidence = msgspec.structs.replace(evidence, statement=statement)
        if evidence.how != "answered":
            if statement is not None:
                await self._payments.disputes.say(actor, dispute_id, statement)
            return evidence, False
        answered = await self._payments.disputes.answer(
            actor,
            dispute_id,
            DisputeEvidence(
                statement=evidence.statement,
                product=headline_of(evidence),
                service_date="" if evidence.event.starts_at is None else evidence.event.starts_at.date().isoformat(),
                buyer_name=evidence.buyer.name,
                buyer_email=evidence.buyer.mail,
                tickets="\n".join([*tickets_of(evidence), *mails_of(evidence)]),
                admissions="\n".join(admissions_of(evidence)),
                document=await self._print(evidence),
            ),
        )
        return msgspec.structs.replace(evidence, state=answered.state), True

    async def _print(self, evidence: EvidenceRead) -> bytes:
        return await self._tickets.typeset(_SHEET, sheet_of(evidence))


def _order(order: Order, payment: PaymentDetails, dispute: DisputeDetails) -> EvidenceOrderRead:
    facts = next((one.facts for one in payment.charges if one.id == dispute.charge_id), {})
    return EvidenceOrderRead(
        order_id=order.order_id,
        number=order.number,
        status=order.status.value,
        total_minor=order.total_minor,
        currency=order.currency,
        refunded_minor=order.refunded_minor,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        card_brand=facts.get("brand"),
        card_last_four=facts.get("card_last_four"),
    )


def _buyer(order: Order) -> EvidenceBuyerRead:
    buyer = order.buyer
    return EvidenceBuyerRead(name=buyer.name, mail=buyer.mail, document=buyer.document, phone=buyer.phone)


def _mail(mail: StoredMail) -> EvidenceMailRead:
    sent_at = mail.settled_at if mail.state.value == "sent" else None
    return EvidenceMailRead(kind=mail.kind.value, recipient=mail.recipient, state=mail.state.value, sent_at=sent_at)


def _event(event: EventSnapshot, tickets: list[Ticket]) -> EvidenceEventRead:
    starts = [event.performances[one.performance_id].starts_at for one in tickets if one.performance_id in event.performances]
    return EvidenceEventRead(
        event_id=event.event_id,
        title=event.title,
        venue=event.venue.name if event.venue else "",
        timezone=event.timezone,
        starts_at=min(starts, default=None),
    )


def _ticket(event: EventSnapshot, ticket: Ticket, admissions: list[Admission], devices: dict[UUID, str]) -> EvidenceTicketRead:
    return EvidenceTicketRead(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        ticket_type=event.ticket_types[ticket.ticket_type_id].name,
        sector=event.sectors[ticket.sector_id].name,
        seat=ticket.seat_label,
        holder_name=ticket.holder_name,
        holder_mail=ticket.holder_mail,
        price_minor=ticket.price_minor,
        issued_at=ticket.issued_at,
        revoked_at=ticket.revoked_at,
        admissions=[
            AdmissionRead(checkpoint=one.checkpoint, device=devices.get(one.device_id), admitted_at=one.admitted_at)
            for one in admissions
            if one.ticket_id == ticket.ticket_id
        ],
    )
