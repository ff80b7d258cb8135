"""What others may use of access: its use cases, for the surfaces that serve them, what it refuses, and who went in."""

from alltickets.access.queries import Admission, admissions_of_tickets, read_admitted
from alltickets.access.rules import CheckpointInvalid, NoSuchCheckpoint, Outcome, ScanConflict
from alltickets.access.service import Access

__all__ = [
    "Access",
    "Admission",
    "CheckpointInvalid",
    "NoSuchCheckpoint",
    "Outcome",
    "ScanConflict",
    "admissions_of_tickets",
    "read_admitted",
]
