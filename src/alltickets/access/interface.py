"""What others may use of access: its use cases, for the surfaces that serve them, and what it refuses."""

from alltickets.access.rules import CheckpointInvalid, NoSuchCheckpoint, Outcome, ScanConflict
from alltickets.access.service import Access

__all__ = ["Access", "CheckpointInvalid", "NoSuchCheckpoint", "Outcome", "ScanConflict"]
