"""The one kind of refusal. The API shows it as JSON, the pages as a sentence in the buyer's language."""

from dataclasses import dataclass

__all__ = ["Refused", "invalid"]


@dataclass(eq=False)
class Refused(Exception):
    """The gateway does not do what was asked; nothing was changed.

    code: stable, for programs. message: for people who read logs. back_to: where a buyer may be sent back to, where that is known.
    """

    status: int
    code: str
    message: str
    back_to: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def invalid(message: str) -> Refused:
    """The request itself is wrong, whatever the state of things."""
    return Refused(400, "invalid_request", message)
