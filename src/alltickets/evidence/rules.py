"""What evidence says, in the organizer's language. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from babel import dates, numbers

from alltickets.evidence.schemas import EvidenceRead
from alltickets.kernel.money import exponent_of

__all__ = ["WORDS", "admissions_of", "headline_of", "mails_of", "sheet_of", "tickets_of"]


TICKETS_MAIL = "confirmation"
"""The kind of mail that brings the tickets."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One language. A language that lacks a word does not start."""

    babel: str
    title: str
    order: str
    dispute: str
    event: str
    venue: str
    starts: str
    buyer: str
    placed: str
    paid: str
    total: str
    card: str
    statement: str
    tickets: str
    admissions: str
    mails: str
    nobody: str
    holder: str
    issued: str
    revoked: str
    sent: str
    entered: str


WORDS: Mapping[str, Words] = {
    "es-AR": Words(
        babel="es_AR",
        title="Evidencia de la compra",
        order="Compra",
        dispute="Contracargo",
        event="Evento",
        venue="Lugar",
        starts="Función",
        buyer="Comprador",
        placed="Pedido",
        paid="Pagado",
        total="Total",
        card="Tarjeta",
        statement="Qué dice el organizador",
        tickets="Entradas",
        admissions="Ingresos",
        mails="Correos",
        nobody="No consta ningún ingreso.",
        holder="a nombre de",
        issued="emitida",
        revoked="anulada",
        sent="entradas enviadas a",
        entered="ingresó por",
    ),
    "en": Words(
        babel="en",
        title="Evidence of the purchase",
        order="Order",
        dispute="Dispute",
        event="Event",
        venue="Venue",
        starts="Performance",
        buyer="Buyer",
        placed="Ordered",
        paid="Paid",
        total="Total",
        card="Card",
        statement="What the organizer says",
        tickets="Tickets",
        admissions="Admissions",
        mails="Mails",
        nobody="No admission is on record.",
        holder="held by",
        issued="issued",
        revoked="revoked",
        sent="tickets sent to",
        entered="admitted at",
    ),
    "pt-BR": Words(
        babel="pt_BR",
        title="Evidência da compra",
        order="Pedido",
        dispute="Contestação",
        event="Evento",
        venue="Local",
        starts="Sessão",
        buyer="Comprador",
        placed="Feito",
        paid="Pago",
        total="Total",
        card="Cartão",
        statement="O que diz o organizador",
        tickets="Ingressos",
        admissions="Entradas",
        mails="E-mails",
        nobody="Não consta nenhuma entrada.",
        holder="em nome de",
        issued="emitido",
        revoked="cancelado",
        sent="ingressos enviados para",
        entered="entrou por",
    ),
}


def headline_of(evidence: EvidenceRead) -> str:
    """What was sold, in a line."""
    event, count = evidence.event, f"{len(evidence.tickets)} × {words_of(evidence).tickets.lower()}"
    return ", ".join(part for part in (event.title, event.venue, _instant(event.starts_at, evidence), count) if part)


def tickets_of(evidence: EvidenceRead) -> list[str]:
    """A line for each ticket."""
    words = words_of(evidence)
    lines = []
    for one in evidence.tickets:
        what = ", ".join(part for part in (one.ticket_type, one.sector, one.seat) if part)
        line = f"{one.number}. {what}, {words.holder} {one.holder_name}, {words.issued} {_instant(one.issued_at, evidence)}"
        lines.append(line if one.revoked_at is None else f"{line}, {words.revoked} {_instant(one.revoked_at, evidence)}")
    return lines


def mails_of(evidence: EvidenceRead) -> list[str]:
    """A line for each mail with the tickets that left."""
    sent = [one for one in evidence.mails if one.kind == TICKETS_MAIL and one.sent_at is not None]
    return [f"{_instant(one.sent_at, evidence)}: {words_of(evidence).sent} {one.recipient}" for one in sent]


def admissions_of(evidence: EvidenceRead) -> list[str]:
    """A line for each time that somebody went in; that nobody did, where nobody did."""
    words = words_of(evidence)
    lines = []
    for one in evidence.tickets:
        for admission in one.admissions:
            at = _instant(admission.admitted_at, evidence, seconds=True)
            door = admission.checkpoint if admission.device is None else f"{admission.checkpoint} ({admission.device})"
            lines.append(f"{at}: {one.number}. {one.holder_name}, {words.entered} {door}")
    return lines or [words.nobody]


def sheet_of(evidence: EvidenceRead) -> dict[str, object]:
    """What the printed sheet says: a heading, facts with their names, and lists of lines."""
    words = words_of(evidence)
    buyer, order, event = evidence.buyer, evidence.order, evidence.event
    facts = [
        (words.dispute, f"{evidence.provider_dispute_id}, {_amount(evidence.amount_minor, evidence.currency, words)}"),
        (words.order, order.number),
        (words.buyer, ", ".join(part for part in (buyer.name, buyer.mail, buyer.document, buyer.phone) if part)),
        (words.total, _amount(order.total_minor, order.currency, words)),
        (words.placed, _instant(order.placed_at, evidence)),
        (words.paid, _instant(order.paid_at, evidence)),
        (words.card, " ".join(part for part in (order.card_brand, order.card_last_four) if part)),
        (words.event, event.title),
        (words.venue, event.venue),
        (words.starts, _instant(event.starts_at, evidence)),
    ]
    return {
        "title": words.title,
        "language": words.babel[:2],
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "lists": [
            {"title": title, "lines": lines}
            for title, lines in (
                (words.statement, evidence.statement.splitlines()),
                (words.tickets, tickets_of(evidence)),
                (words.admissions, admissions_of(evidence)),
                (words.mails, mails_of(evidence)),
            )
            if lines
        ],
    }


def words_of(evidence: EvidenceRead) -> Words:
    """The words of the organizer's language; of the home market where it has another one."""
    return WORDS.get(evidence.locale, WORDS["es-AR"])


def _instant(instant: datetime | None, evidence: EvidenceRead, *, seconds: bool = False) -> str:
    """With its offset: whoever reads it sits in another country."""
    if instant is None:
        return ""
    local = instant.astimezone(ZoneInfo(evidence.event.timezone))
    text = dates.format_datetime(local, "d/M/y HH:mm:ss" if seconds else "d/M/y HH:mm", locale=words_of(evidence).babel)
    return f"{text} (UTC{local:%z})"


def _amount(minor: int, currency: str, words: Words) -> str:
    return numbers.format_currency(Decimal(minor).scaleb(-exponent_of(currency)), currency, locale=words.babel)
