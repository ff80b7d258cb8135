"""Long lists page by key: a page names where it ended, so that nothing is skipped or shown twice while rows come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from alltickets.kernel.errors import Refusal

__all__ = ["PAGE_SIZE_MAX", "CursorUnreadable", "Page", "decode_cursor", "instant_in", "page_of"]

Item = TypeVar("Item")
PAGE_SIZE_MAX = 200
YEAR_MIN, YEAR_MAX = 1900, 9998


@dataclass(eq=False)
class CursorUnreadable(Refusal):
    """A cursor that no page of this list has given out."""

    def __str__(self) -> str:
        return "This cursor is not one that the list gave out. Start again without it."


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some items of a list; `next` is the cursor for what follows, None at the end."""

    items: list[Item]
    next: str | None


def page_of(rows: Sequence[Item], size: int, key_of: Callable[[Item], Sequence[str | int]]) -> Page[Item]:
    """A page from up to `size + 1` rows in the list's order: the one too many only tells that there is more."""
    items = list(rows[:size])
    more = len(rows) > size
    return Page(items, _encode(key_of(items[-1])) if more else None)


def decode_cursor(cursor: str | None, *types: type) -> tuple[object, ...] | None:
    """The key values of a cursor, each of its type; None for none. Raises `CursorUnreadable`."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=list[str | int])
    except (msgspec.MsgspecError, binascii.Error, ValueError) as fault:
        raise CursorUnreadable from fault
    # A NUL is a character to JSON and none to PostgreSQL.
    if len(values) != len(types) or any("\0" in value for value in values if isinstance(value, str)):
        raise CursorUnreadable
    try:
        return tuple(msgspec.convert(value, kind, strict=False) for value, kind in zip(values, types, strict=True))
    except msgspec.ValidationError as fault:
        raise CursorUnreadable from fault


def instant_in(value: object) -> datetime:
    """The instant that a cursor names in ISO 8601. Raises `CursorUnreadable`."""
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as fault:
        raise CursorUnreadable from fault
    if instant.tzinfo is None or not YEAR_MIN <= instant.year <= YEAR_MAX:
        raise CursorUnreadable
    return instant


def _encode(key: Sequence[str | int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")
