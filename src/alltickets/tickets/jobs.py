"""The background work of tickets: one loop."""

from alltickets.platform.loops import Loop
from alltickets.tickets.keys import EventKeys

__all__ = ["loops"]


def loops(keys: EventKeys) -> list[Loop]:
    """reseal: after a new key was added to the ring, moves the events' private keys to it, so that the old one can go."""
    return [Loop("tickets.reseal", 300.0, keys.reseal)]
