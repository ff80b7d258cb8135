"""Identifiers. Every id is a UUIDv7 made by the application (design section 8, rule 4): it sorts by the time it was made."""

from datetime import datetime
from uuid import UUID

import uuid_utils.compat

__all__ = ["UUID", "first_id_at", "id_or_none", "new_id", "new_id_text"]


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562 section 5.7); ids of one process are strictly increasing."""
    return uuid_utils.compat.uuid7()


def new_id_text() -> str:
    """A fresh UUIDv7 as text, for what is only passed on: a tenth of the time of making an id and writing it."""
    return str(uuid_utils.uuid7())


def id_or_none(text: str) -> UUID | None:
    """The id that a text from outside is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def first_id_at(at: datetime) -> UUID:
    """The least id that can have been made at that instant: what ids of a period lie between."""
    return UUID(int=int(at.timestamp() * 1_000) << 80 | 7 << 76)
