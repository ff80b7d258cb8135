"""Orders to print, and pictures of what was printed as a scanner sees them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pypdfium2
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from alltickets.kernel.money import Money
from alltickets.tickets.interface import PrintedOrder, PrintedTicket, Token
from alltickets.tickets.token import write_code

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def code_of(number: int) -> str:
    """The code of a ticket of that number, signed by `KEY`."""
    return write_code(Token(1, b"event!", UUID(int=number), 1, b"perf", b"type", b"sect"), KEY)


def make_ticket(number: int = 1, **fields: Any) -> PrintedTicket:
    """A ticket for Saturday, 14 November 2026, 21:00 in Buenos Aires; boring but for what a test says."""
    boring = {
        "code": code_of(number),
        "number": number,
        "count": 2,
        "holder_name": "María Fernanda Ñandúbay",
        "ticket_type": "Platea numerada",
        "sector": "Platea alta",
        "seat": "F-12",
        "starts_at": datetime(2026, 11, 15, 0, 0, tzinfo=UTC),
        "doors_at": datetime(2026, 11, 14, 22, 30, tzinfo=UTC),
        "price": Money(4_500_000, "ARS"),
    }
    return PrintedTicket(**{**boring, **fields})


def make_order(*tickets: PrintedTicket, **fields: Any) -> PrintedOrder:
    """An order of these tickets, or of one; boring but for what a test says."""
    boring = {
        "number": "7KQ2-M9XA",
        "event_title": "Sinfonía del Plata",
        "venue_name": "Teatro del Ombú",
        "venue_address": "Bulevar de los Plátanos 318, Rosario",
        "timezone": "America/Argentina/Buenos_Aires",
        "organizer_name": "Orquesta del Plata",
        "locale": "es-AR",
        "tickets": tickets or (make_ticket(),),
    }
    return PrintedOrder(**{**boring, **fields})


def pictures_of(pdf: bytes, dpi: int = 150) -> list[Image.Image]:
    """Each page as a picture."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def texts_of(pdf: bytes) -> list[str]:
    """What each page says, as a program that reads it aloud gets it."""
    return [page.get_textpage().get_text_bounded().replace("\u200b", "") for page in pypdfium2.PdfDocument(pdf)]


def codes_in(picture: Image.Image) -> list[str]:
    """The QR codes that a scanner finds in a picture."""
    return [found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))]
