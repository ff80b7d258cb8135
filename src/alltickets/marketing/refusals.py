"""Why marketing refuses.

Refusal
├── WishInvalid          a field of a wish for places does not fit
├── OriginRefused        what is no site that may frame tickets
└── NoSuchWaitingEntry   a link that no waiting list has handed out
"""

from dataclasses import dataclass

from alltickets.kernel.errors import Refusal

__all__ = ["NoSuchWaitingEntry", "OriginRefused", "WishInvalid"]


@dataclass(eq=False)
class WishInvalid(Refusal):
    """A field of a wish that cannot be: `mail`, `quantity` or `offer`."""

    field: str

    def __str__(self) -> str:
        return f"“{self.field}” does not fit. Nothing was stored; correct it and send again."


@dataclass(eq=False)
class OriginRefused(Refusal):
    """What is no origin of a site: https and a host name, nothing else."""

    origin: str

    def __str__(self) -> str:
        return f"“{self.origin[:100]}” is no site: write it as https://www.example.com, without a path. Nothing was changed."


class NoSuchWaitingEntry(Refusal):
    """The link to leave a waiting list is not one of ours."""

    def __str__(self) -> str:
        return "This link is not whole: open the one in the mail, or copy all of it."
