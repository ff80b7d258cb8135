"""What is said over the wire of the evidence for a dispute."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

__all__ = [
    "AdmissionRead",
    "EvidenceAnswerRead",
    "EvidenceAnswerWrite",
    "EvidenceBuyerRead",
    "EvidenceEventRead",
    "EvidenceMailRead",
    "EvidenceOrderRead",
    "EvidenceRead",
    "EvidenceTicketRead",
]


class EvidenceOrderRead(msgspec.Struct, kw_only=True):
    """The order whose money a bank asks for."""

    order_id: UUID
    number: str
    status: str
    total_minor: int
    currency: str
    refunded_minor: int
    placed_at: datetime
    paid_at: datetime | None
    card_brand: str | None
    card_last_four: str | None


class EvidenceBuyerRead(msgspec.Struct, kw_only=True):
    """Who paid and got the mail."""

    name: str
    mail: str
    document: str | None
    phone: str | None


class EvidenceEventRead(msgspec.Struct, kw_only=True):
    """What the tickets are for; `starts_at`: the first of their performances."""

    event_id: UUID
    title: str
    venue: str
    timezone: str
    starts_at: datetime | None


class AdmissionRead(msgspec.Struct, kw_only=True):
    """Somebody went in with the ticket. `device`: the scanner's name, if it was one that is still known."""

    checkpoint: str
    device: str | None
    admitted_at: datetime


class EvidenceTicketRead(msgspec.Struct, kw_only=True):
    """A ticket of the order, with every admission."""

    ticket_id: UUID
    number: int
    ticket_type: str
    sector: str
    seat: str | None
    holder_name: str
    holder_mail: str | None
    price_minor: int
    issued_at: datetime
    revoked_at: datetime | None
    admissions: list[AdmissionRead]


class EvidenceMailRead(msgspec.Struct, kw_only=True):
    """A mail about the order. `sent_at`: when the mail server took it; null while it has not."""

    kind: str
    recipient: str
    state: str
    sent_at: datetime | None


class EvidenceRead(msgspec.Struct, kw_only=True):
    """Everything that can be shown of an order to the bank that asks for its money. `how`: what the gateway does with it:

    answered (it is handed in from here), told (by the gateway's own pages), by_hand (by answering the letter), none.
    """

    dispute_id: UUID
    provider_dispute_id: str
    state: str
    amount_minor: int
    currency: str
    due_at: datetime | None
    how: Literal["answered", "told", "by_hand", "none"]
    locale: str
    statement: str
    order: EvidenceOrderRead
    buyer: EvidenceBuyerRead
    event: EvidenceEventRead
    tickets: list[EvidenceTicketRead]
    mails: list[EvidenceMailRead]


class EvidenceAnswerWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What you say to the dispute, in the place of what you kept before; null: as you kept it."""

    statement: Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*$")] | None = None


class EvidenceAnswerRead(msgspec.Struct, kw_only=True):
    """Whether the evidence was handed in to the gateway. If not, `document_url` has it to print and to hand in as `evidence.how` says."""

    is_handed_in: bool
    document_url: str
    evidence: EvidenceRead
