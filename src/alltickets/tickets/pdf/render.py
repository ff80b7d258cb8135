"""Fills `ticket.typ` with the facts of an order and has it set."""

import contextlib
import functools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import typst

from alltickets.tickets.pdf.sheet import PrintedOrder, PrintedTicket
from alltickets.tickets.pdf.text import breakable, one_line
from alltickets.tickets.pdf.words import Words, amount, day_and_month, long_date, times, words_of
from alltickets.tickets.svg import svg_of

__all__ = ["PAGES_MAX", "sheet_pdf", "tickets_pdf"]

PAGES_MAX = 100
"""Pages of one document, which bound what rendering one takes: as many places as an order may have."""

LINE_LENGTH_MAX = 4_000
"""Of any other sheet: people explain themselves in long lines."""

_FOLDER = Path(__file__).parent
_POSTER_BYTES_MAX = 8_000_000
_POSTER_PIXELS_MAX = 40_000_000


def tickets_pdf(order: PrintedOrder) -> bytes:
    """The order's tickets as a PDF, a page each. The same facts give the same bytes.

    Any text can be printed; a glyph that no font here has is shown as a box. A poster that cannot be drawn is left out.
    About 5 ms a page (docs/performance.md), most of it without the interpreter's lock; in a web process use `Tickets.print`.
    """
    assert 1 <= len(order.tickets) <= PAGES_MAX, "a document has at least one page, and a bounded number"
    said = _said(order)
    name = None if order.poster is None else _poster_name(order.poster)
    if order.poster is not None and name is not None:
        # The typesetter takes pictures from files alone. What a poster refers to is looked for in this folder, where nothing else is.
        with tempfile.TemporaryDirectory(prefix="alltickets-poster-") as folder:
            Path(folder, name).write_bytes(order.poster)
            # Whatever is wrong with a poster, it keeps nobody out: the page is set without it.
            with contextlib.suppress(typst.TypstError):
                return _set({**said, "poster": name}, Path(folder))
    return _set({**said, "poster": None}, _FOLDER)


def sheet_pdf(template: Path, said: Mapping[str, object]) -> bytes:
    """Any other sheet, in the same fonts: a template that reads what it says from `said.json`. Each text is set on its line as it is."""
    return _compiled({"main.typ": template.read_bytes(), "said.json": msgspec.json.encode(_set_as_text(said))}, _FOLDER)


def _set_as_text(said: object) -> object:
    """What may have been typed by people, harmless: see `one_line`."""
    if isinstance(said, str):
        return breakable(one_line(said, LINE_LENGTH_MAX))
    if isinstance(said, Mapping):
        return {name: _set_as_text(one) for name, one in said.items()}
    return [_set_as_text(one) for one in said] if isinstance(said, Sequence) else said


def _set(said: dict[str, object], root: Path) -> bytes:
    return _compiled({"main.typ": _template(), "tickets.json": msgspec.json.encode(said)}, root)


def _compiled(files: Mapping[str, bytes], root: Path) -> bytes:
    # The stubs do not know that files may be given as a mapping.
    return typst.compile(cast(Any, files), root=root, font_paths=_fonts(), format="pdf", timestamp=0)


@functools.cache
def _template() -> bytes:
    return (_FOLDER / "ticket.typ").read_bytes()


@functools.cache
def _fonts() -> typst.Fonts:
    """Ours and no others, so that a ticket looks the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FOLDER / "fonts"])


def _said(order: PrintedOrder) -> dict[str, object]:
    words, zone = words_of(order.locale), ZoneInfo(order.timezone)
    return {
        "title": _line(order.event_title),
        "document": {"title": one_line(order.event_title), "author": one_line(order.organizer_name)},
        "organizer": _line(order.organizer_name),
        "venue": _line(order.venue_name),
        "address": _line(order.venue_address),
        "language": words.language,
        "region": words.region,
        "code": words.code,
        "rules_title": words.rules_title,
        "rules": words.rules,
        "tickets": [_page(order, ticket, zone, words) for ticket in order.tickets],
    }


def _page(order: PrintedOrder, ticket: PrintedTicket, zone: ZoneInfo, words: Words) -> dict[str, object]:
    day, month = day_and_month(ticket.starts_at, zone, words)
    where = [_fact(words.sector, ticket.sector)]
    if ticket.seat is not None:
        where.append(_fact(words.seat, ticket.seat))
    return {
        "count": words.ticket_of.format(number=ticket.number, count=ticket.count),
        "date": long_date(ticket.starts_at, zone, words),
        "time": times(ticket.starts_at, ticket.doors_at, zone, words),
        "day": day,
        "month": month,
        "holder": _fact(words.holder, ticket.holder_name),
        "type": _fact(words.ticket_type, ticket.ticket_type),
        "where": where,
        "facts": [
            _fact(words.price, amount(ticket.price, words)),
            _fact(words.order, order.number),
            _fact(words.ticket_number, f"{order.number}-{ticket.number}"),
            _fact(words.organizer, order.organizer_name),
        ],
        "code": svg_of(ticket.code),
    }


def _fact(label: str, value: str) -> dict[str, str]:
    return {"label": label, "value": _line(value)}


def _line(text: str) -> str:
    return breakable(one_line(text))


def _poster_name(poster: bytes) -> str | None:
    """A name for the poster by its kind; None for what is no picture, or too large to be unpacked for a ticket."""
    if len(poster) > _POSTER_BYTES_MAX:
        return None
    if poster.startswith(b"\xff\xd8\xff"):
        return "poster.jpg"
    if poster.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = int.from_bytes(poster[16:20], "big"), int.from_bytes(poster[20:24], "big")
        return "poster.png" if width * height <= _POSTER_PIXELS_MAX else None
    return "poster.svg" if poster.lstrip().startswith((b"<svg", b"<?xml")) else None
