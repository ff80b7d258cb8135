"""Performances as an iCalendar file (RFC 5545). Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

__all__ = ["CalendarEntry", "ics_of"]

_LINE_OCTETS_MAX = 75


class CalendarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a calendar. The same `uid` again replaces the entry, when `revision` is not lower than before.

    `status`: CONFIRMED, TENTATIVE or CANCELLED (section 3.8.1.11).
    """

    uid: str
    revision: int
    starts_at: datetime
    ends_at: datetime
    title: str
    location: str
    description: str
    url: str
    status: str = "CONFIRMED"


def ics_of(entries: Sequence[CalendarEntry], *, now: datetime) -> bytes:
    """A calendar of these entries. Times are in UTC: each reader's calendar shows them in its own zone, and no zone has to be described."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ALLTICKETS//Orders//ES", "CALSCALE:GREGORIAN"]
    for entry in entries:
        lines += _entry_lines(entry, now)
    lines.append("END:VCALENDAR")
    return b"".join(folded + b"\r\n" for line in lines for folded in _folded(line))


def _entry_lines(entry: CalendarEntry, now: datetime) -> Iterable[str]:
    return (
        "BEGIN:VEVENT",
        f"UID:{entry.uid}",
        f"DTSTAMP:{_utc(now)}",
        f"SEQUENCE:{entry.revision}",
        f"DTSTART:{_utc(entry.starts_at)}",
        f"DTEND:{_utc(entry.ends_at)}",
        f"SUMMARY:{_text(entry.title)}",
        f"LOCATION:{_text(entry.location)}",
        f"DESCRIPTION:{_text(entry.description)}",
        f"URL:{entry.url}",
        f"STATUS:{entry.status}",
        "END:VEVENT",
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """A TEXT value (section 3.3.11): what separates is escaped, line ends are `\\n`, and no other control character is left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    plain = ("".join(one for one in line if unicodedata.category(one) not in ("Cc", "Cs")) for line in lines)
    return "\\n".join(line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,") for line in plain)


def _folded(line: str) -> Iterable[bytes]:
    """The line in pieces of at most 75 octets (section 3.1), those after the first begun by a blank; no character is cut through."""
    piece = b""
    for one in line:
        octets = one.encode()
        if len(piece) + len(octets) > _LINE_OCTETS_MAX:
            yield piece
            piece = b" "
        piece += octets
    yield piece
