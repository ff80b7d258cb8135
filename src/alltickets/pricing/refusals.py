"""Why pricing says no.

Refusal
├── EmptySelection    nothing was chosen
├── TooManyLines      more lines than anybody buys at once
├── QuantityRefused   zero, or more than anybody buys at once
└── SeatsMismatched   the seats named are not as many as the places, or one is named twice
"""

from dataclasses import dataclass
from uuid import UUID

from alltickets.kernel.errors import Refusal

__all__ = ["EmptySelection", "QuantityRefused", "SeatsMismatched", "TooManyLines"]


@dataclass(eq=False)
class EmptySelection(Refusal):
    """There is nothing to price."""

    def __str__(self) -> str:
        return "Nothing is selected. Choose at least one ticket."


@dataclass(eq=False)
class TooManyLines(Refusal):
    """A selection is for one purchase."""

    lines_max: int

    def __str__(self) -> str:
        return f"A purchase has at most {self.lines_max} lines. Choose fewer, or buy the rest in another purchase."


@dataclass(eq=False)
class QuantityRefused(Refusal):
    """What a buyer may have is limited by the ticket type; this is the bound of what is priced at all."""

    ticket_type_id: UUID
    quantity: int
    quantity_max: int

    def __str__(self) -> str:
        return f"{self.quantity} is no quantity that can be bought. Choose from 1 to {self.quantity_max}."


@dataclass(eq=False)
class SeatsMismatched(Refusal):
    """`seats_count`: how many different seats were named for the line's `quantity` places."""

    ticket_type_id: UUID
    quantity: int
    seats_count: int

    def __str__(self) -> str:
        return "Each place needs a seat of its own. Choose as many different seats as tickets."
