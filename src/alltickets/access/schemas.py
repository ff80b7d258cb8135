"""What travels between scanners, organizers and us."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from alltickets.access.rules import Checkpoint, Outcome

__all__ = [
    "BatchAnswer",
    "BatchItem",
    "CheckpointPut",
    "CheckpointRead",
    "ConflictRead",
    "Counters",
    "FirstAdmission",
    "ScanAnswer",
    "ScanBatch",
    "ScanRefused",
    "ScanRequest",
]

CODE_LENGTH_MAX = 512
BATCH_MAX = 500
PARTS_MAX = 400
# Years that every time zone and the database can express.
FIRST_YEAR, LAST_YEAR = 2000, 2199

Ids = Annotated[tuple[UUID, ...], msgspec.Meta(max_length=PARTS_MAX)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ScanRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan. The device makes the id (UUIDv7), so that a repetition gets the first answer again."""

    scan_id: UUID
    checkpoint_id: UUID
    code: Annotated[str, msgspec.Meta(max_length=CODE_LENGTH_MAX)]
    """What the QR symbol says, whatever it is."""
    scanned_at: Instant | None = None
    """When a scan that waited in the device was made; absent: now."""
    admitted_offline: bool = False
    """The door was cut off and let the person in by itself."""

    def __post_init__(self) -> None:
        if self.scanned_at is not None and not FIRST_YEAR <= self.scanned_at.year <= LAST_YEAR:
            raise ValueError(f"`scanned_at` must lie between the years {FIRST_YEAR} and {LAST_YEAR}")


class ScanBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scans that waited in a device, in the order in which they were made."""

    scans: Annotated[tuple[ScanRequest, ...], msgspec.Meta(max_length=BATCH_MAX)]


class FirstAdmission(msgspec.Struct, frozen=True):
    """When and where somebody went in with the ticket."""

    at: datetime
    checkpoint_id: UUID
    checkpoint_name: str


class ScanAnswer(msgspec.Struct, frozen=True):
    """What the door says. The ticket's facts are there when the code is a genuine one of this event."""

    scan_id: UUID
    outcome: Outcome
    scanned_at: datetime
    conflict: bool
    """Refused, and a door that was cut off had let them in all the same: staff must look."""
    ticket_id: UUID | None = None
    performance_id: UUID | None = None
    ticket_type_id: UUID | None = None
    sector_id: UUID | None = None
    seat_label: str | None = None
    holder_name: str | None = None
    first: FirstAdmission | None = None
    """Only when it was already used."""
    opens_at: datetime | None = None
    """Only when it is not yet valid."""
    closes_at: datetime | None = None
    """Only when it is expired."""


class ScanRefused(msgspec.Struct, frozen=True):
    """A scan of a batch that could not be taken: `type` as in the problem document that it would get by itself."""

    type: str
    detail: str


class BatchItem(msgspec.Struct, frozen=True):
    """One of the two is there."""

    scan_id: UUID
    answer: ScanAnswer | None
    refused: ScanRefused | None


class BatchAnswer(msgspec.Struct, frozen=True):
    """An item per scan, in their order."""

    items: list[BatchItem]


class CheckpointPut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint, whole. Empty lists let in all that the event has; absent instants follow each performance's doors and end."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
    performance_ids: Ids = ()
    ticket_type_ids: Ids = ()
    sector_ids: Ids = ()
    opens_at: Instant | None = None
    closes_at: Instant | None = None

    def __post_init__(self) -> None:
        for instant in (self.opens_at, self.closes_at):
            if instant is not None and not FIRST_YEAR <= instant.year <= LAST_YEAR:
                raise ValueError(f"`opens_at` and `closes_at` must lie between the years {FIRST_YEAR} and {LAST_YEAR}")


class Counters(msgspec.Struct, frozen=True):
    """Scans of a checkpoint so far; each is admitted or refused, and conflicts are among the refused."""

    checkpoint_id: UUID
    admitted: int
    refused: int
    conflicts: int


class CheckpointRead(msgspec.Struct, frozen=True):
    """A checkpoint with its counters."""

    checkpoint_id: UUID
    event_id: UUID
    name: str
    performance_ids: list[UUID]
    ticket_type_ids: list[UUID]
    sector_ids: list[UUID]
    opens_at: datetime | None
    closes_at: datetime | None
    admitted: int
    refused: int
    conflicts: int

    @staticmethod
    def of(checkpoint: Checkpoint, counters: Counters) -> "CheckpointRead":
        """The two together."""
        return CheckpointRead(
            checkpoint.checkpoint_id,
            checkpoint.event_id,
            checkpoint.name,
            list(checkpoint.performance_ids),
            list(checkpoint.ticket_type_ids),
            list(checkpoint.sector_ids),
            checkpoint.opens_at,
            checkpoint.closes_at,
            counters.admitted,
            counters.refused,
            counters.conflicts,
        )


class ConflictRead(msgspec.Struct, frozen=True):
    """A scan that was refused although a door that was cut off had let the person in, and the ticket's first admission, if any."""

    scan_id: UUID
    checkpoint_id: UUID
    device_id: UUID
    ticket_id: UUID | None
    outcome: Outcome
    scanned_at: datetime
    received_at: datetime
    first_at: datetime | None
    first_checkpoint_id: UUID | None
    first_scan_id: UUID | None
