"""The background work of inventory: one loop."""

from alltickets.inventory.service import Inventory
from alltickets.platform.loops import Loop

__all__ = ["loops"]


def loops(inventory: Inventory) -> list[Loop]:
    """sweep: gives back the places of holds whose time is over."""
    return [Loop("inventory.sweep", 1.0, inventory.sweep)]
