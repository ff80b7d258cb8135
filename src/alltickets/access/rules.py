"""Who is let in, pure: the same decisions stand in the scanner's TypeScript, held together by tests/vectors/admission.json.

A code is first identified (is it a ticket of this event, signed by its key?), then judged (may this ticket enter here and now?); what has
no objection is admitted if it is the ticket's first time, which only the redemption's unique index can say.

Refusal
├── NoSuchCheckpoint    not this organizer's, or not for this device
├── CheckpointInvalid   names what the event does not have, or closes before it opens
└── ScanConflict        a scan id that names another scan
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from alltickets.catalog.interface import EventSnapshot, EventStatus, PerformanceSnapshot, PerformanceStatus
from alltickets.kernel.errors import Refusal
from alltickets.tickets.interface import EventKey, TicketState, Token, Unreadable, read_code, short_event, short_id

__all__ = [
    "Checkpoint",
    "CheckpointInvalid",
    "CheckpointRules",
    "NoSuchCheckpoint",
    "Outcome",
    "ScanConflict",
    "Window",
    "check_checkpoint",
    "identify",
    "judge",
    "rules_of",
    "time_of_scan",
]

DOORS_LEAD = timedelta(hours=2)
"""How long before a performance its tickets admit, where the organizer said nothing about doors."""


class Outcome(StrEnum):
    """What the door says, in order of precedence: of two objections the first is told. Admitted when there is none."""

    UNKNOWN = "unknown"
    """Not a code of ours, or of a ticket that is not in the database."""
    WRONG_EVENT = "wrong_event"
    """Of another event, as far as can be seen without that event's key."""
    FORGED = "forged"
    """Says it is of this event, and its key did not sign that."""
    REVOKED = "revoked"
    """The ticket, its code (a newer one was issued) or the key that signed it."""
    WRONG_PERFORMANCE = "wrong_performance"
    """Of a performance that this checkpoint does not let in, or that does not take place."""
    WRONG_TICKET_TYPE = "wrong_ticket_type"
    WRONG_SECTOR = "wrong_sector"
    NOT_YET_VALID = "not_yet_valid"
    """Before the doors open."""
    EXPIRED = "expired"
    """After admission closed."""
    ALREADY_USED = "already_used"
    """Somebody went in with this ticket before."""
    ADMITTED = "admitted"


@dataclass(frozen=True, slots=True)
class Window:
    """When a performance's tickets admit: from `opens_at` on, before `closes_at`."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class CheckpointRules:
    """Whom a checkpoint lets in, in the short ids that a code carries."""

    event: bytes
    performances: Mapping[bytes, Window]
    """The performances let in here, each with its time."""
    ticket_types: frozenset[bytes]
    """Empty: all."""
    sectors: frozenset[bytes]
    """Empty: all."""


@dataclass(frozen=True)
class Checkpoint:
    """A place where codes are scanned. Empty collections and absent instants leave it to the event."""

    checkpoint_id: UUID
    event_id: UUID
    name: str
    performance_ids: Collection[UUID]
    ticket_type_ids: Collection[UUID]
    sector_ids: Collection[UUID]
    opens_at: datetime | None
    """Instead of the doors of each performance."""
    closes_at: datetime | None
    """Instead of the end of each performance."""


def rules_of(checkpoint: Checkpoint, event: EventSnapshot) -> CheckpointRules:
    """Whom the checkpoint lets in, as the event stands now: nobody to what does not take place."""
    is_off = event.status == EventStatus.CANCELLED
    performances = {
        short_id(one.performance_id): _window(checkpoint, one)
        for one in event.performances.values()
        if not is_off
        and one.status != PerformanceStatus.CANCELLED
        and (not checkpoint.performance_ids or one.performance_id in checkpoint.performance_ids)
    }
    return CheckpointRules(
        short_event(checkpoint.event_id),
        performances,
        frozenset(short_id(one) for one in checkpoint.ticket_type_ids),
        frozenset(short_id(one) for one in checkpoint.sector_ids),
    )


def identify(code: str, event: bytes, keys: Mapping[int, EventKey]) -> tuple[Token | None, Outcome | None]:
    """What was scanned, and what speaks against it so far. There is a token exactly when it is a genuine one of this event."""
    read = read_code(code)
    if isinstance(read, Unreadable):
        return None, Outcome.UNKNOWN
    if read.token.event != event:
        return None, Outcome.WRONG_EVENT
    key = keys.get(read.token.key_number)
    if key is None or not key.has_signed(read):
        return None, Outcome.FORGED
    return read.token, None if key.retired_at is None else Outcome.REVOKED


def judge(token: Token, rules: CheckpointRules, state: TicketState | None, at: datetime) -> Outcome | None:
    """What speaks against this ticket at this checkpoint at that time, other than that it was used; None: nothing.

    state: what is known of the ticket besides its code; None where nothing is, as at a door that is cut off: then its code is believed.
    """
    if state is not None and (state.is_revoked or token.serial < state.serial):
        return Outcome.REVOKED
    window = rules.performances.get(token.performance)
    if window is None:
        return Outcome.WRONG_PERFORMANCE
    if rules.ticket_types and token.ticket_type not in rules.ticket_types:
        return Outcome.WRONG_TICKET_TYPE
    if rules.sectors and token.sector not in rules.sectors:
        return Outcome.WRONG_SECTOR
    if at < window.opens_at:
        return Outcome.NOT_YET_VALID
    return Outcome.EXPIRED if at >= window.closes_at else None


def time_of_scan(scanned_at: datetime | None, now: datetime) -> datetime:
    """When a scan counts as made: when the device says, but never in the future, for its clock may be fast."""
    return now if scanned_at is None else min(scanned_at.astimezone(UTC), now)


def check_checkpoint(checkpoint: Checkpoint, event: EventSnapshot) -> None:
    """Raise `CheckpointInvalid` with every fault at once."""
    faults = []
    for ids, known, what in (
        (checkpoint.performance_ids, event.performances, "performance"),
        (checkpoint.ticket_type_ids, event.ticket_types, "ticket type"),
        (checkpoint.sector_ids, event.sectors, "sector"),
    ):
        faults += [f"The event has no {what} {one}." for one in ids if one not in known]
    if checkpoint.opens_at is not None and checkpoint.closes_at is not None and checkpoint.closes_at <= checkpoint.opens_at:
        faults.append("A checkpoint closes after it opens.")
    if faults:
        raise CheckpointInvalid(tuple(faults))


def _window(checkpoint: Checkpoint, performance: PerformanceSnapshot) -> Window:
    doors_at = performance.doors_at or performance.starts_at - DOORS_LEAD
    return Window(checkpoint.opens_at or doors_at, checkpoint.closes_at or performance.ends_at)


@dataclass(eq=False)
class NoSuchCheckpoint(Refusal):
    """The organizer has no such checkpoint, or the device is for another event."""

    checkpoint_id: str

    def __str__(self) -> str:
        return "There is no such checkpoint for this device. List the event's checkpoints and choose one of them."


@dataclass(eq=False)
class CheckpointInvalid(Refusal):
    """A checkpoint that makes no sense for its event; every fault is a sentence."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{' '.join(self.faults)} Nothing was changed."


@dataclass(eq=False)
class ScanConflict(Refusal):
    """The scan id names a scan of another code or at another checkpoint."""

    scan_id: str

    def __str__(self) -> str:
        return "This scan id was used for another scan. Nothing was changed; each scan has a new id, and only a repetition has the same."
