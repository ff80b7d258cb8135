"""Why a mail is not sent.

Refusal
└── NothingToSend   the order is in a state of which there is nothing to tell
"""

from dataclasses import dataclass

from alltickets.kernel.errors import Refusal

__all__ = ["NothingToSend"]


@dataclass(eq=False)
class NothingToSend(Refusal):
    """No mail belongs to the state that the order is in: it waits for its buyer to pay, or it is over."""

    order_status: str

    def __str__(self) -> str:
        return f"The order is {self.order_status.replace('_', ' ')}, and there is no mail about that. Nothing was sent."
