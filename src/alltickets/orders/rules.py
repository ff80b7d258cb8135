"""The decisions of a purchase, pure: what may be chosen together, who the holders are, and how an order moves."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.catalog.interface import (
    EventSnapshot,
    EventStatus,
    PerformanceStatus,
    QuestionKind,
    QuestionSnapshot,
    TicketTypeSnapshot,
    why_unsellable,
)
from alltickets.inventory.interface import seat_id_of
from alltickets.kernel.money import Money
from alltickets.orders.refusals import FieldFault, HoldersInvalid, LimitExceeded, SelectionInvalid
from alltickets.payments.interface import Part
from alltickets.pricing.interface import Quote, SelectedLine, TaxedPart
from alltickets.tickets.interface import Ticket, TicketStatus

__all__ = [
    "MOVES",
    "PLACES_MAX",
    "Buyer",
    "Holder",
    "Objection",
    "OrderStatus",
    "Place",
    "buyer_key",
    "check_holder",
    "check_holders",
    "check_mail",
    "check_selection",
    "corrected_fields",
    "corrections_end",
    "draws_of",
    "is_other_person",
    "kept_answers",
    "may_move",
    "order_number",
    "paid_for",
    "parts_of",
    "places_of",
    "unit_prices",
    "why_uncorrectable",
    "why_unreplaceable",
]

PLACES_MAX = 100
"""Places in one purchase, whatever the event allows: a group of a hundred is an organizer's business, not a checkout's."""

_MAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s.,;<>\"]+(?:\.[^@\s.,;<>\"]+)+")
# DNI: seven or eight digits, usually written with dots (12.345.678).
_DNI = re.compile(r"\d{7,8}")
_PHONE = re.compile(r"\+?[\d\s().-]{6,24}")


class OrderStatus(StrEnum):
    """What an order is."""

    AWAITING_PAYMENT = "awaiting_payment"
    """Placed on a hold; the buyer is paying, or has not come back yet."""
    PAID = "paid"
    """The money is here and the tickets are issued, in the same transaction."""
    EXPIRED = "expired"
    """Not paid in time, or the buyer chose anew. Money that still comes buys the same places if they are free, and goes back otherwise."""
    CANCELLED = "cancelled"
    """Called off by the organizer; paid money goes back."""
    REFUNDED = "refunded"
    """All the money went back; the tickets are revoked."""


MOVES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.AWAITING_PAYMENT: frozenset({OrderStatus.PAID, OrderStatus.EXPIRED, OrderStatus.CANCELLED}),
    OrderStatus.EXPIRED: frozenset({OrderStatus.PAID}),
    OrderStatus.PAID: frozenset({OrderStatus.CANCELLED, OrderStatus.REFUNDED}),
    OrderStatus.CANCELLED: frozenset({OrderStatus.REFUNDED}),
    OrderStatus.REFUNDED: frozenset(),
}


def may_move(before: OrderStatus, after: OrderStatus) -> bool:
    """Whether an order may go from one state to the other."""
    return after in MOVES[before]


class Buyer(msgspec.Struct, frozen=True):
    """Who pays and gets the mail. `locale`: what they are written to in; None: the organizer's."""

    name: str
    mail: str
    document: str | None = None
    phone: str | None = None
    locale: str | None = None
    first_mail: str | None = None
    """What they ordered with, where they corrected `mail` since: limits go on counting them by it."""


class Holder(msgspec.Struct, frozen=True):
    """Who goes in with one ticket. `answers` by the question's key."""

    name: str
    mail: str | None = None
    document: str | None = None
    answers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a purchase, in the order of its lines: a ticket in waiting."""

    performance_id: UUID
    ticket_type_id: UUID
    seat: str | None


def check_selection(event: EventSnapshot, lines: Sequence[SelectedLine], *, code: str | None, now: datetime) -> None:
    """Raise why these lines cannot be bought together now: what `why_unsellable` says, `SelectionInvalid` or `LimitExceeded`."""
    faults: list[FieldFault] = []
    if len(lines) > 1 and len({(line.performance_id, line.ticket_type_id) for line in lines}) != len(lines):
        faults.append(FieldFault("lines", "line_twice", "A ticket type of a performance stands in one line only."))
    if sum(line.quantity for line in lines) > PLACES_MAX:
        faults.append(FieldFault("lines", "too_many", f"At most {PLACES_MAX} places can be bought at once."))
    for index, line in enumerate(lines):
        unsellable = why_unsellable(event, (line.performance_id, line.ticket_type_id), now, code=code)
        if unsellable is not None:
            raise unsellable
        faults += _seat_faults(event, line, f"lines/{index}/seats")
    if faults:
        raise SelectionInvalid(tuple(faults))
    for ticket_type_id, quantity in _quantities(lines).items():
        limit = _limit_of(event.ticket_types[ticket_type_id])
        if limit is not None and quantity > limit:
            raise LimitExceeded("order", str(ticket_type_id), limit, 0)


def _quantities(lines: Sequence[SelectedLine]) -> Mapping[UUID, int]:
    """Places by ticket type, over all performances."""
    if len(lines) == 1:
        return {lines[0].ticket_type_id: lines[0].quantity}
    quantities: Counter[UUID] = Counter()
    for line in lines:
        quantities[line.ticket_type_id] += line.quantity
    return quantities


def _limit_of(ticket_type: TicketTypeSnapshot) -> int | None:
    """How many of a ticket type one order may have: what a buyer may have bounds it too."""
    if ticket_type.per_order_max is None:
        return ticket_type.per_buyer_max
    if ticket_type.per_buyer_max is None:
        return ticket_type.per_order_max
    return min(ticket_type.per_order_max, ticket_type.per_buyer_max)


def _seat_faults(event: EventSnapshot, line: SelectedLine, where: str) -> list[FieldFault]:
    sector = event.sectors[event.ticket_types[line.ticket_type_id].sector_id]
    if not sector.is_numbered:
        return [FieldFault(where, "seats_unnumbered", "Places in this sector have no numbers.")] if line.seats else []
    if len(line.seats) != line.quantity or len(set(line.seats)) != line.quantity:
        return [FieldFault(where, "seats_missing", "Choose one seat for each ticket of this sector.")]
    return []


def draws_of(event: EventSnapshot, lines: Sequence[SelectedLine]) -> tuple[dict[UUID, int], tuple[UUID, ...]]:
    """What these lines take from stock: quantities by pool, and the ids of named seats."""
    if len(lines) == 1 and not lines[0].seats:
        line = lines[0]
        return dict.fromkeys(event.offers[(line.performance_id, line.ticket_type_id)], line.quantity), ()
    draws: Counter[UUID] = Counter()
    seats: list[UUID] = []
    for line in lines:
        pools = event.offers[(line.performance_id, line.ticket_type_id)]
        for pool_id in pools:
            draws[pool_id] += line.quantity
        # The first pool of an offer is its sector's: seats are numbered within it.
        seats += [seat_id_of(pools[0], label) for label in line.seats]
    return dict(draws), tuple(seats)


def places_of(selection: Sequence[SelectedLine]) -> list[Place]:
    """The places of a selection, one by one: line by line, within a line in the order of its seats."""
    return [
        Place(line.performance_id, line.ticket_type_id, line.seats[unit] if line.seats else None)
        for line in selection
        for unit in range(line.quantity)
    ]


def unit_prices(quote: Quote) -> list[Money]:
    """What each place costs, in the order of `places_of` the quote's selection."""
    return [part.unit.final for line in quote.lines for part in line.parts for _ in range(part.quantity)]


def paid_for(prices: Sequence[Money], before: Sequence[int], numbers: Sequence[int], *, total_minor: int, paid_minor: int) -> int:
    """What was paid for the tickets of these numbers, of an order of which others (`before`) were given back: minor units.

    Where a promotion took something off the total, a share of it in proportion; all the shares of an order are what was paid for it.
    """
    if not total_minor:
        return 0
    gone = sum(prices[number - 1].minor for number in before)
    going = sum(prices[number - 1].minor for number in numbers)
    return paid_minor * (gone + going) // total_minor - paid_minor * gone // total_minor


def parts_of(quote: Quote) -> tuple[Part, ...]:
    """What the total is made of, for payments' books: the organizer's, the service charge without its taxes, and these; none of zero."""
    charge_tax = sum(
        tax.amount.minor * part.quantity
        for line in quote.lines
        for part in line.parts
        for tax in part.unit.taxes
        if tax.part == TaxedPart.CHARGE
    )
    totals = quote.totals
    parts = (
        Part("proceeds", totals.proceeds.minor),
        Part("charge", totals.charge.minor - charge_tax),
        Part("charge_tax", charge_tax),
    )
    return tuple(part for part in parts if part.minor)


def check_holders(event: EventSnapshot, places: Sequence[Place], buyer: Buyer, holders: Sequence[Holder]) -> tuple[Buyer, list[Holder]]:
    """Buyer and one holder per place, tidied (blanks, dots of a document). No holders given: everyone is the buyer.

    Raises `HoldersInvalid` with every fault at once.
    """
    faults = list(_buyer_faults(buyer))
    named = list(holders) or [Holder(buyer.name, buyer.mail, buyer.document)] * len(places)
    if len(named) != len(places):
        faults.append(FieldFault("holders", "count", f"There are {len(places)} tickets, so {len(places)} holders are needed."))
    else:
        for index, (place, holder) in enumerate(zip(places, named, strict=True)):
            if holders:
                faults += _holder_faults(holder, f"holders/{index}")
            asked = [question for question in event.questions if question.concerns(place.ticket_type_id)]
            faults += _answer_faults(asked, holder, f"holders/{index}/answers")
    if faults:
        raise HoldersInvalid(tuple(faults))
    tidy = Buyer(buyer.name.strip(), buyer.mail.strip(), _tidy_document(buyer.document), buyer.phone, buyer.locale)
    return tidy, [_tidy_holder(holder) for holder in named]


def _buyer_faults(buyer: Buyer) -> Iterable[FieldFault]:
    if not buyer.name.strip():
        yield FieldFault("buyer/name", "required", "The buyer's name is missing.")
    if not _MAIL.fullmatch(buyer.mail.strip()):
        yield FieldFault("buyer/mail", "mail", "The buyer's mail address is not one.")
    if buyer.document is not None and not _DNI.fullmatch(_tidy_document(buyer.document) or ""):
        yield FieldFault("buyer/document", "document", "The buyer's document is not a DNI: seven or eight digits.")
    if buyer.phone is not None and not _PHONE.fullmatch(buyer.phone):
        yield FieldFault("buyer/phone", "phone", "The buyer's telephone number is not one.")


def _holder_faults(holder: Holder, where: str) -> Iterable[FieldFault]:
    if not holder.name.strip():
        yield FieldFault(f"{where}/name", "required", "A holder's name is missing.")
    if holder.mail is not None and not _MAIL.fullmatch(holder.mail.strip()):
        yield FieldFault(f"{where}/mail", "mail", "A holder's mail address is not one.")
    if holder.document is not None and not _DNI.fullmatch(_tidy_document(holder.document) or ""):
        yield FieldFault(f"{where}/document", "document", "A holder's document is not a DNI: seven or eight digits.")


def _answer_faults(questions: Sequence[QuestionSnapshot], holder: Holder, where: str) -> Iterable[FieldFault]:
    asked = {question.key: question for question in questions}
    for key in sorted(holder.answers.keys() - asked.keys()):
        yield FieldFault(f"{where}/{key}", "unknown", "This question is not asked.")
    for key, question in asked.items():
        code = _answer_fault(question, holder.answers.get(key, "").strip())
        if code is not None:
            yield FieldFault(f"{where}/{key}", code, f"The answer to “{question.label}” is missing or does not fit.")


def _answer_fault(question: QuestionSnapshot, answer: str) -> str | None:
    if not answer:
        return "required" if question.required else None
    fits = {
        QuestionKind.TEXT: True,
        QuestionKind.CHOICE: answer in question.options,
        QuestionKind.DOCUMENT: _DNI.fullmatch(_tidy_document(answer) or "") is not None,
        QuestionKind.MAIL: _MAIL.fullmatch(answer) is not None,
        QuestionKind.PHONE: _PHONE.fullmatch(answer) is not None,
        QuestionKind.CHECKBOX: answer == "yes" or (answer == "no" and not question.required),
    }
    return None if fits[question.kind] else question.kind.value


def _tidy_holder(holder: Holder) -> Holder:
    mail = None if holder.mail is None else holder.mail.strip()
    return Holder(holder.name.strip(), mail, _tidy_document(holder.document), holder.answers)


def _tidy_document(document: str | None) -> str | None:
    return None if document is None else re.sub(r"[\s.]", "", document)


class Objection(StrEnum):
    """Why a buyer cannot change a ticket, in order of precedence."""

    ORDER_OVER = "order_over"
    """The order is not paid, or was cancelled or refunded."""
    REVOKED = "revoked"
    CALLED_OFF = "called_off"
    """The event, or the performance, does not take place."""
    ADMITTED = "admitted"
    """Somebody went in with it."""
    OVER = "over"
    """The performance has ended."""
    NOT_ALLOWED = "not_allowed"
    """The organizer lets nobody correct holders."""
    USED_UP = "used_up"
    """Corrected as often as the organizer allows."""
    TOO_LATE = "too_late"
    """Nearer to the performance than the organizer allows."""


def why_unreplaceable(event: EventSnapshot, status: OrderStatus, ticket: Ticket, *, is_admitted: bool, now: datetime) -> Objection | None:
    """Why the ticket gets no new code from its buyer; None when it may."""
    performance = event.performances[ticket.performance_id]
    if status != OrderStatus.PAID:
        return Objection.ORDER_OVER
    if ticket.status == TicketStatus.REVOKED:
        return Objection.REVOKED
    if event.status == EventStatus.CANCELLED or performance.status == PerformanceStatus.CANCELLED:
        return Objection.CALLED_OFF
    if is_admitted:
        return Objection.ADMITTED
    return Objection.OVER if now >= performance.ends_at else None


def why_uncorrectable(event: EventSnapshot, status: OrderStatus, ticket: Ticket, *, is_admitted: bool, now: datetime) -> Objection | None:
    """Why its buyer cannot say who else goes in with the ticket; None when they may."""
    objection = why_unreplaceable(event, status, ticket, is_admitted=is_admitted, now=now)
    if objection is not None:
        return objection
    if event.holder_corrections_max == 0:
        return Objection.NOT_ALLOWED
    if ticket.corrections >= event.holder_corrections_max:
        return Objection.USED_UP
    return Objection.TOO_LATE if now >= corrections_end(event, ticket.performance_id) else None


def corrections_end(event: EventSnapshot, performance_id: UUID) -> datetime:
    """Until when holders of tickets for the performance may be corrected."""
    return event.performances[performance_id].starts_at - timedelta(hours=event.holder_corrections_until_hours)


def kept_answers(questions: Sequence[QuestionSnapshot], before: Holder, after: Holder) -> Holder:
    """A corrected holder, tidied. Answers to what is no longer asked stay as they were given, empty ones are none."""
    asked = {question.key for question in questions}
    former = {key: answer for key, answer in before.answers.items() if key not in asked}
    given = {key: answer.strip() for key, answer in after.answers.items() if answer.strip()}
    tidy = _tidy_holder(after)
    return Holder(tidy.name, tidy.mail or None, tidy.document or None, {**given, **former})


def check_holder(questions: Sequence[QuestionSnapshot], before: Holder, after: Holder) -> None:
    """Raise `HoldersInvalid` with every fault of a corrected holder, by the checkout's rules. `questions`: those that they are asked."""
    asked = {question.key for question in questions}
    told = {key: answer for key, answer in after.answers.items() if key in asked or key not in before.answers}
    answering = Holder(after.name, after.mail, after.document, told)
    faults = [*_holder_faults(after, "holder"), *_answer_faults(questions, answering, "holder/answers")]
    if faults:
        raise HoldersInvalid(tuple(faults))


def check_mail(mail: str) -> str:
    """A buyer's mail address without blanks around it. Raises `HoldersInvalid`."""
    if not _MAIL.fullmatch(mail.strip()):
        raise HoldersInvalid((FieldFault("mail", "mail", "The mail address is not one."),))
    return mail.strip()


def is_other_person(questions: Sequence[QuestionSnapshot], before: Holder, after: Holder) -> bool:
    """Whether somebody else goes in: by name, by document, or by the answer to a question for a document."""
    documents = [question.key for question in questions if question.kind == QuestionKind.DOCUMENT]
    return (before.name, before.document, *(_tidy_document(before.answers.get(key)) for key in documents)) != (
        after.name,
        after.document,
        *(_tidy_document(after.answers.get(key)) for key in documents),
    )


def corrected_fields(before: Holder, after: Holder) -> list[str]:
    """The names of what differs."""
    fields = [name for name in ("name", "mail", "document") if getattr(before, name) != getattr(after, name)]
    return fields + sorted(key for key in before.answers.keys() | after.answers.keys() if before.answers.get(key) != after.answers.get(key))


def buyer_key(buyer: Buyer) -> str:
    """By what a buyer is counted against a limit: the document where there is one, else the mail address without its case."""
    return f"document:{buyer.document}" if buyer.document else f"mail:{(buyer.first_mail or buyer.mail).casefold()}"


_NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is misread over the telephone


def order_number(order_id: UUID) -> str:
    """The number that people say, from the random end of the id, e.g. `7KQ2-M9XA`. For search, not for identity."""
    value = order_id.int & ((1 << 40) - 1)
    letters = "".join(_NUMBER_ALPHABET[(value >> shift) & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
