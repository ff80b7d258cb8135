"""Printed tickets: how many a minute on one core, what 1,000 of them take of memory, and how long the event loop stands still."""

import asyncio
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from alltickets.catalog.interface import EventSnapshot, EventStatus, jpeg_of, paper_poster_svg
from alltickets.kernel.money import Money
from alltickets.tickets.interface import PrintedOrder, PrintedTicket, Token, tickets_pdf
from alltickets.tickets.pdf.press import Press
from alltickets.tickets.token import write_code
from bench.figures import options, report, spread

TICKETS = 1_000
PAGES = 2
ROUNDS = 3
TITLE = "Los Herederos del Río: Tierra Adentro"
ZONE = "America/Argentina/Buenos_Aires"


def main(arguments: Sequence[str]) -> int:
    """Run it: `--tickets=1000 --pages=2 --rounds=3 --poster=drawn`. Exit code 1 below 2,000 a minute.

    `pages` is tickets an order, a document each; `poster` is drawn (made for the event), uploaded (a picture of 640 by 800) or none.
    `per_minute` is by processor time of all threads, hence of one free core whatever else runs; `by_the_clock` is what it took here.
    """
    given = options(arguments)
    tickets, pages = int(given.get("tickets", TICKETS)), int(given.get("pages", PAGES))
    poster = POSTERS[given.get("poster", "drawn")]()
    _stay_on_one_core()
    warm = [len(tickets_pdf(order)) for order in _orders(100, pages, poster)]
    memory_before = _peak_mb()
    rounds = [_per_minute(tickets, pages, poster) for _ in range(int(given.get("rounds", ROUNDS)))]
    per_minute = [of_a_core for of_a_core, _ in rounds]
    figures = {
        "benchmark": "pdf",
        "per_second": round(spread(per_minute)["median"] / 60, 1),
        "per_minute": spread(per_minute),
        "by_the_clock": spread([by_the_clock for _, by_the_clock in rounds]),
        "tickets": tickets,
        "pages_a_document": pages,
        "poster": given.get("poster", "drawn"),
        "kb_a_document": round(max(warm) / 1000, 1),
        "peak_mb": round(_peak_mb(), 1),
        "grown_mb": round(_peak_mb() - memory_before, 1),
        "loop_stands_still_ms": round(asyncio.run(_longest_pause_ms(poster)), 1),
    }
    report(figures, arguments)
    return 0 if min(per_minute) >= 2_000 else 1


def _drawn() -> bytes:
    """The poster that is made for the event."""
    event = EventSnapshot(
        organizer_id=UUID(int=1),
        event_id=UUID(int=2),
        version=1,
        slug="los-herederos-del-rio",
        title=TITLE,
        description="",
        category="Recital",
        status=EventStatus.PUBLISHED,
        currency="ARS",
        timezone=ZONE,
        venue=None,
        performances={},
        sectors={},
        ticket_types={},
        offers={},
        questions=(),
    )
    return paper_poster_svg(event)


def _uploaded() -> bytes:
    """A picture that compresses worse than photographs do."""
    bands = (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.effect_noise((256, 256), 60))
    made = io.BytesIO()
    Image.merge("RGB", bands).resize((640, 800)).save(made, "WEBP", quality=82)
    return jpeg_of(made.getvalue())


def _none() -> None:
    """Set in type alone."""


POSTERS: Mapping[str, Callable[[], bytes | None]] = {"drawn": _drawn, "uploaded": _uploaded, "none": _none}


def _orders(tickets: int, pages: int, poster: bytes | None) -> Iterator[PrintedOrder]:
    """Orders with so many tickets in sum, each with a holder and a code of its own."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    for first in range(0, tickets, pages):
        yield PrintedOrder(
            number=f"{first:08d}",
            event_title=TITLE,
            venue_name="Estadio Cerro Blanco",
            venue_address="Camino a las Canteras 4200, Córdoba",
            timezone=ZONE,
            organizer_name="Río Abierto Producciones",
            locale="es-AR",
            tickets=tuple(_ticket(first + page, page + 1, pages, key) for page in range(pages)),
            poster=poster,
        )


def _ticket(serial: int, number: int, count: int, key: Ed25519PrivateKey) -> PrintedTicket:
    return PrintedTicket(
        code=write_code(Token(1, b"event!", UUID(int=serial), 1, b"perf", b"type", b"sect"), key),
        number=number,
        count=count,
        holder_name=f"María Fernanda Ñandúbay {serial}",
        ticket_type="Platea numerada",
        sector="Platea baja",
        seat=f"F-{serial}",
        starts_at=datetime(2026, 11, 15, 0, 0, tzinfo=UTC),
        doors_at=datetime(2026, 11, 14, 22, 0, tzinfo=UTC),
        price=Money(4_500_000, "ARS"),
    )


def _per_minute(tickets: int, pages: int, poster: bytes | None) -> tuple[float, float]:
    """By processor time, and by the clock."""
    processor, clock = time.process_time(), time.perf_counter()
    for order in _orders(tickets, pages, poster):
        tickets_pdf(order)
    return tickets / (time.process_time() - processor) * 60, tickets / (time.perf_counter() - clock) * 60


async def _longest_pause_ms(poster: bytes | None) -> float:
    """How long the loop waits at most for its turn while a document of 100 pages is printed beside it, all on one core."""
    [order] = _orders(100, 100, poster)
    press = Press()
    printing = asyncio.create_task(press.print(order))
    longest, last = 0.0, time.perf_counter()
    while not printing.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    press.close()
    return longest * 1000


def _stay_on_one_core() -> None:
    """Where the system can be told so: this process and the threads that it starts from now on share one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _peak_mb() -> float:
    """The most that this program has taken. `getrusage` would count in what the process that started it had taken."""
    [kilobytes] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes) / 1024
