"""Calendar files as RFC 5545 asks for them: whoever unfolds and unescapes one reads what was meant."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.orders.ics import CalendarEntry, ics_of

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)


def make_entry(**fields: Any) -> CalendarEntry:
    boring = {
        "uid": "0199a0b1-c2d3-7abc-9def-0123456789ab@alltickets",
        "revision": 3,
        "starts_at": datetime(2026, 11, 15, 0, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 15, 3, 0, tzinfo=UTC),
        "title": "Sinfonía del Plata",
        "location": "Teatro del Ombú",
        "description": "Compra 7KQ2-M9XA",
        "url": "https://tickets.example/e/sinfonia-del-plata",
    }
    return CalendarEntry(**{**boring, **fields})


def read(calendar: bytes) -> list[tuple[str, str]]:
    """Names and values, unfolded (section 3.1) and, where they are text, unescaped (section 3.3.11)."""
    assert calendar.endswith(b"\r\n")
    lines = re.sub(r"\r\n ", "", calendar.decode()).removesuffix("\r\n").split("\r\n")
    pairs = [line.split(":", 1) for line in lines]
    return [(name, _unescaped(value) if name in ("SUMMARY", "LOCATION", "DESCRIPTION") else value) for name, value in pairs]


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda one: "\n" if one[1] in "nN" else one[1], value)


def test_a_calendar_states_its_entries_in_utc() -> None:
    calendar = ics_of([make_entry(starts_at=datetime(2026, 11, 14, 21, 0, tzinfo=timezone(timedelta(hours=-3))))], now=NOW)

    assert read(calendar) == [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//ALLTICKETS//Orders//ES"),
        ("CALSCALE", "GREGORIAN"),
        ("BEGIN", "VEVENT"),
        ("UID", "0199a0b1-c2d3-7abc-9def-0123456789ab@alltickets"),
        ("DTSTAMP", "20260801T120000Z"),
        ("SEQUENCE", "3"),
        ("DTSTART", "20261115T000000Z"),
        ("DTEND", "20261115T030000Z"),
        ("SUMMARY", "Sinfonía del Plata"),
        ("LOCATION", "Teatro del Ombú"),
        ("DESCRIPTION", "Compra 7KQ2-M9XA"),
        ("URL", "https://tickets.example/e/sinfonia-del-plata"),
        ("STATUS", "CONFIRMED"),
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a;b,c\\d", "SUMMARY:a\\;b\\,c\\\\d"),
        ("one\ntwo\r\nthree\rfour", "SUMMARY:one\\ntwo\\nthree\\nfour"),
        ("tab\there\x00", "SUMMARY:tabhere"),
        ("BEGIN:VEVENT", "SUMMARY:BEGIN:VEVENT"),
    ],
)
def test_what_separates_is_escaped(text: str, line: str) -> None:
    assert line.encode() in ics_of([make_entry(title=text)], now=NOW).split(b"\r\n")


@given(
    title=st.text(st.characters(exclude_categories=()), max_size=300),
    location=st.text(max_size=300),
    description=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=2000),
)
def test_any_text_is_read_as_it_was_meant_from_lines_of_75_octets(title: str, location: str, description: str) -> None:
    calendar = ics_of([make_entry(title=title, location=location, description=description)], now=NOW)

    said = read(calendar)
    assert dict(said)["DESCRIPTION"] == description
    assert [name for name, _ in said].count("BEGIN") == 2
    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)|(?<!\r)\n", calendar)


def test_a_line_is_folded_between_characters() -> None:
    calendar = ics_of([make_entry(title="ñ" * 200)], now=NOW)

    assert [piece.decode() for piece in calendar.split(b"\r\n")]
    assert dict(read(calendar))["SUMMARY"] == "ñ" * 200
