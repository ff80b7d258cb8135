"""How events are found by what people type: case and accents make no difference."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

__all__ = ["WORDS_MAX", "EventSearch", "folded", "words_of"]

WORDS_MAX = 8


@dataclass(frozen=True)
class EventSearch:
    """What a listed event must be: all words of `text` in its title, category, venue or city; at any time between the two instants."""

    text: str = ""
    city: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None


def folded(text: str) -> str:
    """Lower case without accents: `Córdoba` is `cordoba`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """The words of a search, each to be found in an event's; what is past the eighth is not looked at."""
    return [word for word in folded(text).replace("\0", " ").split() if word][:WORDS_MAX]
