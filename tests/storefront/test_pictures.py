"""Posters that are made, pictures that were uploaded, and the stylesheets of accents."""

import io
import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from alltickets.catalog.interface import EventSnapshot
from alltickets.catalog.posters.lettering import LINES_MAX, fitted, is_right_to_left
from alltickets.catalog.posters.pixels import SHARED_SIZE, shared_picture
from alltickets.catalog.posters.scene import PALETTES
from alltickets.catalog.posters.svg import poster_svg
from alltickets.catalog.schemas.organizer import AppearanceChange
from alltickets.kernel.ids import new_id
from alltickets.storefront.colours import CONTRAST_MIN, contrast
from tests.catalog import events
from tests.storefront.conftest import House, Site
from tests.storefront.test_event import SCRIPT


def make_event(*, title: str, category: str = "") -> EventSnapshot:
    """An event of that name."""
    return msgspec.structs.replace(events.make_event(), title=title, category=category)


TITLES = ["Gala", "x" * 200, "ñandú " * 33, "🎉" * 50, "مرحبا بكم في الحفلة", SCRIPT, "\u202eabc", "a & b", "漢字" * 40]


@pytest.mark.parametrize("category", ["Fiesta", "Teatro", "Recital", "Fútbol", "Feria", "", SCRIPT])
@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
def test_every_event_gets_a_poster(title: str, category: str) -> None:
    event = make_event(title=title, category=category)

    root = ElementTree.fromstring(poster_svg(event))

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {"svg", "rect", "g", "text", "circle", "polygon"}
    assert poster_svg(event) == poster_svg(event)


@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
def test_every_event_gets_a_picture_to_share(title: str) -> None:
    with Image.open(
        io.BytesIO(shared_picture(make_event(title=title, category="Teatro"), ("sáb 28 nov, 21:00", "Sala · Rosario"), None))
    ) as made:
        assert (made.format, made.size) == ("PNG", SHARED_SIZE)


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_a_title_never_takes_more_lines_than_there_are(title: str) -> None:
    lettering = fitted(title, width=688, height=250)

    assert 1 <= len(lettering.lines) <= LINES_MAX
    assert len(lettering.lines) * lettering.size * 1.08 <= 250 or len(lettering.lines) == 1


def test_two_events_look_different() -> None:
    assert poster_svg(make_event(title="Gala")) != poster_svg(make_event(title="Gala"))


@pytest.mark.parametrize("palette", PALETTES)
def test_titles_on_posters_can_be_read(palette: object) -> None:
    assert contrast(palette.text, palette.ground) >= CONTRAST_MIN  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "is_so"), [("Gala", False), ("مرحبا", True), ("2027 שלום", True), ("", False), ("123", False)])
def test_the_direction_is_that_of_the_first_letter(text: str, is_so: bool) -> None:
    assert is_right_to_left(text) is is_so


async def test_an_uploaded_poster_takes_the_place_of_the_made_one(site: Site, house: House) -> None:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((1000, 1250)).save(made, "JPEG")
    event = await house.published()
    read = await site.contexts.catalog_service.appearances.put_poster(house.actor, event.event_id, made.getvalue())
    assert read.poster

    page = await site.browser().get(f"/e/{event.slug}")
    [path] = re.findall(r'<img class="poster" src="([^"]+)"', page.text)
    picture = await site.browser().get(path)
    shared = await site.browser().get(re.findall(r'og:image" content="http://tickets.example([^"]+)"', page.text)[0])

    assert path == f"/pictures/{house.actor.organizer_id}/{read.poster.picture_id}/large.webp"
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert picture.headers["cache-control"].endswith("immutable")
    assert shared.headers["content-type"] == "image/png"


async def test_a_picture_is_found_at_its_own_organizer_only(site: Site, house: House) -> None:
    made = io.BytesIO()
    Image.new("RGB", (100, 100)).save(made, "PNG")
    logo = (await site.contexts.catalog_service.appearances.put_logo(house.actor, made.getvalue())).logo
    assert logo

    for path in (f"{new_id()}/{logo.picture_id}/small.webp", f"{house.actor.organizer_id}/{logo.picture_id}/huge.webp", "x/y/small.webp"):
        assert (await site.browser().get(f"/pictures/{path}")).status_code == 404


async def test_an_accent_is_a_stylesheet_of_its_own(site: Site, house: House) -> None:
    await site.contexts.catalog_service.appearances.change(house.actor, AppearanceChange(version=0, accent="#ffd400"))
    event = await house.published()

    page = await site.browser().get(f"/e/{event.slug}")
    theme = await site.browser().get("/themes/ffd400.css")

    assert '<link rel="stylesheet" href="/themes/ffd400.css">' in page.text
    assert theme.headers["content-type"] == "text/css; charset=utf-8"
    assert "--accent:#ffd400;--on-accent:#1b1916" in theme.text
    for name in ("red.css", "ffd400", "FFD400.css", "ffd400.css;x"):
        assert (await site.browser().get(f"/themes/{name}")).status_code == 404
