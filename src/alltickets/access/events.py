"""What access tells the others."""

from datetime import datetime
from uuid import UUID

from alltickets.platform.events import Event

__all__ = ["AdmissionRefused", "TicketAdmitted"]


class TicketAdmitted(Event, frozen=True):
    """The ticket's holder went in."""

    scan_id: UUID
    event_id: UUID
    checkpoint_id: UUID
    ticket_id: UUID
    performance_id: UUID
    ticket_type_id: UUID
    sector_id: UUID
    scanned_at: datetime


class AdmissionRefused(Event, frozen=True):
    """Somebody was not to go in. `conflict`: a door that was cut off had let them in all the same."""

    scan_id: UUID
    event_id: UUID
    checkpoint_id: UUID
    ticket_id: UUID | None
    """None when the code was not a genuine one of this event."""
    outcome: str
    conflict: bool
    scanned_at: datetime
