"""Why catalog says no.

Refusal
├── EventNotFound, PerformanceNotFound, SectorNotFound, TicketTypeNotFound, QuestionNotFound, VenueNotFound, PictureNotFound
├── AccessCodeNeeded      the ticket type is for those who have its code
├── NotOnSale             it exists, and is not sold now: why, since when, until when
├── PictureRefused        what was uploaded is no picture that can be shown
├── InvalidDetails        what was sent contradicts itself or what stands already
├── VersionConflict       somebody else changed it meanwhile
├── EventSlugTaken, KeyTaken   a name that must be unique is another's
├── IllegalMove           an event in this status cannot go where it was sent
├── NotPublishable        with every blocker
├── NotDeletable          others rest on it, or it may have been sold
└── TooManyParts          an event has no room for more of these
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.kernel.errors import Refusal

__all__ = [
    "AccessCodeNeeded",
    "Blocker",
    "BlockerCode",
    "EventNotFound",
    "EventSlugTaken",
    "IllegalMove",
    "InvalidDetails",
    "KeyTaken",
    "NotDeletable",
    "NotOnSale",
    "NotOnSaleReason",
    "NotPublishable",
    "PerformanceNotFound",
    "PictureNotFound",
    "PictureRefused",
    "QuestionNotFound",
    "SectorNotFound",
    "TicketTypeNotFound",
    "TooManyParts",
    "VenueNotFound",
    "VersionConflict",
]


@dataclass(eq=False)
class EventNotFound(Refusal):
    """There is no such event for whoever asks: unknown, another organizer's, or not public."""

    event: str

    def __str__(self) -> str:
        return "There is no such event. Check the address, or choose one from the list of events."


@dataclass(eq=False)
class PerformanceNotFound(Refusal):
    """The event has no such performance."""

    performance_id: UUID

    def __str__(self) -> str:
        return "The event has no such performance. Read the event again and choose one of its performances."


@dataclass(eq=False)
class SectorNotFound(Refusal):
    """The event has no such sector."""

    sector_id: UUID

    def __str__(self) -> str:
        return "The event has no such sector. Read the event again and choose one of its sectors."


@dataclass(eq=False)
class TicketTypeNotFound(Refusal):
    """The event has no such ticket type."""

    ticket_type_id: UUID

    def __str__(self) -> str:
        return "The event has no such ticket type. Read the event again and choose one of its ticket types."


@dataclass(eq=False)
class QuestionNotFound(Refusal):
    """The event has no such holder question."""

    question_id: UUID

    def __str__(self) -> str:
        return "The event has no such question. Read the event again."


@dataclass(eq=False)
class VenueNotFound(Refusal):
    """The organizer has no such venue."""

    venue_id: UUID

    def __str__(self) -> str:
        return "There is no such venue. Choose one of your venues, or create it first."


@dataclass(eq=False)
class PictureNotFound(Refusal):
    """Nothing shows such a picture, or no longer."""

    def __str__(self) -> str:
        return "There is no such picture. It may have been replaced; read the event again."


@dataclass(eq=False)
class AccessCodeNeeded(Refusal):
    """The ticket type is sold to those who have one of its codes; none was given, or another."""

    ticket_type_id: UUID

    def __str__(self) -> str:
        return "These tickets need an access code. Nothing was taken; check the code and try again."


class NotOnSaleReason(StrEnum):
    """Why something that exists is not sold now."""

    NOT_YET = "not_yet"
    """Its sales window opens at `since`."""
    OVER = "over"
    """Its sales window closed at `until`."""
    POSTPONED = "postponed"
    """The event waits for a new date."""
    CANCELLED = "cancelled"
    """The event does not take place."""
    PERFORMANCE_CANCELLED = "performance_cancelled"
    """This performance does not take place; others may."""


_WHY_NOT = {
    NotOnSaleReason.NOT_YET: "The sale of these tickets has not opened yet. Come back when it opens.",
    NotOnSaleReason.OVER: "The sale of these tickets is over. Choose other tickets or another performance.",
    NotOnSaleReason.POSTPONED: "The event was postponed and is not on sale until its new date is known.",
    NotOnSaleReason.CANCELLED: "The event was cancelled; its tickets are no longer sold.",
    NotOnSaleReason.PERFORMANCE_CANCELLED: "This performance was cancelled. Choose another one of the event.",
}


@dataclass(eq=False)
class NotOnSale(Refusal):
    """Outside the sales window, or the event or performance does not take place. `since`: when the sale opens; `until`: when it closed."""

    reason: NotOnSaleReason
    ticket_type_id: UUID
    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        return _WHY_NOT[self.reason]


@dataclass(eq=False)
class InvalidDetails(Refusal):
    """Each fault is a sentence about what was sent."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.faults)} Nothing was changed; correct this and send it again."


@dataclass(eq=False)
class PictureRefused(Refusal):
    """What was uploaded is no picture that can be shown."""

    fault: str

    def __str__(self) -> str:
        return f"The picture was not taken. {self.fault} Nothing was changed; send another."


@dataclass(eq=False)
class VersionConflict(Refusal):
    """The change was made on a version that is no longer the newest."""

    version: int
    """The newest version."""

    def __str__(self) -> str:
        return "This was changed by somebody else meanwhile. Nothing was overwritten; read it again and repeat your change."


@dataclass(eq=False)
class EventSlugTaken(Refusal):
    """The address is, or was, another event's: old addresses keep leading to their event."""

    slug: str

    def __str__(self) -> str:
        return f"The address “{self.slug}” belongs to another event. Choose another, or leave it out to get a free one."


@dataclass(eq=False)
class KeyTaken(Refusal):
    """The event has a question of that key."""

    key: str

    def __str__(self) -> str:
        return f"The event already asks a question with the key “{self.key}”. Choose another key, or change that question."


@dataclass(eq=False)
class IllegalMove(Refusal):
    """Which moves are legal stands in `rules.states.MOVES`."""

    present: str
    wanted: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        if not self.allowed:
            return f"The event is {self.present}; that is final. Nothing was changed."
        return f"The event is {self.present} and cannot become {self.wanted}. From here it can become {' or '.join(self.allowed)}."


class BlockerCode(StrEnum):
    """What keeps an event from being published."""

    VENUE_MISSING = "venue_missing"
    PERFORMANCE_MISSING = "performance_missing"
    PERFORMANCE_OVER = "performance_over"
    SECTOR_MISSING = "sector_missing"
    TICKET_TYPE_MISSING = "ticket_type_missing"
    NEVER_ON_SALE = "never_on_sale"
    CODE_MISSING = "code_missing"


class Blocker(msgspec.Struct, frozen=True):
    """One reason why an event cannot be published. `where`: the field or the part, as a path, e.g. `ticket_types/0190…`."""

    code: BlockerCode
    where: str
    sentence: str


@dataclass(eq=False)
class NotPublishable(Refusal):
    """Everything that keeps the event from being published, at once."""

    blockers: tuple[Blocker, ...]

    def __str__(self) -> str:
        return f"The event cannot be published yet: {' '.join(blocker.sentence for blocker in self.blockers)}"


@dataclass(eq=False)
class NotDeletable(Refusal):
    """`why` is a sentence that says what to do instead."""

    why: str

    def __str__(self) -> str:
        return self.why


@dataclass(eq=False)
class TooManyParts(Refusal):
    """An event is held in memory by every web process and its stock is opened in one go, so its parts are bounded."""

    what: str
    count_max: int

    def __str__(self) -> str:
        return f"An event can have at most {self.count_max} {self.what}. Nothing was added; split it into several events."
