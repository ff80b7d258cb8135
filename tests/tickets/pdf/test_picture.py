"""The code of a printed ticket is read from a picture of the page, however badly it was printed or photographed."""

import io
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from alltickets.tickets.interface import SignedToken, read_code, tickets_pdf
from tests.tickets.pdf.printing import KEY, code_of, codes_in, make_order, make_ticket, pictures_of
from tests.tickets.verification import is_genuine

DPI = 150
MM = DPI / 25.4


def black_and_white(page: Image.Image) -> Image.Image:
    return page.point(lambda value: 255 if value > 127 else 0).convert("1").convert("L")


def blurred(page: Image.Image) -> Image.Image:
    return page.filter(ImageFilter.GaussianBlur(0.6 * MM))


def faint(page: Image.Image) -> Image.Image:
    """A toner that ran dry."""
    return page.point(lambda value: 150 + value * 60 // 255)


def at_100_dpi(page: Image.Image) -> Image.Image:
    return page.resize((page.width * 100 // DPI, page.height * 100 // DPI))


def cracked(page: Image.Image) -> Image.Image:
    """Two cracks across the whole code, a dark one on the slant, wider than a module, and a light one.

    None through the middle of a finder pattern: a reader that does not see all three of them sees no code, whoever printed it.
    """
    damaged = page.copy()
    draw = ImageDraw.Draw(damaged)
    draw.line((14 * MM, 85 * MM, 84 * MM, 155 * MM), fill=0, width=round(2 * MM))
    draw.line((45 * MM, 70 * MM, 60 * MM, 150 * MM), fill=255, width=round(1.5 * MM))
    return damaged


def askew(page: Image.Image) -> Image.Image:
    return page.rotate(11, expand=True, fillcolor=255)


def sent_by_messenger(page: Image.Image) -> Image.Image:
    squeezed = io.BytesIO()
    at_100_dpi(page).save(squeezed, "JPEG", quality=20)
    return Image.open(squeezed)


def all_at_once(page: Image.Image) -> Image.Image:
    return black_and_white(cracked(at_100_dpi(page).resize(page.size)))


@pytest.fixture(scope="module")
def page() -> Image.Image:
    return pictures_of(tickets_pdf(make_order(make_ticket(7))), DPI)[0]


@pytest.mark.parametrize(
    "damage", [Image.Image.copy, black_and_white, blurred, faint, at_100_dpi, cracked, askew, sent_by_messenger, all_at_once]
)
def test_the_code_is_read_from_a_picture_and_is_genuine(page: Image.Image, damage: Callable[[Image.Image], Image.Image]) -> None:
    [text] = codes_in(damage(page))

    signed = read_code(text)
    assert text == code_of(7)
    assert isinstance(signed, SignedToken)
    assert is_genuine(signed, KEY.public_key())


def test_damage_that_is_too_much_is_noticed(page: Image.Image) -> None:
    assert codes_in(page.filter(ImageFilter.GaussianBlur(3 * MM))) == []


def test_each_page_has_the_code_of_its_own_ticket() -> None:
    pages = pictures_of(tickets_pdf(make_order(*[make_ticket(number) for number in (1, 2, 3)])))

    assert [codes_in(page) for page in pages] == [[code_of(1)], [code_of(2)], [code_of(3)]]


def test_the_symbol_is_forty_millimetres_wide_at_least_with_a_quiet_zone_of_four_modules(page: Image.Image) -> None:
    [found] = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    left, top = found.position.top_left.x, found.position.top_left.y
    right, bottom = found.position.bottom_right.x, found.position.bottom_right.y
    module = (right - left) / 41

    zone = 3.8 * module  # short of four by what drawing smears
    around = page.crop((round(left - zone), round(top - zone), round(right + zone), round(bottom + zone)))
    ImageDraw.Draw(around).rectangle((zone - 3, zone - 3, around.width - zone + 3, around.height - zone + 3), fill=255)

    assert (right - left) / MM >= 40
    assert (bottom - top) / MM >= 40
    assert around.getextrema() == (255, 255)
