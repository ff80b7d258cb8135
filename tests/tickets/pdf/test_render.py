"""A printed ticket: what it says, in each language, and that nothing that anybody typed breaks it."""

import io
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from alltickets.kernel.money import Money
from alltickets.tickets.interface import tickets_pdf
from alltickets.tickets.pdf.render import PAGES_MAX
from tests.tickets.pdf.printing import code_of, codes_in, make_order, make_ticket, pictures_of, texts_of

INSTANTS = st.integers(946_684_800, 7_258_032_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))  # 2000 to 2199
LETTERS = st.characters(exclude_categories=())  # control characters, half surrogates and unassigned ones among them
TEXTS = st.text(LETTERS, max_size=250) | st.sampled_from(
    [
        "",
        "W" * 200,
        "שרה כריסטינה " * 15,
        "كريم إبراهيم " * 15,
        "\u202egnitset\u202c",
        "👩‍👩‍👧‍👦🏳️‍🌈" * 20,
        "Z" + "\u0351\u036b\u0343" * 60 + "algo",
        "<script>alert(1)</script>",
        '#eval("1") $x$ *b* \\u{41} @a <b> // c',
        "漢字" * 50,
        "\x00\ud800\ufffe\U0010ffff",
    ]
)


def picture(media_type: str, size: tuple[int, int] = (400, 600)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#7a1f2b").save(file, media_type)
    return file.getvalue()


class TestFacts:
    @pytest.mark.parametrize(
        ("locale", "facts"),
        [
            ("es-AR", ["Sábado, 14 de noviembre de 2026", "21:00, hora de Argentina", "Puertas: 19:30", "$ 45.000,00", "Entrada 1 de 2"]),
            ("en", ["Saturday, November 14, 2026", "9:00 PM, Argentina Time", "Doors: 7:30 PM", "ARS 45,000.00", "Ticket 1 of 2"]),
            (
                "pt-BR",
                ["Sábado, 14 de novembro de 2026", "21:00, Horário da Argentina", "Portas: 19:30", "ARS 45.000,00", "Ingresso 1 de 2"],
            ),
        ],
    )
    def test_a_page_says_when_where_who_and_how_much(self, locale: str, facts: list[str]) -> None:
        [page] = texts_of(tickets_pdf(make_order(locale=locale)))

        said = " ".join(page.split())
        everywhere = ["Sinfonía del Plata", "Teatro del Ombú", "Bulevar de los Plátanos 318, Rosario", "María Fernanda Ñandúbay"]
        everywhere += ["Platea numerada", "Platea alta", "F-12", "7KQ2-M9XA", "7KQ2-M9XA-1", "Orquesta del Plata"]
        assert [fact for fact in [*everywhere, *facts] if fact not in said] == []

    def test_the_code_itself_is_nowhere_in_the_text(self) -> None:
        assert code_of(1)[:20] not in texts_of(tickets_pdf(make_order()))[0]

    def test_a_ticket_without_seat_and_doors_does_not_mention_them(self) -> None:
        [page] = texts_of(tickets_pdf(make_order(make_ticket(seat=None, doors_at=None))))

        assert "Asiento" not in page
        assert "Puertas" not in page

    def test_pages_are_a4_and_named_for_those_who_cannot_see_them(self) -> None:
        document = pypdfium2.PdfDocument(tickets_pdf(make_order(make_ticket(1), make_ticket(2))))

        assert [(round(page.get_width()), round(page.get_height())) for page in document] == [(595, 842)] * 2
        assert document.get_metadata_value("Title") == "Sinfonía del Plata"
        assert document.is_tagged()

    def test_the_same_facts_give_the_same_bytes(self) -> None:
        assert tickets_pdf(make_order()) == tickets_pdf(make_order())

    def test_a_document_is_bounded(self) -> None:
        with pytest.raises(AssertionError):
            tickets_pdf(make_order(*[make_ticket()] * (PAGES_MAX + 1)))


class TestPoster:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_a_poster_is_on_the_page_and_the_code_stays_a_drawing(self, kind: str) -> None:
        order = make_order(poster=picture(kind))

        with_poster, without = (pictures_in(tickets_pdf(one)) for one in (order, make_order()))

        assert (with_poster, without) == (1, 0)

    def test_a_poster_may_be_a_drawing(self) -> None:
        poster = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 3"><path fill="#a00" d="M0 0h2v3H0z"/></svg>'

        assert tickets_pdf(make_order(poster=poster)) != tickets_pdf(make_order())

    @pytest.mark.parametrize(
        "poster",
        [
            b"",
            b"GIF89a",
            b"<svg",
            picture("JPEG")[:300],
            picture("PNG")[:60],
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff",
            b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 3"><image href="/etc/passwd" width="2" height="3"/></svg>',
            picture("JPEG") + b"\x00" * 8_000_000,
        ],
    )
    def test_a_poster_that_cannot_be_drawn_is_left_out(self, poster: bytes) -> None:
        assert tickets_pdf(make_order(poster=poster)) == tickets_pdf(make_order())


class TestAnyText:
    def test_a_long_name_is_whole(self) -> None:
        name = ("José María de los Ángeles Fernández Echeverría y Gómez de la Torre " * 3).strip()

        [page] = texts_of(tickets_pdf(make_order(make_ticket(holder_name=name))))

        assert name in " ".join(page.split())

    @pytest.mark.parametrize("letter", ["漢", "अ", "\U0010ffff"])
    def test_a_letter_that_no_font_has_is_seen_to_be_missing(self, letter: str) -> None:
        with_box, without = (pictures_of(tickets_pdf(make_order(make_ticket(holder_name=name))))[0] for name in (f"Li {letter}", "Li"))

        assert dark_pixels(with_box) > dark_pixels(without)

    def test_what_looks_like_markup_is_printed_as_it_stands(self) -> None:
        markup = '#eval("1") $x$ *b* <script>alert(1)</script>'

        [page] = texts_of(tickets_pdf(make_order(make_ticket(holder_name=markup))))

        assert markup in " ".join(page.split())

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        fields=st.fixed_dictionaries(
            dict.fromkeys(("event_title", "venue_name", "venue_address", "organizer_name", "number", "locale"), TEXTS)
        ),
        ticket=st.fixed_dictionaries(
            {
                **dict.fromkeys(("holder_name", "ticket_type", "sector"), TEXTS),
                "seat": TEXTS | st.none(),
                "starts_at": INSTANTS,
                "doors_at": INSTANTS | st.none(),
                "price": st.builds(Money, st.integers(0, 10**15), st.sampled_from(["ARS", "CLP", "KWD", "UYW", "BRL"])),
            }
        ),
        timezone=st.sampled_from(["America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+3", "Europe/Madrid", "Pacific/Kiritimati"]),
    )
    def test_any_text_in_any_field_gives_one_page_with_a_code_that_scans(
        self, fields: dict[str, str], ticket: dict[str, Any], timezone: str
    ) -> None:
        pdf = tickets_pdf(make_order(make_ticket(**ticket), timezone=timezone, **fields))

        [page] = pictures_of(pdf, dpi=100)
        assert codes_in(page) == [code_of(1)]


def pictures_in(pdf: bytes) -> int:
    """Raster pictures on the first page: a code that is drawn is none."""
    return len(list(pypdfium2.PdfDocument(pdf)[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)))


def dark_pixels(page: Image.Image) -> int:
    return sum(page.histogram()[:100])
