"""Domain events as they stand in the log: facts in the past tense, appended in the transaction that makes them true."""

from typing import ClassVar

import msgspec

__all__ = ["Event"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all domain events: ids, amounts and names as they were; its class name is its type in the log."""

    version: ClassVar[int] = 1
    """Raised when the meaning of a field changes. Fields may be added with a default at any time."""
