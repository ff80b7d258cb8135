"""The three kinds of error (style rule 14), as bases that contexts derive from.

    Exception
    ├── Refusal         the domain says no: typed data, a sentence, no HTTP
    ├── Trouble         something outside failed: says whether asking again may help
    └── AssertionError  we made a mistake: never caught

How a refusal becomes a problem document stands in one table, `alltickets.problems`.
"""

from dataclasses import dataclass, fields

__all__ = ["Refusal", "Trouble"]


@dataclass(eq=False)
class Refusal(Exception):
    """What was asked cannot be done. A subclass is a dataclass whose fields say why; `str()` is one sentence for a person.

    The fields become members of the problem document, so they hold only what the asker may know.
    """

    def members(self) -> dict[str, object]:
        """The typed data of this refusal by name, as it stands in a problem document."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(eq=False)
class Trouble(Exception):
    """Something outside of us failed; the cause is chained. `retry_after_seconds` is None when asking again will not help."""

    message: str
    retry_after_seconds: int | None = None

    def __str__(self) -> str:
        return self.message
