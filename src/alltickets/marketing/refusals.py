"""Why marketing refuses.

Refusal
├── WishInvalid          a field of a wish for places does not fit
└── NoSuchWaitingEntry   a link that no waiting list has handed out
"""

from dataclasses import dataclass

from alltickets.kernel.errors import Refusal

__all__ = ["NoSuchWaitingEntry", "WishInvalid"]


@dataclass(eq=False)
class WishInvalid(Refusal):
    """A field of a wish that cannot be: `mail`, `quantity` or `offer`."""

    field: str

    def __str__(self) -> str:
        return f"“{self.field}” does not fit. Nothing was stored; correct it and send again."


class NoSuchWaitingEntry(Refusal):
    """The link to leave a waiting list is not one of ours."""

    def __str__(self) -> str:
        return "This link is not whole: open the one in the mail, or copy all of it."
